"""How much of one picture another explains: the evidence that two frames show the same place, wherever camera
and figures went.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

WIDTH = 64
"""Pixels across of the pictures compared: figures and places are still there, line art and grain are not."""

BLOCK = 8
"""Pixels of the side of a block; sizes are whole blocks. Smaller ones find their like in any picture."""

# pixels a block may have moved: a sixteenth of the width between two frames, about a figure run on twos
_REACH = 4
_NOISE = 4.0  # squared levels, all channels: what coding and grain alone change between equal pictures
_SCALE = 40.0  # levels that a normalised picture varies by, about what a drawn one does
_OUTSIDE = 1e4  # level beyond the border: no block is like it
_LEVELS = 8
_ONES = np.ones((1, 3), np.float32)
_MOVES = [(x, y) for y in range(2 * _REACH + 1) for x in range(2 * _REACH + 1)]


def shrink(picture: np.ndarray) -> np.ndarray:
    """A picture (uint8 (H, W, 3)) as it is compared: float32 (8 n, 64, 3), 0..255."""
    height, width = picture.shape[:2]
    rows = int(np.clip(round(height * WIDTH / width / BLOCK), 1, 32))
    return cv2.resize(picture, (WIDTH, rows * BLOCK), interpolation=cv2.INTER_AREA).astype(np.float32)


def contrast(small: np.ndarray) -> float:
    """Root of the mean squared distance of the pixels of a shrunk picture from their mean colour: levels, 0
    for one flat colour.
    """
    _, deviation = cv2.meanStdDev(small)
    return float(np.sqrt(np.square(deviation).sum()))


def likeness(one: np.ndarray, other: np.ndarray, enough: float = 1.0) -> float:
    """The share of each picture's variance that the other explains, the smaller of the two; 1 for equal
    pictures, unbounded below.

    Both are from `shrink`, of one size. It is the best of three explanations: nothing moved; nothing moved
    but light and contrast, as in a fade; every block has moved a little, or the way the whole picture has (by
    phase correlation, as in a pan), what came into view left out as long as half of the picture stays. Looks
    no further once it has `enough`.
    """
    unit = min(contrast(one), contrast(other)) ** 2 + _NOISE
    found: float = 1 - _squared(one, other) / unit
    if found < enough:
        found = max(found, 1 - _squared(_normal(one), _normal(other)) / (_SCALE**2 + _NOISE))
    if found < enough:
        x, y = _move(one, other)
        found = max(found, min(_explained(one, other, x, y), _explained(other, one, -x, -y)))
    return found


def palette(one: np.ndarray, other: np.ndarray) -> float:
    """The share, 0..1, of two shrunk pictures that is of the same colours, wherever they are: the
    intersection of their histograms.
    """
    return float(np.minimum(_colours(one), _colours(other)).sum())


def _colours(small: np.ndarray) -> np.ndarray:
    """A histogram of 8 x 8 x 8 colours, (64, 8), sum 1; a pixel counts for the colours around it by nearness,
    so light may waver.
    """
    level = small.reshape(-1, 3, 1) * np.float32((_LEVELS - 1) / 255)
    near = np.maximum(0, 1 - np.abs(level - np.arange(_LEVELS, dtype=np.float32)))
    first = (near[:, 0, :, None] * near[:, 1, None, :]).reshape(len(near), -1)
    shares: np.ndarray = first.T @ near[:, 2] / len(near)
    return shares


def _squared(one: np.ndarray, other: np.ndarray) -> float:
    return float(cv2.norm(one, other, cv2.NORM_L2SQR) / (one.shape[0] * one.shape[1]))


def _normal(small: np.ndarray) -> np.ndarray:
    scale = _SCALE / np.sqrt(contrast(small) ** 2 + _NOISE)
    normal: np.ndarray = (small - small.mean((0, 1))) * np.float32(scale)
    return normal


def _move(one: np.ndarray, other: np.ndarray) -> tuple[int, int]:
    """Pixels (x, y) from where something is in `other` to where it was in `one`."""
    now, then = (cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in (other, one))
    (x, y), _ = cv2.phaseCorrelate(now, then, _window(one.shape[0]))
    return round(x), round(y)


@cache
def _window(height: int) -> np.ndarray:
    return cv2.createHanningWindow((WIDTH, height), cv2.CV_32F)


def _explained(source: np.ndarray, target: np.ndarray, x: int, y: int) -> float:
    """The share of the variance of `target` that blocks of `source` explain, looked for around their place
    and (x, y) from it.
    """
    variance = _blocks(target - target.mean((0, 1)))
    near = _rest(source, target, 0, 0)
    share = 1 - float(near.mean()) / (float(variance.mean()) + _NOISE)
    if max(abs(x), abs(y)) > 1:
        far = _rest(source, target, x, y)
        seen = far < (_OUTSIDE / BLOCK) ** 2
        if seen.mean() >= 0.5:
            # What stays in view must hold something: flat ground that is like flat ground says nothing.
            unit = max(float(variance[seen].mean()), float(variance.mean()) / 2) + _NOISE
            share = max(share, 1 - float(np.minimum(near, far)[seen].mean()) / unit)
    return share


def _rest(source: np.ndarray, target: np.ndarray, x: int, y: int) -> np.ndarray:
    """Squared difference of each block of `target` from its best match in `source`, float32 (H / 8, W / 8)."""
    height, width = target.shape[:2]
    edge = _REACH + max(abs(x), abs(y))
    wide = cv2.copyMakeBorder(source, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(_OUTSIDE,) * 3)
    top, left = edge + y - _REACH, edge + x - _REACH
    best = np.full((height // BLOCK, width // BLOCK), np.inf, np.float32)
    for dx, dy in _MOVES:
        moved = wide[top + dy : top + dy + height, left + dx : left + dx + width]
        best = np.minimum(best, _blocks(cv2.absdiff(moved, target)))
    return best


def _blocks(difference: np.ndarray) -> np.ndarray:
    """The mean of squares over blocks, channels added."""
    height, width = difference.shape[:2]
    squares = cv2.transform(cv2.multiply(difference, difference), _ONES)
    return cv2.resize(squares, (width // BLOCK, height // BLOCK), interpolation=cv2.INTER_AREA)
