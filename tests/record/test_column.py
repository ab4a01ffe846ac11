"""Lists in columns: as they travel, as they lie in a table, as people write them."""

from __future__ import annotations

from typing import Any, get_type_hints

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.record.schema import LISTS, RECORD, rebatch, unbatch, written
from animelayers.record.values import Box, Scored, Stacked

WORD = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Z"), exclude_characters=","), min_size=1, max_size=8
)
PLAIN = WORD.filter(lambda word: ":" not in word)
KINDS = {int: st.integers(0, 9999), float: st.integers(0, 1000).map(lambda n: n / 1000), str: PLAIN}


@st.composite
def lists(draw: st.DrawFn) -> tuple[str, list[list[Any]]]:
    """A column and what some drawings have in it."""
    name = draw(st.sampled_from(sorted(LISTS)))
    column = RECORD[name]
    if hasattr(column.of, "_fields"):
        item = st.builds(
            column.of, **{field: KINDS[kind] for field, kind in get_type_hints(column.of).items()}
        )
    else:
        item = KINDS[int] if column.of is int else WORD.filter(lambda word: word != column.nothing)
    return name, draw(st.lists(st.lists(item, max_size=3), max_size=4))


@given(lists())
def test_lists_come_back_from_wherever_they_were(made: tuple[str, list[list[Any]]]) -> None:
    name, drawings = made
    column = RECORD[name]
    for value in [drawings] if column.axes else drawings:
        flown = rebatch(unbatch(rebatch([{name: column.packed(value)}])))[name][0]
        assert column.unpacked(flown) == value and column.packed(column.unpacked(flown)) == flown
    stored = pa.array([column.stored(items) for items in drawings], column.arrow)
    assert [
        column.unpacked(column.packed(items if not column.axes else [items])) for items in stored.to_pylist()
    ] == [items if not column.axes else [items] for items in drawings]
    assert [column.read(column.written(items)) for items in stored.to_pylist()] == drawings
    assert (
        column.structured(
            pa.chunked_array([[column.written(items) for items in drawings]], pa.string())
        ).to_pylist()
        == stored.to_pylist()
    )


@pytest.mark.parametrize(
    ("name", "items", "text"),
    [
        ("flags", [], "ok"),
        ("flags", ["damaged", "flicker"], "damaged,flicker"),
        ("instance_ids", [], "none"),
        ("instance_ids", [np.uint8(1), 3], "1,3"),
        ("instance_boxes", [Box(3, 2, 6, 10), (10, 20, 30, 5)], "3:2:6:10,10:20:30:5"),
        ("segment_scores", [Scored("red:one", 0.9), Scored("", 0.8)], "red:one:0.900,:0.800"),
        ("traits", [], ""),
        ("stack", [Stacked("background"), {"name": "effect", "mode": "add"}], "background effect:add"),
    ],
)
def test_lists_as_people_write_them(name: str, items: list[Any], text: str) -> None:
    assert RECORD[name].written(items) == text and RECORD[name].written(RECORD[name].read(text)) == text
    assert written({name: items, "width": 3}) == {name: text, "width": 3} and written({name: None}) == {
        name: None
    }


def test_what_is_no_list_of_the_columns_kind_is_refused() -> None:
    for name, value in (
        ("flags", "damaged"),
        ("matte_model", "net"),
        ("instance_ids", [["one"]]),
        ("instance_boxes", [[(1, 2, 3)]]),
        ("instance_boxes", [[range(5)]]),
    ):
        with pytest.raises((TypeError, ValueError)):
            RECORD[name].packed(value)
    with pytest.raises(pa.ArrowInvalid, match="neither lists nor text, but double"):
        RECORD["flags"].structured(pa.chunked_array([[0.5]]))
    assert RECORD["flags"].structured(pa.chunked_array([pa.nulls(2)])).to_pylist() == [None, None]
    for text in ("1:2:3", "1:2:3:4:5", "a:b:c:d", f"{1 << 40}:2:3:4"):
        with pytest.raises(pa.ArrowInvalid, match="not a list as format 1 has it"):
            RECORD["instance_boxes"].structured(pa.chunked_array([[text]]))


def test_nothing_is_a_blank() -> None:
    for name in LISTS:
        assert RECORD[name].packed([]) == RECORD[name].blank() == "" and RECORD[name].unpacked("") == []
