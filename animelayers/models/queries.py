"""What the queries of a mask transformer claim, for each of its three tasks: from classes and masks to
segments.

A claim's margin is above 0 where the segment is; it is made at the net's own small size and scaled up alone,
so that outlines run smoothly and nothing but the wanted segments ever has the picture's size. After
Mask2Former (Cheng et al., CVPR 2022) and its own inference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.constants import TINY

_WHOLE = 0.8  # share of a mask that better ones must leave it, as in the original
MOST = 255
"""Segments a label map can hold."""


class Claim(NamedTuple):
    """A segment: ``margin`` float32 (h, w), above 0 inside; ``score`` 0..1; ``label`` the number of its
    class.
    """

    margin: np.ndarray
    score: float
    label: int


Claims = Callable[[np.ndarray, np.ndarray, Sequence[int], float], list[Claim]]
"""From ``classes`` float32 (Q, C + 1), 0..1, the last column 'nothing', ``masks`` float32 (Q, h, w), logits,
the numbers of the wanted classes and the lowest score, to the segments of those classes, best first."""


def instance(classes: np.ndarray, masks: np.ndarray, wanted: Sequence[int], threshold: float) -> list[Claim]:
    """Each query is a segment; they may overlap. A segment scores its class times the mean of its mask inside
    it. As `Claims`.
    """
    found = []
    for k in _sure(classes, threshold):
        inside, label = masks[k] > 0, int(classes[k].argmax())
        if label in wanted and inside.any():
            score = float(classes[k].max() * _sigmoid(masks[k][inside]).mean())
            if score >= threshold:
                found.append(Claim(masks[k], score, label))
    return _best(found)


def panoptic(classes: np.ndarray, masks: np.ndarray, wanted: Sequence[int], threshold: float) -> list[Claim]:
    """Each pixel is that of the query with the best claim to it, wanted or not; a segment that lost much of
    itself is none. As `Claims`.
    """
    queries = _sure(classes, threshold)
    if not queries:
        return []
    sure = _sigmoid(masks[queries])
    weighed = sure * classes[queries].max(axis=1)[:, None, None]
    found = []
    for n, k in enumerate(queries):
        label = int(classes[k].argmax())
        if label in wanted:
            rivals = np.delete(weighed, n, axis=0).max(axis=0, initial=0)
            margin = np.minimum(weighed[n] - rivals, sure[n] - np.float32(0.5))
            if np.count_nonzero(margin > 0) > _WHOLE * np.count_nonzero(sure[n] > 0.5):
                found.append(Claim(margin, float(classes[k].max()), label))
    return _best(found)


def semantic(classes: np.ndarray, masks: np.ndarray, wanted: Sequence[int], threshold: float) -> list[Claim]:
    """Each connected region of wanted classes is a segment, the parts of a figure as one. As `Claims`.

    A region scores the mean share that the wanted classes have in it, and is named by the one that has most
    of it.
    """
    share = np.einsum("qc,qhw->chw", classes[:, :-1], _sigmoid(masks))
    ours = share[list(wanted)]
    others = np.delete(share, list(wanted), axis=0).max(axis=0, initial=0)
    # Where a net claims hardly anything, its likeliest class means nothing: the sum over the queries is no
    # probability.
    margin = np.minimum(ours.max(axis=0) - others, ours.sum(axis=0) - np.float32(threshold))
    sure = ours.sum(axis=0) / np.maximum(share.sum(axis=0), np.float32(TINY))
    number, regions, stats, _ = cv2.connectedComponentsWithStats(
        (margin > 0).astype(np.uint8), connectivity=8
    )
    largest = sorted(range(1, number), key=lambda k: -int(stats[k, cv2.CC_STAT_AREA]))[:MOST]
    found = []
    for k in largest:
        here = regions == k
        score = float(sure[here].mean())
        if score >= threshold:
            found.append(
                Claim(
                    np.where(here, margin, -np.abs(margin)),
                    score,
                    wanted[int(ours[:, here].sum(axis=1).argmax())],
                )
            )
    return _best(found)


TASKS: dict[str, Claims] = {"instance": instance, "panoptic": panoptic, "semantic": semantic}


def _sure(classes: np.ndarray, threshold: float) -> list[int]:
    """The queries that are sure of their class."""
    best = classes[:, :-1].max(axis=1)
    return [int(k) for k in np.flatnonzero((best >= threshold) & (best >= classes[:, -1]))]


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    made: np.ndarray = 0.5 + 0.5 * np.tanh(0.5 * logits)  # the form that never overflows
    return made


def _best(claims: list[Claim]) -> list[Claim]:
    return sorted(claims, key=lambda claim: -claim.score)[:MOST]
