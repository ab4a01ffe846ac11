"""What is seen again is the same thing there: labels that agree along the motion between neighbours, and at
each place of the shot between all drawings that show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.evenly import evenly
from animelayers.imaging.evidence import distance
from animelayers.imaging.views import View
from animelayers.models.flow import DIS
from animelayers.shot.params import Params

_ASKED = 12  # drawings that all others are held against, at most
_GREYS = np.arange(256, dtype=np.float32)


class Positions(NamedTuple):
    """Where drawings lie on the plate of their shot: the view of each, and its width and height."""

    views: Sequence[View]
    whole: tuple[int, int]


class _Seen(NamedTuple):
    """Where a neighbour shows what is at each pixel of a drawing, float32 (h, w), and how alike that looks,
    0..1.
    """

    x: np.ndarray
    y: np.ndarray
    alike: np.ndarray


def settled(
    labels: Sequence[np.ndarray], pictures: Sequence[np.ndarray], positions: Positions, params: Params
) -> list[np.ndarray]:
    """The labels of the drawings of a shot, each float32 (L, h, w), 0..1, as the mean with what others say of
    the same place where they look the same: what does not change is not one thing here and another there.

    ``pictures``: the drawings, uint8 sRGB (h, w, 3), in one light. How alike they look counts as in `agreed`.
    """
    if len(labels) < 2 or not any((label > params.faint).any() for label in labels):
        return list(labels)
    asked = evenly(len(labels), _ASKED)
    laid = {k: _laid(labels[k], pictures[k], positions.views[k], positions.whole) for k in asked}
    made = []
    for i, (label, picture, registration) in enumerate(zip(labels, pictures, positions.views, strict=True)):
        where, shape = registration.window, positions.whole[::-1]
        here = laid.get(i) or _laid(label, picture, registration, positions.whole)
        _, own, reach = (plane[where] for plane in here)
        total, weight = np.zeros((*shape, len(label)), np.float32), np.zeros(shape, np.float32)
        for k in asked:
            if k != i:
                claim, look, reached = (plane[where] for plane in laid[k])
                share = _likeness(own, look, params.alike) * (reach & reached)
                weight[where] += share
                total[where] += share[..., None] * claim
        there, count = registration.back(total), registration.back(weight)
        made.append((label + there.transpose(2, 0, 1)) / (1 + count))
    return made


def _laid(
    label: np.ndarray, picture: np.ndarray, registration: View, whole: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A drawing's labels float32 (h, w, L) and colours on the plate, and where it reaches."""
    claim = np.zeros((*whole[::-1], len(label)), np.float32)
    look, reached = np.zeros((*whole[::-1], 3), np.uint8), np.zeros(whole[::-1], bool)
    claim[registration.window] = registration.onto(np.ascontiguousarray(label.transpose(1, 2, 0)))
    look[registration.window] = registration.onto(picture)
    reached[registration.window] = registration.reach() > 0
    return claim, look, reached


def agreed(labels: Sequence[np.ndarray], pictures: Sequence[np.ndarray], params: Params) -> list[np.ndarray]:
    """The labels of drawings that follow each other, each float32 (L, h, w), 0..1, as the mean with what
    neighbours say of the same thing.

    ``pictures``: the drawings, uint8 sRGB (h, w, 3). A neighbour counts where it looks the same along the
    motion (DIS, Kroeger et al. 2016): wholly where colours are equal, no more from some `params.alike` grey
    levels on. ``params.passes`` times, so that it reaches as many drawings far.
    """
    found = list(labels)
    if not params.passes or len(found) < 2 or not any((label > params.faint).any() for label in found):
        return found
    pairs = [(i, j) for i in range(len(found)) for j in (i - 1, i + 1) if 0 <= j < len(found)]
    flows = DIS("fast", side=0)([(pictures[i], pictures[j]) for i, j in pairs])
    seen = {
        (i, j): _seen(pictures[i], pictures[j], flow, params.alike)
        for (i, j), flow in zip(pairs, flows, strict=True)
    }
    for _ in range(int(params.passes)):
        found = [_mean(found, i, seen) for i in range(len(found))]
    return found


def _seen(picture: np.ndarray, other: np.ndarray, flow: np.ndarray, alike: float) -> _Seen:
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x, y = x + flow[..., 0], y + flow[..., 1]
    moved = cv2.remap(other, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    return _Seen(x, y, np.where(inside, _likeness(picture, moved, alike), np.float32(0)))


def _likeness(picture: np.ndarray, other: np.ndarray, alike: float) -> np.ndarray:
    """How alike two pictures look at each pixel, float32 (h, w), 0..1."""
    return np.asarray(cv2.LUT(distance(picture, other), np.exp(-((_GREYS / np.float32(alike)) ** 2))))


def _mean(labels: Sequence[np.ndarray], i: int, seen: dict[tuple[int, int], _Seen]) -> np.ndarray:
    total, weight = labels[i], np.ones(labels[i].shape[1:], np.float32)
    for j in (i - 1, i + 1):
        if (i, j) in seen:
            x, y, alike = seen[i, j]
            there = np.stack(
                [
                    cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
                    for plane in labels[j]
                ]
            )
            total, weight = total + alike * there, weight + alike
    return np.asarray(total / weight, np.float32)
