"""From labels at the net's size to alpha at the drawing's."""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.imaging.alpha import refine
from animelayers.imaging.window import window
from animelayers.shot.params import Params


def finished(picture: np.ndarray, label: np.ndarray, params: Params) -> np.ndarray:
    """A figure's alpha, uint8 (H, W), of a label float32 (h, w), 0..1, its outline drawn to the edges of the picture uint8 sRGB (H, W, 3)."""
    height, width = picture.shape[:2]
    alpha = np.zeros((height, width), np.uint8)
    claim = cv2.resize(label, (width, height), interpolation=cv2.INTER_LINEAR)
    reach = int(params.snap)
    where = window((claim > params.floor).view(np.uint8), 3 * reach, 6)
    if where is not None:
        snapped = refine(picture[where], claim[where], reach)
        scale = 255 / (1 - 2 * params.floor)
        alpha[where] = cv2.convertScaleAbs(np.maximum(snapped, np.float32(params.floor)), alpha=scale, beta=-scale * params.floor)
    return alpha
