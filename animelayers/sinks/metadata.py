"""The commits of an output: its metadata folder, read as a set of clips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from animelayers.schema import RECORD, table_schema
from animelayers.sinks.store import Store

FOLDER = "metadata"


def names(store: Store) -> list[str]:
    """The committed Parquets, sorted: path below the output."""
    return [f"{FOLDER}/{name}" for name in store.names(FOLDER) if name.endswith(".parquet") and not name.startswith(".")]


def to_bytes(table: pa.Table) -> bytes:
    """A Parquet file of a table; the schema's metadata becomes its footer's."""
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd")
    return bytes(buffer.getvalue())


def read(store: Store, name: str, columns: Sequence[str] | None = None) -> pa.Table:
    """A Parquet of the output, or some columns of it. Raises `SinkError` if it is damaged."""
    with store.guard(name):
        return pq.ParquetFile(pa.BufferReader(store.read(name) or b"")).read(columns)


def scan(store: Store, columns: Sequence[str]) -> pa.Table:
    """Some text and number columns of all rows, nothing else being read; Parquets in the order of their names."""
    schema = table_schema(columns, [])
    schema = pa.schema([schema.field(column) for column in columns])
    files = [store.path(name) for name in names(store)]
    with store.guard(FOLDER):
        return ds.dataset(files, schema=schema, filesystem=store.fs, format="parquet").to_table() if files else schema.empty_table()


def committed(store: Store, retry_failed: bool = False) -> set[str]:
    """Ids of clips that need not be done; with `retry_failed` only those without an error."""
    table = scan(store, ["clip_id", "error"])
    return set(pc.unique((_good(table) if retry_failed else table)["clip_id"]).to_pylist())


def failures(store: Store) -> list[dict[str, Any]]:
    """One row per clip that failed and has no good rows: clip_id, source, error, error_type, attempt."""
    table = scan(store, ["clip_id", "source", "error", "error_type", "attempt"])
    good = set(pc.unique(_good(table)["clip_id"]).to_pylist())
    failed: dict[str, dict[str, Any]] = {}
    for row in table.filter(pc.not_equal(table["error"], "")).to_pylist():
        if row["clip_id"] not in good:
            failed.setdefault(row["clip_id"], row)
    return list(failed.values())


def good_clips(store: Store, name: str) -> set[str]:
    """Ids of the good clips that one Parquet commits; none if there is no such Parquet."""
    return set(_good(read(store, name, ["clip_id", "error"]))["clip_id"].to_pylist()) if store.exists(name) else set()


def split(table: pa.Table, clip_ids: Iterable[str]) -> tuple[pa.Table, pa.Table]:
    """The rows of some clips, and the others."""
    chosen = pc.is_in(table["clip_id"], pa.array(list(clip_ids), pa.string()))
    return table.filter(chosen), table.filter(pc.invert(chosen))


def _good(table: pa.Table) -> pa.Table:
    return table.filter(pc.equal(table["error"], RECORD["error"].blank()))
