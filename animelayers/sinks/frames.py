"""From clips in flight to the frame table: one row per frame, one per failed clip."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from animelayers.record.layers import names
from animelayers.record.schema import IDENTITY, LISTS, RECORD, Row, table_schema

OF_THE_CLIP = ("plate",)
"""Layers of which a clip has one: it is a file of the first drawing."""

_CLIP_ID = re.compile(r"[a-z0-9_-]+/[a-z0-9_-]+/[a-z0-9_-]+")


class Place(NamedTuple):
    """Where a layer's file lies: member of a tar, or path below the output; the offset of its bytes; their
    number; their XXH3.
    """

    file: str
    offset: int
    size: int
    xxh3: int


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Clips sorted by id. A clip without frames that tells no reason is given one, so that it cannot vanish.

    Raises ValueError for ids that are not made of two or more parts in [a-z0-9_-], and for an id that comes
    twice.
    """
    clips = sorted(rows, key=lambda row: str(row["clip_id"]))
    ids = [str(row["clip_id"]) for row in clips]
    bad = [clip_id for clip_id in ids if not _CLIP_ID.fullmatch(clip_id)]
    if bad or len(set(ids)) < len(ids):
        raise ValueError(
            f"clip ids must be distinct and look like episode/scene0003/000120, not {bad or ids}"
        )
    silent = {"error": "sink: the clip has no frames", "error_type": "ValueError"}
    return [row if row["error"] or len(row["frame_index"]) else {**row, **silent} for row in clips]


def frame_ids(row: Row) -> list[str]:
    """Ids of a clip's frames: episode/scene0003_frame000127; wider numbers grow."""
    episode, scene = str(row["clip_id"]).split("/")[:2]
    return [f"{episode}/{scene}_frame{int(index):06d}" for index in row["frame_index"]]


def carriers(row: Row) -> list[int]:
    """For each distinct drawing of a clip the position of the first frame that shows it: the one its files
    are named after.

    A failed clip has none. Raises ValueError where drawings are not numbered from 0 on without a gap.
    """
    if row["error"]:
        return []
    drawings, first = np.unique(row["drawing"], return_index=True)
    if not np.array_equal(drawings, np.arange(len(drawings))) or len(row["drawing"]) != len(
        row["frame_index"]
    ):
        raise ValueError(
            f"{row['clip_id']}: frames {len(row['frame_index'])}, drawings {np.asarray(row['drawing']).tolist()}"
        )
    return [int(position) for position in first]


def files(row: Row) -> list[dict[str, memoryview]]:
    """The encoded files of each distinct drawing by name, without copying them. No files for a failed clip,
    no file of 0 bytes.
    """
    names = layer_names(row)
    if row["error"] or not names:
        return [{} for _ in carriers(row)]
    sizes, data = np.asarray(row["layer_sizes"]).reshape(-1, len(names)), memoryview(row["layers"])
    if int(sizes.sum()) != len(data) or len(sizes) != len(carriers(row)):
        raise ValueError(
            f"{row['clip_id']}: layer_sizes {sizes.shape}, {int(sizes.sum())} bytes, but layers has {len(data)} bytes"
        )
    parts = [data[a:b] for a, b in pairwise(accumulate(sizes.ravel().tolist(), initial=0))]
    each = [zip(names, parts[i : i + len(names)], strict=True) for i in range(0, len(parts), len(names))]
    return [{name: data for name, data in drawing if len(data)} for drawing in each]


def layer_names(row: Row) -> list[str]:
    """File names of one drawing's layers."""
    names: list[str] = RECORD["layer_names"].unpacked(row.get("layer_names", ""))
    return names


def frame_table(
    clips: Sequence[Row],
    places: Sequence[Sequence[Mapping[str, Place]]],
    shard: str | None,
    layers: Sequence[str] = (),
    footer: Mapping[str, str] | None = None,
    shard_bytes: int | None = None,
) -> pa.Table:
    """Rows of the frame table for clips whose drawings' files lie at `places` (per clip, per drawing, by
    layer file name).

    `layers` names the layers when all clips failed and cannot tell; `footer` goes to the schema's metadata;
    `shard_bytes` is the size of the whole shard.
    """
    known = {
        name.split(".")[0]: name for name in [*layers, *(name for row in clips for name in layer_names(row))]
    }
    order = {name: place for place, name in enumerate(names())}  # whatever the first clip has
    known = dict(sorted(known.items(), key=lambda each: order.get(each[0], len(order))))
    schema = table_schema(
        [name for name in RECORD if any(name in row for row in clips)], list(known.values())
    )
    columns: dict[str, list[Any]] = {name: [] for name in schema.names}
    for row, where in zip(clips, places, strict=True):
        for name, values in (_failed(row) if row["error"] else _good(row, where, shard, shard_bytes)).items():
            columns[name] += values
        length = max(map(len, columns.values()))
        for values in columns.values():
            values += [None] * (length - len(values))
    arrays = [pa.array(columns[field.name], _sized(field, columns[field.name])) for field in schema]
    return pa.table(arrays, schema.names).replace_schema_metadata(dict(footer or {}))


def _sized(field: pa.Field, values: Sequence[Any]) -> pa.DataType:
    """A field's type, of numbers as lists of fixed size where all are of one size: an embedding."""
    kind = field.type
    sizes = (
        {len(value) for value in values if value is not None}
        if pa.types.is_list(kind) and field.name not in LISTS
        else set()
    )
    return pa.list_(kind.value_type, sizes.pop()) if len(sizes) == 1 and 0 not in sizes else kind


def _failed(row: Row) -> dict[str, list[Any]]:
    text = [
        name
        for name, column in RECORD.items()
        if column.table and column.dtype in ("str", "list") and not column.axes
    ]
    return {
        name: [_plain(name, RECORD[name].unpacked(row[name]))] for name in {*IDENTITY, *text} if name in row
    }


def _good(
    row: Row, places: Sequence[Mapping[str, Place]], shard: str | None, shard_bytes: int | None
) -> dict[str, list[Any]]:
    ids, drawing, first = frame_ids(row), np.asarray(row["drawing"]).tolist(), carriers(row)
    columns: dict[str, list[Any]] = {
        "frame_id": list(ids),
        "drawing_of": [None if first[d] == t else ids[first[d]] for t, d in enumerate(drawing)],
        "shard": [shard] * len(ids),
        "shard_bytes": [shard_bytes] * len(ids),
    }
    for name in row:
        if not (name in RECORD and RECORD[name].table):
            continue
        axis = RECORD[name].axes.split()[:1]
        if axis in (["T"], ["D"]):
            values = [_plain(name, value) for value in RECORD[name].per_drawing(row[name])]
            if len(values) != (len(ids) if axis == ["T"] else len(first)):
                raise ValueError(
                    f"{row['clip_id']}: column {name} has {len(values)} values for {len(ids)} frames, {len(first)} drawings"
                )
            columns[name] = values if axis == ["T"] else [values[d] for d in drawing]
        else:
            columns[name] = [_plain(name, RECORD[name].unpacked(row[name]))] * len(ids)
    for layer in layer_names(row):
        stem = layer.split(".")[0]
        # What is made once for a clip lies with its first drawing, and every frame points there.
        where = [places[0 if stem in OF_THE_CLIP else d].get(layer) for d in drawing]
        for part in Place._fields:
            columns[f"{stem}_{part}"] = [place and getattr(place, part) for place in where]
    return columns


def _plain(name: str, value: Any) -> Any:
    if name in LISTS:
        return RECORD[name].stored(value)
    if isinstance(value, np.ndarray) and value.ndim > 1:
        value = value.ravel()
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
