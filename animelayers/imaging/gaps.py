"""Gaps in a figure, between hair and arm, arm and body: nets close them, the colours of what is behind open them again."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.masks import shared

_LEVELS = (13, 16, 16)  # bins of Lab's axes: cel paint is flat, and what is behind a gap is seen beside the figure as well
_STEP = (20, 10, 10)  # levels of uint8 Lab in a bin; painted colours lie within +-80 of grey on a and b
_CELL = 40  # pixels of the side of the squares of the picture whose colours are counted together
_NEAR = (1.0, 2.0, 3.0, 2.0, 1.0)  # how much the squares beside one count in it, down and across
_WHOLE = 0.5  # how much the colours of the whole figure count beside those near: white shirts before white walls stay
_RARE = 40.0  # counts below which a colour says nothing
_LEAST, _MOST = 16, 0.1  # pixels, and share of the figure: what is larger is a shirt before a wall of its colour
_LIMB = 5  # pixels of the thickness from which a piece is no lock
_REST, _GROW = -0.3, 6  # log odds from which pixels beside a gap are part of it, and how many pixels deep


class _Kind(NamedTuple):
    """What may be a gap: ``alpha``, ``odds`` and ``claim`` of each of its pixels, ``thick`` in pixels, ``mean_odds`` and ``mean_claim`` of all of it.

    Odds are logarithms, and like the alpha at least; claims are at most, for of a figure's own paint nets claim more.
    """

    alpha: float
    odds: float
    claim: float
    thick: int
    mean_odds: float
    mean_claim: float


_KINDS = (
    _Kind(0.4, 0.0, 0.985, 3, 0.25, 0.9),
    # The slit between a lock and a sleeve, which nets hardly see, has to look more like what is behind. Where they differ it is no slit.
    _Kind(0.9, 0.5, 0.998, 2, 0.6, 0.97),
)


def gaps(picture: np.ndarray, alpha: np.ndarray, claim: np.ndarray) -> np.ndarray:
    """Where a matte covers what is seen of the background through a gap in the figure: bool (H, W).

    `picture` uint8 sRGB (H, W, 3), some 360 rows; `alpha` and `claim` float32 (H, W), 0..1: the matte, and what a net claimed that sees
    small things. A gap shows colours that are found beside the figure nearby and hardly in it, and the net was less sure of it than it
    is of a figure. Local colour models are those of Bai et al., "Video SnapCut" (SIGGRAPH 2009).
    """
    found = np.zeros(alpha.shape, bool)
    inside, outside = alpha > 0.8, alpha < 0.05
    if min(np.count_nonzero(inside), np.count_nonzero(outside)) < 64:
        return found
    odds = _odds(picture, inside, outside)
    most = _MOST * np.count_nonzero(inside)
    gap: np.ndarray = np.zeros(alpha.shape, np.uint8)
    for kind in _KINDS:
        likely: np.ndarray = ((alpha > kind.alpha) & (odds > kind.odds) & (claim < kind.claim)).astype(np.uint8)
        likely = cv2.morphologyEx(likely, cv2.MORPH_OPEN, np.ones((kind.thick,) * 2, np.uint8))  # what is thinner is the figure's outline
        count, labels, stats, _ = cv2.connectedComponentsWithStats(likely, connectivity=4)
        size = stats[:, cv2.CC_STAT_AREA]
        odd, claimed = (np.bincount(labels.ravel(), plane.ravel(), count) for plane in (odds, claim))
        kept = (size >= _LEAST) & (size <= most) & (odd > kind.mean_odds * size) & (claimed < kind.mean_claim * size)
        kept[0] = False
        gap |= kept[labels].view(np.uint8)
    room = ((alpha > 0.4) & (odds > _REST)).view(np.uint8)
    for _ in range(_GROW):
        gap = cv2.bitwise_and(cv2.dilate(gap, np.ones((3, 3), np.uint8)), room)
    return _whole(alpha > 0.5, gap) > 0


def _whole(figure: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """The gaps, uint8 (H, W), but for those that cut a hand or a foot off a `figure`: only thin locks may end in one."""
    if not gap.any():
        return gap
    rest = (figure & (gap == 0)).view(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(rest, connectivity=8)
    _, before = cv2.connectedComponents(figure.view(np.uint8), connectivity=8)
    thick = np.bincount(labels[cv2.erode(rest, np.ones((_LIMB, _LIMB), np.uint8)) > 0], minlength=count) > 0
    owner = np.zeros(count, int)
    owner[labels.ravel()] = before.ravel()
    area = stats[:, cv2.CC_STAT_AREA]
    largest = np.zeros(int(before.max()) + 1, int)
    np.maximum.at(largest, owner[1:], area[1:])
    cut = thick & (area < largest[owner])
    cut[0] = False
    if not cut.any():
        return gap
    beside = cv2.dilate(cut[labels].view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    parts, part = cv2.connectedComponents(gap, connectivity=8)
    kept = np.bincount(part[beside], minlength=parts) == 0
    whole: np.ndarray = gap * kept[part].view(np.uint8)
    return whole


def _odds(picture: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Log of how often the colour of each pixel is seen outside the figure nearby over how often in it: float32 (H, W)."""
    light, a, b = cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2Lab))
    most = (levels - 1 for levels in _LEVELS)
    bins = [
        np.clip((plane.astype(np.int32) - low) // step, 0, top) for plane, low, step, top in zip((light, a, b), (0, 48, 48), _STEP, most, strict=True)
    ]
    colour = (bins[0] * _LEVELS[1] + bins[1]) * _LEVELS[2] + bins[2]
    height, width = inside.shape
    rows, columns = -(-height // _CELL), -(-width // _CELL)
    square = (np.arange(height) // _CELL)[:, None] * columns + np.arange(width) // _CELL
    cell = square * int(np.prod(_LEVELS)) + colour
    own, other = (_counts(cell[where], rows, columns) for where in (inside, outside))
    whole = own.sum((0, 1))
    own, other = _spread(own), _spread(other)
    mine = own.ravel().take(cell) + np.float32(_WHOLE) * whole.take(colour)
    odds: np.ndarray = cv2.blur(np.log((other.ravel().take(cell) + _RARE) / (mine + _RARE)), (3, 3))
    return odds


def _counts(cells: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """How often each colour is seen in each square, its neighbours of the palette sharing in it: float32 (rows, columns, colours)."""
    counts = np.bincount(cells, minlength=rows * columns * int(np.prod(_LEVELS))).astype(np.float32).reshape(-1, *_LEVELS)
    return np.ascontiguousarray(shared(counts, (1, 2, 3))).reshape(rows, columns, -1)


def _spread(counts: np.ndarray) -> np.ndarray:
    """The counts of each square with those of the squares around it."""
    for axis in (0, 1):
        apart = np.moveaxis(counts, axis, 0)
        total = np.zeros_like(apart)
        for step, weight in zip(range(-2, 3), _NEAR, strict=True):
            kept = len(apart) - abs(step)
            if kept > 0:
                total[max(0, step) : max(0, step) + kept] += np.float32(weight) * apart[max(0, -step) : max(0, -step) + kept]
        counts = np.moveaxis(total, 0, axis)
    return np.ascontiguousarray(counts)
