"""What a column of a clip is: dtype, axes, blank value; and how texts and lists travel in it, lie in a table
and are written by people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any, get_type_hints

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

_END = "\x1f"  # of a free text: the unit separator, which no text holds
_ARROW = {int: pa.int32(), float: pa.float64(), str: pa.string()}


@dataclass(frozen=True)
class Column:
    """One column of a clip.

    ``dtype`` is a numpy dtype name, ``str``, ``bytes`` or ``list``; ``axes`` names the array's axes,
    outermost first, '' for a scalar. Arrow keeps strings and pickles lists of them, so a text column with
    axes travels as one string: a word per drawing, or with ``free`` any text. So does a column of lists, as
    JSON; ``of`` is what stands in its lists: int, str or a NamedTuple of these and floats. Steps see Python's
    own lists (`unpacked`). ``table`` tells whether the frame table repeats it, one value per frame, lists as
    lists. ``nothing``: how people write an empty list; ``between``: what they put between its items.
    """

    dtype: str
    axes: str
    meaning: str
    table: bool = False
    free: bool = False
    of: type = str
    nothing: str = "none"
    between: str = ","

    @property
    def ndim(self) -> int:
        """Number of axes of the array (0 for scalars and what travels as text)."""
        return len(self.axes.split()) if self.array else 0

    @property
    def array(self) -> bool:
        """Whether numpy knows the dtype."""
        return self.dtype not in ("str", "bytes", "list")

    @property
    def arrow(self) -> pa.DataType:
        """The type of its values in the frame table, one per frame."""
        if self.dtype == "list":
            fields = _fields(self.of)
            return pa.list_(
                pa.struct([(name, _ARROW[kind]) for name, kind in fields.items()])
                if fields
                else _ARROW[self.of]
            )
        kind = pa.string() if self.dtype == "str" else pa.from_numpy_dtype(np.dtype(self.dtype))
        if self.axes.endswith("E"):
            return pa.list_(kind)
        sides = [int(axis) for axis in self.axes.split() if axis.isdigit()]
        return pa.list_(kind, prod(sides)) if sides else kind

    def blank(self) -> Any:
        """The value of a clip that failed: '' or b'' or 0 or an empty array of the column's own ndim and
        dtype, never None.
        """
        if not self.array:
            return b"" if self.dtype == "bytes" else ""
        if not self.axes:
            return np.dtype(self.dtype).type(0)
        last = self.axes.split()[-1]
        shape = [0] * self.ndim
        if last.isdigit():
            shape[-1] = int(last)
        return np.zeros(shape, self.dtype)

    def unpacked(self, value: Any) -> Any:
        """What travels in the column as steps see it: texts and lists as Python's own lists, one per drawing
        where its axes say so.
        """
        if self.dtype == "list":
            made = json.loads(value) if value else []
            return [self._items(items) for items in made] if self.axes else self._items(made)
        if self.dtype == "str" and self.axes:
            return value.split(_END)[:-1] if self.free else value.split()
        return value

    def packed(self, value: Any) -> Any:
        """The inverse of `unpacked`. Raises TypeError for what is no list of the column's own kind."""
        if self.array or self.dtype == "bytes" or (self.dtype == "str" and not self.axes):
            return value
        if isinstance(value, str):
            raise TypeError(f"{value!r} is one text, not a list of them")
        if self.dtype == "list":
            made = [self._items(items) for items in value] if self.axes else self._items(value)
            return json.dumps(made, ensure_ascii=False, separators=(",", ":")) if made else ""
        return "".join(text.replace(_END, " ") + _END for text in value) if self.free else " ".join(value)

    def per_drawing(self, value: Any) -> list[Any]:
        """The values of a 'D …' column, one per drawing."""
        return list(self.unpacked(value))

    def gather(self, values: Sequence[Any]) -> Any:
        """The inverse of `per_drawing`: one value per drawing as the column."""
        return self.packed(self.stacked(values))

    def stacked(self, values: Sequence[Any]) -> Any:
        """One value per drawing as a step gives the column: an array, or a list."""
        if not self.array:
            return list(values)
        return np.stack([np.asarray(v, self.dtype) for v in values]) if values else self.blank()

    def stored(self, value: Any) -> Any:
        """One frame's list as Arrow takes it."""
        return [_plain(item) for item in value] if self.dtype == "list" else value

    def written(self, items: Sequence[Any] | None) -> str | None:
        """A list of the frame table as people write it, and outputs of format 1 hold it: 'fire,smoke',
        '3:2:6:10', 'person:0.900'; None for null.
        """
        if items is None:
            return None
        return self.between.join(map(_written, self._items(items))) or self.nothing

    def read(self, text: str | None) -> list[Any] | None:
        """The inverse of `written`. Raises ValueError for a text that is no such list."""
        if text is None:
            return None
        if text in ("", self.nothing):
            return []
        parts, fields = [part.strip() for part in text.split(self.between)], _fields(self.of)
        return self._items([part.rsplit(":", len(fields) - 1) for part in parts] if fields else parts)

    def structured(self, values: pa.ChunkedArray) -> pa.ChunkedArray:
        """A column of a frame table of format 1, in which lists were text, with its lists. Raises
        `pyarrow.ArrowInvalid` for anything else.
        """
        if not (pa.types.is_string(values.type) or pa.types.is_null(values.type)):
            raise pa.ArrowInvalid(f"neither lists nor text, but {values.type}")
        coded = values.cast(pa.string()).combine_chunks().dictionary_encode()
        try:
            known = pa.array(
                [self.stored(self.read(text)) for text in coded.dictionary.to_pylist()], self.arrow
            )
        except (ValueError, TypeError, OverflowError) as wrong:
            raise pa.ArrowInvalid(f"not a list as format 1 has it: {wrong}") from wrong
        return pa.chunked_array([known.take(coded.indices)], self.arrow)

    def _items(self, items: Sequence[Any]) -> list[Any]:
        """The items of one list, each of the column's own kind."""
        kinds = list(_fields(self.of).values())
        if not kinds:
            return [self.of(item) for item in items]
        values = [tuple(item.values()) if isinstance(item, Mapping) else item for item in items]
        if any(len(parts) > len(kinds) for parts in values):
            raise TypeError(f"an item of {self.of.__name__} has {len(kinds)} parts")
        return [self.of(*(kind(part) for kind, part in zip(kinds, parts, strict=False))) for parts in values]


@cache
def _fields(kind: type) -> dict[str, type]:
    """The fields of a NamedTuple and their types; none of another type."""
    return get_type_hints(kind) if hasattr(kind, "_fields") else {}


def _plain(item: Any) -> Any:
    return item._asdict() if hasattr(item, "_asdict") else item


def _written(item: Any) -> str:
    if not hasattr(item, "_fields"):
        return str(item)
    usual = item._field_defaults
    parts = [
        part
        for part, name in zip(item, item._fields, strict=True)
        if name not in usual or part != usual[name]
    ]
    return ":".join(f"{part:.3f}" if isinstance(part, float) else str(part) for part in parts)
