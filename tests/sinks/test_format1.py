"""Outputs of format 1, in which boxes, ids, scores and words are text: whatever reads an output reads them,
and a run goes on in them.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from animelayers import Output, tracks
from animelayers.curate.mark import NAMES
from animelayers.curate.people import people
from animelayers.desk import rows, shots
from animelayers.desk.pictures import facts
from animelayers.exports import rows as exported
from animelayers.exports.caption import Caption
from animelayers.exports.select import Select
from animelayers.report import worst
from animelayers.schema import LISTS, RECORD
from animelayers.sinks import Columns, Shards, SinkError, dataset, metadata
from animelayers.sources import Layers
from animelayers.verify import sink_of, verify
from tests.exports.films import RUN, clip, encoded, film

WHO = [["akari"], ["akari", "ren"], []]


def made(folder: Path) -> Path:
    """An output with flags, ids, boxes, and in annotations who is who."""
    film(folder)
    sink = Columns(str(folder), "identity", NAMES)
    source = Layers(str(folder))
    clips = [
        {**row, "flags": RECORD["flags"].gather([["flicker"]] * len(row["frames"]))}
        for row in source.read(source.plan())
    ]
    for row in clips:
        count = len(row["frames"])
        row |= {
            "characters": RECORD["characters"].gather(WHO[:count]),
            "characters_confidence": np.full(count, 0.9, np.float32),
        }
    with sink.open(RUN):
        sink.write(clips, RUN)
    return folder


def aged(folder: Path) -> Path:
    """The same output as format 1 has it."""
    for path in folder.rglob("metadata/*.parquet"):
        table = pq.read_table(path)
        for name in LISTS & {*table.column_names}:
            words = pa.array([RECORD[name].written(value) for value in table[name].to_pylist()], pa.string())
            table = table.set_column(table.column_names.index(name), name, words)
        path.write_bytes(metadata.sealed(table))
    for path in folder.rglob("dataset.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "format": 1}))
    return folder


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("new"))


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return aged(made(tmp_path_factory.mktemp("old")))


def test_the_tables_hold_lists_now_and_held_text_then(new: Path, old: Path) -> None:
    for folder, there in ((new, pa.types.is_list), (old, pa.types.is_string)):
        for path in (folder / "metadata").glob("*.parquet"):
            schema = pq.read_schema(path)
            assert all(there(schema.field(name).type) for name in ("flags", "instance_ids", "instance_boxes"))
    box = pq.read_schema(next((new / "metadata").glob("*.parquet"))).field("instance_boxes").type.value_type
    assert [field.name for field in box] == ["x", "y", "w", "h"]
    assert (
        dataset.description(Shards(str(new)).store)["format"] == 2
        and dataset.description(Shards(str(old)).store)["format"] == 1
    )


def test_both_read_the_same(new: Path, old: Path) -> None:
    one, two = Output(str(new)), Output(str(old))
    assert one.table.equals(two.table) and {*one.table["instance_ids"].to_pylist()[0]} == {1, 2}
    assert (
        one.table["characters"].to_pylist()[0] == ["akari"]
        and len(people(two.table).tracks) == len(people(one.table).tracks) == 4
    )
    assert tracks.tracks(one.table).equals(tracks.tracks(two.table)) and [
        row["frame_id"] for row in worst(one, 9)
    ] == [row["frame_id"] for row in worst(two, 9)]
    assert not verify(sink_of(str(old)))
    for a, b in zip(
        *(Layers(str(folder)).read(Layers(str(folder)).plan()) for folder in (new, old)), strict=True
    ):
        assert a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("which", ["new", "old"])
def test_people_ask_as_they_always_did(which: str, request: pytest.FixtureRequest) -> None:
    output = Output(str(request.getfixturevalue(which)))
    everything = len([*Select().rows(output)])

    def count(**where: str | list[str]) -> int:
        return len([*Select(where=where).rows(output)])

    assert (
        count(instance_ids="1,2")
        == count(instance_ids="has 2")
        == everything
        > count(instance_ids="none")
        == 0
    )
    assert count(flags="ok") + count(flags="!=ok") == everything
    assert (
        count(characters="has ren") == 3
        and count(characters="akari,ren") == 3
        and count(characters=["none", "akari"]) == everything - 3
    )
    assert count(characters="lacks ren") == everything - 3
    (row, *_) = Select().rows(output)
    assert exported.listed("instance_boxes", row["instance_boxes"])[0] == [
        float(part) for part in row["instance_boxes"][0].values()
    ]
    assert (
        exported.listed("instance_boxes", "1:2:3:4") == [[1, 2, 3, 4]]
        and exported.listed("characters", "none") == []
    )
    assert Caption(template="{characters}, {instance_ids}").of(row, "frame") == "akari, 1,2"
    shown = facts(output.row(row["frame_id"]))
    assert (
        shown["instance_ids"] == [1, 2]
        and shown["characters"] == ["akari"]
        and len(shown["instance_boxes"]) == 2
    )
    found = rows.choose(output, {"who": {"in": ["ren"]}})
    assert len(found.at) == 3 and found.page(0, 1, ["characters"]) == [{"characters": "akari,ren"}]
    assert [shot["flagged"] for shot in shots.told(output, shots.listed(output))] == [
        sum(
            bool(row["flags"])
            for row in output.table.to_pylist()
            if row["drawing_of"] is None and row["scene_id"] == scene
        )
        for scene in ("scene0000", "scene0001")
    ]


def test_a_run_goes_on_in_an_old_output(tmp_path: Path) -> None:
    folder = aged(made(tmp_path))
    before = Output(str(folder)).table
    sink = Shards(str(folder))
    with sink.open(RUN):
        sink.describe({**sink.description(), "fingerprints": {}})
        late = encoded(clip(1, 15, [0]))
        sink.write([{name: value for name, value in late.items() if name in sink.takes}], RUN)
    now = Output(str(folder))
    assert (
        sink.description()["format"] == 2
        and len(now) == len(before) + 1
        and {*now} > {*before["frame_id"].to_pylist()}
    )
    assert now.table.schema.field("flags").type == RECORD["flags"].arrow and set(sink.committed()) == {
        *before["clip_id"].to_pylist(),
        late["clip_id"],
    }
    with sink.open(RUN):
        sink.forget(["film/scene0000/000006"])
    kept = [row for row in before.to_pylist() if row["clip_id"] == "film/scene0000/000000"]
    again = [
        row for row in Output(str(folder)).table.to_pylist() if row["clip_id"] == "film/scene0000/000000"
    ]
    assert again == kept and not verify(sink)


def test_text_that_is_no_list_is_told_with_its_file(tmp_path: Path) -> None:
    folder = aged(made(tmp_path))
    path = next((folder / "metadata").glob("*.parquet"))
    table = pq.read_table(path)
    table = table.set_column(
        table.column_names.index("instance_boxes"), "instance_boxes", pa.array(["left"] * len(table))
    )
    path.write_bytes(metadata.sealed(table))
    with pytest.raises(SinkError, match=f"{path.name}.*not a list as format 1 has it"):
        _ = Output(str(folder)).table
