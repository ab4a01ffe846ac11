"""The commits of an output: its metadata folder, read as a set of clips."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from animelayers.record import former
from animelayers.record.schema import RECORD, table_schema
from animelayers.sinks import parquet
from animelayers.sinks.store import SinkError, Store

log = logging.getLogger(__name__)
FOLDER = "metadata"
GATHERED = b"gathered"
"""In the footer of a Parquet that took the place of several commits: their names."""
MANY = 256
"""Commits below which none are gathered."""
_OPEN = 32  # read beside each other: what each says of itself, some 150 kB, is kept until all are read
ROWS = 1 << 17
"""Rows up to which commits are gathered into one."""
_PART = "__part"
_NEAR = 1 << 18  # bytes
_READERS = 8  # a remote store answers in tens of milliseconds


def names(store: Store) -> list[str]:
    """The committed Parquets, sorted: path below the output."""
    return [f"{FOLDER}/{name}" for name in store.names(FOLDER, ".parquet")]


def footers(store: Store, key: str) -> set[bytes]:
    """What the footers of all commits say under a key; only they are read. Raises `SinkError` if one is
    damaged.
    """

    def said(name: str) -> bytes | None:
        return (parquet.head(store, name).metadata or {}).get(key.encode())

    with ThreadPoolExecutor(_READERS) as pool:
        return {data for data in pool.map(said, names(store)) if data is not None}


def scan(
    store: Store,
    columns: Sequence[str],
    sources: Sequence[str] | None = None,
    files: Sequence[str] | None = None,
) -> pa.Table:
    """Some text and number columns of all rows, or of those of some inputs, nothing else being read; Parquets
    in the order of their names.

    ``files``: the commits to look into, where their names are known already.
    """
    return pa.Table.from_batches(
        batches(store, columns, None if sources is None else pc.field("source").isin(list(sources)), files),
        _types(columns),
    )


def batches(
    store: Store,
    columns: Sequence[str],
    chosen: pc.Expression | None = None,
    files: Sequence[str] | None = None,
) -> Iterator[pa.RecordBatch]:
    """The same of the rows an expression chooses, piece by piece, so that memory does not grow with the
    output.
    """
    files = names(store) if files is None else files
    if not files:
        return
    schema = _types({*columns, *({"source", "clip_id", "error"} if chosen is not None else ())})
    checked = ds.ParquetFileFormat(
        default_fragment_scan_options=ds.ParquetFragmentScanOptions(page_checksum_verification=True)
    )
    with store.guard(FOLDER):
        for batch in _scanned(
            _datasets(store, files, schema, checked),
            columns=list(columns),
            filter=chosen,
            fragment_readahead=_READERS,
            batch_readahead=1,
        ):
            if "clip_id" in columns and batch["clip_id"].null_count:
                strange = next(
                    name
                    for name in files
                    if "clip_id" not in pq.read_schema(pa.BufferReader(store.read(name) or b"")).names
                )
                raise SinkError(
                    store.path(strange),
                    "is no frame table",
                    "it was not written by this package: move it away and run again",
                )
            if batch.num_rows:
                yield batch


def _datasets(
    store: Store, files: Sequence[str], schema: pa.Schema, form: ds.ParquetFileFormat
) -> Iterator[ds.Dataset]:
    """Some Parquets, in their order. In a bucket a small one is read whole by one request, where asking for its
    size, its end and its columns would be three.
    """
    if not store.in_bucket:
        for first in range(0, len(files), _OPEN):
            paths = [store.path(name) for name in files[first : first + _OPEN]]
            yield ds.dataset(paths, schema=schema, filesystem=store.fs, format=form)
        return
    sizes = dict(zip(files, store.sizes(files), strict=True))
    for first in range(0, len(files), _OPEN):
        for near, some in groupby(
            files[first : first + _OPEN], lambda name: (sizes[name] or _NEAR + 1) <= _NEAR
        ):
            if near:
                with ThreadPoolExecutor(_READERS) as pool:
                    parts = [
                        form.make_fragment(pa.py_buffer(data or b"")) for data in pool.map(store.read, some)
                    ]
            else:
                parts = [
                    form.make_fragment(store.path(name), store.fs, file_size=sizes[name]) for name in some
                ]
            yield ds.FileSystemDataset(parts, schema, form)


def _scanned(tables: Iterable[ds.Dataset], **how: Any) -> Iterator[pa.RecordBatch]:
    for table in tables:
        yield from table.to_batches(**how)


def _types(columns: Iterable[str]) -> pa.Schema:
    schema = table_schema(list(columns), [])
    return pa.schema([schema.field(column) for column in columns])


def committed(
    store: Store,
    retry_failed: bool = False,
    sources: Sequence[str] | None = None,
    files: Sequence[str] | None = None,
) -> dict[str, int]:
    """Frames of each clip that need not be done, 0 for one that failed; with `retry_failed` only those
    without an error. See `scan`.
    """
    table = scan(store, ["clip_id", "error"], sources, files)
    failed = {} if retry_failed else dict.fromkeys(table["clip_id"].unique().to_pylist(), 0)
    counted = pc.value_counts(_good(table)["clip_id"])
    return failed | dict(
        zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True)
    )


def sources(store: Store) -> set[str]:
    """The inputs of all rows."""
    found: set[str] = set()
    for batch in batches(store, ["clip_id", "source"]):
        found.update(batch["source"].unique().to_pylist())
    return found


def failures(store: Store) -> list[dict[str, Any]]:
    """One row per clip that failed and has no good rows: clip_id, source, error, error_type, attempt."""
    files = names(store)
    blank = RECORD["error"].blank()
    failed: dict[str, dict[str, Any]] = {}
    for batch in batches(
        store, ["clip_id", "source", "error", "error_type", "attempt"], pc.field("error") != blank, files
    ):
        for row in batch.to_pylist():
            failed.setdefault(row["clip_id"], row)
    if failed:
        for batch in batches(
            store, ["clip_id"], (pc.field("error") == blank) & pc.field("clip_id").isin(list(failed)), files
        ):
            for clip in batch["clip_id"].unique().to_pylist():
                failed.pop(clip, None)
    return list(failed.values())


def gathered(store: Store) -> list[str]:
    """The Parquets that took the place of several commits."""
    return [name for name in names(store) if "+" in name]


def replaced(store: Store, name: str) -> list[str]:
    """The commits whose place such a Parquet took; none where it is damaged."""
    try:
        told = json.loads(parquet.footer(store, name).get(GATHERED, b"[]"))
    except (SinkError, ValueError):
        return []
    return [
        f"{FOLDER}/{each}"
        for each in told
        if isinstance(each, str) and each.endswith(".parquet") and "/" not in each
    ]


def gather(store: Store, many: int = MANY, most: int = ROWS) -> Iterator[tuple[str, bytes, list[str]]]:
    """Parquets that may take the place of commits that are neighbours by name and tell of different clips in
    the same columns, with the same footer: their names, their bytes, and the commits; none where there are
    fewer than `many`.

    Values, their order and which of two commits of a clip counts stay as they are. Whoever asks publishes one
    before it removes its commits.
    """
    files = names(store)
    if len(files) < many:
        return
    run: list[tuple[str, pa.Table]] = []
    clips: set[str] = set()
    alike: tuple[Any, ...] = ()
    for name in [*files, ""]:
        table = _small(store, name, most // 2) if name else None
        facts = (
            {}
            if table is None
            else {k: v for k, v in (table.schema.metadata or {}).items() if k not in (parquet.SEAL, GATHERED)}
        )
        now = () if table is None else (table.schema.remove_metadata(), facts)
        ids = set() if table is None else set(table["clip_id"].to_pylist())
        if run and (
            now != alike
            or not clips.isdisjoint(ids)
            or sum(len(each) for _, each in run) + len(table or ()) > most
        ):
            if len(run) > 1:
                yield _one(run)
            run, clips = [], set()
        if table is not None:
            run.append((name, table))
            clips, alike = clips | ids, now


def _small(store: Store, name: str, most: int) -> pa.Table | None:
    """A commit of few rows; None for a larger one, and for one that is not what was written: it stays as it
    is, for `verify` to find.
    """
    try:
        return parquet.intact(store, name) if parquet.rows(store, name) <= most else None
    except SinkError as damaged:
        log.warning("%s: not gathered", damaged)
        return None


def _one(run: Sequence[tuple[str, pa.Table]]) -> tuple[str, bytes, list[str]]:
    parts = [name for name, _ in run]
    own = [name.rpartition("/")[2] for name in parts]
    facts = {k: v for k, v in (run[0][1].schema.metadata or {}).items() if k not in (parquet.SEAL, GATHERED)}
    table = pa.concat_tables([table.replace_schema_metadata(None) for _, table in run]).combine_chunks()
    stem = own[0].removesuffix(".parquet").partition("+")[0]
    name = f"{FOLDER}/{stem}+{hashlib.sha256(chr(10).join(own).encode()).hexdigest()[:12]}.parquet"
    return (
        name,
        parquet.sealed(table.replace_schema_metadata(facts | {GATHERED: json.dumps(own).encode()})),
        parts,
    )


def good_clips(store: Store, name: str) -> set[str]:
    """Ids of the good clips that one Parquet commits; none if there is no such Parquet."""
    data = store.read(name)  # asked for at once: on an object store looking first costs as much again
    return (
        set()
        if data is None
        else set(_good(parquet.read(store, name, ["clip_id", "error"], data))["clip_id"].to_pylist())
    )


def load(store: Store, columns: Sequence[str] | None = None) -> tuple[pa.Table, pa.Table, list[str]]:
    """The whole frame table, or some columns of it (among them clip_id, frame_id and error): rows of good
    frames, a row per clip that failed, and ids of clips that are committed twice.

    A clip with good rows has not failed. Of a clip in two Parquets the one lowest by name counts, so each
    frame comes once. Raises `SinkError` for a Parquet that is damaged or holds types other than plain Arrow
    ones.
    """
    with ThreadPoolExecutor(_READERS) as pool:
        return _frames(list(pool.map(lambda name: parquet.declared(store, name, columns), names(store))))


def episodes(store: Store) -> Iterator[tuple[pa.Table, pa.Table, list[str]]]:
    """The same, episode by episode: memory holds those of which rows are still to come, and no more. An
    episode lies in neighbouring commits, whose names begin with the ids of its clips."""
    last: dict[str | None, int] = {}
    for at, (_, table) in enumerate(_in_pieces(store, ["clip_id", "episode"])):
        last.update(dict.fromkeys(episodes_in(table), at))
    held: dict[str | None, list[tuple[int, pa.Table]]] = {}
    for at, (part, table) in enumerate(_in_pieces(store)):
        for episode in episodes_in(table):
            own = table if episode is None else table.filter(pc.equal(table["episode"], episode))
            held.setdefault(episode, []).append((part, own))
        for episode in [each for each in held if last[each] == at]:
            parts, tables = zip(*held.pop(episode), strict=True)
            yield _frames(tables, parts)


def of_episodes(store: Store) -> Callable[[Iterable[str | None]], pa.Table]:
    """Reads the good rows of some episodes, as `load` gives them; which commits hold them is looked up once."""
    where: dict[str | None, dict[str, None]] = {}
    for name in names(store):
        for table in parquet.pieces(store, name, former.stored(["clip_id", "episode"])):
            for episode in episodes_in(former.table(table)):
                where.setdefault(episode, {})[name] = None

    def read(episodes: Iterable[str | None]) -> pa.Table:
        wanted = [*episodes, None]  # and what tells of no episode
        files = sorted({name for episode in wanted for name in where.get(episode, ())})
        tables = [parquet.declared(store, name) for name in files]
        return _frames(
            [
                table.filter(pc.is_in(table["episode"], pa.array(wanted, pa.string())))
                if "episode" in table.column_names
                else table
                for table in tables
            ]
        )[0]

    return read


def filled(store: Store) -> set[str]:
    """The columns that hold a value in some row, by what the Parquets say of themselves at their ends."""
    found: set[str] = set()
    for name in names(store):
        head = parquet.head(store, name)
        schema = head.schema.to_arrow_schema()
        today = dict(zip(schema.names, former.table(schema.empty_table()).column_names, strict=True))
        for group in range(head.num_row_groups):
            for number in range(head.num_columns):
                told = head.row_group(group).column(number)
                known = told.statistics is not None and told.statistics.has_null_count
                if not known or told.statistics.null_count < told.num_values:
                    found.add(today[told.path_in_schema.split(".")[0]])
    return found


def _in_pieces(store: Store, columns: Sequence[str] | None = None) -> Iterator[tuple[int, pa.Table]]:
    """All commits, some rows at a time, each piece with the number of its commit; see `declared`."""
    for number, name in enumerate(names(store)):
        for table in parquet.pieces(store, name, None if columns is None else former.stored([*columns])):
            yield number, parquet.plain_types(store, name, former.table(table))


def episodes_in(table: pa.Table) -> list[str | None]:
    """The episodes of some rows; None alone where they have no column of them."""
    return list(table["episode"].unique().to_pylist()) if "episode" in table.column_names else [None]


def _frames(
    tables: Sequence[pa.Table], parts: Sequence[int] | None = None
) -> tuple[pa.Table, pa.Table, list[str]]:
    """The rows of good frames, a row per clip that failed, and the clips committed twice, of commits in the
    order of their names, or of pieces of the commits of some numbers.
    """
    parts = range(len(tables)) if parts is None else parts
    tables = [
        table.append_column(_PART, pa.array(np.full(len(table), i)))
        for i, table in zip(parts, _agreed(tables), strict=True)
    ]
    if not tables:
        empty = table_schema(["clip_id", "error"], []).empty_table()
        return empty, empty, []
    table = pa.concat_tables(tables, promote_options="permissive").combine_chunks()
    good, failed = _good(table), table.filter(pc.not_equal(table["error"], ""))
    part, clip = good[_PART].to_numpy(), _codes(good, "clip_id")
    lowest = np.full(clip.max(initial=-1) + 1, max(parts) + 1)
    np.minimum.at(lowest, clip, part)
    once = np.zeros(len(good), bool)
    once[np.unique(_codes(good, "frame_id"), return_index=True)[1]] = True
    once &= part == lowest[clip]
    twice = sorted(set(good.filter(pa.array(~once))["clip_id"].to_pylist()))
    failed = split(failed, good["clip_id"].unique().to_pylist())[1]
    first = np.unique(_codes(failed, "clip_id"), return_index=True)[1]
    return (
        good.filter(pa.array(once)).drop_columns(_PART),
        failed.take(np.sort(first)).drop_columns(_PART),
        twice,
    )


def split(table: pa.Table, clip_ids: Iterable[str]) -> tuple[pa.Table, pa.Table]:
    """The rows of some clips, and the others."""
    chosen = pc.is_in(table["clip_id"], pa.array(list(clip_ids), pa.string()))
    return table.filter(chosen), table.filter(pc.invert(chosen))


def _good(table: pa.Table) -> pa.Table:
    return table.filter(pc.equal(table["error"], RECORD["error"].blank()))


def _agreed(tables: Sequence[pa.Table]) -> Sequence[pa.Table]:
    """Tables whose lists of numbers are of one type: of fixed size only where all tables have that size."""
    kinds: dict[str, set[pa.DataType]] = {}
    for table in tables:
        for field in table.schema:
            if pa.types.is_list(field.type) or pa.types.is_fixed_size_list(field.type):
                kinds.setdefault(field.name, set()).add(field.type)
    mixed = {name: pa.list_(next(iter(found)).value_type) for name, found in kinds.items() if len(found) > 1}
    if not mixed:
        return tables
    return [
        table.cast(pa.schema([field.with_type(mixed.get(field.name, field.type)) for field in table.schema]))
        for table in tables
    ]


def _codes(table: pa.Table, column: str) -> np.ndarray:
    return np.asarray(table[column].combine_chunks().dictionary_encode().indices)
