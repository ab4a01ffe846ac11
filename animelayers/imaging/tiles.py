"""A large picture through a function that takes only small ones, without seams."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

Span = tuple[int, int]


class Tile(NamedTuple):
    """Rows and columns [from, to) of a picture: those that are looked at, and those of them that are kept."""

    rows: Span
    columns: Span
    kept_rows: Span
    kept_columns: Span


def tiles(height: int, width: int, size: int, overlap: int) -> Iterator[Tile]:
    """Tiles of at most `size` kept pixels a side that cover (height, width) once, each looked at with
    `overlap` pixels more around it.
    """
    for rows, kept_rows in _spans(height, size, overlap):
        for columns, kept_columns in _spans(width, size, overlap):
            yield Tile(rows, columns, kept_rows, kept_columns)


def enlarged(
    picture: np.ndarray, enlarge: Callable[[np.ndarray], np.ndarray], scale: int, size: int, overlap: int
) -> np.ndarray:
    """A uint8 (H, W, 3) picture enlarged to (scale H, scale W, 3), tile by tile.

    ``enlarge``: gives a uint8 (h, w, 3) tile in its new size. Where what it makes of a pixel depends on no
    more than `overlap` pixels around it the result is that of the whole picture at once.
    """
    height, width = picture.shape[:2]
    made = np.empty((height * scale, width * scale, 3), np.uint8)
    for tile in tiles(height, width, size, overlap):
        part = enlarge(np.ascontiguousarray(picture[slice(*tile.rows), slice(*tile.columns)]))
        inside = [
            slice((kept[0] - seen[0]) * scale, (kept[1] - seen[0]) * scale)
            for seen, kept in ((tile.rows, tile.kept_rows), (tile.columns, tile.kept_columns))
        ]
        made[slice(*(n * scale for n in tile.kept_rows)), slice(*(n * scale for n in tile.kept_columns))] = (
            part[inside[0], inside[1]]
        )
    return made


def _spans(length: int, size: int, overlap: int) -> list[tuple[Span, Span]]:
    """What is looked at and what is kept along one side; the pieces are equally long within a pixel."""
    count = -(-length // size)
    edges = [length * n // count for n in range(count + 1)]
    return [((max(0, a - overlap), min(length, b + overlap)), (a, b)) for a, b in pairwise(edges)]
