"""What a shot knows of each of its drawings: the plate that the others show, where it is known, how far the
drawing differs from it, and where the shot changes at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.channels import largest

MOST = 31
"""Drawings a plate is made from at most."""


class PlateEvidence(NamedTuple):
    """What one drawing is told.

    ``plate``: uint8 sRGB (H, W, 3) as this drawing would see it. ``known``: uint8 (H, W), 0 where no drawing
    shows the plate, 255 where three or more do. ``difference``: uint8 (H, W), how far the drawing is from the
    plate there, 255 from `FAR` times the shot's usual difference on. ``change``: uint8 (H, W), how much the
    drawings of the shot differ from each other at that place, whoever stands there: `STILL` where they are
    alike, 255 where each is another, 0 where nobody knows.
    """

    plate: np.ndarray
    known: np.ndarray
    difference: np.ndarray
    change: np.ndarray


STILL = 64
"""What `changed` gives where nothing changes."""
FAR = 12.0
"""Usual differences from which on a drawing differs wholly from its plate."""
_NOISE = np.float32(2.0)  # usual differences up to which pictures are alike
_ASKED = 7  # every so manyth pixel tells the usual difference
_SURE = 3  # drawings that show the plate from which it is known
USUAL = (1.5, 8.0)
"""Grey levels the usual difference of a shot lies between: a file's rounding, and worn film."""


def nothing(shape: tuple[int, ...]) -> PlateEvidence:
    """What is told of a picture (H, W, 3) for itself."""
    empty = np.zeros(shape[:2], np.uint8)
    return PlateEvidence(np.zeros((*shape[:2], 3), np.uint8), empty, empty, empty)


def median(stack: np.ndarray, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The middle one of what N pictures show of each pixel: uint8 (H, W, 3), and by how many it is shown,
    uint8 (H, W).

    ``stack``: uint8 (N, H, W, 3), ``shown``: bool (N, H, W). Sorted by a network of comparisons (Batcher,
    1968) on whole pictures, many times as fast as pixel by pixel. What a picture does not show counts as
    black and white in turn, which leaves the middle where it was.
    """
    stack, shown = stack[:MOST], shown[:MOST]
    count = shown.sum(0, dtype=np.uint8)
    if shown.all():
        planes = [picture.copy() for picture in stack]
    else:
        hidden, planes = np.zeros(shown.shape[1:], np.uint8), []
        for picture, seen in zip(stack, shown, strict=True):
            filler = cv2.cvtColor((hidden & 1) * np.uint8(255), cv2.COLOR_GRAY2RGB)
            planes.append(np.where(seen[..., None], picture, filler))
            hidden += ~seen
    for low, high in _network(len(planes)):
        planes[low], planes[high] = cv2.min(planes[low], planes[high]), cv2.max(planes[low], planes[high])
    half = len(planes) // 2
    middle = planes[(len(planes) - 1) // 2]
    if len(planes) % 2 == 0 and (odd := (count & 1).astype(bool)).any():
        # one black more than white: the middle is one further up
        middle = np.where(odd[..., None], planes[half], middle)
    return np.where(count[..., None] > 0, middle, 0).astype(np.uint8), count


def usual(pictures: Sequence[np.ndarray], plates: Sequence[np.ndarray], where: Sequence[np.ndarray]) -> float:
    """The usual difference between pictures and plates, in grey levels: the median over where (bool) the
    plate should explain them.
    """
    told = [distance(p, b)[w][::_ASKED] for p, b, w in zip(pictures, plates, where, strict=True)]
    every = np.concatenate(told) if told else np.zeros(0)
    return float(np.clip(np.median(every), *USUAL)) if every.size else USUAL[0]


def distance(picture: np.ndarray, plate: np.ndarray) -> np.ndarray:
    """How far a picture is from a plate, uint8 (H, W): the farthest of the three colours, each smoothed over
    three pixels.
    """
    return largest(cv2.blur(cv2.absdiff(picture, plate), (3, 3)))


def changed(stack: np.ndarray, reached: np.ndarray, noise: float) -> np.ndarray:
    """How much N pictures of one place differ from what most of them show, uint8 (H, W), see `PlateEvidence`.

    ``stack``: uint8 (N, H, W, 3); ``reached``: bool (N, H, W), where a picture shows the place, figures and
    all; ``noise``: the usual difference. What differs in one picture of many is seen as well: it is the root
    of the mean.
    """
    stack, reached = stack[:MOST], reached[:MOST]
    middle, count = median(stack, reached)
    total = np.zeros(count.shape, np.float32)
    for picture, there in zip(stack, reached, strict=True):
        apart = distance(picture, middle).astype(np.float32) * np.float32(1 / noise)
        total += there * np.clip((apart - _NOISE) * np.float32(1 / (FAR - _NOISE)), 0, 1)
    share = np.sqrt(total / np.maximum(count, 1))
    return np.where(count >= _SURE, STILL + np.rint((255 - STILL) * share), 0).astype(np.uint8)


def measured(
    picture: np.ndarray, plate: np.ndarray, count: np.ndarray, noise: float, change: np.ndarray
) -> PlateEvidence:
    """The evidence of a picture, from the plate as it would see it, by how many drawings that is shown, the
    usual difference, and what `changed` says of its places.
    """
    known = np.minimum(count, _SURE) * np.uint8(255 // _SURE)
    apart = np.minimum(distance(picture, plate).astype(np.float32) * (255 / (FAR * noise)), 255).astype(
        np.uint8
    )
    return PlateEvidence(plate, known, np.where(known > 0, apart, 0).astype(np.uint8), change)


def resized(told: PlateEvidence, size: tuple[int, int]) -> PlateEvidence:
    """The evidence of a picture as that of the same picture made smaller, `size` wide and high."""
    return PlateEvidence(*(cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in told))


@cache
def _network(number: int) -> tuple[tuple[int, int], ...]:
    """Comparisons that sort `number` things: Batcher's merge exchange (Knuth, The Art of Computer Programming
    3, 5.2.2 M).
    """
    return tuple(_exchanges(number))


def _exchanges(number: int) -> Iterator[tuple[int, int]]:
    if number < 2:
        return
    top = 1 << ((number - 1).bit_length() - 1)
    step = top
    while step > 0:
        reach, rest, gap = top, 0, step
        while True:
            for i in range(number - gap):
                if i & step == rest:
                    yield i, i + gap
            if reach == step:
                break
            gap, reach, rest = reach - step, reach >> 1, step
        step >>= 1
