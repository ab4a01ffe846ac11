"""What masks are grown and shrunk with."""

from __future__ import annotations

import cv2
import numpy as np


def square(radius: int) -> np.ndarray:
    """All pixels up to `radius` beside one, uint8: separable, so that its cost does not grow with the radius
    as that of a disc does.
    """
    return np.ones((2 * radius + 1,) * 2, np.uint8)


def disc(radius: int) -> np.ndarray:
    """All pixels up to `radius` around one, uint8."""
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
