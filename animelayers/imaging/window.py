"""Working on the part of a picture that matters."""

from __future__ import annotations

import cv2
import numpy as np

Window = tuple[slice, slice]


def window(plane: np.ndarray, margin: int) -> Window | None:
    """Rows and columns that hold every non-zero pixel of a uint8 (H, W) plane and `margin` pixels around; None if all are zero."""
    x, y, w, h = cv2.boundingRect(plane)
    return (slice(max(0, y - margin), y + h + margin), slice(max(0, x - margin), x + w + margin)) if w else None
