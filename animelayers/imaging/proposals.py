"""Where a segmenter that is asked point by point is asked, and how its masks are tidied: as the automatic
masks of SAM (Kirillov 2023).
"""

from __future__ import annotations

from itertools import product
from math import ceil
from typing import NamedTuple

import numpy as np

from animelayers.imaging.masks import pieces

OVERLAP = 512 / 1500
"""Share of the picture's short side by which the crops of the first layer overlap."""


class Crop(NamedTuple):
    """A part of a picture: its layer (0 is the whole picture) and left, top, right and bottom in pixels,
    right and bottom outside.
    """

    layer: int
    box: tuple[int, int, int, int]


def grid(side: int) -> np.ndarray:
    """Points in the middle of `side` x `side` equal cells, row by row: float32 (side * side, 2), x and y as
    shares of the picture, 0..1.
    """
    along = np.linspace(1 / (2 * side), 1 - 1 / (2 * side), side, dtype=np.float32)
    return np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2)


def crops(height: int, width: int, layers: int) -> list[Crop]:
    """The whole picture, then for each layer i of `layers` the (2 ** i) ** 2 crops that cover it with
    overlap.
    """
    found = [Crop(0, (0, 0, width, height))]
    for layer in range(1, layers + 1):
        count = 2**layer
        overlap = int(OVERLAP * min(height, width) * 2 / count)
        wide, high = (ceil((overlap * (count - 1) + length) / count) for length in (width, height))
        corners = product(
            [(wide - overlap) * k for k in range(count)], [(high - overlap) * k for k in range(count)]
        )
        found += [Crop(layer, (x, y, min(x + wide, width), min(y + high, height))) for x, y in corners]
    return found


def tidy(mask: np.ndarray, min_area: int) -> np.ndarray:
    """A bool mask (H, W) with holes, then islands, of less than `min_area` pixels (8 neighbours) gone; of
    islands the largest always stays.
    """
    return _without(_without(mask, min_area, holes=True), min_area, holes=False)


def boxes(masks: np.ndarray) -> np.ndarray:
    """Left, top, right and bottom, all inside, of bool masks (K, H, W): float32 (K, 4); zeros for an empty
    mask.
    """
    found = np.zeros((len(masks), 4), np.float32)
    for box, mask in zip(found, masks, strict=True):
        across, down = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
        if len(across):
            box[:] = across[0], down[0], across[-1], down[-1]
    return found


def _without(mask: np.ndarray, min_area: int, holes: bool) -> np.ndarray:
    labels, sizes = pieces(mask ^ holes)
    small = sizes < min_area
    small[0] = False
    if not small.any():
        return mask
    if holes:
        inside = small
        inside[0] = True
    else:
        inside = ~small
        inside[0] = False
        if not inside.any():
            inside[1 + int(np.argmax(sizes[1:]))] = True
    found: np.ndarray = inside[labels]
    return found
