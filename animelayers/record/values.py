"""What stands in the lists of columns: boxes, faces, scored labels, layers of a stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Box(NamedTuple):
    """A box in pixels of the frame: left, top, width, height."""

    x: int
    y: int
    w: int
    h: int


class Face(NamedTuple):
    """A face: x, y, w, h in pixels and how sure it is, 0..1."""

    x: int
    y: int
    w: int
    h: int
    score: float


class Scored(NamedTuple):
    """A label, '' for none, and how sure it is, 0..1."""

    label: str
    score: float


class Stacked(NamedTuple):
    """A layer file by its name, and the mode in which it lies on those below: over, add, screen."""

    name: str
    mode: str = "over"


def placed(row: Mapping[str, Any]) -> dict[int, Box]:
    """Where each character of a row of the frame table is, by its id in the clip, in the order of the ids;
    empty where nobody is known.
    """
    pairs = zip(row.get("instance_ids") or (), row.get("instance_boxes") or (), strict=True)
    return {number: Box(**box) for number, box in pairs}
