"""One count of the characters over the clips that a long shot was cut into, from their boxes alone: no pixels
are moved for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

Box = tuple[int, int, int, int]
"""x, y, w, h in pixels."""
Boxes = Mapping[int, Box]
"""The box of each id of a drawing."""

# overlap from which two boxes of neighbouring frames are one character's; even a run moves less than its
# width
_SAME = 0.3


def boxes(labels: np.ndarray) -> dict[int, Box]:
    """The box of each id of a label map uint8 (H, W)."""
    found: dict[int, Box] = {}
    # a handful at most; a histogram takes as long as thirty of them
    for k in range(1, int(labels.max(initial=0)) + 1):
        x, y, w, h = cv2.boundingRect(cv2.inRange(labels, k, k))
        if w:
            found[k] = (x, y, w, h)
    return found


def merged(clips: Sequence[tuple[Sequence[int], Boxes, Boxes]]) -> list[dict[int, int]]:
    """For each clip of a shot, in order, the id over the shot of each of its own ids.

    A clip is all its ids and the boxes of its first and of its last frame. Characters of neighbouring clips
    are the same where their boxes overlap most at the seam; all others are counted on.
    """
    made: list[dict[int, int]] = []
    given, last, names = 0, dict[int, Box](), dict[int, int]()
    for ids, first, end in clips:
        known = {k: names[other] for k, other in _seam(last, first).items()}
        names = {}
        for k in ids:
            given += k not in known
            names[k] = known.get(k, given)
        made.append(names)
        last = dict(end)
    return made


def _seam(before: Boxes, after: Boxes) -> dict[int, int]:
    """The id before a seam of each id after it that has one."""
    if not before or not after:
        return {}
    from scipy.optimize import linear_sum_assignment  # takes a second to import, and most shots have no seam

    old, new = list(before), list(after)
    overlap = np.array([[_overlap(before[a], after[b]) for b in new] for a in old])
    return {
        new[j]: old[i]
        for i, j in zip(*linear_sum_assignment(-overlap), strict=True)
        if overlap[i, j] >= _SAME
    }


def _overlap(one: Box, other: Box) -> float:
    wide, high = (min(one[k] + one[k + 2], other[k] + other[k + 2]) - max(one[k], other[k]) for k in (0, 1))
    shared = max(0, wide) * max(0, high)
    return shared / max(1, one[2] * one[3] + other[2] * other[3] - shared)
