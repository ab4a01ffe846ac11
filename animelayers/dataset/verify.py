"""Everything of an output read once and compared with what was written: what is damaged is named, and
forgotten where it can be made again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from tqdm import tqdm

from animelayers.dataset import products
from animelayers.sinks import Columns, Shards, Sink, Tree, columns, dataset, metadata, parquet, tar
from animelayers.sinks.curated import Curated
from animelayers.sinks.guide import Instances
from animelayers.sinks.pictures import Pictures
from animelayers.sinks.shards import FOLDER
from animelayers.sinks.sink import checksum
from animelayers.sinks.store import SinkError, Store
from animelayers.storage import inside

log = logging.getLogger(__name__)


@dataclass
class Findings:
    """What is not as it was written. ``clips``: ids, and what is wrong, by frame where it is one; ``tables``:
    Parquets that cannot be read or have other values, each with all its clips; ``products``: end products;
    ``other``: what the next run restores by itself. ``layers``, ``bytes``: what was read; ``unchecked``:
    layers of an earlier release, of which no checksum is known.
    """

    clips: dict[str, list[str]] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    products: dict[str, list[str]] = field(default_factory=dict)
    other: list[str] = field(default_factory=list)
    layers: int = 0
    bytes: int = 0
    unchecked: int = 0

    def __bool__(self) -> bool:
        """Whether anything is damaged."""
        return bool(self.clips or self.tables or self.products or self.other)

    def lines(self) -> Iterator[str]:
        """A line for each thing that is wrong."""
        yield from (f"{name}: {problem}" for name, problem in sorted(self.tables.items()))
        yield from (line for _, lines in sorted(self.clips.items()) for line in lines)
        yield from (f"{name}: {line}" for name, lines in sorted(self.products.items()) for line in lines)
        yield from self.other


def sink_of(path: str) -> Sink:
    """The sink that wrote an output, by what its tables point at. Raises `SinkError` for a folder without one
    that can be read.
    """
    store, last = (
        Store(path),
        SinkError(path, "no metadata/*.parquet there", "give the folder a job wrote into"),
    )
    for name in metadata.names(store):
        try:
            table = parquet.read(store, name)
        except SinkError as problem:
            last = problem
            continue
        there = set(table.column_names)
        if "cutouts" in there:
            return Instances(path)
        if "origin" in there:
            return Curated(path)
        if "frame_file" in there:
            return Pictures(path)
        files = [column for column in there if column.endswith("_file")]
        if not files and columns.FOLDER in path.split("/"):
            parent, _, own = path.rstrip("/").rpartition(f"/{columns.FOLDER}/")
            return Columns(parent, own)
        if "shard" in there and table["shard"].null_count < len(table):
            return Shards(path)
        if any(table[column].null_count < len(table) for column in files):
            return Tree(path)
    if metadata.names(store) and store.folders(""):
        return Shards(path) if FOLDER in store.folders("") else Tree(path)
    raise last


def verify(sink: Sink) -> Findings:
    """Read all commits, all layers and all end products of an output, and its annotations. Nothing is
    written.
    """
    found, store = Findings(), sink.store
    for name in tqdm(
        metadata.names(store), unit="table", desc="verify", dynamic_ncols=True, leave=False, disable=None
    ):
        try:
            table = parquet.intact(store, name)
            _files(sink, table, found)
        except SinkError as problem:
            found.tables[name] = problem.problem
    for added in store.folders(columns.FOLDER):
        inner = Store(inside(sink.path, f"{columns.FOLDER}/{added}"))
        for name in metadata.names(inner):
            try:
                parquet.intact(inner, name)
            except SinkError as problem:
                found.tables[f"{columns.FOLDER}/{added}/{name}"] = problem.problem
    for name, file, wrong in products.damaged(store):
        found.products.setdefault(name, []).append(f"{file} {wrong}")
    if sink.needs:
        found.other += _about(store)
    return found


def mend(sink: Sink, found: Findings, run: str = "mend", held: bool = False) -> None:
    """Forget the damaged clips and end products, so that the command that made the output makes them again,
    and nothing else.

    Under the output's lock: the caller's (`held`), or one of its own.
    """
    if not held:
        with sink.open(run):
            return mend(sink, found, run, held=True)
    for name in found.tables:  # first: `forget` reads the others
        sink.store.remove(name)
    sink.forget(found.clips)
    if found.products:
        products.forget(sink.store, *found.products)


def _about(store: Store) -> list[str]:
    lines = []
    try:
        if not dataset.description(store) and metadata.names(store):
            lines.append(f"{dataset.DATASET}: is gone; the next run restores it, if the tables agree")
    except SinkError as problem:
        lines.append(f"{dataset.DATASET}: {problem.problem}")
    try:
        if store.exists(dataset.PLAN):
            parquet.read(store, dataset.PLAN)
    except SinkError as problem:
        lines.append(f"{dataset.PLAN}: {problem.problem}; the next run makes it anew")
    return lines


def _files(sink: Sink, table: pa.Table, found: Findings) -> None:
    """Compare the files that the rows of one commit point at."""
    layers = [name.removesuffix("_file") for name in table.column_names if name.endswith("_file")]
    seen: set[tuple[str, int]] = set()
    data: dict[str, bytes | None] = {}
    for row in table.to_pylist():
        if row["error"]:
            continue
        for layer in layers:
            if not row[f"{layer}_file"]:
                continue
            file = f"{FOLDER}/{row['shard']}" if row.get("shard") else row[f"{layer}_file"]
            offset, size = row.get(f"{layer}_offset") or 0, row.get(f"{layer}_size")
            if (file, offset) in seen:
                continue
            seen.add((file, offset))
            if file not in data:
                if row.get("shard") is None:
                    data.clear()  # a picture is asked for once; a shard by all its rows
                data[file] = sink.store.read(file)
            if problem := _layer(row, layer, file, offset, size, data[file], found):
                found.clips.setdefault(row["clip_id"], []).append(
                    f"{row['frame_id']}: {layer} in {file} {problem}"
                )
        if not layers and "cutouts" in row:
            for file in sink.files_of(pa.Table.from_pylist([row], table.schema)):
                if not sink.store.exists(file):
                    found.clips.setdefault(row["clip_id"], []).append(f"{row['frame_id']}: {file} is gone")


def _layer(
    row: dict[str, Any],
    layer: str,
    file: str,
    offset: int,
    size: int | None,
    data: bytes | None,
    found: Findings,
) -> str:
    """What is wrong with a layer's bytes; nothing where they are those that were written."""
    if data is None:
        return "is gone"
    own = data[offset : None if size is None else offset + size]
    found.layers, found.bytes = found.layers + 1, found.bytes + len(own)
    if size is not None and len(own) < size:
        return "is cut short"
    known = row.get(f"{layer}_xxh3")
    if known is None:
        found.unchecked += 1
    elif checksum(own) != known:
        return "has other bytes than were written"
    if row.get("shard") and data[offset - tar.BLOCK : offset] != tar.header(row[f"{layer}_file"], len(own)):
        return "has another name or size in the tar than in the table"
    return ""
