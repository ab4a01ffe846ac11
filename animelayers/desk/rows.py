"""Frames of an output as the page asks for them: filtered, sorted, counted by facets, over a hundred thousand
rows at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from animelayers.record.schema import LISTS, RECORD, written

T = TypeVar("T")
_HIDDEN = ("_offset", "_size", "_xxh3", "_file", "shard", "shard_bytes")
_FEW = 60
"""Different words up to which a column is a facet."""
_BARS = 24
WORDS = {"flags", "instance_ids", "characters", "effect_types", "traits", "sources"}
"""Columns that hold several words."""
_TEXTS = (
    "frame_id", "source", "flags", "characters", "caption_frame", "caption_character", "subtitle", "action", "place",
    "mood", "caption_given",
)  # fmt: skip


class AskError(ValueError):
    """A question that makes no sense; the message names the column."""


class Chosen(NamedTuple):
    """Some of the frames of an output: positions int64 in its frame table, in the order asked for."""

    frames: Frames
    at: np.ndarray

    def page(self, start: int, count: int, columns: Sequence[str]) -> list[dict[str, Any]]:
        """Some of the rows, as plain values."""
        table = self.frames.table
        found = table.select([name for name in columns if name in table.column_names])
        return plain(found.take(pa.array(self.at[start : start + count])).to_pylist())

    def facets(self, names: Sequence[str]) -> dict[str, Any]:
        """Of each column what these frames have in it: counts of its words, most first, or bars of its
        numbers.
        """
        found: dict[str, Any] = {}
        for name in names:
            kind = self.frames.kind(name)
            if kind in ("word", "words"):
                counts = self._counts(name)
                if len(counts) <= _FEW:
                    found[name] = {"words": counts}
            elif kind == "number":
                found[name] = self._bars(name)
        return found

    def _counts(self, name: str) -> list[list[Any]]:
        """How often each word stands there, an empty list as people write it."""
        coded = self.frames.coded(name)
        if coded.rows is None:
            codes = coded.codes[self.at]
        else:
            chosen = np.zeros(len(self.frames.table), bool)
            chosen[self.at] = True
            codes = coded.codes[chosen[coded.rows]]
        times = np.bincount(codes[codes >= 0], minlength=len(coded.words))
        counts = {coded.words[k]: int(times[k]) for k in np.flatnonzero(times).tolist()}
        return [[word, count] for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]

    def _bars(self, name: str) -> dict[str, Any]:
        known = self.frames.numbers(name)[self.at]
        known = known[np.isfinite(known)]
        if not len(known):
            return {"min": None, "max": None, "bars": []}
        low, high = float(known.min()), float(known.max())
        place = (known - low) * (_BARS / ((high - low) or 1.0))
        bars = np.bincount(np.minimum(place.astype(np.int64), _BARS - 1), minlength=_BARS)
        return {"min": low, "max": high, "bars": bars.tolist()}


class _Coded(NamedTuple):
    """The words of a column: ``codes`` of them, -1 for none; ``rows`` int64 in which they stand where a row
    has several, one for each code, None where each row has its own.
    """

    words: list[Any]
    codes: np.ndarray
    rows: np.ndarray | None


class Frames:
    """The frame table of an output made ready for many questions: what a column needs for its counts, its bars
    or its order is found when it is first asked for.
    """

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self._known: dict[tuple[str, ...], Any] = {}

    def kind(self, name: str) -> str:
        """What a column holds: 'number', 'word', 'words', 'flag', or '' for anything else and for none."""
        if name not in self.table.column_names:
            return ""
        return _kind(self.table.schema.field(name))

    def choose(
        self, where: Mapping[str, Any], sort: str = "", down: bool = False, held: bool = False
    ) -> Chosen:
        """The rows that pass all of `where`, sorted by a column, unknown values last.

        ``where``: of a number {"min": …, "max": …}, of a word or words {"in": […]} of which one must hold,
        {"not": […]}, {"has": text} for a part of a text in any case; a row of which nothing is known in the
        column does not pass. "who" and "text" stand for the characters and for any text of the frame.
        ``held``: frames that hold a drawing as well. Raises AskError for a column that there is not, or a
        value that is none.
        """
        keep = np.ones(len(self.table), bool)
        if not held and "drawing_of" in self.table.column_names:
            keep &= np.asarray(pc.is_null(self.table["drawing_of"]))
        for name, asked in where.items():
            if name == "text":
                keep &= self._anywhere(str(asked.get("has", "")))
            else:
                keep &= self._passes("characters" if name == "who" else name, asked)
        if not sort:
            return Chosen(self, np.flatnonzero(keep))
        if sort not in self.table.column_names:
            raise AskError(f"sort: there is no column {sort!r}")
        order = self._order(sort, down)
        return Chosen(self, order[keep[order]])

    def coded(self, name: str) -> _Coded:
        """The words of a column of words."""
        return self._once(("coded", name), lambda: self._codes(name))

    def numbers(self, name: str) -> np.ndarray:
        """The numbers of a column, float64, NaN where nothing is known."""

        def found() -> np.ndarray:
            return np.asarray(pc.fill_null(self.table[name].cast(pa.float64(), safe=False), math.nan))

        return self._once(("numbers", name), found)

    def _once(self, key: tuple[str, ...], found: Callable[[], T]) -> T:
        if key not in self._known:
            self._known[key] = found()
        known: T = self._known[key]
        return known

    def _order(self, name: str, down: bool) -> np.ndarray:
        def found() -> np.ndarray:
            values = _written(self.table[name], name) if name in LISTS else self.table[name]
            order = "descending" if down else "ascending"
            return np.asarray(pc.sort_indices(pa.table({"v": values}), [("v", order)])).astype(np.int64)

        return self._once(("order", name, str(down)), found)

    def _codes(self, name: str) -> _Coded:
        column = self.table[name].combine_chunks()
        several = name in WORDS
        words = pc.list_flatten(column).cast(pa.string()) if several else column
        coded = words.dictionary_encode()
        named = coded.dictionary.to_pylist()
        codes = np.asarray(pc.fill_null(coded.indices, -1)).astype(np.int64)
        if not several:
            return _Coded(named, codes, None)
        rows = np.asarray(pc.list_parent_indices(column)).astype(np.int64)
        nothing = RECORD[name].nothing
        empty = np.flatnonzero(np.asarray(pc.fill_null(pc.equal(pc.list_value_length(column), 0), False)))
        if len(empty):
            if nothing not in named:
                named.append(nothing)
            codes = np.concatenate([codes, np.full(len(empty), named.index(nothing))])
            rows = np.concatenate([rows, empty])
        return _Coded(named, codes, rows)

    def _passes(self, name: str, asked: Mapping[str, Any]) -> np.ndarray:
        if name not in self.table.column_names:
            raise AskError(
                f"there is no column {name!r}: annotate the output first, or choose of those it has"
            )
        column = self.table[name]
        keep, text = np.asarray(pc.is_valid(column)), self.kind(name) in ("word", "words")
        unknown = set(asked) - {"min", "max", "in", "not", "has"}
        if unknown:
            raise AskError(f"{name}: {sorted(unknown)} is no way to ask; there is min, max, in, not, has")
        for key, compare in (("min", np.greater_equal), ("max", np.less_equal)):
            if asked.get(key) is not None:
                if text:
                    raise AskError(f"{name} holds words: it has no {key}")
                keep = keep & compare(self.numbers(name), _number(name, asked[key]))
        for key in ("in", "not"):
            words = asked.get(key)
            if not words:
                continue
            if not isinstance(words, list):
                raise AskError(f"{name}: {key} is a list")
            found = self._holds(name, words, text)
            keep = keep & (found if key == "in" else ~found)
        if asked.get("has"):
            if not text:
                raise AskError(f"{name} holds numbers: it has no text to look for")
            keep = keep & _found(self._text(name), str(asked["has"]))
        return keep

    def _holds(self, name: str, words: Sequence[Any], text: bool) -> np.ndarray:
        """Which rows hold one of some words, or numbers."""
        if not text:
            return np.isin(self.numbers(name), [_number(name, word) for word in words])
        coded, wanted = self.coded(name), {str(word) for word in words}
        found = np.isin(coded.codes, [k for k, word in enumerate(coded.words) if word in wanted])
        if coded.rows is None:
            return found
        held = np.zeros(len(self.table), bool)
        held[coded.rows[found]] = True
        return held

    def _text(self, name: str) -> pa.ChunkedArray:
        """The words of a column in small letters, lists as one text."""
        column = self.table[name]
        joined = _joined(column, " ") if name in WORDS else column
        return self._once(("text", name), lambda: pc.utf8_lower(pc.fill_null(joined, "")))

    def _anywhere(self, words: str) -> np.ndarray:
        """Rows any of whose texts has some words in it."""
        names = [name for name in _TEXTS if self.kind(name) in ("word", "words")]
        if not names:
            return np.zeros(len(self.table), bool)

        def found() -> pa.ChunkedArray:
            return pc.binary_join_element_wise(*(self._text(name) for name in names), "\n")

        return _found(self._once(("texts",), found), words)


def columns(table: pa.Table) -> list[dict[str, Any]]:
    """The columns one can filter and sort by: name and kind ('number', 'word', 'words' or 'flag')."""
    found = []
    for field in table.schema:
        kind = _kind(field)
        if not kind or field.name.endswith(_HIDDEN) or field.name == "drawing_of":
            continue
        if table[field.name].null_count < len(table):
            found.append({"name": field.name, "kind": kind})
    return found


def plain(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows as JSON can say them: what is no number is null, lists as people write them."""
    return [
        {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in written(row).items()}
        for row in rows
    ]


def _kind(field: pa.Field) -> str:
    if pa.types.is_boolean(field.type):
        return "flag"
    if pa.types.is_integer(field.type) or pa.types.is_floating(field.type):
        return "number"
    return "words" if field.name in WORDS else "word" if pa.types.is_string(field.type) else ""


def _found(texts: pa.ChunkedArray, words: str) -> np.ndarray:
    return np.asarray(pc.match_substring(texts, words.lower()))


def _joined(lists: pa.ChunkedArray, between: str) -> Any:
    return pc.binary_join(lists.cast(pa.list_(pa.string())), between)


def _written(lists: pa.ChunkedArray, name: str) -> Any:
    """Lists as people write them, which is what they are sorted by."""
    if pa.types.is_nested(lists.type.value_type):
        return pa.array([RECORD[name].written(value) for value in lists.to_pylist()], pa.string())
    empty = pc.equal(pc.list_value_length(lists), 0)
    return pc.if_else(empty, RECORD[name].nothing, _joined(lists, RECORD[name].between))


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        try:
            return float(str(value))
        except ValueError:
            raise AskError(f"{name}: {value!r} is no number") from None
    return float(value)
