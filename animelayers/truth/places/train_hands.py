"""The hands of the train places: a brush, flat shapes, and a pen with screen tone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np

from animelayers.samples import brush
from animelayers.samples.pen import Colour, mix
from animelayers.truth.effects.mark import puff
from animelayers.truth.places.painter import Painter, fixed


class Brush(Painter):
    """Gouache laid on in washes and dabs, as on the background sheets of cel animation."""

    words: ClassVar[frozenset[str]] = frozenset({"painted"})

    def fill(
        self, points: np.ndarray | Sequence[tuple[float, float]], colour: Colour, low: Colour | None = None
    ) -> None:
        """A wash from `colour` to `low`."""
        outline = self.pixels(points)
        where = self._region(outline)
        if where:
            self._lay(where, self._run(colour, low or mix(colour, (50, 50, 80), 0.12), outline, where[0]))

    def cloud(self, x: float, y: float, width: float, lit: Colour, dark: Colour) -> None:
        """A heap of round dabs on a flat base, lit from the upper left."""
        along = self.rng.uniform(-1, 1, 22)
        heap, size = (
            (1 - along**2) * self.rng.uniform(0.2, 1.0, 22),
            width * (0.05 + 0.1 * (1 - 0.6 * np.abs(along))),
        )
        for share, shift, tone in ((1.0, 0.0, 0.0), (0.86, -0.03, 0.55), (0.68, -0.06, 1.0)):
            for a, h, r in zip(along, heap, size, strict=True):
                self.disc(
                    x + a * width / 2 + shift * width * 0.4,
                    min(y, y - h * width * 0.2) + shift * width * 0.5,
                    r * share,
                    mix(dark, lit, tone),
                )

    def crown(self, x: float, y: float, r: float, leaves: Sequence[Colour]) -> None:
        """Many dabs, dark ones below, lit ones above and to the left."""
        for i, colour in enumerate(leaves):
            n = 70 - 12 * i
            angle, away = (
                self.rng.uniform(0, 2 * np.pi, n),
                np.sqrt(self.rng.uniform(0, 1, n)) * r * (1 - 0.14 * i),
            )
            at = np.stack(
                [x + away * np.cos(angle) - 0.08 * r * i, y + away * np.sin(angle) * 0.85 - 0.1 * r * i], 1
            )
            ink = [
                (*c, 255)
                for c in (colour, mix(colour, (255, 255, 230), 0.08), mix(colour, (30, 50, 70), 0.1))
            ]
            sizes, which, turns = (
                self.rng.uniform(0.08, 0.16, n) * r,
                self.rng.integers(0, 3, n),
                self.rng.uniform(-40, 40, n),
            )
            for (px, py), size, k, turn in zip(
                self.pixels(at), sizes * self.size[1], which, turns, strict=True
            ):
                cv2.ellipse(
                    self.sheet,
                    ((float(px), float(py)), (float(2 * size), float(1.4 * size)), float(turn)),
                    ink[k],
                    -1,
                    cv2.LINE_AA,
                )

    def blades(self, line: np.ndarray, colours: Sequence[Colour], count: int, tall: float = 0.03) -> None:
        """Strokes that grow towards the viewer."""
        x = self.rng.uniform(0, self.wide, count)
        top, depth = np.interp(x, line[:, 0], line[:, 1]), np.sort(self.rng.uniform(0.02, 1, count) ** 1.5)
        y, size = top + depth * (1.03 - top), tall * (0.15 + depth)
        lean, which = self.rng.normal(0, 0.35, count), self.rng.integers(0, len(colours), count)
        for i in range(count):
            self.stroke(
                [(x[i], y[i]), (x[i] + lean[i] * size[i], y[i] - size[i])],
                colours[which[i]],
                float(size[i]) / 9,
            )

    def finish(self) -> None:
        """The tooth of the paper."""
        small = (max(2, self.size[0] // 2), max(2, self.size[1] // 2))
        light = (
            brush.clouds(small[::-1], self.rng, 5) * 6 + brush.clouds(small[::-1], self.rng, 45, 4.0) * 3.6
        )
        grain = cv2.blur(self.rng.normal(0, 2.2, small[::-1]).astype(np.float32), (2, 2))
        shift = cv2.resize(light + grain, self.size)
        toothed = cv2.add(self.sheet[..., :3], cv2.merge([shift, shift, shift]), dtype=cv2.CV_8U)
        self.sheet[..., :3] = np.minimum(toothed, self.sheet[..., 3:])


class Flat(Painter):
    """Shapes of one colour each, as in vector animation."""

    words: ClassVar[frozenset[str]] = frozenset({"flat"})

    def sky(self, stops: Sequence[tuple[float, Colour]]) -> None:
        """Broad bands."""
        self.sheet[...] = 255
        rows = self._rows(stops)
        bands = np.minimum(
            (np.arange(self.size[1]) * 7 // self.size[1] * self.size[1] // 7) + self.size[1] // 14,
            self.size[1] - 1,
        )
        self.sheet[..., :3] = rows[bands]

    def fill(
        self, points: np.ndarray | Sequence[tuple[float, float]], colour: Colour, low: Colour | None = None
    ) -> None:
        """One colour."""
        tone = colour if low is None else mix(colour, low, 0.35)
        cv2.fillPoly(self.sheet, [fixed(self.pixels(points))], (*tone, 255), cv2.LINE_AA, 4)

    def cloud(self, x: float, y: float, width: float, lit: Colour, dark: Colour) -> None:
        """Three or four discs on a bar, and the same smaller in the light."""
        r = width * 0.16
        spread = self.rng.uniform(0.7, 1.2, 4)
        for tone, drop in ((mix(dark, lit, 0.5), 0.0), (lit, -0.12)):
            for i, s in enumerate(spread):
                self.disc(
                    x + (i - 1.5) * width * 0.22,
                    y - r * (1 - abs(i - 1.5) * 0.35) + drop * r,
                    r * s * (0.85 if abs(i - 1.5) > 1 else 1.15) * (1 + drop),
                    tone,
                )
            self.box(x - width * 0.42, y - r * 0.9, x + width * 0.42, y + drop * r, tone)

    def crown(self, x: float, y: float, r: float, leaves: Sequence[Colour]) -> None:
        """One rounded shape and a lighter one within."""
        turn = float(self.rng.uniform(0, 6))
        self.fill(puff(x, y, r, 7, turn, 0.1), leaves[0])
        self.fill(puff(x - 0.1 * r, y - 0.14 * r, r * 0.78, 7, turn, 0.1), leaves[len(leaves) // 2])

    def blades(self, line: np.ndarray, colours: Sequence[Colour], count: int, tall: float = 0.03) -> None:
        """Tufts of three pointed leaves."""
        for _ in range(count // 14):
            x = float(self.rng.uniform(0, self.wide))
            top = float(np.interp(x, line[:, 0], line[:, 1]))
            y = top + float(self.rng.uniform(0.05, 1)) * (1.0 - top)
            size = tall * (0.6 + 1.2 * (y - top))
            tuft = [
                (x - size * 0.4, y),
                (x - size * 0.7, y - size),
                (x - size * 0.1, y - size * 0.4),
                (x, y - size * 1.5),
                (x + size * 0.15, y - size * 0.4),
                (x + size * 0.7, y - size),
                (x + size * 0.4, y),
            ]
            self.fill(tuft, colours[int(self.rng.integers(len(colours)))])


class Pen(Painter):
    """Black lines on white paper, grey where screen tone is stuck on."""

    words: ClassVar[frozenset[str]] = frozenset({"line-drawn", "grey"})

    def hue(self, colour: Colour) -> Colour:
        """Its luma, pulled towards the white of the paper."""
        luma = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
        tone = round(min(255.0, 60 + 215 * (luma / 255) ** 0.8)) if luma > 70 else round(luma * 0.7)
        return tone, tone, tone

    def fill(
        self, points: np.ndarray | Sequence[tuple[float, float]], colour: Colour, low: Colour | None = None
    ) -> None:
        """White, light grey, or dots; then a line around it."""
        outline = self.pixels(points)
        where = self._region(outline)
        if where is None:
            return
        rows, columns, mask = where
        tone = self.hue(colour if low is None else mix(colour, low, 0.5))[0]
        paper = np.full((*mask.shape, 3), 255 if tone > 120 else tone, np.uint8)
        if 120 < tone < 215:
            paper = self._screen(np.float32(tone), rows, columns)[..., None].repeat(3, 2)
        self._lay(where, paper)
        cv2.polylines(
            self.sheet,
            [fixed(outline)],
            True,
            (24, 24, 24, 255),
            max(1, round(self.size[1] / 300)),
            cv2.LINE_AA,
            4,
        )

    def sky(self, stops: Sequence[tuple[float, Colour]]) -> None:
        """Paper; screen tone for what has no colour or is dim; at night, black ink."""
        self.sheet[...] = 255
        top = stops[0][1]
        tone = self.hue(top)[0]
        if tone < 70:
            self.sheet[..., :3] = self._rows([(0, top), (1, mix(top, (90, 90, 90), 0.4))])
        elif tone < 215 and (max(top) - min(top) < 12 or sum(top) < 330):
            self.sheet[..., :3] = self._screen(
                self._rows(stops)[..., 0].astype(np.float32), slice(0, self.size[1]), slice(0, self.size[0])
            )[..., None]

    def cloud(self, x: float, y: float, width: float, lit: Colour, dark: Colour) -> None:
        """A scalloped outline, open below."""
        a = np.linspace(np.pi, 2 * np.pi, 60)
        bumps = 1 + 0.22 * np.abs(np.sin(a * 3.5 + self.rng.uniform(0, 3)))
        path = np.stack([x + width * 0.42 * np.cos(a), y + width * 0.2 * np.sin(a) * bumps], 1)
        self.fill(path, (255, 255, 255))

    def crown(self, x: float, y: float, r: float, leaves: Sequence[Colour]) -> None:
        """A scalloped outline with strokes on the shaded side."""
        self.fill(
            puff(x, y, r, 11, float(self.rng.uniform(0, 6)), 0.12), mix(leaves[-1], (255, 255, 255), 0.4)
        )
        for _ in range(14):
            a, far = self.rng.uniform(-0.6, 2.0), self.rng.uniform(0.25, 0.85) * r
            px, py = x + far * np.cos(a), y + far * np.sin(a)
            bow = np.array([(-0.08, 0.0), (-0.03, 0.05), (0.03, 0.05), (0.08, 0.0)]) * r * 1.2 + (px, py)
            self.stroke(bow, (0, 0, 0), 0.003)

    def blades(self, line: np.ndarray, colours: Sequence[Colour], count: int, tall: float = 0.03) -> None:
        """Tufts of fine strokes here and there."""
        for _ in range(count // 8):
            x = float(self.rng.uniform(0, self.wide))
            top = float(np.interp(x, line[:, 0], line[:, 1]))
            y = top + float(self.rng.uniform(0.04, 1)) * (1 - top)
            for lean in (-0.5, 0.0, 0.5):
                self.stroke(
                    [(x + lean * 0.2 * tall, y), (x + lean * tall, y - tall * (1 - 0.3 * abs(lean)))],
                    (0, 0, 0),
                    0.0025,
                )

    def _screen(self, tone: np.ndarray | np.float32, rows: slice, columns: slice) -> np.ndarray:
        """Dots, the bigger the darker `tone` (grey 120..215), uint8 (h, w)."""
        y, x = np.ogrid[rows, columns]
        step = max(3, round(self.size[1] / 110))
        # sin(x + y) sin(x - y) is this difference: two lines instead of two planes of sines.
        screen = (np.cos(y * 2 * np.pi / step) - np.cos(x * 2 * np.pi / step)).astype(np.float32) / 2
        dots: np.ndarray = np.clip(255 - (screen - (tone - 165) / 75) * 900, 90, 255).astype(np.uint8)
        return dots
