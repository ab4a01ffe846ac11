"""Held drawings: which frames of a clip show the same drawing, under the noise their codec left.

Animation holds a drawing for two or three frames, and a codec makes each of them differ a little. Two frames
show one drawing where nothing local changed beyond that noise (a blink, a mouth), and nothing of the whole
moved, dimmed or shimmered. When in doubt they differ.
"""

from __future__ import annotations

from collections import deque
from functools import cached_property

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.imaging.constants import SOBEL

RECENT = 8
"""Drawings a frame is held against: a mouth cycle is rarely longer."""

# all is seen at half size, where the noise of a codec has half its strength and a drawn line still all of its
# length
_SMALL = 2
_LEAST, _MOST = 7.0, 12.0  # grey levels a local change may have under a codec that adds little, and under any
# side in pixels of half size, share of the contrast around that ringing may reach, weight
_WINDOWS = ((2, 0.15, 1.0), (4, 0.1, 0.7))
# ringing included, of a held drawing and of one that comes again: another one may differ by a hair
_EVER, _AGAIN = 22.0, 10.0
_TYPICAL = 3.0  # the worst noise of a clip against that of its quieter pairs of frames
_GRAIN = 1.5  # grey levels of luma over the whole frame
_CELL = 16  # pixels (of half size) across the cells whose mean grey tells of fades
_FADE = 0.4  # grey levels of these means over the whole frame
# pixels the frame, half of its parts, any part may seem to move
_SHIFT, _USUAL_SHIFT, _PART_SHIFT = 0.04, 0.06, 0.25
# squared slope, over the frame and in a part, with which noise does not look like motion
_FLAT, _FLAT_PART = 0.01, 4.0
_QUIETER = 0.25  # share of the pairs of frames that are the quieter ones
_PARTS = 4
_ENOUGH = 240 * 135  # pixels of quarter size from which on these limits hold
_UNLIKE = 99.0  # the local change of frames that differ as a whole


class _Look:
    """What is kept of a frame to compare others with; what few comparisons come to is made when one does."""

    def __init__(self, frame: np.ndarray) -> None:
        height, width = frame.shape[:2]
        half = (max(1, width // _SMALL), max(1, height // _SMALL))
        self.small = cv2.cvtColor(cv2.resize(frame, half, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2YCrCb)
        self.luma = cv2.extractChannel(self.small, 0)
        cells = (max(1, half[0] // _CELL), max(1, half[1] // _CELL))
        self.means = cv2.resize(self.luma.astype(np.float32), cells, interpolation=cv2.INTER_AREA)

    @cached_property
    def contrast(self) -> np.ndarray:
        """The range of the luma around each pixel, uint8."""
        around = square(2)
        return np.asarray(cv2.subtract(cv2.dilate(self.luma, around), cv2.erode(self.luma, around)))

    @cached_property
    def quarter(self) -> np.ndarray:
        """The luma at a quarter of the frame's size, float32."""
        height, width = self.luma.shape
        side = (max(1, width // 2), max(1, height // 2))
        return np.asarray(cv2.resize(self.luma.astype(np.float32), side, interpolation=cv2.INTER_AREA))

    @cached_property
    def slopes(self) -> tuple[np.ndarray, np.ndarray]:
        """How `quarter` rises along x and y, grey levels a pixel, smoothed."""
        x, y = (cv2.Sobel(self.quarter, cv2.CV_32F, *along, scale=SOBEL) for along in ((1, 0), (0, 1)))
        return np.asarray(cv2.blur(x, (3, 3))), np.asarray(cv2.blur(y, (3, 3)))


class Fold:
    """Numbers the drawings of a clip, fed with its frames in order; keeps a few small pictures and no frame.

    A frame is held against the first frame of each of the last `recent` drawings, the newest first, never
    against its neighbour alone: what drifts slowly is a new drawing as soon as it has gone too far. How much
    noise is normal is learnt from the clip.
    """

    def __init__(self, recent: int = RECENT) -> None:
        self._looks: deque[tuple[int, _Look]] = deque(maxlen=max(1, recent))
        self._before: _Look | None = None
        self._changes: list[float] = []
        self.count = 0

    def add(self, frame: np.ndarray) -> int:
        """The number of the drawing that the next frame, uint8 sRGB (H, W, 3), shows; `count` of before for a
        new one.
        """
        look = _Look(frame)
        if self._before is not None and self._before.small.shape != look.small.shape:
            self._looks.clear()
            self._before = None
        if self._before is not None:
            self._changes.append(_UNLIKE if _dimmed(self._before, look) else _local(self._before, look)[0])
        self._before = look
        last = len(self._looks) - 1
        for place in range(last, -1, -1):
            number, known = self._looks[place]
            if _same(known, look, self.limit, _EVER if place == last else _AGAIN):
                break
        else:
            number, known = self.count, look
            self.count += 1
            place = last + 1
        if place <= last:
            del self._looks[place]
        self._looks.append((number, known))  # the drawing shown last stands last
        return number

    @property
    def limit(self) -> float:
        """Grey levels of local change that the noise of the frames seen so far explains."""
        usual = float(np.quantile(self._changes, _QUIETER)) if self._changes else 0.0
        return float(np.clip(_TYPICAL * usual, _LEAST, _MOST))


def _local(one: _Look, other: _Look) -> tuple[float, float]:
    """The largest local change beyond what ringing explains, and all of it, grey levels, at two widths, the
    wider one weighed up.
    """
    off = cv2.subtract(other.small, one.small, dtype=cv2.CV_32F)
    contrast = cv2.min(one.contrast, other.contrast).astype(np.float32)
    beyond = whole = 0.0
    for side, slack, share in _WINDOWS:
        y, cr, cb = (np.abs(plane) for plane in cv2.split(cv2.blur(off, (side, side))))
        strongest = cv2.max(cv2.max(y, cr), cb)
        whole = max(whole, cv2.minMaxLoc(strongest)[1] / share)
        beyond = max(beyond, cv2.minMaxLoc(cv2.addWeighted(strongest, 1, contrast, -slack, 0))[1] / share)
    return beyond, whole


def _same(one: _Look, other: _Look, limit: float, most: float) -> bool:
    """Whether local changes stay below `limit` beyond ringing and below `most` with it, and nothing of the
    whole changed.
    """
    if _dimmed(one, other) or cv2.norm(one.luma, other.luma, cv2.NORM_L2) > _GRAIN * np.sqrt(one.luma.size):
        return False
    beyond, whole = _local(one, other)
    return beyond <= limit and whole <= most and not _moved(one, other)


def _dimmed(one: _Look, other: _Look) -> bool:
    """Whether the light of the frame, or of large parts of it, changed: fades and dissolves, and most of what
    moves.
    """
    return bool(cv2.norm(one.means, other.means, cv2.NORM_L2) > _FADE * np.sqrt(one.means.size))


def _moved(one: _Look, other: _Look) -> bool:
    """Whether the frame as a whole, or a large part of it, is shifted: least squares over its slopes (Lucas,
    Kanade, 1981).
    """
    change = cv2.blur(other.quarter - one.quarter, (3, 3))
    x, y = one.slopes
    sums = np.stack([_parts(a * b) for a, b in ((x, x), (x, y), (y, y), (x, change), (y, change))])
    whole = _shift(sums.mean(axis=(1, 2)), _FLAT)
    parts = _shift(sums, _FLAT_PART)
    # In pixels of the frame; the fewer there are, the more noise looks like motion.
    size = 2 * _SMALL * min(1.0, float(np.sqrt(change.size / _ENOUGH)))
    return bool(
        size * whole > _SHIFT or size * np.median(parts) > _USUAL_SHIFT or size * parts.max() > _PART_SHIFT
    )


def _parts(plane: np.ndarray) -> np.ndarray:
    sides = (min(_PARTS, plane.shape[1]), min(_PARTS, plane.shape[0]))
    return cv2.resize(plane, sides, interpolation=cv2.INTER_AREA)


def _shift(sums: np.ndarray, flat: float) -> np.ndarray:
    xx, xy, yy, xt, yt = sums
    xx, yy = xx + flat, yy + flat
    det = xx * yy - xy * xy
    return np.asarray(np.hypot((yy * xt - xy * yt) / det, (xx * yt - xy * xt) / det))
