from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from animelayers.dataset import plates, products
from animelayers.dataset.output import PLATES, Output
from animelayers.engine import cluster
from animelayers.engine.placement import Resources
from animelayers.sinks import Shards, columns, metadata, parquet
from animelayers.sinks.store import SinkError, Store
from tests.sinks.clips import clip

EPISODES = 5


@pytest.fixture
def output(tmp_path: Path) -> Path:
    sink = Shards(str(tmp_path / "out"))
    with sink.open("r"):
        for episode in range(EPISODES):
            for first in (0, 3):
                rows = clip(f"e{episode}/scene0000/{first:06d}", [0, 1, 2], first=first)
                sink.write([{**rows, "episode": f"e{episode}"}], "r")
    return tmp_path / "out"


def made(folder: Path) -> dict[str, bytes]:
    names = [place for places in products.PLACES.values() for place in places]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files
        if str(path.relative_to(folder)).split("/")[0] in names
    }


def test_products_are_the_same_wherever_they_are_made(
    output: Path, tmp_path: Path, ray_here: Resources
) -> None:
    shutil.copytree(output, tmp_path / "spread")
    products.write(str(output))
    products.write(str(tmp_path / "spread"), spread=cluster.spread)
    here = made(output)
    assert here == made(tmp_path / "spread") and sum(name.endswith(".xdts") for name in here) == EPISODES


def test_work_is_spread_in_order(ray_here: Resources) -> None:
    asked = list[int]()

    def items() -> Iterator[int]:
        for number in range(20):
            asked.append(number)
            yield number

    found = cluster.spread(lambda number: number * number, items())
    assert next(found) == 0 and len(asked) <= 3, "no more wait than there are processors"
    assert list(found) == [number * number for number in range(1, 20)]


def test_what_is_wrong_with_a_file_is_told_from_a_worker_too(output: Path, ray_here: Resources) -> None:
    (output / PLATES).write_bytes(b"no table")
    with pytest.raises(SinkError, match=r"plates\.parquet"):
        plates.write(Output(str(output)), cluster.spread)

    def refused(part: Output) -> None:
        raise SinkError(part.path, "no space left", "free some space")

    with pytest.raises(SinkError, match="no space left"):
        list(cluster.spread(refused, Output(str(output)).episodes()))


def test_episodes_come_whole_though_they_are_read_in_pieces(output: Path) -> None:
    whole = Output(str(output)).table
    store = Shards(str(output)).store
    for name, data, parts in list(metadata.gather(store, 2)):
        store.put(name, "r", parquet.to_bytes(pa.table(parquet.read(store, name, None, data)), 2))
        for part in parts:
            store.remove(part)
    assert len(metadata.names(store)) == 1
    found = [part.table for part in Output(str(output)).episodes()]
    assert [set(part["episode"].to_pylist()) for part in found] == [{f"e{n}"} for n in range(EPISODES)]
    assert pa.concat_tables(found).select(whole.column_names).to_pylist() == whole.to_pylist()


def test_episodes_come_with_their_own_annotations(output: Path) -> None:
    frames = Output(str(output)).table.select(["frame_id", "clip_id", "source", "episode", "frame_index"])
    for name, episodes in {
        "one": [0, 1, 2],
        "two": [1],
    }.items():  # of what the second tells nothing is known elsewhere
        of = set(f"e{n}" for n in episodes)
        for number, episode in enumerate(sorted(set(frames["episode"].to_pylist()))):
            part = frames.filter(pc.equal(frames["episode"], episode))
            values = pa.array([float(number) if episode in of else None] * len(part), pa.float32())
            nothing = pa.nulls(len(part), pa.float32())
            words = pa.array([""] * len(part))
            part = part.append_column("sharpness" if name == "one" else "noise", values)
            part = (
                part.append_column("contrast", nothing)
                .append_column("error", words)
                .append_column("error_type", words)
            )
            folder = output / columns.FOLDER / name
            (folder / metadata.FOLDER).mkdir(parents=True, exist_ok=True)
            store = Store(str(folder))
            store.put(f"{metadata.FOLDER}/{episode}.parquet", "r", parquet.to_bytes(part))
    whole = Output(str(output)).table
    assert {"sharpness", "noise"} <= {*whole.column_names} and "contrast" not in whole.column_names
    found = [part.table for part in Output(str(output)).episodes()]
    assert all(part.column_names == whole.column_names for part in found)
    assert pa.concat_tables(found).to_pylist() == whole.to_pylist()
