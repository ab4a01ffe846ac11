"""Putting layers together again, and how far that is from the frame."""

from __future__ import annotations

import math

import cv2
import numpy as np

from animelayers.imaging.colour import flat, pixels, place
from animelayers.imaging.window import window

BEST = 100.0
"""dB given to equal pictures."""


def recompose(character: np.ndarray, background: np.ndarray) -> np.ndarray:
    """The uint8 sRGB (H, W, 3) picture of a straight-alpha RGBA (H, W, 4) character over a background."""
    picture = background.copy()
    alpha = cv2.extractChannel(character, 3)
    where = window(alpha, 0)
    if where is not None:
        solid = cv2.threshold(alpha[where], 254, 255, cv2.THRESH_BINARY)[1]
        picture[where] = cv2.copyTo(cv2.cvtColor(character[where], cv2.COLOR_RGBA2RGB), solid, picture[where].copy())
        at = flat((alpha[where] > 0) & (solid == 0), where, alpha.shape[1])
        *colour, a = pixels(character, at)
        under = pixels(background, at)
        place(picture, at, under + (np.stack(colour) - under) * (a / 255))
    return picture


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB of two uint8 pictures of one shape, at most 100."""
    return decibels(squares(a, b), a.size)


def squares(a: np.ndarray, b: np.ndarray) -> float:
    """The sum of the squared differences of two uint8 pictures of one shape."""
    return float(cv2.norm(a, b, cv2.NORM_L2SQR))


def decibels(squares: float, size: int) -> float:
    """The peak signal-to-noise ratio that a sum of squared differences over `size` uint8 values means, at most 100 dB."""
    return BEST if squares <= 0 else min(BEST, 10 * math.log10(255 * 255 * size / squares))
