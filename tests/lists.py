"""Columns of lists in flight, as people write them: a word per drawing."""

from __future__ import annotations

from animelayers.record.schema import RECORD, Row


def words_of(row: Row, name: str) -> str:
    """A column of lists of a clip: 'ok flicker,recompose_low'."""
    column = RECORD[name]
    lists = column.unpacked(row[name])
    return " ".join(column.written(items) or "" for items in (lists if column.axes else [lists]))


def listed(name: str, words: str) -> str:
    """The inverse of `words_of`."""
    column = RECORD[name]
    lists = [column.read(word) for word in words.split()]
    return str(column.packed(lists if column.axes else lists[0]))
