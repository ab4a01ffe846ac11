"""Hair that hangs: what falls behind the head, tails and braids, in head widths around the middle of the
face.
"""

from __future__ import annotations

import numpy as np

from animelayers.samples.pen import ellipse, mix, ribbon, spline
from animelayers.truth.people.locks import LENGTHS, Row
from animelayers.truth.people.look import Look
from animelayers.truth.people.marks import Marks
from animelayers.truth.people.skull import Skull


class Mane:
    """The hanging hair of one head; ``shade`` and ``light``: its tones."""

    def __init__(self, marks: Marks, look: Look, skull: Skull) -> None:
        self.marks, self.look, self.skull, self.hair, self.u = marks, look, skull, look.hair, skull.unit
        colour = look.hair_colour
        pale = sum(colour) > 600
        ink = marks.ink
        self.shade = mix(colour, ink.shade if pale else (40, 20, 60), ink.depth if pale else 0.36)
        if ink.shading == "flat" and ink.weight:
            self.shade = mix(colour, ink.shade, 0.12)
        self.light = mix(colour, (255, 250, 245), 0.9 if pale else 0.4)

    def behind(self) -> None:
        """What lies behind head and shoulders."""
        self.fallen()
        self.bound()

    def fallen(self) -> None:
        """What falls loose."""
        back = self.hair.back
        if back in LENGTHS:
            long, wide = LENGTHS[back]
            self.falling(long * (self.hair.length / 1.6 if long > 0.5 else 1.0), wide)
        elif back != "none" and back != "afro":
            self.falling(0.42)

    def bound(self) -> None:
        """Tails, buns, and a round head of curls."""
        back, way = self.hair.back, 1 if self.skull.degrees <= 0 else -1
        if back in ("tails", "low_tails"):
            for side in (-1, 1):
                self._tail(
                    side * 0.5, -0.3 if back == "tails" else 0.28, side * 0.28, self.hair.length * 1.25, -0.3
                )
        elif back in ("pony", "low_pony"):
            self._tail(
                0.12 if not self.skull.pose.away else 0.0,
                -0.5 if back == "pony" else 0.15,
                0.34 * way,
                self.hair.length * 1.2,
                -1.2,
            )
        elif back in ("bun", "buns"):
            for side in (-1, 1) if back == "buns" else (0,):
                self._lump(
                    self.skull.seen(ellipse(0.42 * side, -0.66 + 0.1 * abs(side), 0.25, 0.24), 0.7),
                    self.look.hair_colour,
                )
        elif back == "afro":
            t = np.linspace(0, 2 * np.pi, 26, endpoint=False)
            bumps = [
                (0.9 * (1 + 0.06 * (i % 2)) * np.sin(a), -0.22 - 0.76 * (1 + 0.06 * (i % 2)) * np.cos(a))
                for i, a in enumerate(t)
            ]
            self._lump(
                self.skull.seen(spline(bumps), 0.4),
                self.shade if not self.skull.pose.away else self.look.hair_colour,
            )

    def _lump(self, shape: np.ndarray, colour: tuple[int, int, int]) -> None:
        self.marks.fill(shape, colour, 0.012)

    def falling(self, long: float, half: float = 0.5) -> None:
        """Locks with a tip each, as `long` and to either side as wide as `half`."""
        rng, wide = np.random.default_rng([self.look.seed, 3]), half * self.hair.volume
        left = [
            (-0.3, -0.6),
            (-0.9 * wide, -0.42),
            (-wide, -0.05),
            (-wide * 1.05, 0.3 * long),
            (-wide * (1.03 + 0.06 * long), 0.62 * long),
        ]
        locks = max(4, round(7 * self.hair.locks))
        tips: Row = []
        soft = self.hair.back in ("bob", "nape")
        for i in range(locks):
            x = -0.68 + 1.36 * i / (locks - 1)
            drop = 1.0 - (0.05 if soft else 0.14) * (i % 2) - (0.06 if soft else 0.26) * (x / 0.68) ** 2
            tip = (x * wide / 0.6 * (1.02 + 0.03 * long) + rng.normal(0, 0.02), max(long * drop, 0.2))
            tips += [tip, tip]
            if i < locks - 1:
                tips.append((tip[0] + 0.68 / (locks - 1), tip[1] - (0.06 if soft else 0.2) * max(long, 0.5)))
        right = [(-x, y) for x, y in reversed(left)]
        shape = self.skull.blown(spline([*left, *tips, *right], True, 6), -0.35, True)
        self.marks.fill(shape, self.shade)
        if long > 0.9:
            for i in range(6):
                x = rng.uniform(-0.48, 0.48)
                path = self.skull.blown(
                    spline(
                        [(x * 0.8, 0.5), (x, 0.6 * long), (x * 1.1, long * rng.uniform(0.72, 0.9))], False
                    ),
                    -0.35,
                    True,
                )
                lit, dark = (
                    mix(self.shade, self.look.hair_colour, 0.8),
                    mix(self.shade, self.marks.ink.line(self.shade), 0.45),
                )
                self.marks.stroke(path, (0, 0.04 * self.u, 0), lit if i % 2 else dark, shape)

    def _tail(self, x: float, y: float, out: float, long: float, depth: float) -> None:
        """A bound tail of hair from (x, y), swinging `out`."""
        path = [
            (x, y),
            (x + 0.8 * out, y - 0.02),
            (x + 1.3 * out, y + 0.4 * long),
            (x + 0.95 * out, y + 0.8 * long),
            (x + 1.1 * out, y + long),
        ]
        line = spline(path, False)
        sway = (self.skull.pose.wind * 0.12 + self.skull.pose.swing * 0.1) * np.linspace(
            0, 1, len(line)
        ) ** 1.5
        line[:, 0] += sway * long
        wide = 0.36 * self.hair.volume
        shape = ribbon(line, (0.4 * wide, wide, 1.15 * wide, 0.8 * wide, 0.0))
        placed = self.skull.place(shape, depth)
        self.marks.fill(placed, self.look.hair_colour, 0.012)
        for off in (-0.22, 0.2):
            shifted = line + np.array([off * wide, 0])
            self.marks.stroke(
                self.skull.place(shifted[4:-3], depth), (0, 0.05 * self.u, 0), self.shade, placed
            )
        self.marks.fill(self.skull.place(ellipse(x + 0.3 * out, y, 0.09, 0.09), depth), self.look.accent)

    def before(self) -> None:
        """What hangs in front of the shoulders."""
        if self.hair.back != "braids":
            return
        for side in (-1, 1):
            beads = max(3, round(3.2 * self.hair.length))
            for i in range(beads):
                y = 0.42 + 0.2 * i
                lump = spline(
                    [
                        (side * 0.52 - 0.11, y - 0.03),
                        (side * 0.52, y - 0.13),
                        (side * 0.52 + 0.11, y - 0.03),
                        (side * 0.52 + 0.05, y + 0.12),
                        (side * 0.52 - 0.05, y + 0.12),
                    ]
                )
                self._lump(self.skull.blown(lump, 0.2), self.look.hair_colour)
            y = 0.42 + 0.2 * beads
            tip = spline(
                [
                    (side * 0.52 - 0.07, y - 0.06),
                    (side * 0.52 + 0.07, y - 0.06),
                    (side * 0.52, y + 0.16),
                    (side * 0.52, y + 0.16),
                ]
            )
            self.marks.fill(self.skull.blown(tip, 0.2), self.look.hair_colour)
            self.marks.fill(
                self.skull.blown(ellipse(side * 0.52, y - 0.08, 0.08, 0.05), 0.2), self.look.accent
            )
