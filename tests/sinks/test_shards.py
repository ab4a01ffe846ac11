import pickle
import tarfile
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers.dataset.output import Output
from animelayers.record.column import Column
from animelayers.record.schema import RECORD
from animelayers.sinks import Shards
from tests.sinks.clips import NAMES, clip, contents


@st.composite
def clips(draw):
    """Clips of mixed length with held drawings (also such that come back), files of any size, and failures."""
    rows = []
    for scene in range(draw(st.integers(1, 4))):
        clip_id = f"ep_{draw(st.sampled_from('ab'))}/scene{scene:04d}/000010"
        if draw(st.integers(0, 4)) == 0:
            rows.append(clip(clip_id, [], error="decode: broken"))
            continue
        shown = draw(st.lists(st.integers(0, 3), min_size=1, max_size=6))
        drawing = [sorted(set(shown)).index(d) for d in shown]
        names = draw(st.sampled_from([NAMES, "character.png", "character.png background.webp effect.png"]))
        files = [draw(st.binary(max_size=1200)) for _ in range((max(drawing) + 1) * len(names.split()))]
        rows.append(clip(clip_id, drawing, files, names=names, first=draw(st.sampled_from([10, 999_998]))))
    return rows


@settings(max_examples=40, deadline=None)
@given(clips(), st.randoms(use_true_random=False))
def test_what_is_written_is_read_back(rows, random):
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        for folder in (one, other):
            with Shards(folder).open("r"):
                Shards(folder).write(rows, "r", layers=["character.png"])
            random.shuffle(rows)
        assert contents(Path(one)) == contents(Path(other)), "bytes depend on the clips alone"
        good = [row for row in rows if not row["error"]]
        output = Output(one)
        assert len(output) == len(set(output)) == sum(len(row["frame_index"]) for row in good)
        assert output.errors["clip_id"].to_pylist() == sorted(row["clip_id"] for row in rows if row["error"])
        tars = list(Path(one, "shards").iterdir())
        assert len(tars) == any(row["layers"] for row in good)
        members, samples = {}, defaultdict(set)
        for archive in map(tarfile.open, tars):
            for member in archive:
                assert (member.mtime, member.uid, member.gid, member.mode, member.isreg()) == (
                    0,
                    0,
                    0,
                    0o644,
                    True,
                )
                members[member.name] = member.offset_data, archive.extractfile(member).read()
                key, _, layer = member.name.partition(".")
                samples[key].add(layer)
        frames = [
            (scene, int(frame))
            for scene, _, frame in (name.partition(".")[0].partition("_frame") for name in members)
        ]
        assert frames == sorted(frames), "members are sorted by clip and frame"
        table = {row["frame_id"]: row for row in output.table.to_pylist()}
        for row in good:
            names, parts = (
                row["layer_names"].split(),
                iter(np.split(np.frombuffer(row["layers"], np.uint8), np.cumsum(row["layer_sizes"])[:-1])),
            )
            stored = [{name: next(parts).tobytes() for name in names} for _ in row["layer_sizes"]]
            carrier = {}
            for t, d in enumerate(row["drawing"].tolist()):
                frame_id = "/".join(row["clip_id"].split("/")[:2]) + f"_frame{row['frame_index'][t]:06d}"
                got = table[frame_id]
                assert got["drawing_of"] == carrier.get(d)
                holder = carrier.setdefault(d, frame_id)
                there = {name for name, data in stored[d].items() if data}
                assert samples[holder] == there, (
                    "WebDataset groups members by what stands before the first dot; 0 bytes are no file"
                )
                assert (got["timestamp_s"], got["matte_model"]) == (row["timestamp_s"][t], f"m{d}")
                assert got["character_bbox"] == row["character_bbox"][d].tolist()
                assert all(got[f"{name.split('.')[0]}_file"] is None for name in set(names) - there)
                for name in there:
                    stem = name.split(".")[0]
                    assert output.read(frame_id, stem) == stored[d][name]
                    assert members[f"{holder}.{name}"] == (got[f"{stem}_offset"], stored[d][name])
                    assert got[f"{stem}_file"] == f"{holder}.{name}"


def test_what_a_clip_has_once_is_pointed_at_by_all_its_frames(tmp_path):
    row = clip(
        "e/scene0000/000000", [0, 1, 0], [b"one", b"the plate", b"two", b""], names="character.png plate.png"
    )
    with Shards(tmp_path).open("r"):
        Shards(tmp_path).write([row | {"homography": np.arange(18.0).reshape(2, 3, 3)}], "r")
    output = Output(str(tmp_path))
    assert [output.read(frame, "plate") for frame in output] == [b"the plate"] * 3
    assert output.table["homography"].to_pylist() == [list(range(9)), list(range(9, 18)), list(range(9))]


def test_tar_is_what_tarfile_expects_of_ustar(tmp_path):
    rows = [clip("a" * 60 + "/scene0003/000000", [0, 1])]
    with Shards(tmp_path).open("r"):
        Shards(tmp_path).write(rows, "r")
    (path,) = (tmp_path / "shards").iterdir()
    assert path.stat().st_size % 512 == 0
    with tarfile.open(path, "r:") as archive:
        assert len(archive.getnames()) == 6
        assert all(member.offset_data - member.offset == 512 for member in archive.getmembers())


def test_failed_clip_has_a_row_without_frame_fields(tmp_path):
    sink = Shards(tmp_path)
    with sink.open("r"):
        sink.write(
            [clip("e/scene0000/000000", [], error="decode: torn"), clip("e/scene0001/000000", [])],
            "r",
            layers=["character.png"],
        )
    assert not list((tmp_path / "shards").iterdir()), "a call with only failures writes no tar"
    rows = Output(str(tmp_path)).errors.to_pylist()
    assert [rows[0][name] for name in ("error", "error_type", "attempt")] == ["decode: torn", "ValueError", 1]
    assert rows[1]["error"] == "sink: the clip has no frames", "a clip that says nothing must not vanish"
    for field in (
        "frame_id",
        "frame_index",
        "timestamp_s",
        "width",
        "character_bbox",
        "matte_model",
        "shard",
        "character_offset",
    ):
        assert rows[0][field] is None, field
    assert [row["clip_id"] for row in sink.failures()] == [row["clip_id"] for row in rows]


def test_parquet_holds_plain_types_and_the_footer(tmp_path):
    with Shards(tmp_path).open("r"):
        Shards(tmp_path).write(
            [clip("e/scene0000/000000", [0, 0])], "r", footer={"fingerprint.encode": "ab12"}
        )
    (path,) = (tmp_path / "metadata").iterdir()
    assert pq.read_metadata(path).metadata[b"fingerprint.encode"] == b"ab12"
    schema = pq.read_schema(path)
    assert not any("extension" in str(field.type) or field.metadata for field in schema.remove_metadata()), (
        schema
    )
    assert str(schema.field("character_bbox").type) == "fixed_size_list<element: int32>[4]"


def test_columns_of_later_stages_reach_the_table(tmp_path, monkeypatch):
    for name, column in {
        "mood": Column("str", "", "", table=True),
        "pose": Column("float32", "D 3", "", table=True),
    }.items():
        monkeypatch.setitem(RECORD, name, column)
    row = clip("e/scene0000/000000", [0, 1, 0]) | {
        "mood": "calm",
        "pose": np.arange(6, dtype=np.float32).reshape(2, 3),
    }
    with Shards(tmp_path).open("r"):
        Shards(tmp_path).write([row], "r")
    table = Output(str(tmp_path)).table
    assert table["mood"].to_pylist() == ["calm"] * 3
    assert table["pose"].to_pylist() == [[0, 1, 2], [3, 4, 5], [0, 1, 2]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"clip_id": "a.b/scene0000/000000"}, "a.b/scene0000"),
        ({"layers": b"short"}, "layer_sizes"),
        ({"drawing": np.array([0, 5])}, "drawings"),
        ({"character_coverage": np.zeros(7, np.float32)}, "character_coverage"),
    ],
)
def test_rows_that_break_the_contract_are_refused(tmp_path, change, said):
    with Shards(tmp_path).open("r"), pytest.raises(ValueError, match=said):
        Shards(tmp_path).write([clip("e/scene0000/000000", [0, 1]) | change], "r")
    assert not contents(tmp_path)


def test_sink_travels_to_workers(tmp_path):
    sink = pickle.loads(pickle.dumps(Shards(tmp_path)))
    with sink.open("r"):
        sink.write([clip("e/scene0000/000000", [0])], "r")
    assert set(sink.committed()) == {"e/scene0000/000000"}
    assert sink.local_path == tmp_path
