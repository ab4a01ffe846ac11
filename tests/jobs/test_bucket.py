"""The main job into an object store: what it asks of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from animelayers.output import Output
from animelayers.sinks import Shards, metadata
from tests.jobs.conftest import Decompose
from tests.sinks.test_s3 import Proxy, port, s3  # noqa: F401  (fixtures)

BESIDE = 4
"""Requests of a commit beside its tar and its table: is it there already, twice, and does the lock still name this run,
twice.
"""


@pytest.mark.parametrize("s3", ["obstore"], indirect=True)
def test_a_run_asks_a_bucket_for_little(
    s3: tuple[Proxy, str],  # noqa: F811
    film: Path,
    decompose: Decompose,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy, uri = s3
    monkeypatch.chdir(tmp_path)
    assert decompose(film, f"'{uri}'") == 0
    commits = len(metadata.names(Shards(uri).store))
    print(commits, Counter(m for m, _ in proxy.seen))
    for m, p in proxy.seen:
        print(m, p[:160])
    assert len(Output(uri)) == 26
