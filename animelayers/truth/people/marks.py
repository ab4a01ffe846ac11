"""What a drawing is made of: a list of marks in heights of the figure, put on paper at any size by `develop`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.samples.pen import Colour, mix, ribbon

_SHIFT = 4
_FINE = ((260, 4), (520, 3))  # up to this height so many samples along each side of a pixel, else 2: edges are smooth at each
_LIGHT = np.array([-0.6, -0.45])  # where light comes from, in the picture


@dataclass(frozen=True)
class Ink:
    """How a hand draws.

    ``weight``: width of its outlines in thousandths of a figure's height, 0 for none; ``colour`` of them, None for a darker tone of what they
    enclose; ``shading``: flat, cel (two tones), soft (painted) or tone (dots); ``shade``: the tone that shadows are mixed with and ``depth`` its
    share; ``grey``: no colours; ``grain``: unevenness of the paint in grey levels.
    """

    weight: float = 3.2
    colour: Colour | None = (46, 26, 44)
    shading: str = "cel"
    shade: Colour = (70, 50, 110)
    depth: float = 0.26
    grey: bool = False
    grain: float = 0.0

    def line(self, inside: Colour) -> Colour:
        """The colour of a line around `inside`."""
        return self.colour if self.colour is not None else mix(inside, (70, 30, 50), 0.62)


class Mark(NamedTuple):
    """A filled outline (N, 2) in a colour; ``clip``: only within this outline, on what is there; ``shift``: how far its lit side lies from its
    edge, 0 for no shading; ``line``: relative weight of the line around it, 0 for none."""

    points: np.ndarray
    colour: Colour
    clip: np.ndarray | None = None
    shift: float = 0.0
    line: float = 0.0
    ink: Colour = (0, 0, 0)


class Marks:
    """A drawing in the making."""

    def __init__(self, ink: Ink) -> None:
        self.ink, self.list = ink, list[Mark]()

    def fill(self, points: np.ndarray, colour: Colour, shift: float = 0.0, line: float = 1.0) -> None:
        """A shape with its line and its shadow side."""
        self.list.append(Mark(points, colour, None, shift, line, self.ink.line(colour)))

    def inside(self, points: np.ndarray, colour: Colour, clip: np.ndarray) -> None:
        """A patch on a shape."""
        self.list.append(Mark(points, colour, clip))

    def outline(self, points: np.ndarray, colour: Colour, line: float = 1.0) -> None:
        """The line around a shape again, over what was painted on it."""
        if self.ink.weight:
            self.list.append(Mark(points, colour, None, -1.0, line, self.ink.line(colour)))

    def stroke(self, path: np.ndarray, widths: tuple[float, ...], colour: Colour, clip: np.ndarray | None = None) -> None:
        """A brush stroke along `path` (N, 2) whose full width runs through `widths`."""
        self.list.append(Mark(ribbon(path, widths), colour, clip))

    def crease(self, path: np.ndarray, inside: Colour, width: float = 1.0, clip: np.ndarray | None = None) -> None:
        """A fold or a strand: a tapered line in the hand's own weight; a darker tone where a hand draws no lines."""
        weight = (self.ink.weight or 2.2) * 1e-3 * width
        colour = mix(inside, self.ink.line(inside), 0.8) if self.ink.weight else mix(inside, self.ink.shade, 0.3)
        self.stroke(path, (0.15 * weight, weight, 0.9 * weight, 0.1 * weight), colour, clip)


def develop(marks: list[Mark], ink: Ink, height: int, bottom: float | None = None, seed: int = 0) -> tuple[np.ndarray, tuple[float, float]]:
    """The drawing of a figure `height` pixels high as straight RGBA uint8 (h, w, 4), cropped, and the pixel (x, y) of its origin.

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
        self.weight = max(0.75, ink.weight * 1e-3 * height) * fine

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
            cv2.polylines(self.sheet, [points], True, (*self._tone(mark.ink), 255), thick, cv2.LINE_AA, _SHIFT)

    def _shade(self, mark: Mark, points: np.ndarray) -> None:
        dark = self._tone(mix(mark.colour, self.ink.shade, self.ink.depth))
        window, mask = self._masked(points)
        if mask is None:
            return
        lit = np.zeros_like(mask)
        moved = points + np.rint(_LIGHT * mark.shift * self.scale * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(lit, [moved - self._corner(window)], 255, cv2.LINE_AA, _SHIFT)
        if self.ink.shading == "soft":
            lit = _softened(lit, mark.shift * self.scale)
        shaded = cv2.bitwise_and(mask, cv2.bitwise_not(lit)) if self.ink.shading != "soft" else cv2.multiply(mask, 255 - lit, scale=1 / 255)
        if self.ink.shading == "tone":
            shaded = cv2.bitwise_and(shaded, _dots(shaded.shape, window, 3.0 * self.fine))
        self._blend(window, shaded, dark)

    def _atop(self, points: np.ndarray, clip: np.ndarray, colour: Colour) -> None:
        window, mask = self._masked(points, clip)
        if mask is not None:
            self._blend(window, mask, colour)

    def _masked(self, points: np.ndarray, clip: np.ndarray | None = None) -> tuple[tuple[slice, slice], np.ndarray | None]:
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
        solid = mask == 255
        under[..., :3][solid] = (under[..., 3:][solid].astype(np.uint16) * np.array(colour, np.uint16) // 255).astype(np.uint8)
        edge = (mask > 0) & ~solid
        if edge.any():
            share = mask[edge].astype(np.float32)[:, None] / 255
            own = under[edge].astype(np.float32)
            wanted = own[:, 3:] / 255 * np.array(colour, np.float32)
            under[..., :3][edge] = np.rint(own[:, :3] * (1 - share) + wanted * share).astype(np.uint8)

    def _pixels(self, points: np.ndarray) -> np.ndarray:
        return np.rint((points * self.scale - self.start - 0.5) * (1 << _SHIFT)).astype(np.int32)

    def _tone(self, colour: Colour) -> Colour:
        if not self.ink.grey:
            return colour
        luma = round(0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2])
        return luma, luma, luma


def _softened(mask: np.ndarray, reach: float) -> np.ndarray:
    step = max(1, int(reach / 3))
    small = cv2.resize(mask, (max(2, mask.shape[1] // step), max(2, mask.shape[0] // step)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(0.5, 0.8 * reach / step))
    return cv2.resize(small, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _dots(shape: tuple[int, ...], window: tuple[slice, slice], pitch: float) -> np.ndarray:
    """Screen tone: dots on a grid at 45 degrees, the same wherever on the sheet the window lies."""
    y, x = (np.arange(n, dtype=np.float32) + w.start for n, w in zip(shape, window, strict=True))
    along, across = np.cos(2 * np.pi * (x[None] + y[:, None]) / (1.414 * pitch)), np.cos(2 * np.pi * (x[None] - y[:, None]) / (1.414 * pitch))
    return np.where(along + across > 0.35, 255, 0).astype(np.uint8)


def _straight(ink: np.ndarray) -> np.ndarray:
    alpha = ink[..., 3:].astype(np.float32)
    colour = np.where(alpha > 0, ink[..., :3] * (255 / np.maximum(alpha, 1)), 0)
    return np.dstack([np.minimum(np.rint(colour), 255).astype(np.uint8), ink[..., 3]])


def _grained(picture: np.ndarray, grain: float, seed: int, height: int) -> np.ndarray:
    rng = np.random.default_rng([seed, 77])
    rows, columns = picture.shape[:2]
    cells = [(max(2, round(rows / height * n)), max(2, round(columns / height * n))) for n in (9, 40)]
    noise = sum(cv2.resize(rng.normal(0, 1, cell).astype(np.float32), (columns, rows), interpolation=cv2.INTER_CUBIC) for cell in cells)
    uneven = np.clip(picture[..., :3] + grain * np.asarray(noise)[..., None], 0, 255)
    return np.dstack([np.rint(uneven).astype(np.uint8), picture[..., 3]])
