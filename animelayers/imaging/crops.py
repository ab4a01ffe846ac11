"""Which parts of a picture a net looks at to fill its holes: each hole with what surrounds it, in few shapes.

A net's cost is that of the pixels it sees, and most of a frame tells nothing about a small hole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.window import Window

STEP = 64
"""Sides of crops are multiples of it, in the net's pixels: few shapes, so that graphs compiled for one are
used again.
"""
_LEAST = 32  # pixels around a hole within which others are the same, at least
_CODE = 8  # what such nets reduce by: sides that the frame cuts short are multiples of it


@dataclass(frozen=True)
class Cut:
    """How holes are cut out.

    ``context``: pixels around a hole that the net sees, at least. ``share``: the same, of the hole's longer
    side. ``longest``: pixels of the longer side above which a crop is reduced, a multiple of 64. ``enlarge``:
    times that a smaller one may be enlarged towards it. ``seam_width``: pixels around a hole, in the net's
    size, that it fills too, so that what it makes can be compared with the picture. Raises ValueError for a
    value out of range.
    """

    context: int = 64
    share: float = 0.5
    longest: int = 768
    enlarge: float = 1
    seam_width: int = 4

    def __post_init__(self) -> None:
        if min(self.context, self.share, self.seam_width) < 0 or self.enlarge < 1:
            raise ValueError(
                "context, share and seam_width must be 0 or more and enlarge at least 1, not "
                f"{self.context}, {self.share}, {self.seam_width} and {self.enlarge}"
            )
        if self.longest < STEP or self.longest % STEP:
            raise ValueError(f"longest must be a multiple of {STEP}, not {self.longest}")


class Crop(NamedTuple):
    """A part of a picture: the ``box`` whose holes it fills, the ``window`` that is seen, at which ``size``,
    padded to which ``shape`` (h, w).
    """

    box: Window
    window: Window
    size: tuple[int, int]
    shape: tuple[int, int]


def crops(hole: np.ndarray, cut: Cut) -> list[Crop]:
    """The crops that fill the holes of a bool (H, W) plane; no two boxes overlap, and all holes are in them.

    Separate holes are seen together where that costs no more pixels and reduces neither; the windows may
    overlap.
    """
    boxes = _islands(hole, max(_LEAST, cut.context))
    if not len(boxes):
        return []
    boxes = _merged(boxes, hole.shape, cut)
    windows, sizes, shapes = _seen(boxes, hole.shape, cut)[:3]
    return [
        Crop(_window(box), _window(window), (int(size[0]), int(size[1])), (int(shape[0]), int(shape[1])))
        for box, window, size, shape in zip(boxes, windows, sizes, shapes, strict=True)
    ]


def _window(corners: np.ndarray) -> Window:
    top, left, bottom, right = (int(n) for n in corners)
    return slice(top, bottom), slice(left, right)


def _islands(hole: np.ndarray, cell: int) -> np.ndarray:
    """The tight box, top left bottom right, of each group of holes that touch the same cells or neighbouring
    ones: int (N, 4).
    """
    rows, columns = (-(-n // cell) for n in hole.shape)
    padded = np.zeros((rows * cell, columns * cell), bool)
    padded[: hole.shape[0], : hole.shape[1]] = hole
    cells = np.asarray(padded.reshape(rows, cell, columns, cell).any((1, 3)), np.uint8)
    found = []
    for x, y, w, h, _ in cv2.connectedComponentsWithStats(cells, connectivity=8)[2][1:] * cell:
        left, top, width, height = cv2.boundingRect(
            np.ascontiguousarray(padded[y : y + h, x : x + w]).view(np.uint8)
        )
        found.append((y + top, x + left, y + top + height, x + left + width))
    return np.array(found, int).reshape(-1, 4)


def _merged(boxes: np.ndarray, shape: tuple[int, ...], cut: Cut) -> np.ndarray:
    while len(boxes) > 1:
        one, other = np.triu_indices(len(boxes), 1)
        low, high = np.maximum(boxes[one, :2], boxes[other, :2]), np.minimum(boxes[one, 2:], boxes[other, 2:])
        joint = np.hstack(
            [np.minimum(boxes[one, :2], boxes[other, :2]), np.maximum(boxes[one, 2:], boxes[other, 2:])]
        )
        cost, scale = _seen(boxes, shape, cut)[3:]
        joint_cost, joint_scale = _seen(joint, shape, cut)[3:]
        gain = np.where(
            joint_scale < np.minimum(scale[one], scale[other]), -1, cost[one] + cost[other] - joint_cost
        )
        gain = np.where((low < high).all(1), np.inf, gain)
        best = int(gain.argmax())
        if gain[best] < 0:
            break
        boxes = np.vstack([np.delete(boxes, [one[best], other[best]], 0), joint[best]])
    return boxes


def _seen(boxes: np.ndarray, shape: tuple[int, ...], cut: Cut) -> tuple[np.ndarray, ...]:
    """Of N boxes: windows int (N, 4), sizes and padded shapes int (N, 2), the net's pixels (N,) and the scale
    (N,) they are seen at.
    """
    frame = np.array(shape[:2])
    margin = np.maximum(cut.context, cut.share * (boxes[:, 2:] - boxes[:, :2]).max(1)).astype(int)[:, None]
    low, high = np.maximum(boxes[:, :2] - margin, 0), np.minimum(boxes[:, 2:] + margin, frame)
    scale = np.minimum(cut.longest / (high - low).max(1), cut.enlarge)[:, None]
    within = -(-np.ceil(frame * scale).astype(int) // _CODE) * _CODE
    padded = -(-np.ceil((high - low) * scale).astype(int) // STEP) * STEP
    padded = np.minimum(np.minimum(padded, within), cut.longest)  # which a product may miss by its last bit
    # the rest of the bucket is more context
    side = np.minimum(np.maximum((padded / scale).astype(int), high - low), frame)
    low = np.clip((low + high - side) // 2, 0, frame - side)
    size = np.minimum(np.maximum(np.rint(side * scale).astype(int), 1), padded)
    return np.hstack([low, low + side]), size, padded, padded.prod(1), scale[:, 0]
