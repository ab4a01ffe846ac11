"""Between coverage at the net's size and alpha at the drawing's."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.imaging import alpha
from animelayers.shot.params import Params


def finished(picture: np.ndarray, label: np.ndarray, params: Params) -> np.ndarray:
    """A figure's alpha, uint8 (H, W), of a label float32 (h, w), 0..1, its outline drawn to the edges of the
    picture uint8 sRGB (H, W, 3).
    """
    claim = cv2.resize(label, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return alpha.finished(picture, claim, int(params.snap), params.alpha_floor)


def coverage(plane: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """An alpha uint8 (H, W) as coverage float32 (h, w), 0..1, of `size` (width, height)."""
    return (
        cv2.resize(plane, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    )
