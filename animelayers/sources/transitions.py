"""Transitions: dissolves and wipes, in which one place gives way to another over many frames, so that no
frame is unlike the next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.sources.likeness import contrast, likeness, palette

SPANS = (8, 12, 16, 20, 24, 28, 32, 40, 48, 64, 96)
"""Frames apart at which two places are compared; a transition may be as long as the largest."""

# Held against composed shots of the split `train`: looser ones find more there, and cuts in real films that
# have none (docs/reading.md).
_EVERY = 3  # frames between two looks
_CELL = 4  # pixels of the side of a cell that goes over at once in a wipe
_APART = 150.0  # squared levels by which two places differ at least
# levels by which a cell has changed, and share of the picture that has: a figure that comes in changes less
_SEEN, _SPREAD = 4.0, 0.48
# likeness up to which two pictures are of two places, if a mixture of both explains what lies between
_LIKE = 0.4
_STEP = 0.64  # the same of an end and the middle, which is half of that end
_COLOURS = 0.93  # common palette from which two pictures are of the same things, moved
# levels of contrast of a place that is shown, and share of the other's: a fade changes the light, not the
# place
_SHOWN, _FADED = 20.0, 0.75
# share of the difference of the two places that a mixture leaves unexplained, at most: in the mean, and ever
_LEFT, _WORST = 0.13, 0.3
_BACK, _LEAP = 0.13, 0.5  # how far the mixture may go back from one sixth of the time to the next, or forth
# share of the second place up to which a transition has hardly begun, and from which it is all but over
_BEGUN, _OVER = 0.12, 0.88
_WIPED = 30  # frames of the longest wipe: what takes longer is something that crosses the picture
# how far from the middle of its time a dissolve may show half of each place, as a share of that time: it is
# even
_UNEVEN = 0.2
_SHORTEST = 4  # frames between; less is a cut


class Transition(NamedTuple):
    """First and last frame that show both places, the first frame that shows more of the second, and how much
    nothing explains, 0..1.
    """

    first: int
    last: int
    middle: int
    unexplained: float


class Blends:
    """Finds the dissolves and wipes of one film, fed with its frames in order, shrunk as `likeness.shrink`
    does.

    Two frames of different places, some time apart, are the ends of a transition if what lies between is a
    mixture of both that grows: in a dissolve everywhere by one share, in a wipe cell by cell the one or the
    other. A pan, or a figure that fills the frame, shows on its way what neither end shows.
    """

    def __init__(self) -> None:
        self._recent: deque[np.ndarray] = deque(maxlen=SPANS[-1] + 1)
        # a pixel per cell: most is refused by them
        self._tiny: deque[np.ndarray] = deque(maxlen=SPANS[-1] + 1)
        self._seen = 0
        self._found: list[Transition] = []

    def add(self, small: np.ndarray) -> None:
        """The next frame."""
        self._recent.append(small)
        self._tiny.append(_means(small))
        self._seen += 1
        if self._seen % _EVERY == 0:
            self._look()

    def found(self, cuts: Sequence[int]) -> list[Transition]:
        """The transitions without a cut in them, in order; of those that overlap the best explained. Nothing
        may be added afterwards.
        """
        self._look()
        kept: list[Transition] = []
        for one in sorted(self._found, key=lambda one: (one.unexplained, one.first)):
            alone = all(one.last < other.first or one.first > other.last for other in kept)
            if alone and not any(one.first - 1 <= cut <= one.last + 1 for cut in cuts):
                kept.append(one)
        return sorted(kept)

    def _look(self) -> None:
        for span in SPANS:
            if len(self._recent) > span:
                self._judge(span)

    def _judge(self, span: int) -> None:
        kinds = [kind for kind in (dissolved, wiped) if self._grows(kind, span)]
        if not kinds:
            return
        before, after = self._recent[-1 - span], self._recent[-1]
        apart = after - before
        low, high = sorted((contrast(before), contrast(after)))
        if low < max(_SHOWN, _FADED * high):
            return
        for kind in kinds:
            found = [kind(apart, self._recent[-1 - span + place] - before) for place in range(1, span)]
            course, left = (
                np.array([0.0, *(share for share, _ in found), 1.0]),
                np.array([rest for _, rest in found]),
            )
            if left.max() > _WORST or left.mean() > _LEFT or course[1] > _BEGUN or course[-2] < _OVER:
                continue
            first, last = int(np.flatnonzero(course > _BEGUN)[0]), int(np.flatnonzero(course < _OVER)[-1])
            if last - first + 1 < _SHORTEST or not _unlike(before, self._recent[-1 - span // 2], after):
                continue
            start, middle = self._seen - 1 - span, int(np.flatnonzero(course >= 0.5)[0])
            if kind is dissolved and abs((middle - first) / (last - first) - 0.5) > _UNEVEN:
                continue
            if kind is wiped and last - first + 1 > _WIPED:
                continue
            self._found.append(Transition(start + first, start + last, start + middle, float(left.mean())))

    def _grows(self, kind: Callable[[np.ndarray, np.ndarray], tuple[float, float]], span: int) -> bool:
        """Whether the mixture explains a few frames between, the middle first, and grows from each to the
        next.
        """
        before = self._tiny[-1 - span]
        apart = self._tiny[-1] - before
        if (
            float(np.vdot(apart, apart)) < _APART * apart.size
            or (np.abs(apart).max(1) > _SEEN).mean() < _SPREAD
        ):
            return False
        places = np.linspace(0, span, 7).astype(int)[1:-1]
        shares, left = dict.fromkeys(places.tolist(), 0.0), 0.0
        for place in sorted(shares, key=lambda place: abs(place - span // 2)):
            shares[place], rest = kind(apart, self._tiny[-1 - span + place] - before)
            left += rest
            if rest > _WORST or left > _LEFT * len(places):
                return False
        steps = np.diff([0.0, *shares.values(), 1.0])
        return bool(steps.min() >= -_BACK and steps.max() <= _LEAP)


def _unlike(before: np.ndarray, between: np.ndarray, after: np.ndarray) -> bool:
    """Whether two places are none that something moved through, which keeps its colours, or that the light
    changed in.
    """
    if palette(before, after) > _COLOURS:
        return False
    return (
        likeness(before, after, _LIKE) < _LIKE
        and max(likeness(before, between, _STEP), likeness(between, after, _STEP)) < _STEP
    )


def dissolved(apart: np.ndarray, gone: np.ndarray) -> tuple[float, float]:
    """How far a dissolve has come, 0..1, and the share of the difference `apart` of its ends that it leaves
    of what has `gone` unexplained.
    """
    total = float(np.vdot(apart, apart))
    share = float(np.clip(np.vdot(gone, apart) / total, 0, 1))
    return share, float(np.square(gone - np.float32(share) * apart).sum() / total)


def wiped(apart: np.ndarray, gone: np.ndarray) -> tuple[float, float]:
    """The same of a wipe: each cell shows one end or the other."""
    ends, now = (each if each.ndim == 2 else _cells(each) for each in (apart, gone))
    weight, stays, goes = (np.square(cells).sum(1) for cells in (ends, now, now - ends))
    total = float(weight.sum())
    return float(weight[goes < stays].sum() / total), float(np.minimum(stays, goes).sum() / total)


def _means(picture: np.ndarray) -> np.ndarray:
    """A picture (8 n, 64, 3) as the mean of each cell, (C, 3)."""
    rows, columns = picture.shape[0] // _CELL, picture.shape[1] // _CELL
    return cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA).reshape(-1, 3)


def _cells(picture: np.ndarray) -> np.ndarray:
    """A picture (8 n, 64, 3) as cells, (C, values)."""
    rows, columns = picture.shape[0] // _CELL, picture.shape[1] // _CELL
    made: np.ndarray = (
        picture.reshape(rows, _CELL, columns, _CELL, 3).transpose(0, 2, 1, 3, 4).reshape(rows * columns, -1)
    )
    return made
