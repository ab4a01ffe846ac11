"""Filling the hole of a drawing with what others show there: each pixel fetched once, at full size, from
where `propagate` found it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.imaging.constants import ALIKE
from animelayers.imaging.links import nearest_of, places
from animelayers.imaging.photometric import Light
from animelayers.imaging.propagate import Sources

_ROW = 1024  # pixels are fetched in rows of so many: OpenCV takes no picture wider than 32767
_NEAR = 1e-3  # drawings and pixels that each source is away at least
_DECIDED = 30  # log of a ratio from which one of two has all the say
_HARDLY = 0.01  # how sure the farthest is
_DOUBT = 8.0  # pixels of expected error from which a pixel is hardly sure


class Filled(NamedTuple):
    """The colours of the N pixels of a hole.

    ``at``: int64 (N,), flat indices. ``colours``: float32 (N, 3), grey levels. ``sure``: float32 (N,), 0..1,
    0 where no drawing shows it.
    """

    at: np.ndarray
    colours: np.ndarray
    sure: np.ndarray


def enlarged(sources: Sources, small: tuple[int, int], hole: np.ndarray) -> Sources:
    """The sources of a drawing on planes of `small` (rows, columns) at full size, for the pixels of its
    `hole`, bool (H, W).
    """
    at = np.flatnonzero(hole)
    scale = np.array([hole.shape[1] / small[1], hole.shape[0] / small[0]], np.float32)
    full = places(at, hole.shape[1])
    place = (full + 0.5) / scale - 0.5
    nearest = nearest_of(place, small)
    drawing, steps = np.full(small, -1, np.int32), np.zeros(small, np.int32)
    shift, off = np.zeros((*small, 2), np.float32), np.zeros(small, np.float32)
    drawing.ravel()[sources.at], steps.ravel()[sources.at] = sources.drawing, sources.steps
    shift.reshape(-1, 2)[sources.at] = np.where(
        sources.drawing[:, None] >= 0, sources.place - places(sources.at, small[1]), 0
    )
    off.ravel()[sources.at] = np.where(sources.drawing >= 0, sources.off, 0)
    found, brush = drawing.astype(np.float32), square(1)
    # between two drawings, or beside nothing, there is no shift in the middle
    plain = (cv2.dilate(found, brush) == cv2.erode(found, brush)).ravel()[nearest]
    by = sampled(shift, place)
    by[~plain] = shift.reshape(-1, 2)[nearest[~plain]]
    return Sources(
        at,
        drawing.ravel()[nearest],
        full + by * scale,
        off.ravel()[nearest] * scale.mean(),
        steps.ravel()[nearest],
    )


def sampled(picture: np.ndarray, place: np.ndarray, how: int = cv2.INTER_LINEAR) -> np.ndarray:
    """The values of a picture (H, W, C) at places (N, 2), x and y, in its own dtype (N, C)."""
    pad = -len(place) % _ROW
    x, y = (np.pad(place[:, k], (0, pad), mode="edge").reshape(-1, _ROW) for k in (0, 1))
    result: np.ndarray = cv2.remap(picture, x, y, how, borderMode=cv2.BORDER_REPLICATE).reshape(
        -1, picture.shape[2]
    )[: len(place)]
    return result


def fetched(
    pictures: Sequence[np.ndarray], sources: Sources, lights: Sequence[Light], number: int
) -> np.ndarray:
    """float32 (N, 3): what the drawings show at the sources, in the light of the drawing `number`; 0 where
    there is none.
    """
    colours = np.zeros((sources.at.size, 3), np.float32)
    # of so few bits numpy sorts by counting
    order = np.argsort(sources.drawing.astype(np.int16), kind="stable")
    of = sources.drawing[order]
    for source in np.unique(of[of >= 0]):
        where = order[np.searchsorted(of, source) : np.searchsorted(of, source, side="right")]
        taken = sampled(pictures[source], sources.place[where], cv2.INTER_CUBIC).astype(np.float32)
        one, other = lights[source], lights[number]
        if not (one.same and other.same):
            taken = ((taken - one.offset) / one.gain * other.gain + other.offset).astype(np.float32)
        colours[where] = taken
    return colours


def merged(first: tuple[np.ndarray, Sources], second: tuple[np.ndarray, Sources]) -> Filled:
    """The colours from both directions in time, each with its sources at full size, blended by how near and
    how sure they are.

    Where they differ, one of them is wrong and the nearer one is taken.
    """
    weights = [
        np.where(s.drawing >= 0, 1 / np.square(s.steps + s.off + _NEAR), 0).astype(np.float32)
        for _, s in (first, second)
    ]
    most = np.maximum(weights[0], weights[1])
    both = np.flatnonzero(np.minimum(weights[0], weights[1]) > 0)
    colours = np.where((weights[0] > 0)[:, None], first[0], second[0])
    apart = np.abs(first[0][both] - second[0][both])
    power = 1 + np.square(np.maximum(np.maximum(apart[:, 0], apart[:, 1]), apart[:, 2]) / ALIKE)
    ratio = np.exp(np.clip(power * np.log(weights[1][both] / weights[0][both]), -_DECIDED, _DECIDED))
    colours[both] += (ratio / (1 + ratio))[:, None] * (second[0][both] - first[0][both])
    off = np.minimum(first[1].off, second[1].off) if len(first[1].off) else np.zeros(0, np.float32)
    off = np.where(weights[0] > 0, np.where(weights[1] > 0, off, first[1].off), second[1].off)
    sure = np.where(most > 0, np.maximum(np.exp(-off / _DOUBT), _HARDLY), 0)
    return Filled(first[1].at, colours.astype(np.float32), sure.astype(np.float32))
