"""Filling holes of a picture without a network: Telea's fast marching and the Navier-Stokes method, by OpenCV."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from animelayers.imaging.window import window

MARGIN = 32
"""Pixels of known picture kept around a hole: more than both methods look at, at full and at reduced size."""
HALF = 128
"""Share of known pixels, of 255, from which a reduced cell counts as known."""


class OpenCV:
    """Telea (2004) or Navier-Stokes (Bertalmio 2001) inpainting by OpenCV, at full size along the rim and reduced in the depth.

    Far from its rim a hole holds nothing but smooth colour whatever the method, and there a reduced picture gives less streaky
    colour at a fraction of the time. `radius` is the neighbourhood in pixels, `scale` the reduction in the depth (1: none),
    `rim` the width in pixels of what is filled at full size.
    """

    def __init__(self, method: Literal["telea", "ns"] = "telea", radius: float = 2, scale: int = 8, rim: int = 3) -> None:
        """Raises ValueError for an unknown method or a size below 1."""
        flags = {"telea": cv2.INPAINT_TELEA, "ns": cv2.INPAINT_NS}
        if method not in flags:
            raise ValueError(f"inpainting method {method!r} is unknown: one of {', '.join(flags)}")
        if min(radius, scale, rim) < 1:
            raise ValueError(f"radius, scale and rim must be at least 1, not {radius}, {scale} and {rim}")
        self._flag, self._radius, self._scale, self._rim = flags[method], radius, scale, rim

    def __call__(self, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """Fill `hole` (bool (H, W)) of a uint8 sRGB (H, W, 3) picture; outside it the result is the picture, bit for bit.

        A picture that is all hole becomes its own mean colour.
        """
        filled = picture.copy()
        mask = hole.astype(np.uint8)
        where = window(mask, MARGIN, self._scale)
        if where is None:
            return filled
        mask = np.ascontiguousarray(mask[where])
        if mask.all():
            filled[...] = np.rint(picture.mean(axis=(0, 1)))
            return filled
        crop: np.ndarray = picture[where].copy()
        deep = cv2.erode(mask, np.ones((2 * self._rim + 1,) * 2, np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1)
        rim: np.ndarray = mask
        if self._scale > 1 and deep.any():
            reduced = self._reduced(crop, mask)
            if reduced is not None:
                crop, rim = cv2.copyTo(reduced, deep, crop), cv2.subtract(mask, deep)
        filled[where] = cv2.copyTo(cv2.inpaint(crop, rim, self._radius, self._flag), mask, picture[where].copy())
        return filled

    def _reduced(self, crop: np.ndarray, mask: np.ndarray) -> np.ndarray | None:
        """The crop filled at reduced size, from the mean of the known pixels of each cell; None if too little is known."""
        h, w = mask.shape
        size = (-(-w // self._scale), -(-h // self._scale))
        known = 255 * (1 - mask)
        share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
        summed = cv2.resize(cv2.bitwise_and(crop, crop, mask=known), size, interpolation=cv2.INTER_AREA)
        if share.max() < HALF:
            return None
        colour = cv2.divide(summed, cv2.merge([share] * 3), scale=255)
        filled = cv2.inpaint(colour, (share < HALF).astype(np.uint8), self._radius, self._flag)
        # the blur takes away the stairs an enlarged edge would show
        return cv2.resize(cv2.GaussianBlur(filled, (3, 3), 0), (w, h), interpolation=cv2.INTER_LINEAR)
