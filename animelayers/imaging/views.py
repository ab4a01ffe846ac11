"""Where a frame lies on the plate of its shot: warping frames to the plate and the plate back to frames.

A camera is a homography, float64 (3, 3), from a pixel (x, y, 1) of the frame to a pixel of the plate, pixel
centres at integers.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from animelayers.imaging.window import Window

# pixels a corner may be off for a frame to be laid down as it is: less than resampling would blur
_SAME = 0.02


@dataclass(frozen=True)
class View:
    """The part of a plate one frame covers, at the plate's own scale or a smaller one.

    ``window``: rows and columns of the plate. ``matrix``: homography from the frame to that window, None
    where the frame fits it pixel for pixel. ``size``: (width, height) of the frame at this scale.
    """

    window: Window
    matrix: np.ndarray | None
    size: tuple[int, int]

    def onto(self, picture: np.ndarray, smooth: bool = True) -> np.ndarray:
        """A frame or plane of the view's size, uint8 or float32, as it lies in the window; zero where the frame does not
        reach.
        """
        return (
            picture if self.matrix is None else self._warp(picture, self.matrix, _extent(self.window), smooth)
        )

    def back(self, plate: np.ndarray, smooth: bool = True) -> np.ndarray:
        """What the frame would show of a plate or plane of the plate's size, uint8 or float32; zero beyond the plate."""
        part = plate[self.window]
        if self.matrix is None:
            return part
        return self._warp(part, np.linalg.inv(self.matrix), self.size, smooth)

    def reach(self) -> np.ndarray:
        """uint8 plane of the window: 255 where the frame reaches."""
        return self.onto(np.full(self.size[::-1], 255, np.uint8), smooth=False)

    def _warp(
        self, picture: np.ndarray, matrix: np.ndarray, size: tuple[int, int], smooth: bool
    ) -> np.ndarray:
        how = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
        border = cv2.BORDER_REPLICATE if smooth else cv2.BORDER_CONSTANT
        return cv2.warpPerspective(np.ascontiguousarray(picture), matrix, size, flags=how, borderMode=border)


def view(camera: np.ndarray, size: tuple[int, int], canvas: tuple[int, int], scale: float = 1.0) -> View:
    """The view of a frame of `size` (width, height) on a plate of `canvas` (width, height), both reduced by
    `scale` (0..1].

    Raises ValueError where the frame does not touch the plate.
    """
    small, whole = ((max(1, round(w * scale)), max(1, round(h * scale))) for w, h in (size, canvas))
    matrix = _scaling(canvas, whole) @ np.asarray(camera, np.float64) @ np.linalg.inv(_scaling(size, small))
    corners = np.array(
        [[0, 0], [small[0] - 1, 0], [0, small[1] - 1], [small[0] - 1, small[1] - 1]], np.float64
    )
    where = cv2.perspectiveTransform(corners[None], matrix)[0]
    low = np.clip(np.floor(where.min(0) + _SAME), 0, whole).astype(int)
    high = np.clip(np.ceil(where.max(0) - _SAME) + 1, 0, whole).astype(int)
    if (high <= low).any() or not np.isfinite(where).all():
        raise ValueError(f"a frame of {size} does not lie on its plate of {canvas}")
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    fits = tuple(high - low) == small and np.abs(where - corners - low).max() <= _SAME
    shift = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]], np.float64)
    return View(window, None if fits else shift @ matrix, small)


def _scaling(full: tuple[int, int], small: tuple[int, int]) -> np.ndarray:
    """Homography between pixel grids of two sizes of one picture, whose outer edges coincide."""
    x, y = small[0] / full[0], small[1] / full[1]
    return np.array([[x, 0, x / 2 - 0.5], [0, y, y / 2 - 0.5], [0, 0, 1]], np.float64)


def rescaled(camera: np.ndarray, full: tuple[int, int], small: tuple[int, int]) -> np.ndarray:
    """A camera (3, 3) between pictures of the size `full` (width, height), and a plate as fine, as it is between those
    where they are `small`.
    """
    scale = _scaling(full, small)
    return np.asarray(scale @ camera @ np.linalg.inv(scale))


def _extent(window: Window) -> tuple[int, int]:
    return window[1].stop - window[1].start, window[0].stop - window[0].start
