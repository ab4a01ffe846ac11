"""The pen: curves and flat fills on a supersampled sheet, so that a drawing's alpha is its exact coverage."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

Colour = tuple[int, int, int]
Points = np.ndarray | Sequence[tuple[float, float]]
"""Points (N, 2), x and y."""

SAMPLES = 4
"""Samples along each side of a pixel: 17 levels of alpha, drawn hard so that abutting shapes leave no seam.
"""
_SHIFT = 4


def spline(points: Points, closed: bool = True, steps: int = 8) -> np.ndarray:
    """A smooth curve through `points` (N, 2), float64 (M, 2): Catmull-Rom; a point given twice in a row is a
    corner.
    """
    p = np.asarray(points, np.float64)
    ends = [p[-1:], p, p[:2]] if closed else [p[:1], p, p[-1:]]
    p = np.concatenate(ends)
    p0, p1, p2, p3 = (p[i : len(p) - 3 + i] for i in range(4))
    curved = np.any(p1 != p2, axis=1)
    p0, p1, p2, p3 = (q[curved][:, None] for q in (p0, p1, p2, p3))
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    curve = 0.5 * (
        2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    curve = curve.reshape(-1, 2)
    return curve if closed else np.concatenate([curve, p[-1:]])


def ribbon(path: np.ndarray, widths: Sequence[float]) -> np.ndarray:
    """The outline (2N, 2) of a brush drawn along `path` (N, 2) whose full width runs evenly through `widths`."""
    along = np.gradient(path, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], 1) / np.maximum(
        np.linalg.norm(along, axis=1, keepdims=True), 1e-9
    )
    width = np.interp(np.linspace(0, 1, len(path)), np.linspace(0, 1, len(widths)), widths)[:, None]
    return np.concatenate([path + normal * width / 2, (path - normal * width / 2)[::-1]])


def ellipse(x: float, y: float, a: float, b: float) -> np.ndarray:
    """An upright ellipse around (x, y) with half axes a and b, (32, 2)."""
    t = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    return np.stack([x + a * np.cos(t), y + b * np.sin(t)], 1)


def rotate(points: Points, degrees: float, pivot: tuple[float, float]) -> np.ndarray:
    """`points` (N, 2) turned clockwise (y points down) around `pivot`."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned: np.ndarray = (np.asarray(points, np.float64) - pivot) @ np.array([[c, s], [-s, c]]) + pivot
    return turned


class Cel:
    """A transparent sheet of `size` (width, height) pixels to draw on, in units of `unit` pixels from
    `origin` (x, y).
    """

    def __init__(self, size: tuple[int, int], unit: float, origin: tuple[float, float]):
        self.size, self.unit, self.origin = size, unit, np.asarray(origin, np.float64)
        self._ink = np.zeros((size[1] * SAMPLES, size[0] * SAMPLES, 4), np.uint8)

    def fill(
        self, points: np.ndarray, colour: Colour, line: Colour | None = None, inside: np.ndarray | None = None
    ) -> None:
        """Fill the outline `points` (N, 2), only where it lies in the outline `inside`; ink its edge with
        `line`.
        """
        if inside is None:
            cv2.fillPoly(self._ink, [self._pixels(points)], (*colour, 255), cv2.LINE_8, _SHIFT)
        else:
            self._clipped(self._pixels(points), self._pixels(inside), colour)
        if line is not None:
            self.line(np.concatenate([points, points[:1]]), line)

    def line(self, path: np.ndarray, colour: Colour, width: float = 1.0) -> None:
        """Ink an even line along `path` (N, 2); `width` 1 is the drawing's line width, which follows the size
        of the figure.
        """
        thick = max(1, round(width * SAMPLES * float(np.clip(0.016 * self.unit, 0.7, 3.0))))
        cv2.polylines(self._ink, [self._pixels(path)], False, (*colour, 255), thick, cv2.LINE_8, _SHIFT)

    def gradient(self, points: np.ndarray, top: Colour, bottom: Colour) -> None:
        """Fill the outline `points` (N, 2) with a gradient from its highest to its lowest point, in ten flat
        bands.
        """
        low, high = points[:, 1].min(), points[:, 1].max()
        left, right = points[:, 0].min(), points[:, 0].max()
        for i in range(10):
            y = low + (high - low) * i / 10
            colour = mix(top, bottom, i / 9)
            self.fill(np.array([(left, y), (right, y), (right, high), (left, high)]), colour, inside=points)

    def develop(self) -> np.ndarray:
        """The drawing as premultiplied uint8 RGBA (height, width, 4)."""
        return cv2.resize(self._ink, self.size, interpolation=cv2.INTER_AREA)

    def _pixels(self, points: np.ndarray) -> np.ndarray:
        place = (np.asarray(points, np.float64) * self.unit + self.origin) * SAMPLES - 0.5
        return np.round(place * (1 << _SHIFT)).astype(np.int32)

    def _clipped(self, shape: np.ndarray, clip: np.ndarray, colour: Colour) -> None:
        height, width = self._ink.shape[:2]
        x0, y0 = np.maximum(np.maximum(shape.min(0), clip.min(0)) >> _SHIFT, 0)
        x1, y1 = np.minimum((np.minimum(shape.max(0), clip.max(0)) >> _SHIFT) + 2, (width, height))
        if x0 >= x1 or y0 >= y1:
            return
        masks = []
        for outline in (shape, clip):
            mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
            cv2.fillPoly(mask, [outline - (np.array([x0, y0], np.int32) << _SHIFT)], 255, cv2.LINE_8, _SHIFT)
            masks.append(mask)
        self._ink[y0:y1, x0:x1][cv2.bitwise_and(*masks) > 0] = (*colour, 255)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """The colour `share` (0..1) of the way from a to b, in sRGB."""
    r, g, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return r, g, blue
