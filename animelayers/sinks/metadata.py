"""The commits of an output: its metadata folder, read as a set of clips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import xxhash

from animelayers.schema import LISTS, RECORD, table_schema
from animelayers.sinks.store import Damaged, SinkError, Store

FOLDER = "metadata"
SEAL = b"rows"
_PART = "__part"
_READERS = 8  # a remote store answers in tens of milliseconds


def names(store: Store) -> list[str]:
    """The committed Parquets, sorted: path below the output."""
    return [f"{FOLDER}/{name}" for name in store.names(FOLDER, ".parquet")]


def to_bytes(table: pa.Table) -> bytes:
    """A Parquet file of a table; the schema's metadata becomes its footer's."""
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd", write_page_checksum=True)
    return bytes(buffer.getvalue())


def sealed(table: pa.Table) -> bytes:
    """The same of a commit, with a digest of all its values in the footer: the checksums of pages do not cover what names their columns."""
    facts = {key: value for key, value in (table.schema.metadata or {}).items() if key != SEAL}
    return to_bytes(table.replace_schema_metadata(facts | {SEAL: digest(table)}))


def digest(table: pa.Table) -> bytes:
    """Hex XXH3 of a table's names, types and values, and of what its footer says beside."""
    found = xxhash.xxh3_64()
    for key, value in sorted((table.schema.metadata or {}).items()):
        if key not in (SEAL, b"ARROW:schema", b"pandas"):
            found.update(key + value)
    for field in table.schema:
        found.update(f"{field.name} {str(field.type).replace('element:', 'item:')} ".encode())
        column = table[field.name].combine_chunks()
        while pa.types.is_list(column.type) or pa.types.is_fixed_size_list(column.type):
            found.update(repr(pc.list_value_length(column).to_pylist()).encode())
            column = column.flatten()
        number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
        if number and not column.null_count:  # lists of embeddings are long
            found.update(np.ascontiguousarray(column.to_numpy(zero_copy_only=False)).tobytes())
        else:
            found.update(repr(column.to_pylist()).encode())
    return found.hexdigest().encode()


def intact(store: Store, name: str) -> pa.Table:
    """A commit that is what was written, as far as its footer tells: one of an earlier release has no digest. Raises `SinkError` otherwise."""
    table = declared(store, name, plain=True)
    seal = (table.schema.metadata or {}).get(SEAL)
    if seal is not None and seal != digest(table):
        raise Damaged(store.path(name), "its values are not those that were written", "mend=true has its clips made again")
    return table


def read(store: Store, name: str, columns: Sequence[str] | None = None) -> pa.Table:
    """A Parquet of the output, or some columns of it. Raises `SinkError` if it is damaged."""
    with store.guard(name):
        try:
            # In this thread: one of Arrow's own that lets go of Python's bytes while the interpreter ends takes the process down with it.
            return pq.ParquetFile(pa.BufferReader(store.read(name) or b""), page_checksum_verification=True).read(columns, use_threads=False)
        except (AttributeError, TypeError) as strange:  # an extension type of a library that is loaded, forged
            raise pa.ArrowInvalid(f"its columns are not plain Arrow types ({strange})") from strange


def footer(store: Store, name: str) -> dict[bytes, bytes]:
    """What the footer of a Parquet says beside its schema. Raises `SinkError` if it is damaged."""
    with store.guard(name):
        return dict(pq.ParquetFile(pa.BufferReader(store.read(name) or b"")).schema_arrow.metadata or {})


def footers(store: Store, key: str) -> set[bytes]:
    """What the footers of all commits say under a key; only they are read. Raises `SinkError` if one is damaged."""

    def said(name: str) -> bytes | None:
        with store.guard(name):
            return (pq.read_metadata(store.path(name), filesystem=store.fs).metadata or {}).get(key.encode())

    with ThreadPoolExecutor(_READERS) as pool:
        return {data for data in pool.map(said, names(store)) if data is not None}


def scan(store: Store, columns: Sequence[str]) -> pa.Table:
    """Some text and number columns of all rows, nothing else being read; Parquets in the order of their names."""
    schema = table_schema(columns, [])
    schema = pa.schema([schema.field(column) for column in columns])
    files = [store.path(name) for name in names(store)]
    with store.guard(FOLDER):
        if not files:
            return schema.empty_table()
        checked = ds.ParquetFileFormat(default_fragment_scan_options=ds.ParquetFragmentScanOptions(page_checksum_verification=True))
        table = ds.dataset(files, schema=schema, filesystem=store.fs, format=checked).to_table()
    if table["clip_id"].null_count if "clip_id" in columns else False:
        strange = next(name for name in names(store) if "clip_id" not in pq.read_schema(pa.BufferReader(store.read(name) or b"")).names)
        raise SinkError(store.path(strange), "is no frame table", "it was not written by this package: move it away and run again")
    return table


def committed(store: Store, retry_failed: bool = False) -> dict[str, int]:
    """Frames of each clip that need not be done, 0 for one that failed; with `retry_failed` only those without an error."""
    table = scan(store, ["clip_id", "error"])
    failed = {} if retry_failed else dict.fromkeys(table["clip_id"].unique().to_pylist(), 0)
    counted = pc.value_counts(_good(table)["clip_id"])
    return failed | dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))


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


def load(store: Store, columns: Sequence[str] | None = None) -> tuple[pa.Table, pa.Table, list[str]]:
    """The whole frame table, or some columns of it (among them clip_id, frame_id and error): rows of good frames, a row per clip that failed,
    and ids of clips that are committed twice.

    A clip with good rows has not failed. Of a clip in two Parquets the one lowest by name counts, so each frame comes once.
    Raises `SinkError` for a Parquet that is damaged or holds types other than plain Arrow ones.
    """
    with ThreadPoolExecutor(_READERS) as pool:
        tables = _agreed(list(pool.map(lambda name: declared(store, name, columns), names(store))))
    tables = [table.append_column(_PART, pa.array(np.full(len(table), i))) for i, table in enumerate(tables)]
    if not tables:
        empty = table_schema(["clip_id", "error"], []).empty_table()
        return empty, empty, []
    table = pa.concat_tables(tables, promote_options="permissive").combine_chunks()
    good, failed = _good(table), table.filter(pc.not_equal(table["error"], ""))
    part, clip = good[_PART].to_numpy(), _codes(good, "clip_id")
    lowest = np.full(clip.max(initial=-1) + 1, len(tables))
    np.minimum.at(lowest, clip, part)
    once = np.zeros(len(good), bool)
    once[np.unique(_codes(good, "frame_id"), return_index=True)[1]] = True
    once &= part == lowest[clip]
    twice = sorted(set(good.filter(pa.array(~once))["clip_id"].to_pylist()))
    failed = split(failed, good["clip_id"].unique().to_pylist())[1]
    first = np.unique(_codes(failed, "clip_id"), return_index=True)[1]
    return good.filter(pa.array(once)).drop_columns(_PART), failed.take(np.sort(first)).drop_columns(_PART), twice


def split(table: pa.Table, clip_ids: Iterable[str]) -> tuple[pa.Table, pa.Table]:
    """The rows of some clips, and the others."""
    chosen = pc.is_in(table["clip_id"], pa.array(list(clip_ids), pa.string()))
    return table.filter(chosen), table.filter(pc.invert(chosen))


def _good(table: pa.Table) -> pa.Table:
    return table.filter(pc.equal(table["error"], RECORD["error"].blank()))


def _agreed(tables: list[pa.Table]) -> list[pa.Table]:
    """Tables whose lists of numbers are of one type: of fixed size only where all tables have that size."""
    kinds: dict[str, set[pa.DataType]] = {}
    for table in tables:
        for field in table.schema:
            if pa.types.is_list(field.type) or pa.types.is_fixed_size_list(field.type):
                kinds.setdefault(field.name, set()).add(field.type)
    mixed = {name: pa.list_(next(iter(found)).value_type) for name, found in kinds.items() if len(found) > 1}
    if not mixed:
        return tables
    return [table.cast(pa.schema([field.with_type(mixed.get(field.name, field.type)) for field in table.schema])) for table in tables]


def _codes(table: pa.Table, column: str) -> np.ndarray:
    return np.asarray(table[column].combine_chunks().dictionary_encode().indices)


def declared(store: Store, name: str, columns: Sequence[str] | None = None, plain: bool = False) -> pa.Table:
    """A Parquet of the output, or some columns of it, with the record's own types, or with those it has (`plain`).

    Lists that are text, as outputs of format 1 have them, become lists. Extension types are refused: reading one may run code that came with
    the file.
    """
    table = read(store, name, columns)
    with store.guard(name):
        strange = [field.name for field in table.schema if _extended(field)]
        if strange:
            raise pa.ArrowInvalid(f"columns {strange} are not plain Arrow types")
        if plain:
            return table
        for i, field in enumerate(table.schema):
            if field.name in LISTS and not pa.types.is_list(field.type):
                table = table.set_column(i, field.name, RECORD[field.name].structured(table[field.name]))
        fields = {field.name: field for field in table_schema(table.column_names, []) if field.name in LISTS or not pa.types.is_list(field.type)}
        return table.cast(pa.schema([fields.get(field.name, field) for field in table.schema]))


def _extended(field: pa.Field) -> bool:
    kind = field.type
    named = isinstance(kind, pa.BaseExtensionType) or b"ARROW:extension:name" in (field.metadata or {})
    return named or any(_extended(kind.field(i)) for i in range(kind.num_fields))
