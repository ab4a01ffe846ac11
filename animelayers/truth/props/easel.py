"""The easel a prop is painted on: a painter's plane, measured from the prop's foot upwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np

from animelayers.samples.pen import Colour, mix, spline
from animelayers.truth.effects.mark import disc
from animelayers.truth.places.painter import Painter, fixed
from animelayers.truth.places.train_hands import Flat

Point = tuple[float, float]
_SPAN, _FOOT = 0.86, 0.93


class Line(Flat):
    """Flat colour inside a line of its own darker shade, as figures are drawn: what most looks like one."""

    words: ClassVar[frozenset[str]] = frozenset({"flat", "outline"})

    def fill(
        self, points: np.ndarray | Sequence[tuple[float, float]], colour: Colour, low: Colour | None = None
    ) -> None:
        """One colour, a band of shade at the right, a line around it."""
        outline = self.pixels(points)
        where = self._region(outline)
        if where is None:
            return
        shade = mix(colour, (50, 40, 90), 0.22)
        self._lay(where, np.array(shade, np.uint8)[None, None])
        lit = outline + ((outline.min(0) - outline.max(0)) * (0.14, 0.02)).clip(-self.size[1] * 0.05, 0)
        rows, columns, mask = where
        both = np.zeros_like(mask)
        cv2.fillPoly(both, [fixed(lit - (columns.start, rows.start))], 255, cv2.LINE_AA, 4)
        self._lay((rows, columns, cv2.min(mask, both)), np.array(colour, np.uint8)[None, None])
        cv2.polylines(
            self.sheet,
            [fixed(outline)],
            True,
            (*mix(colour, (20, 14, 30), 0.75), 255),
            max(1, round(self.size[1] / 160)),
            cv2.LINE_AA,
            4,
        )


class Easel:
    """A painter measured in the prop's heights: x from its middle to the right, y from its foot upwards to 1."""

    def __init__(self, painter: Painter):
        self.painter, self.rng = painter, painter.rng

    def at(self, x: float, y: float) -> Point:
        """A place on the painter's plane."""
        return self.painter.wide / 2 + x * _SPAN, _FOOT - y * _SPAN

    def fill(
        self,
        points: Sequence[Point] | np.ndarray,
        colour: Colour,
        low: Colour | None = None,
        smooth: bool = False,
    ) -> None:
        """Fill an outline (N, 2); `smooth` rounds its corners, but one given twice."""
        outline = np.array([self.at(float(x), float(y)) for x, y in points])
        self.painter.fill(spline(outline, steps=6) if smooth else outline, colour, low)

    def box(
        self, x0: float, y0: float, x1: float, y1: float, colour: Colour, low: Colour | None = None
    ) -> None:
        """An upright rectangle."""
        self.fill([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour, low)

    def round(self, x: float, y: float, r: float, colour: Colour, squash: float = 1.0) -> None:
        """A ball, `squash` times as high as wide."""
        self.fill(disc(x, y, r, 28, squash), colour)

    def line(self, path: Sequence[Point], colour: Colour, width: float) -> None:
        """A stroke."""
        self.painter.stroke([self.at(x, y) for x, y in path], colour, width * _SPAN)

    def crown(self, x: float, y: float, r: float, leaves: Sequence[Colour]) -> None:
        """Leaves around (x, y)."""
        self.painter.crown(*self.at(x, y), r * _SPAN, leaves)

    def pick(self, *colours: Colour) -> Colour:
        """One of the colours."""
        return colours[int(self.rng.integers(len(colours)))]
