"""Figures told apart: whose colours lie where, where a figure went, and which pixels of a merged island are
whose.

Masks and label maps are small (a few hundred pixels high); a `Appearance` is what a figure is known by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from animelayers.imaging.masks import colour_bins

_LEVELS = (16, 12, 12)  # bins of L, a and b
# bins from the top of a figure to its bottom: hair, face, dress and shoes of two people may share colours,
# not places
_HEIGHTS = 6
_LEAST = 1e-4  # density of a colour that was never seen on a figure
_KEPT, _NEW = 0.8, 0.2  # of the colours that a figure was known by, and of those it is seen with
_PACED = 0.2  # how much the pace follows a figure of which not all is seen, 0..1
_HERE, _ANYWHERE = 0.7, 0.3  # of a colour's density at a height, and on the whole figure: arms rise
# part of the height that a figure may be off its place by, and how likely it is elsewhere
_NEAR, _OFF = 60, 0.02
# part of the height over which neighbours decide together, and the sigma in pixels at least
_TOGETHER, _SOFT = 120, 0.8
_REACH = 8  # pixels at least around its predicted place that a figure is looked for in
# share of a figure's mass that a place at the end of its reach costs, and times more if it lies above or
# below
_JUMP, _RISE = 0.25, 4
_BESIDE = 0.3  # of a bin's count that its neighbours get
_GROWN = 0.05  # of the height that a small label map may be off at its rim


def cells(picture: np.ndarray) -> np.ndarray:
    """The colour bin of each pixel of a uint8 sRGB picture (H, W, 3), int32 (H, W)."""
    return colour_bins(picture, _LEVELS)


@dataclass
class Appearance:
    """What a figure looks like: the densities of its colours at each height, its last whole mask, its place
    and its pace.

    ``colours`` float64 (heights, colours), each row sums to 1 or 0; ``mask`` bool (H, W); ``centre`` and
    ``pace`` pixels (x, y).
    """

    colours: np.ndarray
    mask: np.ndarray
    centre: np.ndarray
    pace: np.ndarray

    @classmethod
    def of(cls, cell: np.ndarray, mask: np.ndarray) -> Appearance:
        """The look of the figure that covers `mask` (bool (H, W), not empty) of a picture with colour bins
        `cell`.
        """
        return cls(densities(cell, mask), mask, centre(mask), np.zeros(2))

    def seen(self, cell: np.ndarray, mask: np.ndarray) -> None:
        """All of the figure that is in the frame now covers `mask` (bool (H, W), not empty): its look, place
        and pace follow.
        """
        self.hidden(centre(mask), 0.5 if self.pace.any() else 1.0)
        self.mask, self.colours = mask, _KEPT * self.colours + _NEW * densities(cell, mask)

    def hidden(self, place: np.ndarray, trust: float = _PACED) -> None:
        """The figure's middle is now about `place` (x, y), though not all of it is seen; `trust` 0..1 how
        much its pace follows.
        """
        self.pace = (1 - trust) * self.pace + trust * (place - self.centre)
        self.centre = place

    def turned(self) -> Appearance:
        """The same look for going back in time."""
        return Appearance(self.colours, self.mask, self.centre, -self.pace)

    def placed(self, place: np.ndarray) -> np.ndarray:
        """Its last whole mask with its middle moved to `place` (x, y), bool (H, W)."""
        return shift(self.mask, place - centre(self.mask))

    def expected(self) -> np.ndarray:
        """Its last whole mask where its pace leads, bool (H, W)."""
        return self.placed(self.centre + self.pace)

    def alike(self, cell: np.ndarray, mask: np.ndarray) -> float:
        """Bhattacharyya coefficient of its colours and those within `mask`, 0..1; heights are not compared, a
        figure may be cut.
        """
        return float(np.sqrt(self.colours.mean(axis=0) * densities(cell, mask).mean(axis=0)).sum())

    def likely(self, cell: np.ndarray, top: float, height: float) -> np.ndarray:
        """Log density of each pixel's colour on this figure, were its top at row `top` and it `height` pixels
        high, float32 (H, W).
        """
        rows = np.clip((np.arange(len(cell)) - top) / max(1.0, height) * _HEIGHTS, 0, _HEIGHTS - 1).astype(
            int
        )
        anywhere = np.log(_HERE * self.colours + _ANYWHERE * self.colours.mean(axis=0) + _LEAST)
        found: np.ndarray = anywhere[rows[:, None], cell].astype(np.float32)
        return found


def centre(mask: np.ndarray) -> np.ndarray:
    """Middle of mass (x, y) of a bool mask (H, W), float64; the middle of the frame where it is empty."""
    m = cv2.moments(mask.astype(np.uint8), binaryImage=True)
    return np.array([m["m10"], m["m01"]]) / m["m00"] if m["m00"] else np.array(mask.shape[::-1]) / 2


def shift(mask: np.ndarray, by: np.ndarray) -> np.ndarray:
    """A bool mask (H, W) moved by whole pixels (x, y); what leaves the frame is lost."""
    move = np.array([[1, 0, round(float(by[0]))], [0, 1, round(float(by[1]))]], np.float64)
    return cv2.warpAffine(mask.astype(np.uint8), move, mask.shape[::-1], flags=cv2.INTER_NEAREST) > 0


def share_out(
    cell: np.ndarray, island: np.ndarray, looks: Sequence[Appearance]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Whose each pixel of an `island` (bool (H, W)) is in which the figures of `looks` touch or hide each
    other.

    Gives the index into `looks`, int (H, W), -1 outside the island, and where the middle of each figure is.
    Each figure is laid over the island where its shape covers most of its own colours, near where its pace
    leads; then each pixel goes to the figure whose colours and place suit it best, neighbours deciding
    together.
    """
    logs = [look.likely(cell, *_extent(look.expected())) for look in looks]
    places, scores = [], []
    for k, look in enumerate(looks):
        rivals = np.max([log for n, log in enumerate(logs) if n != k], axis=0)
        evidence = np.where(island, np.clip(logs[k] - rivals, -2, 2), np.float32(-1)).astype(np.float32)
        place = _settle(evidence, look)
        places.append(place)
        body = look.placed(place)
        near = cv2.GaussianBlur(body.astype(np.float32), (0, 0), max(1.0, len(cell) / _NEAR))
        log = look.likely(cell, *_extent(body)) + np.log(near + _OFF)
        scores.append(cv2.GaussianBlur(log, (0, 0), max(_SOFT, len(cell) / _TOGETHER)))
    return np.where(island, np.argmax(scores, axis=0), -1), places


def _settle(evidence: np.ndarray, look: Appearance) -> np.ndarray:
    """The middle of the figure where its mask, near its predicted place, sums up most evidence."""
    x, y, w, h = cv2.boundingRect(look.mask.astype(np.uint8))
    brush = look.mask[y : y + h, x : x + w].astype(np.float32)
    expected = look.centre + look.pace
    reach = max(_REACH, round(0.5 * w), round(float(np.abs(look.pace).max())))
    offset = expected - centre(look.mask)
    left, top = x + round(float(offset[0])) - reach, y + round(float(offset[1])) - reach
    wide = cv2.copyMakeBorder(
        evidence, h + reach, h + reach, w + reach, w + reach, cv2.BORDER_CONSTANT, value=0
    )
    row, column = (
        np.clip(top + h + reach, 0, len(wide) - h - 2 * reach),
        np.clip(left + w + reach, 0, wide.shape[1] - w - 2 * reach),
    )
    sums = cv2.matchTemplate(
        wide[row : row + h + 2 * reach, column : column + w + 2 * reach], brush, cv2.TM_CCORR
    )
    v, u = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    # figures cross sideways more than they jump
    sums -= (_JUMP * brush.sum() * (u * u + _RISE * v * v) / reach**2).astype(np.float32)
    best = np.unravel_index(int(np.argmax(sums)), sums.shape)
    place: np.ndarray = expected + np.array([best[1] - reach, best[0] - reach])
    return place


def _extent(mask: np.ndarray) -> tuple[float, float]:
    _, y, _, h = cv2.boundingRect(mask.astype(np.uint8))
    return float(y), float(h)


def densities(cell: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Densities of the colour bins `cell` within a bool mask (H, W) at each height of it, float64 (heights,
    colours).

    They are blurred to the neighbouring bins, so that a gradient does not fall between two.
    """
    rows, columns = np.nonzero(mask)
    shape = (_HEIGHTS, *_LEVELS)
    if not len(rows):
        return np.zeros((_HEIGHTS, int(np.prod(_LEVELS))))
    at = (rows - rows.min()) * _HEIGHTS // (rows.max() - rows.min() + 1)
    cells_at = at * int(np.prod(_LEVELS)) + cell[rows, columns]
    counts: np.ndarray = (
        np.bincount(cells_at, minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)
    )
    for axis in range(1, counts.ndim):
        counts += _BESIDE * (np.roll(counts, 1, axis) + np.roll(counts, -1, axis))
    counts = counts.reshape(_HEIGHTS, -1)
    total = counts.sum(axis=1, keepdims=True)
    found: np.ndarray = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    return found


def lift(labels: np.ndarray, size: tuple[int, int], mask: np.ndarray | None) -> np.ndarray:
    """A small label map uint8 (h, w) at `size` (H, W): within `mask` (bool (H, W)) each pixel near a figure
    is the nearest one's.

    Without a mask the figures are those of the label map, enlarged.
    """
    ids = [int(k) for k in np.flatnonzero(np.bincount(labels.ravel())) if k]
    if not ids:
        return np.zeros(size, np.uint8)
    if mask is not None:
        away, nearest = cv2.distanceTransformWithLabels(
            (labels == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3, labelType=cv2.DIST_LABEL_PIXEL
        )
        table = np.zeros(int(nearest.max()) + 1, np.uint8)
        table[nearest[labels > 0]] = labels[labels > 0]
        labels = np.where(away <= _GROWN * len(labels), table[nearest], 0).astype(np.uint8)
    # Enlarged one by one, so that the line between two figures runs smoothly.
    found: np.ndarray = np.zeros(size, np.uint8)
    best: np.ndarray = np.full(size, 0 if mask is not None else 127, np.uint8)
    for k in ids:
        plane = cv2.resize((labels == k) * np.uint8(255), size[::-1], interpolation=cv2.INTER_LINEAR)
        if len(ids) == 1:
            found = cv2.threshold(plane, 0 if mask is not None else 127, k, cv2.THRESH_BINARY)[1]
            break
        cv2.copyTo(np.full(size, k, np.uint8), cv2.compare(plane, best, cv2.CMP_GT), found)
        best = cv2.max(plane, best)
    return found if mask is None else cv2.copyTo(found, mask.view(np.uint8))
