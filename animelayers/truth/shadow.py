"""Shadows under figures: a layer that multiplies what it falls on."""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.truth.layer import tile
from animelayers.truth.part import Cutout
from animelayers.truth.plan import Actor

_TONE = (78, 66, 104)  # sRGB of what shadow leaves of white
_FLAT = 0.28  # how long a cast shadow is, of the figure's height


def shadow(
    cut: Cutout, move: np.ndarray, actor: Actor, size: tuple[int, int]
) -> tuple[tuple[int, int], np.ndarray] | None:
    """The shadow of a cut-out that the affine `move` (2, 3, offsets around its pin to the frame's pixels)
    puts into a frame: x, y and tile.

    ``contact``: a soft ellipse around its pin; ``cast``: its outline lying on the ground. None outside the
    frame.
    """
    scale = float(np.sqrt(abs(np.linalg.det(move[:, :2]))))
    if actor.shadow == "contact":
        half = max(
            4.0, 0.34 * float(np.hypot(*move[:, 0])) * min(cut.rgba.shape[1], cut.rgba.shape[0]) / 2 * 1.6
        )
        w, h = int(2 * half) + 1, max(5, int(0.5 * half))
        alpha: np.ndarray = np.zeros((h + 16, w + 16), np.uint8)
        cv2.ellipse(alpha, ((w + 16) // 2, (h + 16) // 2), (w // 2, h // 2), 0, 0, 360, 150, -1, cv2.LINE_AA)
        alpha = cv2.GaussianBlur(alpha, (0, 0), max(1.0, h / 7))
        at = np.array(
            [
                [1.0, 0, np.rint(move[0, 2] - alpha.shape[1] / 2)],
                [0, 1, np.rint(move[1, 2] - alpha.shape[0] / 2)],
            ]
        )
        return tile(_toned(alpha), at, size)
    lie = np.array([[1.0, -0.55], [0.0, _FLAT]])
    flat = np.column_stack([lie @ move[:, :2], move[:, 2]])
    flat[:, 2] -= flat[:, :2] @ np.array(cut.pin)
    soft = (cut.rgba[..., 3] * np.float32(0.55)).astype(np.uint8)
    return tile(_toned(cv2.GaussianBlur(soft, (0, 0), max(0.8, 2.0 / max(scale, 0.2)))), flat, size)


def _toned(alpha: np.ndarray) -> np.ndarray:
    rgba = np.empty((*alpha.shape, 4), np.uint8)
    rgba[..., :3], rgba[..., 3] = _TONE, alpha
    return rgba
