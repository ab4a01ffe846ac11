"""Square pictures for nets that take squares: a whole picture with bars, or one figure alone on grey."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

GREY = 128
_MARGIN, _SEEN_AROUND = 0.1, 0.3  # of a box, around a figure alone and around a part of a picture
_SHOWN = 448  # pixels of a side above which no such net sees more


def fitted(picture: np.ndarray, side: int, bars: Sequence[int]) -> np.ndarray:
    """A picture uint8 (H, W, 3), whole and in its own proportions, in the middle of a square uint8 (side,
    side, 3) with bars of one colour.
    """
    scale = side / max(picture.shape[:2])
    height, width = (min(side, max(1, round(length * scale))) for length in picture.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(np.ascontiguousarray(picture), (width, height), interpolation=how)
    top, left = (side - height) // 2, (side - width) // 2
    return np.asarray(
        cv2.copyMakeBorder(
            small,
            top,
            side - height - top,
            left,
            side - width - left,
            cv2.BORDER_CONSTANT,
            value=tuple(map(int, bars)),
        )
    )


def alone(picture: np.ndarray, alpha: np.ndarray, margin: float = _MARGIN) -> np.ndarray | None:
    """What alpha uint8 (H, W) shows of a picture uint8 (H, W, 3), on grey: a square uint8 around its box,
    with a margin as a share of the box.

    The box is that of alpha above one half, so that faint remains do not count; None where there is none.
    Nothing of the picture around the figure is seen, and a figure cut by the border lies in the middle all
    the same.
    """
    box = boxed(alpha)
    if box is None:
        return None
    x, y, width, height = box
    pad = round(margin * max(width, height))
    top, left = max(0, y - pad), max(0, x - pad)
    where = (slice(top, y + height + pad), slice(left, x + width + pad))
    colour, cover = picture[where], alpha[where]
    scale = min(1.0, _SHOWN / (max(width, height) + 2 * pad))
    size = tuple(max(1, round(length * scale)) for length in reversed(cover.shape))
    if scale < 1:
        colour, cover = (
            cv2.resize(np.ascontiguousarray(plane), size, interpolation=cv2.INTER_AREA)
            for plane in (colour, cover)
        )
    share = cover[..., None].astype(np.float32) / 255
    shown = np.rint(colour * share + GREY * (1 - share)).astype(np.uint8)
    side = max(1, round((max(width, height) + 2 * pad) * scale), *shown.shape[:2])
    square = np.full((side, side, 3), GREY, np.uint8)
    middle = (np.array([y - top + height / 2, x - left + width / 2]) * scale).round().astype(int)
    low = np.clip(side // 2 - middle, 0, side - np.array(shown.shape[:2]))
    square[low[0] : low[0] + shown.shape[0], low[1] : low[1] + shown.shape[1]] = shown
    return square


def boxed(alpha: np.ndarray) -> tuple[int, int, int, int] | None:
    """x, y, w, h of what is above one half in alpha uint8 (H, W), or None."""
    x, y, width, height = cv2.boundingRect((alpha > 127).view(np.uint8))
    return (x, y, width, height) if width and height else None


def around(
    picture: np.ndarray, box: tuple[float, float, float, float], margin: float = _SEEN_AROUND
) -> np.ndarray | None:
    """The part of a picture uint8 (H, W, 3) around a box (x, y, w, h), with a margin as a share of the box;
    None where they do not meet.
    """
    x, y, width, height = box
    pad = margin * max(width, height)
    top, left = max(0, round(y - pad)), max(0, round(x - pad))
    part = picture[top : max(0, round(y + height + pad)), left : max(0, round(x + width + pad))]
    return part if width > 0 and height > 0 and part.size else None
