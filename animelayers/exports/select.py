"""Which frames of an output an export takes: conditions on columns of the frame table, without evaluating any
text.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from animelayers.dataset.output import Output
from animelayers.options import Count
from animelayers.record import former
from animelayers.record.schema import LISTS, RECORD, Row

Value = str | float | int | bool
_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge, "<=": operator.le, "!=": operator.ne, ">": operator.gt, "<": operator.lt,
}  # fmt: skip
_STEP = 512  # rows as Python objects at a time
_LONG = 64  # numbers in a list that is an embedding


@dataclass(frozen=True)
class Select:
    """Frames by what the frame table says of them.

    ``where``: by column a value, a list of values of which one must hold, a comparison ('>=0.5', '<3',
    '!=none'), or 'has WORD' or 'lacks WORD' for a column of words, such as flags: 'lacks damaged'. Lists are
    compared as people write them: '1,2'; flags without any are 'ok', other empty lists 'none'. A frame of
    which the table does not know the column does not pass. ``held``: frames that hold a drawing as well;
    without it each drawing comes once. ``min_side``: pixels of the shorter side, at least. ``without``: frame
    ids that are left out. ``limit``: frames in all.
    """

    where: Mapping[str, Value | Sequence[Value]] = field(default_factory=dict)
    held: bool = False
    min_side: int = 0
    without: Sequence[str] = ()
    limit: Count | None = None

    def table(self, output: Output) -> pa.Table:
        """The chosen rows of the frame table. Raises ValueError for a column that is not there and a
        comparison of words with a number.
        """
        table = output.table
        keep = pc.greater_equal(pc.min_element_wise(table["width"], table["height"]), self.min_side)
        if not self.held:
            keep = pc.and_(keep, pc.is_null(table["drawing_of"]))
        if self.without:
            keep = pc.and_(
                keep, pc.invert(pc.is_in(table["frame_id"], pa.array(list(self.without), pa.string())))
            )
        for asked, wanted in self.where.items():
            column = former.column(asked, "select.where")
            wanted = _today(column, wanted)
            if column not in table.column_names:
                raise ValueError(
                    f"select.where.{column}: the frame table has no such column; annotate the output first, or choose of those it has"
                )
            if pa.types.is_string(table[column].type) and (words := _exact(wanted)):
                keep = pc.and_(keep, pc.is_in(table[column], pa.array(words, pa.string())))
                continue
            values = table[column].to_pylist()
            if column in LISTS:
                values = [RECORD[column].written(value) for value in values]
            keep = pc.and_(keep, pa.array([_passes(value, wanted, column) for value in values], pa.bool_()))
        chosen = table.filter(keep)
        return chosen if self.limit is None else chosen.slice(0, self.limit)

    def rows(self, output: Output) -> Iterator[Row]:
        """The chosen rows without long lists of numbers, some hundred at a time in memory."""
        return unpacked(self.table(output))

    def shots(self, output: Output) -> Iterator[list[Row]]:
        """The chosen rows of each shot of a source, in the order of time."""
        shot: list[Row] = []
        for row in self.rows(output):
            if shot and any(row[name] != shot[0][name] for name in ("episode", "scene_id", "source")):
                yield shot
                shot = []
            shot.append(row)
        if shot:
            yield shot


def unpacked(table: pa.Table, embeddings: bool = False) -> Iterator[Row]:
    """The rows of a frame table, some hundred at a time in memory; `embeddings`: long lists of numbers as
    well.
    """
    short = [
        name
        for name in table.column_names
        if embeddings or name in LISTS or not _long(table.schema.field(name).type)
    ]
    for start in range(0, len(table), _STEP):
        yield from table.select(short).slice(start, _STEP).to_pylist()


def stem(row: Row) -> str:
    """The name of a frame without folders: EPISODE-scene0003_frame000127, made of letters, digits, - and _."""
    return str(row["frame_id"]).replace("/", "-")


def _long(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or (pa.types.is_fixed_size_list(kind) and kind.list_size > _LONG))


def _today(column: str, wanted: Value | Sequence[Value]) -> Value | Sequence[Value]:
    """What is wanted of a column, in the words of today."""
    if isinstance(wanted, int | float):
        return wanted
    if not isinstance(wanted, str):
        return [_today(column, one) for one in wanted]  # type: ignore[misc]
    sign = next((each for each in _COMPARED if wanted.startswith(each)), "")
    return sign + former.value(column, wanted[len(sign) :].strip(), f"select.where.{column}")


def _exact(wanted: Value | Sequence[Value]) -> list[str]:
    """Words that must stand as they are; none where one of them is a comparison, a 'has' or a number."""
    given = [] if isinstance(wanted, str | int | float) else list(wanted)
    words = [one for one in given if isinstance(one, str) and not re.match(r"[<>!]|has |lacks ", one)]
    return words if len(words) == len(given) else []


def _passes(value: Any, wanted: Value | Sequence[Value], column: str) -> bool:
    if value is None:
        return False
    if not isinstance(wanted, str | int | float):
        return any(_passes(value, one, column) for one in wanted)
    if not isinstance(wanted, str):
        return bool(value == wanted)
    asked, _, word = wanted.partition(" ")
    if asked in ("has", "lacks") and word:
        return (word.strip() in [each.strip() for each in str(value).split(",")]) == (asked == "has")
    for sign, compare in _COMPARED.items():
        if wanted.startswith(sign):
            limit = wanted[len(sign) :].strip()
            if isinstance(value, str):
                return bool(compare(value, limit))
            try:
                return bool(compare(value, float(limit)))
            except ValueError:
                raise ValueError(f"select.where.{column}={wanted}: {limit!r} is no number") from None
    return str(value) == wanted
