"""Crops of faces, alike in size and upright."""

from __future__ import annotations

import cv2
import numpy as np

_EYES = (0.35, 0.4)  # where an aligned crop has its left-most eye: shares of its width and height


def aligned(
    picture: np.ndarray,
    box: tuple[float, float, float, float],
    size: int = 128,
    eyes: tuple[tuple[float, float], tuple[float, float]] | None = None,
) -> np.ndarray:
    """A face cut out of a picture, uint8 sRGB (H, W, 3), as uint8 (size, size, 3); what lies beyond the
    border repeats it.

    ``box``: x, y, w, h in pixels; the crop is the square around it. With `eyes`, two points x, y in pixels,
    the crop is turned and scaled so that they lie level at fixed places instead. Raises ValueError for a box
    without area, eyes at one place or a size below 1.
    """
    if size < 1 or box[2] <= 0 or box[3] <= 0:
        raise ValueError(f"a crop needs a size above 0 and a box with area, not {size} and {tuple(box)}")
    if eyes is None:
        side = max(box[2], box[3])
        turn, step = 0.0, side / size
        middle, place = np.array([box[0] + box[2] / 2, box[1] + box[3] / 2]), np.array([size / 2, size / 2])
    else:
        first, second = (np.array(eye, np.float64) for eye in sorted(eyes))
        apart = second - first
        if not np.hypot(*apart):
            raise ValueError(f"eyes at one place {eyes[0]} do not tell how a face is turned")
        turn, step = (
            float(np.arctan2(apart[1], apart[0])),
            float(np.hypot(*apart)) / (size * (1 - 2 * _EYES[0])),
        )
        middle, place = (first + second) / 2, np.array([size / 2, size * _EYES[1]])
    return square(picture, middle, place, step, turn, size)[0]


def square(
    picture: np.ndarray,
    middle: np.ndarray,
    place: np.ndarray,
    step: float,
    turn: float,
    size: int,
    border: int = cv2.BORDER_REPLICATE,
) -> tuple[np.ndarray, np.ndarray]:
    """A turned square of a picture, uint8 (size, size, 3), and the matrix float64 (2, 3) from its pixels to
    the picture's.

    The point `middle` (x, y) of the picture comes to `place`; ``step``: pixels of the picture per pixel;
    ``turn``: radians, clockwise. ``border``: what OpenCV puts beyond the picture. Points are counted from the
    corner of the first pixel, as boxes are.
    """
    turned = step * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = np.concatenate([turned, (middle - turned @ place)[:, None]], 1)
    centres = matrix.copy()
    centres[:, 2] += turned.sum(1) / 2 - 0.5  # OpenCV counts from the middle of the first pixel
    if step > 1:
        picture, centres = _reduced(picture, centres, step)
    return cv2.warpAffine(
        picture, centres, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=border
    ), matrix


def _reduced(picture: np.ndarray, matrix: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """The picture at about half the scale it is read at or less, so that no line falls between the pixels
    read, and the matrix for it.
    """
    by = 2 ** int(np.log2(step))
    if by < 2:
        return picture, matrix
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (max(1, width // by), max(1, height // by)), interpolation=cv2.INTER_AREA)
    scale = np.array([small.shape[1] / width, small.shape[0] / height])
    out = matrix * scale[:, None]
    out[:, 2] += 0.5 * scale - 0.5
    return small, out
