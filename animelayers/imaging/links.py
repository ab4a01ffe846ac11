"""Two neighbouring drawings: which pixel that one hides is which of the other, and what may not be lent as
background.

All of it happens on planes of reduced size, from optical flow in both directions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.imaging.channels import apart
from animelayers.imaging.completion import completed, texture
from animelayers.imaging.constants import ALIKE, ASTRAY, TINY

_MARGIN = 2  # pixels around a hole that lend nothing: what a matte missed
_SMEARED = 6  # pixels around a hole whose flow is partly that of the figure
_DEEP = 4  # pixels from the rim of a hole on which all is figure
_LOST = 0.3  # share of a drawing's figures from which a matte has missed them
# pixels, and share of its length, by which a completed way there and back may miss its start
_OFF = (0.7, 0.1)
_FAR_OFF = (1e3,) * 4  # pixels: what lies beyond the picture moves so far
# share of the texture around that flow has to follow there and back: less is a cut, a flash or a blow
_TOLD = 0.3


class Link(NamedTuple):
    """The way of N hidden pixels of one drawing into a neighbour.

    ``at``: int64 (N,), flat indices. ``to``: float32 (N, 2), x and y in the neighbour. ``off``: float32 (N,),
    pixels by which the way there and back misses its start; infinite where it leads nowhere.
    """

    at: np.ndarray
    to: np.ndarray
    off: np.ndarray


def shrunk(hole: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """bool (h, w) of `size` (width, height): what a hole, bool (H, W), touches and the margin that lends
    nothing.
    """
    small = cv2.resize(hole.view(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_AREA) > 0
    return wider(small, _MARGIN)


def wider(mask: np.ndarray, by: int) -> np.ndarray:
    """A bool (H, W) mask and `by` pixels around it."""
    return cv2.dilate(mask.view(np.uint8), square(by)).view(np.bool_)


def linked(
    pictures: tuple[np.ndarray, np.ndarray],
    holes: tuple[np.ndarray, np.ndarray],
    flows: tuple[np.ndarray, np.ndarray],
) -> tuple[Link, Link]:
    """The ways between two neighbouring drawings, from the first to the second and back.

    ``pictures``: uint8 sRGB (h, w, 3). ``holes``: bool (h, w). ``flows``: float32 (h, w, 2), first to second
    and second to first.
    """
    near = [wider(hole, _SMEARED) for hole in holes]
    whole, told = [], 1.0
    for own, other in ((0, 1), (1, 0)):
        missed = flows[own] + _at_end(flows[own], flows[other])
        blocked = _at_end(flows[own], near[other].astype(np.float32))
        fits = (_square(missed) < ASTRAY * _square(flows[own]) + 0.5) & (blocked < 0.5)
        free = texture(pictures[own]) * ~near[own]
        weight = free * fits
        told = min(told, float(weight.sum()) / max(float(free.sum()), TINY))
        # what the other drawing hides has no flow of its own either
        whole.append(completed(flows[own], weight, near[own] | ~fits))
    first, second = (_link(whole[own], whole[1 - own], holes[own]) for own in (0, 1))
    if told < _TOLD:
        first, second = (link._replace(off=np.full_like(link.off, np.inf)) for link in (first, second))
    return first, second


def haunted(
    pictures: Sequence[np.ndarray],
    holes: Sequence[np.ndarray],
    flows: Sequence[tuple[np.ndarray, np.ndarray]],
) -> list[np.ndarray]:
    """The holes, bool (h, w), of D drawings and what the matte missed of their figures, found by following
    them through the shot.

    ``pictures``: uint8 sRGB (h, w, 3). ``flows``: of each drawing but the last, to the next one and back.
    What is deep in a hole belongs to a figure; where it surely goes, there it still is, whatever the matte
    says, and must not be lent as background.
    """
    found = [hole.copy() for hole in holes]
    for way in (range(1, len(holes)), range(len(holes) - 2, -1, -1)):
        for number in way:
            before = number - way.step
            there, back = flows[min(before, number)][:: way.step]
            deep = cv2.erode(found[before].view(np.uint8), square(_DEEP))
            fits = _square(there + _at_end(there, back)) < ASTRAY * _square(there) + 0.5
            # beside a figure that jumped its flow is that of the background
            same = apart(pictures[before], _at_end(there, pictures[number])) <= ALIKE
            at = np.flatnonzero((deep > 0) & fits & same)
            landed = np.zeros(deep.shape, np.uint8)
            landed.ravel()[nearest_of(places(at, deep.shape[1]) + there.reshape(-1, 2)[at], deep.shape)] = 1
            gone = cv2.morphologyEx(landed, cv2.MORPH_CLOSE, square(1))
            missed = cv2.morphologyEx(
                cv2.subtract(gone, holes[number].view(np.uint8)), cv2.MORPH_OPEN, square(2)
            )
            # a little beside a matte is what crept in where background and figure look alike
            if missed.sum() > _LOST * gone.sum():
                found[number] |= wider(missed.view(np.bool_), _DEEP + 1)
    return found


def _at_end(flow: np.ndarray, plane: np.ndarray) -> np.ndarray:
    """What lies on a plane, flow or picture where `flow` leads; far off beyond the picture."""
    height, width = flow.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return cv2.remap(
        plane,
        x + flow[..., 0],
        y + flow[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=_FAR_OFF,
    )


def _link(flow: np.ndarray, other: np.ndarray, hole: np.ndarray) -> Link:
    height, width = hole.shape
    at = np.flatnonzero(hole)
    step = flow.reshape(-1, 2)[at]
    to = step + places(at, width)
    x, y = to[:, 0], to[:, 1]
    inside = (x >= -0.5) & (y >= -0.5) & (x < width - 0.5) & (y < height - 0.5)
    off = _length(step + other.reshape(-1, 2)[nearest_of(to, hole.shape)])
    off[~inside | (off > _OFF[0] + _OFF[1] * _length(step))] = np.inf
    return Link(at, to.astype(np.float32), off.astype(np.float32))


def _square(flow: np.ndarray) -> np.ndarray:
    x, y = cv2.split(flow)
    result: np.ndarray = x * x + y * y
    return result


def places(at: np.ndarray, width: int) -> np.ndarray:
    """float32 (N, 2), x and y of flat indices in rows of `width`."""
    row = at // width
    return np.stack([at - row * width, row], 1).astype(np.float32)


def _length(steps: np.ndarray) -> np.ndarray:
    # numpy is slow at sums over two
    result: np.ndarray = np.sqrt(steps[:, 0] ** 2 + steps[:, 1] ** 2)
    return result


def nearest_of(to: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Flat indices of the pixels nearest to places (N, 2), the picture's edge for those beyond it."""
    x, y = (np.clip(np.rint(to[:, k]), 0, shape[1 - k] - 1).astype(np.int64) for k in (0, 1))
    result: np.ndarray = y * shape[1] + x
    return result
