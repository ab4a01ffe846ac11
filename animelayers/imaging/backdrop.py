"""What a cut-out stands on where a trainer knows no alpha: a flat colour, its own place blurred, its own
place, another place.
"""

from __future__ import annotations

import hashlib

import cv2
import numpy as np

from animelayers.imaging.brush import disc

_BYTES = 8  # of a digest that a number is drawn from
_BLUR = 0.02  # of the shorter side, the sigma of a place out of focus
COLOURS = {
    "white": (255, 255, 255), "light grey": (200, 200, 200), "grey": (128, 128, 128), "dark grey": (64, 64, 64), "black": (0, 0, 0),
    "red": (200, 40, 40), "orange": (235, 140, 40), "yellow": (240, 220, 60), "green": (60, 160, 70), "teal": (40, 150, 150),
    "blue": (50, 90, 200), "purple": (130, 70, 170), "pink": (240, 150, 190), "brown": (120, 80, 50),
}  # fmt: skip
"""Flat colours by the word a caption has for them, sRGB."""


def drawn(key: str, count: int) -> int:
    """A number 0..count-1 that depends on the text `key` alone and is spread evenly."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:_BYTES], "big") % count


def colour_word(key: str) -> str:
    """One of `COLOURS`, the same for the same key."""
    return list(COLOURS)[drawn(key, len(COLOURS))]


def flat(size: tuple[int, int], word: str) -> np.ndarray:
    """A picture of one colour of `COLOURS`, uint8 (H, W, 3), `size` (H, W)."""
    return np.full((*size, 3), COLOURS[word], np.uint8)


def blurred(picture: np.ndarray) -> np.ndarray:
    """A uint8 (H, W, 3) picture out of focus: a Gaussian whose sigma is a fiftieth of the shorter side."""
    sigma = max(1.0, _BLUR * min(picture.shape[:2]))
    blur: np.ndarray = cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return blur


def fitted(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A uint8 (H, W, 3) picture scaled until it covers `size` (H, W), and its middle of that size."""
    height, width = size
    scale = max(height / picture.shape[0], width / picture.shape[1])
    if scale != 1:
        shape = (max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale)))
        picture = cv2.resize(picture, shape, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return np.ascontiguousarray(picture[top : top + height, left : left + width])


def loss_mask(alpha: np.ndarray, dilate: int, least: int) -> np.ndarray:
    """Where a trainer looks: an alpha uint8 (H, W) grown by `dilate` pixels and nowhere below `least` 0..255.

    Trainers shrink masks to an eighth, so hair thinner than that is lost unless the mask is grown.
    """
    grown: np.ndarray = cv2.dilate(alpha, disc(dilate)) if dilate else alpha
    mask: np.ndarray = np.maximum(grown, np.uint8(least))
    return mask
