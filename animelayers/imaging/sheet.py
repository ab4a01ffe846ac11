"""Contact sheets: pictures side by side, transparency on a checkerboard."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

_SQUARE, _SHADE = 8, 204  # pixels of a field of the checkerboard, and the grey level of every other one
_GAP, _AROUND = 4, 40  # pixels between pictures, and the grey level there


def checkerboard(height: int, width: int) -> np.ndarray:
    """A light grey checkerboard, uint8 (H, W, 3), as image editors draw behind transparency."""
    rows, columns = np.indices((height, width)) // _SQUARE
    return np.repeat(np.where((rows + columns) % 2, _SHADE, 255).astype(np.uint8)[..., None], 3, axis=2)


def over(rgba: np.ndarray, below: np.ndarray) -> np.ndarray:
    """A straight-alpha uint8 (H, W, 4) picture over a uint8 (H, W, 3) one."""
    alpha = rgba[..., 3:].astype(np.float32) / 255
    return np.rint(rgba[..., :3] * alpha + below * (1 - alpha)).astype(np.uint8)


def fit(picture: np.ndarray, width: int) -> np.ndarray:
    """A picture uint8 (H, W), (H, W, 3) or (H, W, 4) as uint8 RGB, at most `width` wide, transparency on a
    checkerboard.
    """
    scale = min(1.0, width / picture.shape[1])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    if picture.ndim == 3 and picture.shape[2] == 4:
        # Premultiplied while it shrinks: colour under zero alpha must not bleed into the edge.
        alpha = cv2.extractChannel(picture, 3)
        light = cv2.multiply(
            cv2.cvtColor(picture, cv2.COLOR_RGBA2RGB), cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGB), scale=1 / 255
        )
        small, cover = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (light, alpha))
        below = checkerboard(*size[::-1]) * (1 - cover[..., None].astype(np.float32) / 255)
        return np.clip(np.rint(small + below), 0, 255).astype(np.uint8)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.repeat(small[..., None], 3, axis=2) if small.ndim == 2 else small


def contact_sheet(pictures: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """RGB pictures in rows of `columns` on dark grey, each in a cell of the largest size; uint8 (H, W, 3)."""
    height, width = (max(p.shape[axis] for p in pictures) for axis in (0, 1))
    rows = -(-len(pictures) // columns)
    columns = min(columns, len(pictures))
    sheet = np.full((rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3), _AROUND, np.uint8)
    for i, picture in enumerate(pictures):
        y, x = _GAP + i // columns * (height + _GAP), _GAP + i % columns * (width + _GAP)
        sheet[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    return sheet
