"""A hand, simulated while a net is trained: it points at what the net gets wrong, so that the net learns to
take a word for it.

Sofiiuk et al., Reviving Iterative Training with Mask Guidance for Interactive Segmentation, ICIP 2022, for
words about the largest errors of the net as it is.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

_FIGURE, _EFFECT = 0, 1  # of the layers of the truth
_THERE = 0.5
_DENIED = 0.2  # share of the hands that say of a figure it is none: a statue, a poster
_MOST = 3  # words about one drawing
_BESIDE = 0.2  # share of the hands that say something nobody doubted, too
_SMALLEST = 16  # pixels of an error somebody points at
_FIGURES = 80  # pixels of a figure that is denied
_RIM = 5  # pixels around it that are its, too
_DOTS = (2, 6)  # pixels of the radius of what a hand points with, least and most


class Pointed(NamedTuple):
    """``said``: float32 (2, H, W), of figures and of effects 1 where the hand says so, -1 where it says no, 0
    where it says nothing; ``truth``: float32 (3, H, W), coverage that is right by what was said.
    """

    said: np.ndarray
    truth: np.ndarray


def pointed(found: np.ndarray, truth: np.ndarray, rng: np.random.Generator) -> Pointed:
    """What a hand says of a drawing of which a net says `found`, coverage float32 (3, H, W), 0..1, and which
    is `truth` of the same form.
    """
    said = np.zeros((2, *truth.shape[1:]), np.float32)
    if rng.random() < _DENIED:
        truth = _denied(said, truth, rng)
    if not said.any():
        pieces = sorted(_errors(found, truth), key=np.count_nonzero, reverse=True)
        for piece in pieces[: int(rng.integers(1, _MOST + 1))]:
            _say(said, truth, _inside(piece), rng)
    if rng.random() < _BESIDE:
        _say(said, truth, (int(rng.integers(truth.shape[2])), int(rng.integers(truth.shape[1]))), rng)
    return Pointed(said, truth)


def _denied(said: np.ndarray, truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The truth without one of the figures, of which the hand says it is none."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats((truth[_FIGURE] > _THERE).view(np.uint8))
    large = [k for k in range(1, count) if stats[k, cv2.CC_STAT_AREA] >= _FIGURES]
    if not large:
        return truth
    piece, others = pieces == (k := int(rng.choice(large))), (pieces > 0) & (pieces != k)
    around = cv2.dilate(piece.view(np.uint8), np.ones((_RIM, _RIM), np.uint8)) > 0
    truth = truth.copy()
    truth[_FIGURE][around & ~others] = 0
    _say(said, truth, _inside(piece), rng)
    return truth


def _errors(found: np.ndarray, truth: np.ndarray) -> list[np.ndarray]:
    """Pieces, bool (H, W), of what is missing and of what is too much."""
    made = []
    for layer in (_FIGURE, _EFFECT):
        own, true = found[layer] > _THERE, truth[layer] > _THERE
        for side in (own & ~true, true & ~own):
            count, pieces, stats, _ = cv2.connectedComponentsWithStats(side.view(np.uint8))
            made += [pieces == k for k in range(1, count) if stats[k, cv2.CC_STAT_AREA] >= _SMALLEST]
    return made


def _inside(piece: np.ndarray) -> tuple[int, int]:
    """The pixel (x, y) of a piece that is farthest from its rim."""
    depth = cv2.distanceTransform(np.pad(piece.view(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(x), int(y)


def _say(said: np.ndarray, truth: np.ndarray, at: tuple[int, int], rng: np.random.Generator) -> None:
    """Say what the truth is at (x, y), and around it as far as it is the same."""
    x, y = at
    there = truth[: len(said)] > _THERE
    dot = cv2.circle(
        np.zeros(said.shape[1:], np.uint8), at, int(rng.integers(_DOTS[0], _DOTS[1] + 1)), 1, -1
    ).astype(bool)
    for plane, layer in zip(said, there, strict=True):
        plane[dot & (layer == layer[y, x])] = 1 if layer[y, x] else -1
