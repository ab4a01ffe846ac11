"""The hands of the val places: thick strokes of paint, an airbrush, and coloured pencils."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np

from animelayers.samples.pen import Colour, mix
from animelayers.truth.effects.mark import star
from animelayers.truth.places.painter import Painter, fixed


class Impasto(Painter):
    """Thick, square-ended strokes that follow a slant, colours broken beside each other, on canvas."""

    words: ClassVar[frozenset[str]] = frozenset({"painted", "rough"})

    def fill(
        self, points: np.ndarray | Sequence[tuple[float, float]], colour: Colour, low: Colour | None = None
    ) -> None:
        """A ground and, over it, strokes of colours near it that end where the shape ends."""
        outline = self.pixels(points)
        where = self._region(outline)
        if where:
            paint = np.broadcast_to(
                self._run(colour, low or colour, outline, where[0]), (*where[2].shape, 3)
            ).copy()
            self._strokes(paint)
            self._lay(where, paint)

    def sky(self, stops: Sequence[tuple[float, Colour]]) -> None:
        """The run of colour, laid in strokes."""
        super().sky(stops)
        paint = self.sheet[..., :3].copy()
        self._strokes(paint)
        self.sheet[..., :3] = paint

    def cloud(self, x: float, y: float, width: float, lit: Colour, dark: Colour) -> None:
        """A few strokes side by side, light above, dark below."""
        for _ in range(26):
            a, up = float(self.rng.uniform(-1, 1)), float(self.rng.uniform(0, 1))
            long, thick = width * float(self.rng.uniform(0.12, 0.3)), width * 0.035
            px, py = x + a * width * 0.42, y - up * (1 - a * a) * width * 0.22
            self._dab(px, py, long, thick, -8 + 14 * a, mix(dark, lit, min(1.0, up + 0.2)))

    def crown(self, x: float, y: float, r: float, leaves: Sequence[Colour]) -> None:
        """Strokes that fan out of the middle, lit ones last."""
        for i, colour in enumerate(leaves):
            for _ in range(34 - 6 * i):
                a, far = (
                    float(self.rng.uniform(0, 2 * np.pi)),
                    float(np.sqrt(self.rng.uniform())) * r * (1 - 0.12 * i),
                )
                self._dab(
                    x + far * np.cos(a) - 0.1 * r * i,
                    y + far * np.sin(a) * 0.8 - 0.1 * r * i,
                    0.34 * r,
                    0.13 * r,
                    np.degrees(a) + 20,
                    colour,
                )

    def blades(self, line: np.ndarray, colours: Sequence[Colour], count: int, tall: float = 0.03) -> None:
        """Short upright strokes in rows."""
        for _ in range(count // 2):
            x = float(self.rng.uniform(0, self.wide))
            top = float(np.interp(x, line[:, 0], line[:, 1]))
            y = top + float(self.rng.uniform(0.0, 1)) ** 1.3 * (1.05 - top)
            size = tall * (0.4 + 1.2 * (y - top))
            self._dab(
                x,
                y,
                size * 1.4,
                size * 0.4,
                float(self.rng.uniform(65, 115)),
                colours[int(self.rng.integers(len(colours)))],
            )

    def finish(self) -> None:
        """The weave of the canvas."""
        y, x = np.mgrid[: self.size[1], : self.size[0]].astype(np.float32)
        weave = (np.sin(x * 1.9) + np.sin(y * 1.9)) * 2.4
        lit = np.clip(self.sheet[..., :3] + weave[..., None], 0, 255).astype(np.uint8)
        self.sheet[..., :3] = np.minimum(lit, self.sheet[..., 3:])

    def _dab(self, x: float, y: float, long: float, thick: float, turn: float, colour: Colour) -> None:
        ink = mix(
            colour,
            (255, 255, 255) if self.rng.uniform() < 0.5 else (40, 30, 60),
            float(self.rng.uniform(0, 0.1)),
        )
        box = cv2.boxPoints(
            ((x * self.size[1], y * self.size[1]), (long * self.size[1], thick * self.size[1]), turn)
        )
        cv2.fillPoly(self.sheet, [fixed(box.astype(np.float64))], (*ink, 255), cv2.LINE_AA, 4)

    def _strokes(self, paint: np.ndarray) -> None:
        high, wide = paint.shape[:2]
        unit = self.size[1]
        n = min(700, round(high * wide / (unit * unit) * 1100))
        at = self.rng.uniform((0, 0), (wide, high), (n, 2))
        turn, shade = (
            np.radians(self.rng.normal(12, 14, n)),
            self.rng.uniform(-11, 11, (n, 1)) + self.rng.uniform(-5, 5, (n, 3)),
        )
        along, across = (
            np.stack([np.cos(turn), np.sin(turn)], 1) * unit * 0.0375,
            np.stack([-np.sin(turn), np.cos(turn)], 1) * unit * 0.008,
        )
        boxes = fixed(
            np.stack([at - along - across, at + along - across, at + along + across, at - along + across], 1)
        )
        y, x = np.minimum(at[:, 1].astype(int), high - 1), np.minimum(at[:, 0].astype(int), wide - 1)
        for box, colour in zip(boxes, np.clip(paint[y, x] + shade, 0, 255).tolist(), strict=True):
            cv2.fillConvexPoly(paint, box, colour, cv2.LINE_AA, 4)


class Air(Painter):
    """An airbrush: soft runs of colour, edges that fade, hardly a line."""

    words: ClassVar[frozenset[str]] = frozenset({"soft"})

    def fill(
        self, points: np.ndarray | Sequence[tuple[float, float]], colour: Colour, low: Colour | None = None
    ) -> None:
        """A run of colour whose edge is lit."""
        outline = self.pixels(points)
        where = self._region(outline)
        if where is None:
            return
        rows, columns, mask = where
        paint = np.broadcast_to(
            self._run(colour, low or mix(colour, (255, 255, 255), 0.25), outline, rows), (*mask.shape, 3)
        )
        inner = cv2.blur(mask, (2 * (self.size[1] // 40) + 1,) * 2)
        edge = np.clip((255 - inner.astype(np.int16)) // 3, 0, 60).astype(np.uint8)[..., None]
        self._lay(
            (rows, columns, cv2.blur(mask, (3, 3))), cv2.add(np.ascontiguousarray(paint), edge.repeat(3, 2))
        )

    def cloud(self, x: float, y: float, width: float, lit: Colour, dark: Colour) -> None:
        """A long soft bank."""
        for tone, dy, high in ((dark, 0.0, 0.05), (mix(dark, lit, 0.6), -0.015, 0.04), (lit, -0.03, 0.025)):
            a = np.linspace(0, 2 * np.pi, 60)
            wave = (
                1
                + 0.3 * np.sin(3 * a + self.rng.uniform(0, 6))
                + 0.16 * np.sin(7 * a + self.rng.uniform(0, 6))
            )
            self._mist(
                np.stack(
                    [x + width * 0.5 * np.cos(a), y + dy * width * 2 + width * high * 2 * np.sin(a) * wave], 1
                ),
                tone,
                width * 0.03,
            )

    def crown(self, x: float, y: float, r: float, leaves: Sequence[Colour]) -> None:
        """Soft balls piled up."""
        for i, colour in enumerate(leaves):
            for _ in range(7 - i):
                a, far = float(self.rng.uniform(0, 2 * np.pi)), float(self.rng.uniform(0, 0.62)) * r
                ball = star(
                    x + far * np.cos(a) - 0.12 * i * r,
                    y + far * np.sin(a) * 0.8 - 0.13 * i * r,
                    r * (0.48 - 0.08 * i),
                    r * (0.44 - 0.08 * i),
                    9,
                )
                self._mist(ball, colour, 0.05 * r)

    def blades(self, line: np.ndarray, colours: Sequence[Colour], count: int, tall: float = 0.03) -> None:
        """Long flat bands of lighter ground."""
        for _ in range(count // 40):
            x = float(self.rng.uniform(0, self.wide))
            top = float(np.interp(x, line[:, 0], line[:, 1]))
            y = top + float(self.rng.uniform(0.1, 1)) * (1 - top)
            band = np.array([(-0.3, 0.0), (0.0, -0.012), (0.35, 0.0), (0.0, 0.014)]) + np.array([x, y])
            self._mist(band, colours[int(self.rng.integers(len(colours)))], 0.008)

    def _mist(self, points: np.ndarray, colour: Colour, soft: float) -> None:
        reach = max(1, round(soft * self.size[1]))
        outline = self.pixels(points)
        (x0, y0), (x1, y1) = outline.min(0) - 3 * reach, outline.max(0) + 3 * reach
        where = self._region(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]))
        if where is None:
            return
        rows, columns, mask = where
        mask[...] = 0
        cv2.fillPoly(mask, [fixed(outline - (columns.start, rows.start))], 255, cv2.LINE_AA, 4)
        mask = cv2.blur(cv2.blur(mask, (2 * reach + 1,) * 2), (2 * reach + 1,) * 2)
        self._lay((rows, columns, mask), np.array(self.hue(colour), np.uint8)[None, None])


class Pencil(Painter):
    """Coloured pencils on cream paper: wavering double lines, hatching, the colour not quite within the
    lines.
    """

    words: ClassVar[frozenset[str]] = frozenset({"line-drawn", "rough"})
    paper: ClassVar[Colour] = (246, 240, 226)

    def hue(self, colour: Colour) -> Colour:
        """The pigment, paler for the paper between."""
        return mix(colour, self._ground(colour), 0.25)

    def _ground(self, colour: Colour) -> Colour:
        """Cream paper; for what is dark a dark one."""
        return self.paper if sum(colour) > 240 else mix(colour, (70, 66, 90), 0.3)

    def sky(self, stops: Sequence[tuple[float, Colour]]) -> None:
        """Paper with a pale hatching."""
        self.sheet[...] = (*self._ground(stops[0][1]), 255)
        full = [(0.0, 0.0), (self.wide, 0.0), (self.wide, 1.0), (0.0, 1.0)]
        where = self._region(self.pixels(full))
        assert where is not None
        self._hatch(where, self._rows(stops))

    def fill(
        self, points: np.ndarray | Sequence[tuple[float, float]], colour: Colour, low: Colour | None = None
    ) -> None:
        """Paper, hatched, inside two wavering lines."""
        outline = self.pixels(points)
        where = self._region(outline)
        if where is None:
            return
        self._lay(where, np.array(self._ground(colour), np.uint8)[None, None])
        self._hatch(where, self._run(colour, low or colour, outline, where[0]))
        dark = mix(colour, (40, 36, 48), 0.65)
        for _ in range(2):
            waver = outline + self.rng.normal(0, self.size[1] / 480, outline.shape)
            cv2.polylines(self.sheet, [fixed(waver)], True, (*dark, 255), 1, cv2.LINE_AA, 4)

    def cloud(self, x: float, y: float, width: float, lit: Colour, dark: Colour) -> None:
        """Loops of a pencil."""
        a = np.linspace(0, 2 * np.pi, 90)
        loops = 1 + 0.12 * np.sin(9 * a + self.rng.uniform(0, 6))
        path = np.stack(
            [x + width * 0.4 * np.cos(a) * loops, y - width * 0.08 + width * 0.12 * np.sin(a) * loops], 1
        )
        self.fill(path, lit, mix(lit, dark, 0.4))

    def crown(self, x: float, y: float, r: float, leaves: Sequence[Colour]) -> None:
        """A scribble that goes round and round."""
        a = np.linspace(0, 2 * np.pi, 40)
        self.fill(
            np.stack([x + r * np.cos(a), y + r * 0.9 * np.sin(a)], 1) + self.rng.normal(0, 0.03 * r, (40, 2)),
            leaves[-1],
            leaves[0],
        )
        for colour in leaves:
            turn = np.linspace(0, 14 * np.pi, 160)
            far = r * (0.35 + 0.6 * np.abs(np.sin(turn * 0.23 + self.rng.uniform(0, 3))))
            self.stroke(np.stack([x + far * np.cos(turn), y + 0.9 * far * np.sin(turn)], 1), colour, 0.0025)

    def blades(self, line: np.ndarray, colours: Sequence[Colour], count: int, tall: float = 0.03) -> None:
        """Zigzags along the ground."""
        for _ in range(count // 30):
            x = float(self.rng.uniform(0, self.wide))
            top = float(np.interp(x, line[:, 0], line[:, 1]))
            y, n = top + float(self.rng.uniform(0.05, 1)) * (1 - top), 9
            path = np.stack(
                [
                    x + np.arange(n) * tall * 0.3,
                    y - (np.arange(n) % 2) * tall * self.rng.uniform(0.6, 1.2, n),
                ],
                1,
            )
            self.stroke(path, colours[int(self.rng.integers(len(colours)))], 0.003)

    def _hatch(self, where: tuple[slice, slice, np.ndarray], colour: np.ndarray) -> None:
        rows, columns, mask = where
        y, x = np.mgrid[rows, columns].astype(np.float32)
        turn, step = float(self.rng.uniform(0.5, 1.0)), max(2.2, self.size[1] / 150)
        line = np.sin((x * np.cos(turn) + y * np.sin(turn) + 2 * np.sin(y / 23)) * 2 * np.pi / step)
        share = np.clip(150 + 85 * line, 70, 235).astype(np.uint8)
        self._lay((rows, columns, cv2.multiply(mask, share, scale=1 / 255)), colour)
