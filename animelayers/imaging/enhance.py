"""Noise taken out of a picture and its lines sharpened, without a model."""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.imaging.brush import square

_PATCH, _SEARCHED = 5, 15  # pixels of the side of a patch, and of the square in which others are looked for
_ROOM = 4  # part of the range of its neighbours' that a pixel may leave it by


def denoised(picture: np.ndarray, strength: float) -> np.ndarray:
    """A uint8 sRGB (H, W, 3) picture without its grain, by non-local means in CIE L*a*b* (Buades et al., IPOL
    2011; OpenCV).

    ``strength``: grey levels up to which patches count as alike; 0 leaves the picture as it is.
    """
    return (
        cv2.fastNlMeansDenoisingColored(picture, None, strength, strength, _PATCH, _SEARCHED)
        if strength > 0
        else picture
    )


def sharpened(picture: np.ndarray, amount: float, radius: float) -> np.ndarray:
    """A uint8 sRGB (H, W, 3) picture with `amount` times its fine detail added (unsharp mask).

    ``radius``: standard deviation in pixels of the blur that the picture is compared with. No pixel leaves
    the range of its 3 x 3 neighbours' by more than a quarter of it, so that outlines get no bright rim.
    """
    if amount <= 0:
        return picture
    soft = cv2.GaussianBlur(picture, (0, 0), radius)
    sharp = cv2.addWeighted(picture, 1 + amount, soft, -amount, 0)
    around = square(1)
    low, high = cv2.erode(picture, around), cv2.dilate(picture, around)
    room = (cv2.subtract(high, low) // _ROOM).astype(np.uint8)
    return np.asarray(cv2.min(cv2.max(sharp, cv2.subtract(low, room)), cv2.add(high, room)))
