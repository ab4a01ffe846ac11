"""What a character's alpha is like: how well its outline lies on the picture's edges, its pieces and holes,
where it stands.

Alphas are uint8 (h, w), reduced as `animelayers.imaging.content` reduces pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.imaging.brush import square

_NEAR = 2  # reduced pixels between an outline and the edge it lies on
_CUT = 0.02  # share of the frame's width in which a figure cut off by its lower border crosses it
_LONG = 0.4  # of the frame's height, that a whole figure is high from which it is no long shot
# the part of a figure from its top that is its head, and the share of the frame it covers when close
_HEAD, _NEAR_BY = 3, 0.12
_OUTLINE = 4  # roots of its area that the outline of a figure is long: that of a square
_FULL = 243  # alpha from which a pixel is hers for sure
_SPECK = 2e-4  # share of the frame below which a piece or hole is none


def agreement(edges: np.ndarray, alpha: np.ndarray) -> float:
    """Share of the outline, within the frame, that lies on the picture's edges uint8 (h, w), 0..1; 0 without
    an outline.
    """
    half = cv2.threshold(alpha, 127, 255, cv2.THRESH_BINARY)[1]
    line = cv2.morphologyEx(half, cv2.MORPH_GRADIENT, square(1))
    line[[0, -1]] = 0
    line[:, [0, -1]] = 0
    total = cv2.countNonZero(line)
    if not total:
        return 0.0
    near = cv2.dilate(edges, square(_NEAR))
    return cv2.countNonZero(cv2.bitwise_and(line, near)) / total


def pieces(alpha: np.ndarray) -> tuple[int, int]:
    """Islands of a uint8 alpha (H, W) above one half, and holes in them, larger than specks."""
    half = cv2.threshold(alpha, 127, 1, cv2.THRESH_BINARY)[1]
    # all that is outside is one piece
    around = cv2.copyMakeBorder(1 - half, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    return _large(half, connectivity=8), max(0, _large(around, connectivity=4) - 1)


def unsure(alpha: np.ndarray, labels: np.ndarray | None, ids: Sequence[int]) -> list[int]:
    """How much of each figure is neither hers nor not: per cent of her pixels in a label map uint8 (h, w),
    all without one, at which her alpha uint8 (h, w) is above one half and below full; 100 for one who is not
    there.

    A soft rim is a few per cent; of a figure that was hardly made out it is a third.
    """
    half = alpha > 127
    whose = np.full(alpha.shape, ids[0] if ids else 0, np.uint8) if labels is None else labels
    every = np.bincount(whose[half], minlength=256)
    soft = np.bincount(whose[half & (alpha < _FULL)], minlength=256)
    return [round(100 * float(soft[k] / every[k])) if every[k] else 100 for k in ids]


def framing(alpha: np.ndarray) -> str:
    """close_up, medium, full_body or long, by the character's height and by what the frame cuts off; none for
    nobody.
    """
    half = cv2.threshold(alpha, 127, 255, cv2.THRESH_BINARY)[1]
    _, y, w, h = cv2.boundingRect(half)
    if w * h < _SPECK * alpha.size:
        return "none"
    height, width = alpha.shape
    cut = int(cv2.countNonZero(half[-1]) > _CUT * width)
    if not cut:
        return "long" if h < _LONG * height else "full_body"
    # A head that fills much of the frame's width is near; a standing body is narrow.
    return (
        "close_up" if cv2.countNonZero(half[y : y + max(1, h // _HEAD)]) > _NEAR_BY * alpha.size else "medium"
    )


def hidden(alpha: np.ndarray, effect: np.ndarray | None) -> float:
    """How much of a character is cut off by the frame's sides or top or lies under an effect's alpha uint8
    (H, W), 0..1.
    """
    total = cv2.countNonZero(cv2.inRange(alpha, 128, 255))
    if not total:
        return 0.0
    sides = np.concatenate([alpha[0], alpha[:, 0], alpha[:, -1]])
    cut = float(np.count_nonzero(sides > 127) / (_OUTLINE * np.sqrt(total)))
    under = 0.0 if effect is None else float(np.minimum(alpha, effect).sum(dtype=np.float64) / 255 / total)
    return min(1.0, cut + under)


def _large(mask: np.ndarray, connectivity: int) -> int:
    count, _, facts, _ = cv2.connectedComponentsWithStats(mask, connectivity=connectivity)
    return int(np.count_nonzero(facts[1:count, cv2.CC_STAT_AREA] >= _SPECK * mask.size))
