"""Outputs of format 1, in which boxes, ids, scores and words are text, and of format 2, whose columns have
other names: whatever reads an output reads them, and a run goes on in them.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from animelayers import Output
from animelayers.curate.names import NAMES
from animelayers.curate.tracklets import tracklets
from animelayers.dataset import tracks
from animelayers.dataset.verify import sink_of, verify
from animelayers.desk import rows, shots
from animelayers.desk.pictures import facts
from animelayers.exports import rows as exported
from animelayers.exports.caption import Caption
from animelayers.exports.select import Select
from animelayers.record import former
from animelayers.record.schema import LISTS, RECORD
from animelayers.report.page import worst
from animelayers.sinks import Columns, Shards, SinkError, dataset, parquet
from animelayers.sources import Layers
from tests.exports.films import RUN, clip, encoded, film

WHO = [["akari"], ["akari", "ren"], []]
RENAMED = ("homography", "brightness", "shot_size")


def made(folder: Path) -> Path:
    """An output with flags, ids, boxes, and in annotations who is who."""
    film(folder)
    sink = Columns(str(folder), "identity", [*NAMES, *RENAMED])
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
            "homography": np.stack([np.diag([1, 1, 1 + d]).astype(np.float64) for d in range(count)]),
            "brightness": np.linspace(0.1, 0.6, count, dtype=np.float32),
            "shot_size": " ".join(["long", "medium", "none"][:count]),
        }
    with sink.open(RUN):
        sink.write(clips, RUN)
    return folder


def aged(folder: Path, number: int) -> Path:
    """The same output as an older format has it."""
    for path in folder.rglob("metadata/*.parquet"):
        table = pq.read_table(path)
        if "shot_size" in table.column_names:
            words = [{"long": "far"}.get(word, word) for word in table["shot_size"].to_pylist()]
            table = table.set_column(table.column_names.index("shot_size"), "shot_size", pa.array(words))
        old = {new: name for name, new in former.COLUMNS.items()}
        table = table.rename_columns([old.get(name, name) for name in table.column_names])
        for name in LISTS & {*table.column_names} if number == 1 else ():
            words = pa.array([RECORD[name].written(value) for value in table[name].to_pylist()], pa.string())
            table = table.set_column(table.column_names.index(name), name, words)
        path.write_bytes(parquet.sealed(table))
    for path in folder.rglob("dataset.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "format": number}))
    return folder


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("new"))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return aged(made(tmp_path_factory.mktemp("first")), 1)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return aged(made(tmp_path_factory.mktemp("second")), 2)


def test_the_tables_are_those_of_their_formats(new: Path, first: Path, second: Path) -> None:
    for folder, there in ((new, pa.types.is_list), (second, pa.types.is_list), (first, pa.types.is_string)):
        for path in (folder / "metadata").glob("*.parquet"):
            schema = pq.read_schema(path)
            assert all(there(schema.field(name).type) for name in ("flags", "instance_ids", "instance_boxes"))
            assert ("matte_model" in schema.names) == (folder is new) != ("matte" in schema.names)
    box = pq.read_schema(next((new / "metadata").glob("*.parquet"))).field("instance_boxes").type.value_type
    assert [field.name for field in box] == ["x", "y", "w", "h"]
    for number, folder in enumerate((first, second, new), 1):
        assert dataset.description(Shards(str(folder)).store)["format"] == number


@pytest.mark.parametrize("which", ["first", "second"])
def test_all_read_the_same(new: Path, which: str, request: pytest.FixtureRequest) -> None:
    old = request.getfixturevalue(which)
    one, two = Output(str(new)), Output(str(old))
    assert {"matte_model", *RENAMED} <= {*one.table.column_names} and "long" in one.table[
        "shot_size"
    ].to_pylist()
    assert one.table.equals(two.table) and {*one.table["instance_ids"].to_pylist()[0]} == {1, 2}
    assert (
        one.table["characters"].to_pylist()[0] == ["akari"]
        and len(tracklets(two.table).tracks) == len(tracklets(one.table).tracks) == 4
    )
    assert tracks.tracks(one.table).equals(tracks.tracks(two.table)) and [
        row["frame_id"] for row in worst(one, 9)
    ] == [row["frame_id"] for row in worst(two, 9)]
    assert not verify(sink_of(str(old)))
    for a, b in zip(
        *(Layers(str(folder)).read(Layers(str(folder)).plan()) for folder in (new, old)), strict=True
    ):
        assert a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("which", ["new", "first", "second"])
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
    found = rows.Frames(output.table).choose({"who": {"in": ["ren"]}})
    assert len(found.at) == 3 and found.page(0, 1, ["characters"]) == [{"characters": "akari,ren"}]
    assert [shot["flagged"] for shot in shots.described(output)] == [
        sum(
            bool(row["flags"])
            for row in output.table.to_pylist()
            if row["drawing_of"] is None and row["scene_id"] == scene
        )
        for scene in ("scene0000", "scene0001")
    ]


@pytest.mark.parametrize("number", [1, 2])
def test_a_run_goes_on_in_an_old_output(tmp_path: Path, number: int) -> None:
    folder = aged(made(tmp_path), number)
    before = Output(str(folder)).table
    sink = Shards(str(folder))
    with sink.open(RUN):
        sink.describe({**sink.description(), "fingerprints": {}})
        late = encoded(clip(1, 15, [0]))
        sink.write([{name: value for name, value in late.items() if name in sink.takes}], RUN)
    now = Output(str(folder))
    assert (
        sink.description()["format"] == 3
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
    assert None not in now.table["matte_model"].to_pylist() and "matte" not in now.table.column_names


def test_old_words_are_taken_with_a_warning(new: Path, caplog: pytest.LogCaptureFixture) -> None:
    output = Output(str(new))

    def chosen(where: dict[str, str | list[str]]) -> list[str]:
        return [row["frame_id"] for row in Select(where=where).rows(output)]

    for now, before, word in (
        ({"shot_size": "long"}, {"shot_size": "far"}, "far"),
        ({"shot_size": ["long", "none"]}, {"shot_size": ["far", "none"]}, "far"),
        ({"shot_size": "!=long"}, {"shot_size": "!=far"}, "far"),
        ({"brightness": "<0.3"}, {"exposure": "<0.3"}, "exposure"),
        ({"matte_model": "net"}, {"matte": "net"}, "matte"),
    ):
        caplog.clear()
        assert chosen(now) and not caplog.records  # type: ignore[arg-type]
        assert chosen(before) == chosen(now)  # type: ignore[arg-type]
        assert f"{word} is called" in caplog.text and "gone with the next version" in caplog.text
    caption = Caption(template="{exposure}, {matte}")
    caption.check(output.table.column_names)
    (row, *_) = Select().rows(output)
    assert caption.of(row, "frame") == "0.1, net"


def test_text_that_is_no_list_is_told_with_its_file(tmp_path: Path) -> None:
    folder = aged(made(tmp_path), 1)
    path = next((folder / "metadata").glob("*.parquet"))
    table = pq.read_table(path)
    table = table.set_column(
        table.column_names.index("instance_boxes"), "instance_boxes", pa.array(["left"] * len(table))
    )
    path.write_bytes(parquet.sealed(table))
    with pytest.raises(SinkError, match=f"{path.name}.*not a list as format 1 has it"):
        _ = Output(str(folder)).table
