"""One Parquet of an output: written whole or piece by piece, sealed, read, and looked at by its end alone."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from animelayers.record import former
from animelayers.record.schema import LISTS, RECORD, table_schema
from animelayers.sinks.store import Damaged, Store

SEAL = b"rows"
_FORM: dict[str, Any] = {"compression": "zstd", "write_page_checksum": True}
_GROUP = 1 << 14  # rows that are read together: those of a few films
_HEAD = 1 << 16  # bytes; what a Parquet says of itself is seldom more


def to_bytes(table: pa.Table, group: int = _GROUP) -> bytes:
    """A Parquet file of a table, of which `group` rows are read together; the schema's metadata becomes its
    footer's.
    """
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, row_group_size=group, **_FORM)
    return bytes(buffer.getvalue())


def put(store: Store, name: str, run: str, tables: Iterable[pa.Table], schema: pa.Schema) -> int:
    """Write or replace a Parquet of tables that come one by one, of which a folder of this machine is never
    given two at a time; gives the number of rows. Where there are none and there was no such file none is
    written.
    """
    count = 0

    def chunks() -> Iterator[bytes]:
        nonlocal count
        taken = _Taken()
        with pq.ParquetWriter(taken, schema, **_FORM) as writer:
            for table in filter(len, tables):
                writer.write_table(table, _GROUP)
                count += len(table)
                yield taken.all()
        yield taken.all()

    draft = store.draft(name, run, chunks() if store.local else [*chunks()])
    try:
        if count or store.exists(name):
            store.publish([draft])
    finally:
        draft.discard()
    return count


class _Taken(io.RawIOBase):
    """A stream whose bytes are taken away as they come."""

    def __init__(self) -> None:
        self._parts, self._at = list[bytes](), 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._at += len(self._parts[-1])
        return len(self._parts[-1])

    def all(self) -> bytes:
        """What came since it was asked for last."""
        found, self._parts = b"".join(self._parts), []
        return found


def sealed(table: pa.Table) -> bytes:
    """The same of a commit, with a digest of all its values in the footer: the checksums of pages do not
    cover what names their columns.
    """
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
    """A commit that is what was written, as far as its footer tells: one of an earlier release has no digest.
    Raises `SinkError` otherwise.
    """
    table = declared(store, name, plain=True)
    seal = (table.schema.metadata or {}).get(SEAL)
    if seal is not None and seal != digest(table):
        raise Damaged(
            store.path(name),
            "its values are not those that were written",
            "mend=true has its clips made again",
        )
    return table


def read(
    store: Store,
    name: str,
    columns: Sequence[str] | None = None,
    data: bytes | None = None,
    plain: bool = False,
) -> pa.Table:
    """A Parquet of the output, or some columns of it; `data` where it was read already. Columns have today's
    names, or those they were written with (`plain`). Raises `SinkError` if it is damaged.
    """
    with store.guard(name):
        try:
            # In this thread: one of Arrow's own that lets go of Python's bytes while the interpreter ends
            # takes the process down with it.
            data = store.read(name) or b"" if data is None else data
            table = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True).read(
                None if columns is None else former.stored([*columns]), use_threads=False
            )
            return table if plain else former.table(table)
        # an extension type of a library that is loaded, forged, or names that are no words
        except (AttributeError, TypeError, UnicodeDecodeError) as strange:
            raise pa.ArrowInvalid(f"its columns are not plain Arrow types ({strange})") from strange


def pieces(store: Store, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """A Parquet of the output, or some columns of it, some rows at a time; columns have the names they were
    written with. Raises `SinkError` if it is damaged.
    """
    with store.guard(name):
        try:
            file = pq.ParquetFile(pa.BufferReader(store.read(name) or b""), page_checksum_verification=True)
            yield from (
                file.read_row_group(i, columns, use_threads=False) for i in range(file.num_row_groups)
            )
        except (AttributeError, TypeError, UnicodeDecodeError) as strange:
            raise pa.ArrowInvalid(f"its columns are not plain Arrow types ({strange})") from strange


def selected(store: Store, name: str, column: str, value: str) -> list[dict[str, Any]]:
    """The rows of a Parquet of the output, if there is one, that have a value in a column; other row groups
    are not read. Raises `SinkError` if it is damaged.
    """
    if not store.exists(name):
        return []
    with store.guard(name):
        found = pq.read_table(
            store.path(name),
            filesystem=store.fs,
            filters=pc.field(column) == value,
            page_checksum_verification=True,
        )
        return list(found.to_pylist())


def footer(store: Store, name: str) -> dict[bytes, bytes]:
    """What the footer of a Parquet says beside its schema. Raises `SinkError` if it is damaged."""
    with store.guard(name):
        try:
            file = pq.ParquetFile(pa.BufferReader(store.read(name) or b""))
            return dict(file.schema_arrow.metadata or {})
        except UnicodeDecodeError as strange:
            raise pa.ArrowInvalid(f"the names of its columns are no words ({strange})") from strange


def columns(store: Store, name: str) -> list[str]:
    """The names of a Parquet's columns; only its footer is read. Raises `SinkError` if it is damaged."""
    return list(head(store, name).schema.to_arrow_schema().names)


def rows(store: Store, name: str) -> int:
    """How many rows a Parquet has; only its footer is read."""
    return int(head(store, name).num_rows)


def weight(store: Store, name: str) -> int:
    """How many bytes the values of a Parquet take before they are compressed; only its footer is read."""
    told = head(store, name)
    return sum(told.row_group(i).total_byte_size for i in range(told.num_row_groups))


def head(store: Store, name: str) -> pq.FileMetaData:
    """What stands at the end of a Parquet of itself; in a bucket by one request, where opening it takes three."""
    with store.guard(name):
        if not store.in_bucket:
            return pq.read_metadata(store.path(name), filesystem=store.fs)
        data = store.end(name, _HEAD)
        length = int.from_bytes(data[-8:-4], "little") + 8
        if length > len(data):
            data = store.end(name, length)
        return pq.read_metadata(pa.BufferReader(data))


def declared(store: Store, name: str, columns: Sequence[str] | None = None, plain: bool = False) -> pa.Table:
    """A Parquet of the output, or some columns of it, with the record's own types, or with those and the
    names it has (`plain`).

    Lists that are text, as outputs of format 1 have them, become lists. Extension types are refused: reading
    one may run code that came with the file.
    """
    return plain_types(store, name, read(store, name, columns, plain=plain), plain)


def plain_types(store: Store, name: str, table: pa.Table, plain: bool = False) -> pa.Table:
    """A table that was read from a Parquet as `declared` gives it."""
    with store.guard(name):
        strange = [field.name for field in table.schema if _extended(field)]
        if strange:
            raise pa.ArrowInvalid(f"columns {strange} are not plain Arrow types")
        if plain:
            return table
        for i, field in enumerate(table.schema):
            if field.name in LISTS and not pa.types.is_list(field.type):
                table = table.set_column(i, field.name, RECORD[field.name].structured(table[field.name]))
        fields = {
            field.name: field
            for field in table_schema(table.column_names, [])
            if field.name in LISTS or not pa.types.is_list(field.type)
        }
        return table.cast(pa.schema([fields.get(field.name, field) for field in table.schema]))


def _extended(field: pa.Field) -> bool:
    kind = field.type
    named = isinstance(kind, pa.BaseExtensionType) or b"ARROW:extension:name" in (field.metadata or {})
    return named or any(_extended(kind.field(i)) for i in range(kind.num_fields))
