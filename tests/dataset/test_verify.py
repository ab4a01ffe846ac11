from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from animelayers import Output
from animelayers.dataset import products
from animelayers.dataset.verify import mend, sink_of, verify
from animelayers.sinks import Columns, Shards, Sink, SinkError, Tree, dataset, metadata, parquet
from animelayers.sinks.store import Store
from tests.sinks.clips import clip, contents, pictures
from tests.sinks.test_commit import FILM, opened

IDS = [f"e/scene{n:04d}/{3 * n:06d}" for n in range(4)]
FOOTER = {"fingerprints": json.dumps({"encode": {"fingerprint": "c1", "config": {}}})}


@pytest.fixture(params=["shards", "tree"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def made(folder: Path, kind: str, ids: list[str] = IDS) -> Sink:
    """An output of four clips in two commits, with its end products."""
    with opened(kind, folder, "run") as sink:
        for pair in (IDS[:2], IDS[2:]):
            if set(pair) <= set(ids):
                sink.write(
                    [pictures(clip_id, [0, 1, 1], first=3 * IDS.index(clip_id))[0] for clip_id in pair],
                    "run",
                    footer=FOOTER,
                )
        sink.describe({"fingerprints": json.loads(FOOTER["fingerprints"]), "models": []})
    products.write(str(folder))
    return sink


def flipped(path: Path, place: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1 << bit
    path.write_bytes(bytes(data))


def test_an_intact_output_is_all_what_was_written(tmp_path: Path, kind: str) -> None:
    made(tmp_path, kind)
    before = contents(tmp_path)
    sink = sink_of(str(tmp_path))
    assert type(sink) is {"shards": Shards, "tree": Tree}[kind] and not sink.lost()
    found = verify(sink)
    assert not found and not list(found.lines()) and found.layers == 4 * 2 * 3 and not found.unchecked
    assert contents(tmp_path) == before


def test_every_flipped_bit_of_a_layer_is_found_and_named_by_its_frame(tmp_path: Path, kind: str) -> None:
    """Each byte that matters has one chance in a few hundred to be tried; whatever is flipped, reading says
    so or gives the old pixels.
    """
    sink, rng = made(tmp_path, kind), np.random.default_rng(1)
    output = Output(str(tmp_path))
    rows = [output.row(frame) for frame in output if output.row(frame)["drawing_of"] is None]
    for row in rows[::3]:
        for layer in output.layers:
            path = tmp_path / (f"shards/{row['shard']}" if row["shard"] else row[f"{layer}_file"])
            place = row[f"{layer}_offset"] + int(rng.integers(row[f"{layer}_size"]))
            bit = int(rng.integers(8))
            flipped(path, place, bit)
            found = verify(sink)
            assert (
                list(found.clips) == [row["clip_id"]]
                and row["frame_id"] in next(found.lines())
                and layer in next(found.lines())
            )
            with pytest.raises(
                SinkError, match=f"{layer} of {row['frame_id']} are not those that were written"
            ):
                Output(str(tmp_path)).layer(row["frame_id"], layer)
            flipped(path, place, bit)
    assert not verify(sink)


def test_every_flipped_bit_of_a_table_is_found_or_changes_nothing(tmp_path: Path) -> None:
    sink, rng = made(tmp_path, "shards"), np.random.default_rng(2)
    name = metadata.names(sink.store)[0]
    table, path, silent = parquet.read(sink.store, name), tmp_path / name, 0
    for _ in range(150):
        place, bit = int(rng.integers(path.stat().st_size)), int(rng.integers(8))
        flipped(path, place, bit)
        with contextlib.suppress(SinkError):
            assert parquet.intact(sink.store, name).equals(table), (place, bit)
            silent += 1
        flipped(path, place, bit)
    assert silent < 80, "statistics and encodings that nobody reads"


@pytest.mark.parametrize("fault", ["cut", "zeroed", "gone", "flipped"])
def test_what_is_damaged_is_made_again_and_nothing_else(tmp_path: Path, kind: str, fault: str) -> None:
    sink = made(tmp_path, kind)
    whole, output = contents(tmp_path), Output(str(tmp_path))
    row = next(output.row(frame) for frame in output if output.row(frame)["clip_id"] == IDS[0])
    path = tmp_path / (f"shards/{row['shard']}" if row["shard"] else row["mask_file"])
    if fault == "gone":
        path.unlink()
    else:
        data = path.read_bytes()
        place = row["mask_offset"]
        path.write_bytes(
            {
                "cut": data[: place + 20],
                "zeroed": bytes(len(data)),
                "flipped": data[: place + 9] + b"?" + data[place + 10 :],
            }[fault]
        )
    at_start = sink.lost()
    assert bool(at_start) == (fault in ("cut", "gone")), (
        "sizes are looked at with each start, bytes when that is asked for"
    )
    found = verify(sink)
    assert IDS[0] in found.clips and not set(found.clips) & set(IDS[2:]) and not found.tables
    mend(sink, found)
    assert set(sink.committed()) == set(IDS) - set(found.clips)
    with opened(kind, tmp_path, "again") as sink:
        todo = [clip_id for clip_id in IDS if clip_id not in sink.committed()]
        sink.write(
            [pictures(clip_id, [0, 1, 1], first=3 * IDS.index(clip_id))[0] for clip_id in todo],
            "again",
            footer=FOOTER,
        )
    products.write(str(tmp_path))
    assert not verify(sink) and set(Output(str(tmp_path))) == set(output)
    for frame in output:
        for layer in output.layers:
            assert Output(str(tmp_path)).read(frame, layer)
    assert {name for name in whole if whole[name] != contents(tmp_path).get(name)} <= {
        name
        for name in whole
        if not name.startswith(("shards/", "character/", "background/", "masks/")) or "e-scene0000" in name
    }


def test_a_damaged_table_is_forgotten_with_its_clips(tmp_path: Path) -> None:
    sink = made(tmp_path, "shards")
    name = metadata.names(sink.store)[0]
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-40])
    found = verify(sink_of(str(tmp_path)))
    assert list(found.tables) == [name] and not found.clips
    mend(sink, found)
    assert set(sink.committed()) == set(IDS[2:])
    with sink.open("next") as swept:
        assert swept == 1, "its tar is an orphan now"


def test_annotations_and_end_products_are_verified_too(tmp_path: Path) -> None:
    sink = made(tmp_path, "shards")
    added = Columns(str(tmp_path), "own", ["matte_model"])
    with added.open("run"):
        added.write([{**clip(IDS[0], [0, 1, 1]), "matte_model": "u2net u2net"}], "run")
    assert not verify(sink)
    (name,) = metadata.names(added.store)
    table = pq.read_table(tmp_path / "annotations/own" / name)
    place = table.column_names.index("matte_model")
    pq.write_table(
        table.set_column(place, "matte_model", [["other"] * 3]), tmp_path / "annotations/own" / name
    )
    (sheet,) = (tmp_path / "exposure").glob("e_scene0001.csv")
    sheet.write_text("frame,time\n")
    found = verify(sink)
    assert list(found.tables) == [f"annotations/own/{name}"] and list(found.products) == ["exposure"]
    assert any("e_scene0001.csv is not what was written" in line for line in found.lines())
    mend(sink, found)
    assert products.write(str(tmp_path)) == ["exposure"] and not verify(sink)


@pytest.mark.parametrize("name", ["README.md", "exposure/e_scene0000.csv", "products.json"])
def test_end_products_that_are_missing_are_made_and_the_others_left_alone(tmp_path: Path, name: str) -> None:
    made(tmp_path, "shards")
    before = contents(tmp_path)
    assert products.write(str(tmp_path)) == []
    for damage in (Path.unlink, lambda path: path.write_bytes(b"")):
        damage(tmp_path / name)
        again = products.write(str(tmp_path))
        assert again == {"README.md": ["card"], "products.json": list(products.MAKERS)}.get(
            name, ["exposure"]
        )
        assert contents(tmp_path) == before


def test_end_products_of_other_commits_are_made_again(tmp_path: Path) -> None:
    """What a kill between the last commit and the end products leaves."""
    sink = made(tmp_path, "shards", IDS[:2])
    with sink.open("two"):
        sink.write(
            [pictures(clip_id, [0], first=3 * IDS.index(clip_id))[0] for clip_id in IDS[2:]],
            "two",
            footer=FOOTER,
        )
    assert products.write(str(tmp_path)) == list(products.MAKERS)
    assert (
        "4 clips" in (tmp_path / "README.md").read_text()
        and len(list((tmp_path / "exposure").glob("*.csv"))) == 4
    )
    (tmp_path / "README.md").write_text("somebody's own words")
    assert products.write(str(tmp_path)) == [], "what a person edited is left alone"


def test_a_lost_description_is_restored_from_the_tables_or_refused(tmp_path: Path) -> None:
    sink = made(tmp_path, "shards")
    prints = json.loads(FOOTER["fingerprints"])
    for lost in (None, b"", b"[]", b"{", b'{"format": "x"}', b'{"format": 1}'):
        (tmp_path / "dataset.json").unlink(missing_ok=True)
        if lost is not None:
            (tmp_path / "dataset.json").write_bytes(lost)
        assert dataset.fingerprints(sink.store) == prints
        sink.check(prints)
        with pytest.raises(SinkError, match="other settings"):
            sink.check({"encode": {"fingerprint": "c2", "config": {}}})
    with sink.open("two"):
        sink.write(
            [pictures("z/scene0000/000000", [0])[0]],
            "two",
            footer={"fingerprints": json.dumps({"encode": {"fingerprint": "c9"}})},
        )
    with pytest.raises(SinkError, match="do not agree on what made them"):
        sink.check(prints)


def test_a_damaged_plan_is_only_a_cache(tmp_path: Path) -> None:
    sink = made(tmp_path, "shards")
    for lost in (b"", b"PAR1 not really", (tmp_path / "plan.parquet").read_bytes()[:-9]):
        (tmp_path / "plan.parquet").write_bytes(lost)
        assert sink.load_plan() is None and verify(sink).other
    assert FILM["kind"] == ["video"]


def test_a_table_from_elsewhere_is_named(tmp_path: Path) -> None:
    sink = made(tmp_path, "shards")
    pq.write_table(pq.read_table(tmp_path / "plan.parquet"), tmp_path / "metadata" / "strange.parquet")
    with pytest.raises(SinkError, match=r"strange\.parquet: is no frame table"):
        sink.committed()


def test_layers_of_an_earlier_release_are_read_without_checksums(tmp_path: Path) -> None:
    sink = made(tmp_path, "shards")
    for name in metadata.names(sink.store):
        table = pq.read_table(tmp_path / name)
        table = table.drop_columns(
            [c for c in table.column_names if c.endswith("_xxh3") or c == "shard_bytes"]
        )
        pq.write_table(
            table.replace_schema_metadata({b"fingerprints": FOOTER["fingerprints"].encode()}), tmp_path / name
        )
    found = verify(sink)
    assert found.unchecked == found.layers == 24 and not found.clips and not found.tables and not sink.lost()
    assert Store(str(tmp_path)).exists("README.md")
