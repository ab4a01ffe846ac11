"""What is seen again is the same thing there: labels that agree within one colour, along the motion between
neighbours, and at each place of the shot between all drawings that show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.channels import largest
from animelayers.imaging.evenly import evenly
from animelayers.imaging.evidence import distance
from animelayers.imaging.views import View
from animelayers.imaging.window import Window
from animelayers.models.flow import DIS
from animelayers.shot.params import Params

_ASKED = 12  # drawings that all others are held against, at most
_SPECKS = 3  # pixels of the median that takes grain out of paint
_SHARES = (
    0.3,
    0.6,
    1.0,
)  # of `Params.paint`: a piece that leaks through an outline at one does not at the next
_FEWEST, _LARGEST = 6, 0.25  # pixels, and share of the picture, of a piece of paint that is asked
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
    views, whole = positions
    laid = {k: _laid(labels[k], pictures[k], views[k], whole) for k in asked}
    made = []
    for i, (label, picture, view) in enumerate(zip(labels, pictures, views, strict=True)):
        here = laid.get(i) or _laid(label, picture, view, whole)
        total = np.zeros((len(label), *whole[::-1]), np.float32)
        weight = np.zeros(whole[::-1], np.float32)
        for k in asked:
            where = None if k == i else _both(view.window, views[k].window)
            if where is not None:
                share = _likeness(here.look[where], laid[k].look[where], params.alike)
                share *= here.reach[where] & laid[k].reach[where]
                cv2.accumulate(share, weight[where])
                for claim, sum_ in zip(laid[k].claim, total, strict=True):
                    cv2.accumulateProduct(share, claim[where], sum_[where])
        there = np.stack([view.back(plane) for plane in total])
        made.append((label + there) / (1 + view.back(weight)))
    return made


class _Laid(NamedTuple):
    """A drawing on the plate of its shot: its labels float32 (L, H, W), its colours uint8 (H, W, 3), and where it
    reaches, uint8 (H, W), 0 or 1.
    """

    claim: np.ndarray
    look: np.ndarray
    reach: np.ndarray


def _laid(label: np.ndarray, picture: np.ndarray, view: View, whole: tuple[int, int]) -> _Laid:
    shape, where = whole[::-1], view.window
    laid = _Laid(
        np.zeros((len(label), *shape), np.float32), np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.uint8)
    )
    for plane, made in zip(label, laid.claim, strict=True):
        made[where] = view.onto(plane)
    laid.look[where] = view.onto(picture)
    laid.reach[where] = view.reach() > 0
    return laid


def painted(labels: Sequence[np.ndarray], pictures: Sequence[np.ndarray], params: Params) -> list[np.ndarray]:
    """The labels of drawings, each float32 (L, h, w), 0..1, as the mean with those of the paint around: what one
    colour covers in one piece is one thing, or nothing of it.

    ``pictures``: the drawings, uint8 sRGB (h, w, 3). Neighbouring pixels are of one piece that differ by no more than
    `params.paint` grey levels, then by no more than shares of it: the mean is over all of these. What is as large as
    a sky is not asked.
    """
    if not params.paint:
        return list(labels)
    return [_even(label, picture, params) for label, picture in zip(labels, pictures, strict=True)]


def _even(label: np.ndarray, picture: np.ndarray, params: Params) -> np.ndarray:
    there = [k for k, plane in enumerate(label) if (plane > params.faint).any()]
    if not there:
        return label
    smooth, total = cv2.medianBlur(picture, _SPECKS), label.copy()
    across, down = (
        largest(cv2.absdiff(one, other))
        for one, other in ((smooth[:, 1:], smooth[:, :-1]), (smooth[1:], smooth[:-1]))
    )
    for share in _SHARES:
        count, piece = _pieces(across, down, share * params.paint)
        size = np.bincount(piece.ravel(), minlength=count)
        asked = ((size >= _FEWEST) & (size < _LARGEST * piece.size))[piece]
        for k in there:
            mean = np.bincount(piece.ravel(), label[k].ravel(), minlength=count) / np.maximum(size, 1)
            total[k] += np.where(asked, mean.astype(np.float32)[piece], label[k])
    total[there] /= 1 + len(_SHARES)
    return total


def _pieces(across: np.ndarray, down: np.ndarray, apart: float) -> tuple[int, np.ndarray]:
    """How many pieces a picture has whose neighbouring pixels differ by no more than so many grey levels, and each
    pixel's, int32 (h, w); ``across``, ``down``: how far each differs from the next, (h, w - 1) and (h - 1, w).
    """
    # pixels with their joints between them, so that a labelling of one plane tells which hang together
    joints = np.zeros((2 * len(across) - 1, 2 * down.shape[1] - 1), np.uint8)
    joints[::2, ::2] = 1
    joints[::2, 1::2] = across <= apart
    joints[1::2, ::2] = down <= apart
    count, piece = cv2.connectedComponents(joints, connectivity=4)
    return count, np.ascontiguousarray(piece[::2, ::2])


def _both(one: Window, other: Window) -> Window | None:
    """Where two windows overlap; None where they do not."""
    rows, columns = (
        slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
    )
    return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None


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
