"""Many small commits become few large ones, and nothing of what they say changes."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from animelayers.dataset.output import Output
from animelayers.dataset.verify import verify
from animelayers.sinks import Shards, metadata, parquet
from tests.sinks.clips import clip, contents

CLIPS = [clip(f"film{n % 7}/scene{n:04d}/000000", [0, 0, 1], source=f"film{n % 7}.mkv") for n in range(40)]

DIE = """
import os, signal, sys
from animelayers.sinks import Shards, metadata, parquet

def counted(call):
    def wrapper(*arguments):
        global left
        left -= 1
        if left == 0: os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments)
    return wrapper

metadata.MANY, metadata.ROWS = 2, 12
metadata.gather.__defaults__ = (2, 12)
left = int(sys.argv[2])
sink = Shards(sys.argv[1])
os.fsync, os.replace = counted(os.fsync), counted(os.replace)
sink.store.remove = counted(sink.store.remove)
with sink.open("again"):
    pass
"""


@pytest.fixture
def written(tmp_path: Path) -> Shards:
    sink = Shards(str(tmp_path))
    with sink.open("one"):
        for row in CLIPS:
            sink.write([row], "one", footer={"fingerprints": "{}"})
        sink.write(
            [clip("z/scene0000/000000", [], error="decode: torn")], "one", footer={"fingerprints": "{}"}
        )
    return sink


def few(monkeypatch: pytest.MonkeyPatch, many: int = 2, most: int = 24) -> None:
    monkeypatch.setattr(metadata.gather, "__defaults__", (many, most))


def test_what_is_gathered_reads_as_before(written: Shards, monkeypatch: pytest.MonkeyPatch) -> None:
    before, errors = Output(written.path).table, written.failures()
    done, layers = (
        written.committed(),
        {name: data for name, data in contents(Path(written.path)).items() if name.endswith(".tar")},
    )
    few(monkeypatch)
    with written.open("two") as swept:
        assert swept == 0
    names = metadata.names(written.store)
    assert len(names) < 12 and metadata.gathered(written.store)
    assert all(parquet.intact(written.store, name).num_rows <= 24 for name in names), (
        "sealed anew, and bounded"
    )
    after = Output(written.path)
    assert after.table == before and after.twice == [] and written.failures() == errors
    assert written.committed() == done and not written.lost() and not verify(written).tables
    assert {
        name: data for name, data in contents(Path(written.path)).items() if name.endswith(".tar")
    } == layers, "no tar is an orphan"
    with written.open("three") as swept:
        assert swept == 0 and metadata.names(written.store) == names, "what is gathered stays"


def test_a_clip_of_what_is_gathered_is_made_again(written: Shards, monkeypatch: pytest.MonkeyPatch) -> None:
    few(monkeypatch)
    with written.open("two"):
        written.forget([CLIPS[3]["clip_id"]])
        assert CLIPS[3]["clip_id"] not in written.committed() and len(written.committed()) == len(CLIPS)
        written.write([CLIPS[3]], "two", footer={"fingerprints": "{}"})
    assert len(written.committed()) == len(CLIPS) + 1 and len(Output(written.path)) == 3 * len(CLIPS)


def test_of_a_clip_committed_twice_the_same_commit_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink, twice = Shards(str(tmp_path)), "e/scene0000/000000"
    with sink.open("one"):
        sink.write([clip(twice, [0, 1], [b"first"] * 6)], "one")
        sink.write([clip("a/scene0000/000000", [0]), clip(twice, [0], [b"second"] * 3)], "one")
        sink.write([clip("b/scene0000/000000", [0])], "one")
    few(monkeypatch)
    with sink.open("two"):
        pass
    output = Output(str(tmp_path))
    assert output.twice == [twice]
    assert [output.read(frame, "character") for frame in output if frame.startswith("e/")] == [b"second"]


def test_other_columns_or_another_footer_stay_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = Shards(str(tmp_path))
    with sink.open("one"):
        sink.write([clip("a/scene0000/000000", [0])], "one", footer={"computed": '["x"]'})
        sink.write([clip("b/scene0000/000000", [0])], "one", footer={"computed": '["y"]'})
        sink.write(
            [clip("c/scene0000/000000", [0], names="character.png mask.png effect.png")],
            "one",
            footer={"computed": '["y"]'},
        )
    before = contents(tmp_path)
    few(monkeypatch)
    with sink.open("two"):
        pass
    assert contents(tmp_path) == before and metadata.footers(sink.store, "computed") == {b'["x"]', b'["y"]'}


def test_what_is_damaged_is_not_gathered_and_still_found(
    written: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut, changed = metadata.names(written.store)[3], metadata.names(written.store)[9]
    place = Path(written.path)
    (place / cut).write_bytes((place / cut).read_bytes()[:-9])
    other = parquet.read(written.store, changed)
    other = other.set_column(other.column_names.index("note"), "note", pa.array(["forged"] * len(other)))
    (place / changed).write_bytes(parquet.to_bytes(other))
    few(monkeypatch)
    before = verify(written).tables
    assert set(before) == {cut, changed}
    with written.open("two"):
        pass
    assert metadata.gathered(written.store) and verify(written).tables == before, (
        "no seal covers what was damaged before it"
    )


def test_where_what_is_gathered_is_damaged_no_tar_is_taken_for_an_orphan(
    written: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch)
    with written.open("two"):
        pass
    place, name = Path(written.path), metadata.gathered(written.store)[0]
    tars = written.store.names("shards", ".tar")
    data = (place / name).read_bytes()
    (place / name).write_bytes(data[:-9])
    with written.open("three"):
        assert written.store.names("shards", ".tar") == tars
    (place / name).write_bytes(data)
    assert len(Output(written.path)) == 3 * len(CLIPS) and not written.lost()


def test_few_commits_are_left_alone(written: Shards) -> None:
    before = contents(Path(written.path))
    with written.open("two"):
        pass
    assert contents(Path(written.path)) == before


def test_killed_at_any_point_of_gathering(
    written: Shards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, ended = Output(written.path).table, set()
    for point in range(1, 400, 11):
        code = subprocess.run(
            [sys.executable, "-c", DIE, written.path, str(point)], timeout=60, env={**os.environ}
        ).returncode
        ended.add(code)
        assert written.committed().keys() == {row["clip_id"] for row in CLIPS} | {"z/scene0000/000000"}
        assert Output(written.path).table == before
        if code == 0:
            break
    assert ended == {0, -9}
    few(monkeypatch, 2, 12)
    with written.open("last"):
        pass
    assert Output(written.path).table == before and Output(written.path).twice == []


def test_rows_of_some_inputs_alone(written: Shards, monkeypatch: pytest.MonkeyPatch) -> None:
    few(monkeypatch)
    with written.open("two"):
        pass
    some = written.committed(sources=["film3.mkv"])
    assert set(some) == {row["clip_id"] for row in CLIPS if row["source"] == "film3.mkv"}
    assert metadata.sources(written.store) == {f"film{n}.mkv" for n in range(7)} | {"z.mp4"}
    assert pa.types.is_string(metadata.scan(written.store, ["clip_id"], ["nowhere"])["clip_id"].type)
