"""Frames of an output as the page asks for them: filtered, sorted, counted by facets, over a hundred thousand
rows at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from animelayers.output import Output
from animelayers.schema import LISTS, RECORD, written

_HIDDEN = ("_offset", "_size", "_xxh3", "_file", "shard", "shard_bytes")
_FEW = 60
"""Different words up to which a column is a facet."""
_BARS = 24
WORDS = {"flags", "instance_ids", "characters", "effect_types", "traits", "sources"}
"""Columns that hold several words."""


class AskError(ValueError):
    """A question that makes no sense; the message names the column."""


class Chosen(NamedTuple):
    """Positions in the frame table, in the order asked for, and the table."""

    table: pa.Table
    at: pa.Array

    def page(self, start: int, count: int, columns: Sequence[str]) -> list[dict[str, Any]]:
        """Some of the rows, as plain values."""
        return plain(
            self.table.select([name for name in columns if name in self.table.column_names])
            .take(self.at.slice(start, count))
            .to_pylist()
        )


def columns(table: pa.Table) -> list[dict[str, Any]]:
    """The columns one can filter and sort by: name and kind ('number', 'word', 'words' or 'flag')."""
    found = []
    for field in table.schema:
        if field.name.endswith(_HIDDEN) or field.name == "drawing_of":
            continue
        if pa.types.is_boolean(field.type):
            kind = "flag"
        elif pa.types.is_integer(field.type) or pa.types.is_floating(field.type):
            kind = "number"
        elif pa.types.is_string(field.type):
            kind = "word"
        elif field.name in WORDS:
            kind = "words"
        else:
            continue
        if table[field.name].null_count < len(table):
            found.append({"name": field.name, "kind": kind})
    return found


def choose(
    output: Output, where: Mapping[str, Any], sort: str = "", down: bool = False, held: bool = False
) -> Chosen:
    """The rows that pass all of `where`, sorted by a column.

    ``where``: of a number {"min": …, "max": …}, of a word or words {"in": […]} of which one must hold,
    {"not": […]}, {"has": text} for a part of a text in any case; a row of which nothing is known in the
    column does not pass. "who" and "text" stand for the characters and for any text of the frame. ``held``:
    frames that hold a drawing as well. Raises AskError for a column that there is not, or a value that is
    none.
    """
    table = output.table
    keep: Any = None
    if not held and "drawing_of" in table.column_names:
        keep = pc.is_null(table["drawing_of"])
    for name, asked in where.items():
        found = (
            _text(table, str(asked.get("has", "")))
            if name == "text"
            else _passes(table, "characters" if name == "who" else name, asked)
        )
        keep = found if keep is None else pc.and_(keep, found)
    at = (
        pa.array(np.arange(len(table), dtype=np.int64))
        if keep is None
        else pc.indices_nonzero(pc.fill_null(keep, False)).cast(pa.int64())
    )
    if isinstance(at, pa.ChunkedArray):
        at = at.combine_chunks()
    if sort:
        if sort not in table.column_names:
            raise AskError(f"sort: there is no column {sort!r}")
        values = table[sort].take(at)
        if sort in LISTS:
            values = pa.array([RECORD[sort].written(value) for value in values.to_pylist()], pa.string())
        values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        at = at.take(pc.array_sort_indices(values, order="descending" if down else "ascending"))
    return Chosen(table, at)


def facets(chosen: Chosen, names: Sequence[str]) -> dict[str, Any]:
    """Of each column what the chosen rows have in it: counts of its words, most first, or bars of its
    numbers.
    """
    found: dict[str, Any] = {}
    for name in names:
        if name not in chosen.table.column_names:
            continue
        values = chosen.table[name].take(chosen.at)
        if pa.types.is_string(values.type) or name in WORDS:
            counts = _counts(values, RECORD[name].nothing if name in WORDS else None)
            if len(counts) <= _FEW:
                found[name] = {"words": counts}
        elif pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
            found[name] = _bars(values)
    return found


def plain(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows as JSON can say them: what is no number is null, lists as people write them."""
    return [
        {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in written(row).items()}
        for row in rows
    ]


def _passes(table: pa.Table, name: str, asked: Mapping[str, Any]) -> Any:
    if name not in table.column_names:
        raise AskError(f"there is no column {name!r}: annotate the output first, or choose of those it has")
    column, keep = table[name], pc.is_valid(table[name])
    text = pa.types.is_string(column.type) or name in WORDS
    unknown = set(asked) - {"min", "max", "in", "not", "has"}
    if unknown:
        raise AskError(f"{name}: {sorted(unknown)} is no way to ask; there is min, max, in, not, has")
    for key, compare in (("min", pc.greater_equal), ("max", pc.less_equal)):
        if asked.get(key) is not None:
            if text:
                raise AskError(f"{name} holds words: it has no {key}")
            keep = pc.and_(keep, compare(column, _number(name, asked[key])))
    for key in ("in", "not"):
        words = asked.get(key)
        if not words:
            continue
        if not isinstance(words, list):
            raise AskError(f"{name}: {key} is a list")
        if name in WORDS:
            found = _holds(column, words, RECORD[name].nothing)
        elif text:
            found = pc.is_in(column, pa.array([str(word) for word in words], pa.string()))
        else:
            found = pc.is_in(column, pa.array([_number(name, word) for word in words]).cast(column.type))
        keep = pc.and_(keep, found if key == "in" else pc.invert(found))
    if asked.get("has"):
        if not text:
            raise AskError(f"{name} holds numbers: it has no text to look for")
        keep = pc.and_(keep, _has(column, str(asked["has"])))
    return keep


def _holds(lists: pa.ChunkedArray, words: Sequence[Any], nothing: str) -> pa.Array:
    """Which lists hold one of some words; ``nothing`` stands for an empty one."""
    found = pc.is_in(
        pc.list_flatten(lists).cast(pa.string()), pa.array([str(word) for word in words], pa.string())
    )
    held = np.zeros(len(lists), bool)
    held[np.asarray(pc.list_parent_indices(lists))[np.asarray(found)]] = True
    if nothing in words:
        held |= np.asarray(pc.fill_null(pc.equal(pc.list_value_length(lists), 0), False))
    return pa.array(held)


def _has(column: pa.ChunkedArray, words: str) -> Any:
    """Which texts, or lists of texts, have some words in them."""
    if pa.types.is_string(column.type):
        return pc.fill_null(pc.match_substring(column, words, ignore_case=True), False)
    found = pc.match_substring(pc.list_flatten(column).cast(pa.string()), words, ignore_case=True)
    held = np.zeros(len(column), bool)
    held[np.asarray(pc.list_parent_indices(column))[np.asarray(found)]] = True
    return pa.array(held)


def _text(table: pa.Table, words: str) -> Any:
    """Rows any of whose texts has some words in it."""
    keep = None
    for name in (
        "frame_id",
        "source",
        "flags",
        "characters",
        "caption_frame",
        "caption_character",
        "subtitle",
        "action",
        "place",
        "mood",
        "caption_given",
    ):
        if name in table.column_names and (name in WORDS or pa.types.is_string(table[name].type)):
            found = _has(table[name], words)
            keep = found if keep is None else pc.or_(keep, found)
    return keep


def _counts(values: Any, nothing: str | None) -> list[list[Any]]:
    """How often each word stands there; ``nothing`` for an empty list, None where values are no lists."""
    counted = pc.value_counts(values if nothing is None else pc.list_flatten(values).cast(pa.string()))
    counts = dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))
    counts.pop(None, None)
    if nothing is not None and (empty := pc.sum(pc.equal(pc.list_value_length(values), 0)).as_py()):
        counts[nothing] = counts.get(nothing, 0) + empty
    return [[word, count] for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


def _bars(values: Any) -> dict[str, Any]:
    known = values.drop_null()
    if pa.types.is_floating(known.type):
        known = known.filter(pc.is_finite(known))
    if not len(known):
        return {"min": None, "max": None, "bars": []}
    ends = pc.min_max(known).as_py()
    low, high = float(ends["min"]), float(ends["max"])
    bars, _ = np.histogram(known.to_numpy(), bins=_BARS, range=(low, high if high > low else low + 1))
    return {"min": low, "max": high, "bars": bars.tolist()}


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        try:
            return float(str(value))
        except ValueError:
            raise AskError(f"{name}: {value!r} is no number") from None
    return float(value)
