from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from animelayers import Output
from animelayers.record.schema import RECORD
from animelayers.sinks import Columns, Shards
from animelayers.sinks.columns import join
from tests.sinks.clips import clip

RUN = "0" * 32


def annotated(row: dict[str, object], **columns: object) -> dict[str, object]:
    return {**row, **columns}


@pytest.fixture
def output(tmp_path: Path) -> tuple[str, list[dict[str, object]]]:
    """An output of two clips, one of them with held drawings."""
    clips = [clip("ep/scene0000/000000", [0, 0, 1, 0]), clip("ep/scene0001/000004", [0, 1], first=4)]
    sink = Shards(str(tmp_path / "out"))
    with sink.open(RUN):
        sink.write(clips, RUN)
    return str(tmp_path / "out"), clips


def drawings(row: dict[str, object]) -> int:
    return len(np.unique(np.asarray(row["drawing"])))


def test_columns_stand_in_the_table_of_the_output_and_touch_no_file(
    output: tuple[str, list[dict[str, object]]],
) -> None:
    path, clips = output
    before = {file: file.read_bytes() for file in Path(path).rglob("*") if file.is_file()}
    text = [f'Straße {i}, "quoted"' for i in range(drawings(clips[0]))]
    rows = [
        annotated(
            c,
            caption_frame=RECORD["caption_frame"].gather(text[: drawings(c)]),
            visual_frame=np.eye(drawings(c), 8, dtype=np.float32),
        )
        for c in clips
    ]
    sink = Columns(path, "captions", ["caption_frame", "visual_frame"])
    with sink.open(RUN):
        sink.write(rows, RUN)
    table = Output(path).table
    assert (
        len(table) == 6
        and set(table["caption_frame"].to_pylist()) <= set(text)
        and table["caption_frame"].null_count == 0
    )
    assert table.schema.field("visual_frame").type == pa.list_(pa.float32(), 8), (
        "an embedding is a list of fixed size"
    )
    held = table.filter(pa.compute.is_valid(table["drawing_of"])).to_pylist()
    by_id = {row["frame_id"]: row for row in table.to_pylist()}
    assert all(row["caption_frame"] == by_id[row["drawing_of"]]["caption_frame"] for row in held), (
        "a held frame shows the same drawing"
    )
    after = {file: file.read_bytes() for file in before}
    assert after == before
    assert sink.committed() == {"ep/scene0000/000000": 4, "ep/scene0001/000004": 2}


def test_what_is_not_annotated_is_null_and_sets_stand_side_by_side(
    output: tuple[str, list[dict[str, object]]],
) -> None:
    path, clips = output
    for name, column, chosen in (("a", "sharpness", clips[:1]), ("b", "noise", clips)):
        sink = Columns(path, name, [column])
        with sink.open(RUN):
            sink.write([annotated(c, **{column: np.ones(drawings(c), np.float32)}) for c in chosen], RUN)
    table = Output(path).table
    assert (
        table["sharpness"].to_pylist() == [1.0] * 4 + [None] * 2 and table["noise"].to_pylist() == [1.0] * 6
    )


def test_a_set_with_the_same_column_replaces_it_by_name() -> None:
    frames = pa.table({"frame_id": ["x", "y"], "sharpness": [0.0, 0.0]})
    joined = join(
        frames, pa.table({"frame_id": ["y", "z"], "sharpness": [1.0, 2.0], "noise": [3.0, 4.0]}), "again"
    )
    assert joined["sharpness"].to_pylist() == [None, 1.0] and joined["noise"].to_pylist() == [None, 3.0]


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b"])
def test_a_name_is_a_plain_one(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        Columns(str(tmp_path), name)
