"""What an effect is drawn with: marks on a stage, before a style inks, cels, chalks or lights them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from animelayers.samples.pen import ribbon, spline

TAU = 2 * np.pi


class Mark(NamedTuple):
    """One shape in pixels: `points` (N, 2), closed; `tone` 0 (rim) to 1 (core); `strength` 0..1 its opacity.

    A `width` above 0 makes it an open stroke that many pixels wide; `hole` (N, 2) is cut out of it; `line`
    False: too fine for an outline.
    """

    points: np.ndarray
    tone: float = 0.5
    strength: float = 1.0
    width: float = 0.0
    hole: np.ndarray | None = None
    line: bool = True


Motif = Sequence[Mark] | np.ndarray
"""Marks in the order they lie on each other, or a density uint8 (H, W) of something without shape."""


@dataclass(frozen=True)
class Stage:
    """Where and when an effect is drawn.

    `t` is the share 0..1 of the loop (1 is 0 again) or of the life; `k` the drawing of `count`; `size`
    (width, height) in pixels. A field has its origin at the upper left and heights of 1; a tile its origin in
    the middle and ±1 along its shorter side, a margin kept free.
    """

    k: int
    count: int
    t: float
    size: tuple[int, int]
    seed: int
    field: bool
    rng: np.random.Generator

    @property
    def unit(self) -> float:
        """Pixels in a length of 1."""
        return float(self.size[1]) if self.field else min(self.size) * 0.46

    @property
    def wide(self) -> float:
        """The width of a field, or half that of a tile, in lengths of 1."""
        return self.size[0] / self.unit if self.field else self.size[0] * 0.46 / self.unit

    @property
    def high(self) -> float:
        """The height of a field, or half that of a tile, in lengths of 1."""
        return 1.0 if self.field else self.size[1] * 0.46 / self.unit

    def mark(self, points: np.ndarray, tone: float = 0.5, strength: float = 1.0, width: float = 0.0, hole: np.ndarray | None = None,
             line: bool = True) -> Mark:  # fmt: skip
        """A mark from points (N, 2) and a width in lengths of 1."""
        return Mark(
            self._pixels(points),
            tone,
            strength,
            width * self.unit,
            None if hole is None else self._pixels(hole),
            line,
        )

    def _pixels(self, points: np.ndarray) -> np.ndarray:
        pixels: np.ndarray = np.asarray(points, np.float64) * self.unit
        return pixels if self.field else pixels + np.array(self.size) / 2


@lru_cache(maxsize=64)
def _circle(n: int) -> np.ndarray:
    a = np.linspace(0, TAU, n, endpoint=False)
    circle = np.stack([np.cos(a), np.sin(a)], 1)
    circle.flags.writeable = False
    return circle


def disc(x: float, y: float, r: float, n: int = 20, squash: float = 1.0) -> np.ndarray:
    """A round outline (n, 2) of radius r, `squash` times as high as wide."""
    outline: np.ndarray = _circle(n) * (r, r * squash) + (x, y)
    return outline


def star(x: float, y: float, outer: float, inner: float, n: int, turn: float = 0.0) -> np.ndarray:
    """A star of n points (2n, 2), the first at the angle `turn`."""
    a = turn + np.arange(2 * n) * np.pi / n
    r = np.where(np.arange(2 * n) % 2 == 0, outer, inner)
    return np.stack([x + r * np.cos(a), y + r * np.sin(a)], 1)


def glint(x: float, y: float, r: float, turn: float = 0.0) -> np.ndarray:
    """A four-pointed star with sides curved inwards (32, 2)."""
    # Exponent 3 is the astroid; the lower, the fuller the star.
    circle = _circle(32)
    astroid = np.sign(circle) * np.abs(circle) ** 3.4
    c, s = math.cos(turn) * r, math.sin(turn) * r
    outline: np.ndarray = astroid @ np.array([[c, s], [-s, c]]) + (x, y)
    return outline


def puff(x: float, y: float, r: float, lobes: int, turn: float, depth: float = 0.16) -> np.ndarray:
    """A cloud's outline (8 lobes, 2): round lobes meeting in creases."""
    a = np.linspace(0, TAU, 8 * lobes, endpoint=False)
    reach = r * (1 - depth + depth * np.abs(np.sin((a - turn) * lobes / 2)) * 1.6)
    return np.stack([x + reach * np.cos(a), y + reach * np.sin(a)], 1)


def streak(x0: float, y0: float, x1: float, y1: float, width: float, belly: float = 0.5) -> np.ndarray:
    """A stroke with pointed ends (6, 2), widest at the share `belly` of its length."""
    # In plain numbers: a shower has hundreds of them, and arrays of two cost ten times as much.
    ax, ay = x1 - x0, y1 - y0
    half = width / 2 / max(math.hypot(ax, ay), 1e-9)
    sx, sy = -ay * half, ax * half
    mx, my, nx, ny = x0 + ax * belly, y0 + ay * belly, x0 + ax * belly * 0.6, y0 + ay * belly * 0.6
    side = 0.8
    return np.array(
        [
            (x0, y0),
            (nx + sx * side, ny + sy * side),
            (mx + sx, my + sy),
            (x1, y1),
            (mx - sx, my - sy),
            (nx - sx * side, ny - sy * side),
        ]
    )


def tongue(x: float, y: float, tall: float, width: float, lean: float, curl: float = 0.0) -> np.ndarray:
    """A flame (N, 2) from its foot at (x, y): a round base drawn out to a tip that leans and curls."""
    half = width / 2
    tip = (x + lean, y - tall)
    return spline(
        [
            (x, y), (x - half * 0.8, y - tall * 0.06), (x - half, y - tall * 0.24), (x - half * 0.45 + lean * 0.25 - curl, y - tall * 0.6),
            tip, tip, (x + half * 0.35 + lean * 0.55 - curl, y - tall * 0.56), (x + half, y - tall * 0.22), (x + half * 0.8, y - tall * 0.06),
        ],
        steps=5,
    )  # fmt: skip


def bow(
    x: float,
    y: float,
    r: float,
    a0: float,
    a1: float,
    width: float,
    squash: float = 1.0,
    n: int = 24,
    belly: float = 0.5,
) -> np.ndarray:
    """A crescent (2n, 2) along a circle's arc from angle a0 to a1, pointed at its ends and `width` wide at
    the share `belly`.
    """
    s = np.linspace(0, 1, n)
    a = a0 + (a1 - a0) * s
    half = (
        width
        / 2
        * np.where(s < belly, np.sin(np.pi / 2 * s / belly), np.cos(np.pi / 2 * (s - belly) / (1 - belly)))
    )
    ray = np.stack([np.cos(a), np.sin(a) * squash], 1)
    outline = np.concatenate([(r + half)[:, None] * ray, ((r - half)[:, None] * ray)[::-1]])
    moved: np.ndarray = outline + np.array([x, y])
    return moved


def ring(x: float, y: float, r: float, squash: float = 1.0, n: int = 48) -> np.ndarray:
    """A closed path (n + 1, 2) to stroke."""
    path = disc(x, y, r, n, squash)
    return np.concatenate([path, path[:1]])


def zigzag(
    p: Sequence[float], q: Sequence[float], rng: np.random.Generator, swing: float, depth: int = 5
) -> np.ndarray:
    """A jagged path (2^depth + 1, 2) from p to q by midpoint displacement (Fournier, Fussell and Carpenter
    1982).
    """
    path = np.array([p, q], np.float64)
    for level in range(depth):
        along = np.diff(path, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], 1)
        mid = (path[1:] + path[:-1]) / 2 + normal * rng.uniform(-swing, swing, len(along))[:, None] * (
            0.9**level
        )
        path = np.insert(path, np.arange(1, len(path)), mid, axis=0)
    return path


def taper(path: np.ndarray, widths: Iterable[float]) -> np.ndarray:
    """The outline (2N, 2) of a brush along `path` (N, 2) whose width runs evenly through `widths`."""
    return ribbon(path, list(widths))
