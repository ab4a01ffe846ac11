"""The caption that lay beside the user's input stands in every export."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from animelayers import Output, job
from animelayers.record.schema import RECORD
from animelayers.sinks import Columns, Shards
from tests.exports.conftest import RUN, contents

SAID = "a girl with a scarf of Straße 青い"
ALL = sorted(path.stem for path in (job.CONF / "export").glob("*.yaml"))


@pytest.fixture
def given(tmp_path: Path, clips: list[tuple[dict[str, Any], Any]]) -> Output:
    """Every drawing has a caption of the user's own, and none of a model."""
    sink = Shards(str(tmp_path / "given"))
    with sink.open(RUN):
        sink.write(
            [
                {**made, "caption_given": RECORD["caption_given"].gather([SAID] * len(layers))}
                for made, layers in clips
            ],
            RUN,
        )
    return Output(str(tmp_path / "given"))


@pytest.mark.parametrize("name", ALL)
def test_a_given_caption_is_in_every_export(name: str, given: Output, tmp_path: Path) -> None:
    if name in ("apng", "strategies"):
        pytest.skip("libav writes no words into APNG, and strategies are of a training set")
    more = ["export.target_frames=5"] if name == "musubi_video" else []
    job.build(job.compose("export", ["source.path=x", "output=y", f"export={name}", *more]).export).write(
        given, tmp_path / "out"
    )
    said = b"".join(data for data, _ in contents(tmp_path / "out").values())
    for path in (tmp_path / "out").rglob("*.parquet"):
        said += repr(pq.read_table(path).to_pylist()).encode()
    for path in (tmp_path / "out").rglob("*.tar"):
        with tarfile.open(path) as tar:
            said += b"".join(tar.extractfile(member).read() for member in tar if member.name.endswith(".txt"))  # type: ignore[union-attr]
    assert SAID.encode() in said or SAID.encode("ascii", "backslashreplace") in said, name


@pytest.mark.parametrize(
    ("way", "begins", "ends"),
    [("first", SAID, '"0" 青い, Straße'), ("last", "character ", SAID), ("none", "character ", "Straße")],
)
def test_it_stands_with_a_models_words_where_that_is_asked_for(
    way: str,
    begins: str,
    ends: str,
    clips: list[tuple[dict[str, Any], Any]],
    annotated: Output,
    tmp_path: Path,
) -> None:
    columns = Columns(annotated.path, "given", ["caption_given"])
    with columns.open(RUN):
        columns.write(
            [
                {**made, "caption_given": RECORD["caption_given"].gather([SAID] * len(layers))}
                for made, layers in clips
            ],
            RUN,
        )
    job.build(
        job.compose("export", ["source.path=x", "output=y", "export=kohya", f"caption.given={way}"]).export
    ).write(Output(annotated.path), tmp_path / "set")
    (text,) = (
        path.read_text() for path in (tmp_path / "set").rglob("film-scene0000_frame000000_character.txt")
    )
    assert text.startswith(begins) and text.strip().endswith(ends) and (SAID in text) == (way != "none")
