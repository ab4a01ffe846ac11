"""A painter lays colour on one plane of a place; its subclasses are the hands, each with its own way to fill,
to grow trees and clouds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

import cv2
import numpy as np

from animelayers.samples.pen import Colour, mix
from animelayers.truth.effects.render import straight

Rng = np.random.Generator
T = TypeVar("T")
_SHIFT = 4


def fixed(points: np.ndarray) -> np.ndarray:
    """Points (N, 2) in pixels as OpenCV wants them with 4 fractional bits; far ones are drawn in, its
    integers are small.
    """
    numbers: np.ndarray = np.round((np.clip(points, -9000, 9000) - 0.5) * (1 << _SHIFT)).astype(np.int32)
    return numbers


class Painter:
    """One plane of `size` (width, height) pixels; lengths and places are given in heights, x from 0 to
    `wide`, y from 0 to 1.

    `sheet` is premultiplied uint8 RGBA (H, W, 4). A hand overrides what it does its own way.
    """

    words: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, size: tuple[int, int], rng: Rng):
        self.size, self.rng = size, rng
        self.sheet = np.zeros((size[1], size[0], 4), np.uint8)

    @property
    def wide(self) -> float:
        """Width in heights."""
        return self.size[0] / self.size[1]

    def pixels(self, points: np.ndarray | Sequence[tuple[float, float]]) -> np.ndarray:
        """Points (N, 2) in heights as pixels."""
        result: np.ndarray = np.asarray(points, np.float64) * self.size[1]
        return result

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices."""
        return choices[int(self.rng.integers(len(choices)))]

    def shade(self, low: int, high: int) -> Colour:
        """A colour whose channels lie in low..high - 1."""
        r, g, b = (int(v) for v in self.rng.integers(low, high, 3))
        return r, g, b

    # What every hand must say for itself.

    def fill(
        self, points: np.ndarray | Sequence[tuple[float, float]], colour: Colour, low: Colour | None = None
    ) -> None:
        """Fill an outline (N, 2), running to `low` at its foot."""
        raise NotImplementedError

    def sky(self, stops: Sequence[tuple[float, Colour]]) -> None:
        """Cover the plane with a vertical run through (y, colour)."""
        self.sheet[...] = 255
        self.sheet[..., :3] = self._rows(stops)

    def cloud(self, x: float, y: float, width: float, lit: Colour, dark: Colour) -> None:
        """A cloud with its base at y."""
        raise NotImplementedError

    def crown(self, x: float, y: float, r: float, leaves: Sequence[Colour]) -> None:
        """The crown of a tree or a bush around (x, y); `leaves` from dark to lit."""
        raise NotImplementedError

    def blades(self, line: np.ndarray, colours: Sequence[Colour], count: int, tall: float = 0.03) -> None:
        """Grass below `line` (N, 2)."""
        raise NotImplementedError

    def finish(self) -> None:
        """What is done to the whole plane at the end: paper, tooth, haze."""

    # What follows from it.

    def stroke(self, path: np.ndarray | Sequence[tuple[float, float]], colour: Colour, width: float) -> None:
        """A line along `path` (N, 2)."""
        cv2.polylines(
            self.sheet,
            [fixed(self.pixels(path))],
            False,
            (*self.hue(colour), 255),
            max(1, round(width * self.size[1])),
            cv2.LINE_AA,
            _SHIFT,
        )

    def hue(self, colour: Colour) -> Colour:
        """The colour this hand has for `colour`."""
        return colour

    def box(
        self, x0: float, y0: float, x1: float, y1: float, colour: Colour, low: Colour | None = None
    ) -> None:
        """An upright rectangle."""
        self.fill([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour, low)

    def disc(self, x: float, y: float, r: float, colour: Colour) -> None:
        """A round spot."""
        at = np.array([x, y, r]) * self.size[1]
        scaled = [round(float(v) * 16) for v in at]
        cv2.circle(
            self.sheet,
            (scaled[0], scaled[1]),
            max(8, scaled[2]),
            (*self.hue(colour), 255),
            -1,
            cv2.LINE_AA,
            _SHIFT,
        )

    def spots(self, points: np.ndarray, r: float, colours: Sequence[Colour]) -> None:
        """Small spots at `points` (N, 2): stars, blossoms, lights."""
        sizes, which = (
            r * self.rng.uniform(0.5, 1.4, len(points)),
            self.rng.integers(0, len(colours), len(points)),
        )
        for (x, y), size, k in zip(points, sizes, which, strict=True):
            self.disc(float(x), float(y), float(size), colours[k])

    def light(self, x: float, y: float, r: float, colour: Colour, strength: float = 0.6) -> None:
        """A soft light around (x, y), as far as r, on what is painted already."""
        unit = self.size[1]
        x0, x1 = (int(np.clip((x + side * 1.5 * r) * unit, 0, self.size[0])) for side in (-1, 1))
        y0, y1 = (int(np.clip((y + side * 1.5 * r) * unit, 0, self.size[1])) for side in (-1, 1))
        if x0 >= x1 or y0 >= y1:
            return
        across = np.exp(-(((np.arange(x0, x1) / unit - x) / r) ** 2) * 2)
        down = np.exp(-(((np.arange(y0, y1) / unit - y) / r) ** 2) * 2)
        share: np.ndarray = (np.outer(down, across) * strength * 255).astype(np.uint8)
        under = self.sheet[y0:y1, x0:x1]
        lit = np.array(self.hue(colour), np.uint8)
        share = cv2.multiply(share, np.ascontiguousarray(under[..., 3]), scale=1 / 255)
        for channel in range(3):
            plane = np.ascontiguousarray(under[..., channel])
            dimmed = cv2.multiply(plane, 255 - share, scale=1 / 255)
            under[..., channel] = cv2.add(
                dimmed, cv2.multiply(share, np.full_like(share, lit[channel]), scale=1 / 255)
            )

    def land(self, line: np.ndarray, top: Colour, bottom: Colour) -> None:
        """Fill below `line` (N, 2) down to the lower edge."""
        self.fill(np.concatenate([line, [(self.wide + 0.1, 1.05), (-0.1, 1.05)]]), top, bottom)

    def ridge(self, y: float, swing: float, bumps: float = 4.0, sharp: float = 0.0) -> np.ndarray:
        """A line (N, 2) of hills around y; `sharp` 0..1 makes peaks of them."""
        x = np.linspace(-0.1, self.wide + 0.1, 160)
        waves = np.zeros_like(x)
        for octave in range(5):
            phase = x * bumps * 2**octave * 0.5 * np.pi / 1.5 + self.rng.uniform(0, 6)
            smooth, peak = np.sin(phase), 1 - 2 * np.abs((phase / np.pi) % 2 - 1)
            waves += (smooth * (1 - sharp) + peak * sharp) / 2**octave
        return np.stack([x, y - swing * waves / 2], 1)

    def trunk(self, x: float, y: float, tall: float, width: float, bark: Colour) -> None:
        """A trunk from its foot at (x, y)."""
        self.fill(
            [(x - width * 0.75, y), (x - width * 0.4, y - tall * 0.2), (x - width * 0.3, y - tall), (x + width * 0.3, y - tall),
             (x + width * 0.4, y - tall * 0.2), (x + width * 0.8, y)],
            bark, mix(bark, (40, 30, 40), 0.3),
        )  # fmt: skip

    def tree(self, x: float, y: float, tall: float, bark: Colour, leaves: Sequence[Colour]) -> None:
        """A broad-leaved tree standing at (x, y)."""
        self.trunk(x, y, tall * 0.6, tall * 0.07, bark)
        self.crown(x, y - tall * 0.68, tall * 0.34, leaves)

    def pine(self, x: float, y: float, tall: float, leaves: Sequence[Colour]) -> None:
        """A fir standing at (x, y)."""
        self.box(x - tall * 0.025, y - tall * 0.1, x + tall * 0.025, y, mix(leaves[0], (90, 60, 50), 0.5))
        for i in (3, 2, 1, 0):
            foot, half = y - tall * (0.66 - 0.2 * i), tall * (0.11 + 0.05 * i)
            top = y - tall * (1.0 - 0.16 * i)
            self.fill(
                [
                    (x, top),
                    (x + half, foot),
                    (x + half * 0.3, foot + 0.015 * tall),
                    (x - half * 0.3, foot + 0.015 * tall),
                    (x - half, foot),
                ],
                leaves[i % 2],
            )

    def develop(self) -> np.ndarray:
        """The plane as straight RGBA uint8 (H, W, 4)."""
        self.finish()
        return straight(self.sheet)

    def _rows(self, stops: Sequence[tuple[float, Colour]]) -> np.ndarray:
        y = np.linspace(0, 1, self.size[1])
        ys, colours = [s for s, _ in stops], [self.hue(c) for _, c in stops]
        rows = np.stack([np.interp(y, ys, [c[i] for c in colours]) for i in range(3)], 1)
        return rows.astype(np.uint8)[:, None]

    def _region(self, points: np.ndarray) -> tuple[slice, slice, np.ndarray] | None:
        """The rows and columns an outline (N, 2) in pixels covers and its coverage uint8 there; None outside
        the plane.
        """
        x0, y0 = (max(0, int(v)) for v in np.floor(points.min(0)) - 1)
        x1, y1 = (min(n, int(v)) for v, n in zip(np.ceil(points.max(0)) + 2, self.size, strict=True))
        if x0 >= x1 or y0 >= y1:
            return None
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillPoly(mask, [fixed(points - (x0, y0))], 255, cv2.LINE_AA, _SHIFT)
        return slice(y0, y1), slice(x0, x1), mask

    def _lay(self, where: tuple[slice, slice, np.ndarray], paint: np.ndarray) -> None:
        """Opaque `paint` (h, w, 3) or (h, 1, 3) through a mask."""
        rows, columns, mask = where
        under = self.sheet[rows, columns]
        over = np.empty_like(under)
        over[..., :3], over[..., 3] = paint, 255
        wide = cv2.merge([mask, mask, mask, mask])
        under[...] = cv2.add(
            cv2.multiply(under, 255 - wide, scale=1 / 255), cv2.multiply(over, wide, scale=1 / 255)
        )

    def _run(self, top: Colour, low: Colour, points: np.ndarray, rows: slice) -> np.ndarray:
        """The rows (h, 1, 3) of a fill from `top` to `low` over the height of `points`."""
        y0, y1 = points[:, 1].min(), min(points[:, 1].max(), self.size[1])
        share = np.clip((np.arange(rows.start, rows.stop) - y0) / max(y1 - y0, 1), 0, 1)[:, None]
        colour: np.ndarray = np.array(self.hue(top)) * (1 - share) + np.array(self.hue(low)) * share
        return colour.round().astype(np.uint8)[:, None]


New = Callable[[], Painter]
"""Gives the next plane to paint on, in front of those before."""
