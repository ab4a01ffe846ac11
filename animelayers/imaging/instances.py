"""Segments as one label map, mattes shared out among them, and figures that touch told apart by them."""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.imaging import masks
from animelayers.imaging.brush import square
from animelayers.imaging.constants import LEVELS, TINY
from animelayers.imaging.window import window

MOST = 254
"""Segments a drawing's label map can hold."""
LOOSE = 255
"""What is of a figure, but of no segment."""
# share of its mask that better segments must leave one: what loses more is the same thing claimed twice
_LEFT = 0.5
# share of the short side beyond a segment up to which a matte is its own: hair and coats that a coarse mask
# cut off
_REACH = 0.05
_CLEAR = 0.8  # share of a segment's pixels that agree on whose they are
# pixels, the sigma over which the border between two figures is shared: as wide as a drawn outline
_SOFT = 1.5


def label_map(claims: np.ndarray, scores: np.ndarray, min_area: int = 1) -> tuple[np.ndarray, list[int]]:
    """One label map of K masks that may overlap: uint8 (H, W), 0 none, k the k-th best; and which mask each
    label is, best score first.

    `claims` bool (K, H, W), `scores` float (K,). A pixel is that of the best of its masks; a mask of which
    better ones take most is dropped. Pieces of fewer than `min_area` pixels go to the segment that surrounds
    most of them, or to none; a segment without a larger piece is dropped. At most 254 are kept.
    """
    order = [int(k) for k in np.argsort(-np.asarray(scores, np.float64), kind="stable")]
    labels = np.zeros(claims.shape[1:], np.uint8)
    taken = np.zeros(claims.shape[1:], bool)
    kept: list[int] = []
    for k in order:
        free = claims[k] & ~taken
        area = np.count_nonzero(free)
        if len(kept) < MOST and area >= min_area and area > _LEFT * np.count_nonzero(claims[k]):
            kept.append(k)
            labels[free] = len(kept)
            taken |= free
    return _tidy(labels, kept, min_area)


def _tidy(labels: np.ndarray, kept: list[int], min_area: int) -> tuple[np.ndarray, list[int]]:
    """Labels without small pieces, and counted without gaps."""
    made = labels.copy()
    for label in range(1, len(kept) + 1):
        where = window((labels == label).view(np.uint8), 1)
        if where is None:
            continue
        count, pieces, stats, _ = cv2.connectedComponentsWithStats(
            (labels[where] == label).astype(np.uint8), connectivity=8
        )
        for piece in range(1, count):
            if stats[piece, cv2.CC_STAT_AREA] < min_area:
                here = (pieces == piece).astype(np.uint8)
                around = labels[where][cv2.dilate(here, square(1)) > here]
                made[where][here > 0] = np.bincount(around, minlength=1).argmax()
    sizes = np.bincount(made.ravel(), minlength=len(kept) + 1)
    there = [k for k in range(1, len(kept) + 1) if sizes[k] >= min_area]
    table = np.zeros(LEVELS, np.uint8)
    table[there] = range(1, len(there) + 1)
    return table[made], [kept[k - 1] for k in there]


def split(alpha: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The alphas of the K instances of a label map, uint8 (K, H, W), which sum to `alpha` where it is
    anybody's and to nothing elsewhere.

    `alpha` uint8 (H, W), 0..255 linear coverage, `labels` uint8 (H, W), 0 none, K its largest. What lies
    beyond the segments is the nearest one's, up to a twentieth of the short side away. At the border between
    two it is shared softly, over about three pixels.
    """
    count = int(labels.max(initial=0))
    made = np.zeros((count, *alpha.shape), np.uint8)
    where = window(alpha, 0)
    if where is None or not count:
        return made
    alpha, whose = alpha[where], nearest(labels, _REACH * min(labels.shape))[where]
    ids = [int(k) for k in np.flatnonzero(np.bincount(whose[alpha > 0], minlength=1)) if k]
    if len(ids) == 1:
        made[(ids[0] - 1, *where)] = np.where(whose > 0, alpha, 0)
        return made
    weights = (
        np.stack([cv2.GaussianBlur((whose == k).astype(np.float32), (0, 0), _SOFT) for k in ids])
        if ids
        else np.zeros((0, *alpha.shape))
    )
    weights /= np.maximum(weights.sum(axis=0), np.float32(TINY))
    shares = np.floor(weights * np.where(whose > 0, alpha, np.uint8(0))).astype(np.int16)
    if ids:  # what rounding left, to the largest, so that the sum is exact
        most = weights.argmax(axis=0)[None]
        rest = np.where(whose > 0, alpha, 0).astype(np.int16) - shares.sum(axis=0, dtype=np.int16)
        np.put_along_axis(shares, most, np.take_along_axis(shares, most, 0) + rest, 0)
    for k, share in zip(ids, shares, strict=True):
        made[(k - 1, *where)] = share
    return made


def nearest(labels: np.ndarray, reach: float) -> np.ndarray:
    """A label map uint8 (H, W) whose labels are carried up to `reach` pixels into what has none."""
    if not labels.any():
        return labels
    away, cell = cv2.distanceTransformWithLabels(
        (labels == 0).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros(int(cell.max()) + 1, np.uint8)
    table[cell[labels > 0]] = labels[labels > 0]
    found: np.ndarray = np.where(away <= reach, table[cell], 0).astype(np.uint8)
    return found


def whose(figures: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which segment each pixel of the figures is in: uint8 (H, W), 0 outside `figures` (bool (H, W)), `LOOSE`
    where no segment is near.

    `labels` uint8 (H, W). What lies beyond the segments is the nearest one's, as far as in `split`.
    """
    near = nearest(labels, _REACH * min(labels.shape))
    found: np.ndarray = np.where(figures, np.where(near > 0, near, np.uint8(LOOSE)), np.uint8(0))
    return found


def pieces(figures: np.ndarray, min_area: float) -> list[np.ndarray]:
    """What may each be a figure, of at least the share `min_area` of the frame, as bool masks (H, W).

    `figures` is a bool mask, whose islands they are, or a label map uint8 as of `whose`: each label is one,
    however many islands it has, and each island of what is loose.
    """
    if figures.dtype == bool:
        return masks.islands(figures, min_area)
    there = np.flatnonzero(
        np.bincount(figures.ravel(), minlength=LEVELS) >= max(1.0, min_area * figures.size)
    )
    return [figures == k for k in there if 0 < k < LOOSE] + masks.islands(figures == LOOSE, min_area)


def sharpened(found: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Labels uint8 (H, W) of figures, found at a small size, with outlines as sharp as the segments they were
    `told` from, as of `whose`.

    A segment of which nearly all has one label has it everywhere; one in which several figures are is left as
    it is.
    """
    votes = np.bincount(told.astype(np.int64).ravel() * LEVELS + found.ravel(), minlength=LEVELS**2).reshape(
        LEVELS, LEVELS
    )
    votes[:, 0] = votes[0] = votes[LOOSE] = 0
    clear = votes.max(axis=1) > _CLEAR * np.maximum(1, votes.sum(axis=1))
    table = np.where(clear, votes.argmax(axis=1), 0).astype(np.uint8)[told]
    made: np.ndarray = np.where(table > 0, table, found)
    return made
