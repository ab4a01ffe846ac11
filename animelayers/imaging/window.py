"""Working on the part of a picture that matters."""

from __future__ import annotations

import cv2
import numpy as np

Window = tuple[slice, slice]


def window(plane: np.ndarray, margin: int, step: int = 1) -> Window | None:
    """Rows and columns that hold every non-zero pixel of a uint8 (H, W) plane and `margin` pixels around;
    None if all are zero.

    Both ends are moved outwards to multiples of `step`, as far as the plane reaches.
    """
    x, y, w, h = cv2.boundingRect(plane)
    return (_span(y, h, margin, step), _span(x, w, margin, step)) if w else None


def _span(start: int, length: int, margin: int, step: int) -> slice:
    return slice(max(0, start - margin) // step * step, -(-(start + length + margin) // step) * step)
