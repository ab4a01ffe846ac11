"""Paper: marks put down at any size, several samples to a pixel, so that alpha is their coverage."""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.samples.pen import Colour, mix
from animelayers.truth.people.marks import Ink, Mark

_SHIFT = 4
# up to this height so many samples along each side of a pixel, else 2: edges are smooth at each
_FINE = ((260, 4), (520, 3))
_LIGHT = np.array([-0.6, -0.45])  # where light comes from, in the picture


def develop(
    marks: list[Mark], ink: Ink, height: int, bottom: float | None = None, seed: int = 0
) -> tuple[np.ndarray, tuple[float, float]]:
    """The drawing of a figure `height` pixels high as straight RGBA uint8 (h, w, 4), cropped, and the pixel
    (x, y) of its origin.

    ``bottom``: nothing below this, in heights; ``seed`` of the paint's unevenness.
    """
    fine = next((n for most, n in _FINE if height <= most), 2)
    body = [m for m in marks if m.clip is None]
    low = np.min([m.points.min(0) for m in body], 0) - 2e-3 * ink.weight
    high = np.max([m.points.max(0) for m in body], 0) + 2e-3 * ink.weight
    high[1] = high[1] if bottom is None else min(high[1], bottom)
    start = np.floor(low * height).astype(int) - 1
    width, tall = np.maximum((np.ceil(high * height).astype(int) + (1 if bottom is None else 0)) - start, 1)
    paper = _Paper((int(width), int(tall)), start, height, fine, ink)
    for mark in marks:
        paper.put(mark)
    straight = _straight(cv2.resize(paper.sheet, (int(width), int(tall)), interpolation=cv2.INTER_AREA))
    if ink.grain:
        straight = _grained(straight, ink.grain, seed, height)
    x, y, w, h = cv2.boundingRect(straight[..., 3])
    cut = np.ascontiguousarray(straight[y : y + h, x : x + w])
    return cut, (float(-start[0] - x), float(-start[1] - y))


class _Paper:
    """A premultiplied sheet, several samples to a pixel."""

    def __init__(self, size: tuple[int, int], start: np.ndarray, height: int, fine: int, ink: Ink) -> None:
        self.start, self.scale, self.fine, self.ink = start * fine, height * fine, fine, ink
        self.sheet = np.zeros((size[1] * fine, size[0] * fine, 4), np.uint8)
        self.weight = max(0.5, ink.weight * 1e-3 * height) * fine

    def put(self, mark: Mark) -> None:
        points = self._pixels(mark.points)
        colour = self._tone(mark.colour)
        if mark.clip is not None:
            self._atop(points, self._pixels(mark.clip), colour)
            return
        if mark.shift >= 0:
            cv2.fillPoly(self.sheet, [points], (*colour, 255), cv2.LINE_AA, _SHIFT)
        if mark.shift > 0 and self.ink.shading != "flat":
            self._shade(mark, points)
        if mark.line and self.ink.weight:
            thick = max(1, round(self.weight * mark.line))
            cv2.polylines(
                self.sheet, [points], True, (*self._tone(mark.ink), 255), thick, cv2.LINE_AA, _SHIFT
            )

    def _shade(self, mark: Mark, points: np.ndarray) -> None:
        dark = self._tone(mix(mark.colour, self.ink.shade, self.ink.depth))
        window, mask = self._masked(points)
        if mask is None:
            return
        lit = np.zeros_like(mask)
        reach = mark.shift * self.scale * (1.7 if self.ink.shading == "tone" else 1.0)
        moved = points + np.rint(_LIGHT * reach * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(lit, [moved - self._corner(window)], 255, cv2.LINE_AA, _SHIFT)
        if self.ink.shading == "soft":
            lit = _softened(lit, mark.shift * self.scale)
        shaded = (
            cv2.bitwise_and(mask, cv2.bitwise_not(lit))
            if self.ink.shading != "soft"
            else cv2.multiply(mask, 255 - lit, scale=1 / 255)
        )
        if self.ink.shading == "tone":
            shaded = cv2.bitwise_and(
                shaded, _dots(shaded.shape, window, max(2.6, 0.0085 * self.scale / self.fine) * self.fine)
            )
        self._blend(window, shaded, dark)

    def _atop(self, points: np.ndarray, clip: np.ndarray, colour: Colour) -> None:
        window, mask = self._masked(points, clip)
        if mask is not None:
            self._blend(window, mask, colour)

    def _masked(
        self, points: np.ndarray, clip: np.ndarray | None = None
    ) -> tuple[tuple[slice, slice], np.ndarray | None]:
        low, high = points.min(0), points.max(0)
        if clip is not None:
            low, high = np.maximum(low, clip.min(0)), np.minimum(high, clip.max(0))
        x0, y0 = np.maximum((low >> _SHIFT) - 1, 0)
        x1, y1 = np.minimum((high >> _SHIFT) + 3, self.sheet.shape[1::-1])
        window = (slice(int(y0), int(y1)), slice(int(x0), int(x1)))
        if x0 >= x1 or y0 >= y1:
            return window, None
        masks = []
        for outline in (points, clip):
            if outline is not None:
                mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
                cv2.fillPoly(mask, [outline - self._corner(window)], 255, cv2.LINE_AA, _SHIFT)
                masks.append(mask)
        return window, masks[0] if clip is None else cv2.min(*masks)

    @staticmethod
    def _corner(window: tuple[slice, slice]) -> np.ndarray:
        return np.array([window[1].start, window[0].start], np.int32) << _SHIFT

    def _blend(self, window: tuple[slice, slice], mask: np.ndarray, colour: Colour) -> None:
        """Paint on what is there: coverage stays."""
        under = self.sheet[window]
        covered = under[..., 3].copy()
        paint: np.ndarray = np.empty_like(under)
        paint[...] = (*colour, 255)
        if int(covered.min()) < 255:
            paint = cv2.multiply(paint, cv2.merge([covered] * 4), scale=1 / 255)
        share = mask.astype(np.float32)
        under[...] = cv2.blendLinear(under, paint, 255 - share, share)
        under[..., 3] = covered

    def _pixels(self, points: np.ndarray) -> np.ndarray:
        return np.asarray(np.rint((points * self.scale - self.start - 0.5) * (1 << _SHIFT)), np.int32)

    def _tone(self, colour: Colour) -> Colour:
        if not self.ink.grey:
            return colour
        luma = round(0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2])
        return luma, luma, luma


def _softened(mask: np.ndarray, reach: float) -> np.ndarray:
    step = max(1, int(reach / 3))
    small = cv2.resize(
        mask, (max(2, mask.shape[1] // step), max(2, mask.shape[0] // step)), interpolation=cv2.INTER_AREA
    )
    small = cv2.GaussianBlur(small, (0, 0), max(0.5, 0.8 * reach / step))
    return cv2.resize(small, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _dots(shape: tuple[int, ...], window: tuple[slice, slice], pitch: float) -> np.ndarray:
    """Screen tone: dots on a grid at 45 degrees, the same wherever on the sheet the window lies."""
    y, x = (np.arange(n, dtype=np.float32) + w.start for n, w in zip(shape, window, strict=True))
    along, across = (
        np.cos(2 * np.pi * (x[None] + y[:, None]) / (1.414 * pitch)),
        np.cos(2 * np.pi * (x[None] - y[:, None]) / (1.414 * pitch)),
    )
    return np.where(along + across > 0.35, 255, 0).astype(np.uint8)


def _straight(ink: np.ndarray) -> np.ndarray:
    straight = ink.copy()
    edge = (ink[..., 3] > 0) & (ink[..., 3] < 255)
    own = ink[edge].astype(np.float32)
    straight[edge, :3] = np.minimum(np.rint(own[:, :3] * (255 / own[:, 3:])), 255).astype(np.uint8)
    return straight


def _grained(picture: np.ndarray, grain: float, seed: int, height: int) -> np.ndarray:
    rng = np.random.default_rng([seed, 77])
    rows, columns = picture.shape[:2]
    cells = [(max(2, round(rows / height * n)), max(2, round(columns / height * n))) for n in (12, 70)]
    noise = sum(
        cv2.resize(rng.normal(0, 1, cell).astype(np.float32), (columns, rows), interpolation=cv2.INTER_CUBIC)
        for cell in cells
    )
    shift = np.rint(grain * np.asarray(noise)).astype(np.int16)
    uneven = np.clip(picture[..., :3].astype(np.int16) + shift[..., None], 0, 255).astype(np.uint8)
    return np.dstack([uneven, picture[..., 3]])
