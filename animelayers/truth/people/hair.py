"""Hair, in head widths around the middle of the face: what falls behind, what lies over the forehead, what hangs in front."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from animelayers.samples.pen import ellipse, mix, ribbon, spline
from animelayers.truth.people.locks import CROWNS, FRINGES, LENGTHS, SPIKY, Row
from animelayers.truth.people.look import Look
from animelayers.truth.people.marks import Marks
from animelayers.truth.people.skull import Skull


class HairDrawing:
    """The hair of one head."""

    def __init__(self, marks: Marks, look: Look, skull: Skull) -> None:
        self.marks, self.look, self.skull, self.hair, self.u = marks, look, skull, look.hair, skull.unit
        colour = look.hair_colour
        pale = sum(colour) > 600
        ink = marks.ink
        self.shade = mix(colour, ink.shade if pale else (40, 20, 60), ink.depth if pale else 0.36)
        if ink.shading == "flat" and ink.weight:
            self.shade = mix(colour, ink.shade, 0.12)
        self.light = mix(colour, (255, 250, 245), 0.9 if pale else 0.4)

    @property
    def bald(self) -> bool:
        """Whether there is none on top."""
        return self.hair.crown == "none"

    def fringe(self) -> Row:
        """The lower edge of what falls over the forehead, left to right, for its shadow on the face."""
        if self.bald:
            return []
        tips, gaps = FRINGES[self.hair.fringe]
        between = [p for pair in zip(tips, [*gaps, (0.42, -0.12)], strict=True) for p in pair]
        return [(-0.5, -0.1), *between, (0.5, -0.1)]

    def behind(self) -> None:
        """What lies behind head and shoulders."""
        self._fallen()
        self._bound()

    def _fallen(self) -> None:
        back = self.hair.back
        if back in LENGTHS:
            long, wide = LENGTHS[back]
            self._falling(long * (self.hair.length / 1.6 if long > 0.5 else 1.0), wide)
        elif back != "none" and back != "afro":
            self._falling(0.42)

    def _bound(self) -> None:
        back, way = self.hair.back, 1 if self.skull.degrees <= 0 else -1
        if back in ("tails", "low_tails"):
            for side in (-1, 1):
                self._tail(side * 0.5, -0.3 if back == "tails" else 0.28, side * 0.28, self.hair.length * 1.25, -0.3)
        elif back in ("pony", "low_pony"):
            self._tail(0.12 if not self.skull.pose.away else 0.0, -0.5 if back == "pony" else 0.15, 0.34 * way, self.hair.length * 1.2, -1.2)
        elif back in ("bun", "buns"):
            for side in (-1, 1) if back == "buns" else (0,):
                self._lump(self.skull.seen(ellipse(0.42 * side, -0.66 + 0.1 * abs(side), 0.25, 0.24), 0.7), self.look.hair_colour)
        elif back == "afro":
            t = np.linspace(0, 2 * np.pi, 26, endpoint=False)
            bumps = [(0.9 * (1 + 0.06 * (i % 2)) * np.sin(a), -0.22 - 0.76 * (1 + 0.06 * (i % 2)) * np.cos(a)) for i, a in enumerate(t)]
            self._lump(self.skull.seen(spline(bumps), 0.4), self.shade if not self.skull.pose.away else self.look.hair_colour)

    def _lump(self, shape: np.ndarray, colour: tuple[int, int, int]) -> None:
        self.marks.fill(shape, colour, 0.012)

    def _falling(self, long: float, half: float = 0.5) -> None:
        """Locks with a tip each."""
        rng, wide = np.random.default_rng([self.look.seed, 3]), half * self.hair.volume
        left = [(-0.3, -0.6), (-0.9 * wide, -0.42), (-wide, -0.05), (-wide * 1.05, 0.3 * long), (-wide * (1.03 + 0.06 * long), 0.62 * long)]
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
                path = self.skull.blown(spline([(x * 0.8, 0.5), (x, 0.6 * long), (x * 1.1, long * rng.uniform(0.72, 0.9))], False), -0.35, True)
                self.marks.stroke(
                    path,
                    (0, 0.04 * self.u, 0),
                    mix(self.shade, self.look.hair_colour, 0.8) if i % 2 else mix(self.shade, self.marks.ink.line(self.shade), 0.45),
                    shape,
                )

    def _tail(self, x: float, y: float, out: float, long: float, depth: float) -> None:
        """A bound tail of hair from (x, y), swinging `out`."""
        path = [(x, y), (x + 0.8 * out, y - 0.02), (x + 1.3 * out, y + 0.4 * long), (x + 0.95 * out, y + 0.8 * long), (x + 1.1 * out, y + long)]
        line = spline(path, False)
        sway = (self.skull.pose.wind * 0.12 + self.skull.pose.swing * 0.1) * np.linspace(0, 1, len(line)) ** 1.5
        line[:, 0] += sway * long
        wide = 0.36 * self.hair.volume
        shape = ribbon(line, (0.4 * wide, wide, 1.15 * wide, 0.8 * wide, 0.0))
        placed = self.skull.place(shape, depth)
        self.marks.fill(placed, self.look.hair_colour, 0.012)
        for off in (-0.22, 0.2):
            shifted = line + np.array([off * wide, 0])
            self.marks.stroke(self.skull.place(shifted[4:-3], depth), (0, 0.05 * self.u, 0), self.shade, placed)
        self.marks.fill(self.skull.place(ellipse(x + 0.3 * out, y, 0.09, 0.09), depth), self.look.accent)

    def front(self) -> None:
        """The cap with its fringe and side locks over the face."""
        if self.bald:
            return
        look, hair = self.look, self.hair
        if hair.back not in ("short", "nape", "afro") or hair.fringe in ("spikes", "choppy"):
            self._side_locks()
        crown = self._crown()
        row = self.fringe()
        sharp = look.face.jaw < 1.08 and hair.fringe not in ("rounded", "scalloped", "curl", "bare")
        edge: Row = []
        for i, p in enumerate(row):
            edge += [p, p] if sharp and i % 2 and 0 < i < len(row) - 1 else [p]
        depth_row = self.skull.place(np.array(spline(edge, False)) * (1.04, 1.0), None)
        cap = np.concatenate([self.skull.seen(crown, 0.12), depth_row])
        self.marks.fill(cap, look.hair_colour, 0.016 if hair.crown not in CROWNS else 0.02)
        self._strands(cap, row)
        self._shine(cap)
        if self.marks.ink.weight:
            self.marks.outline(cap, look.hair_colour)

    def from_behind(self) -> None:
        """The back of the head, and what falls over it."""
        if self.bald:
            return
        self.shade = mix(self.shade, self.look.hair_colour, 0.75)
        self._fallen()
        crown = self.skull.seen(self._crown())
        if self.hair.back in ("short", "nape"):
            self._falling(0.52, 0.52)
        edge = spline([(-0.54, 0.1), (-0.47, 0.32), (-0.2, 0.42), (0.2, 0.42), (0.47, 0.32), (0.54, 0.1)], False)
        cap = np.concatenate([crown, self.skull.seen(edge)])
        self.marks.fill(cap, self.shade, line=0.0)
        if self.marks.ink.weight:
            self.marks.rim(crown, self.look.hair_colour)
        for x in (-0.3, -0.1, 0.12, 0.32):
            self.marks.crease(self.skull.seen(spline([(0.3 * x, -0.6), (x, -0.2), (x, 0.36)], False)), self.look.hair_colour, 1.0, cap)
        self._shine(cap)
        self._bound()

    def _crown(self) -> np.ndarray:
        name, grow = self.hair.crown, 1 + 0.5 * (self.hair.volume - 1)
        if name in CROWNS:
            half = CROWNS[name]
            points = [(x * grow, y * grow) for x, y in half] + [(-x * grow, y * grow) for x, y in reversed(half[:-1])]
            return spline([points[0], *points, points[-1]], False)
        right = SPIKY[name]
        left = [(-x * 0.97, y * (1.05 if i % 2 == 0 else 0.98) + 0.03) for i, (x, y) in enumerate(reversed(right))]
        sway = 0.05 * (self.skull.pose.wind + 0.5 * self.skull.pose.swing)
        points = [(x * grow + sway * (1 if i % 2 == 0 else 0), y * grow) for i, (x, y) in enumerate([*right, (0.02, -0.84), *left])]
        bent = []
        for a, b in pairwise(np.array(points)):
            bent.append(spline(np.array([a, a, (a + b) / 2 * 1.03, b, b]), False, 4)[:-1])
        return np.concatenate([*bent, [points[-1]]])

    def _side_locks(self) -> None:
        tip = 0.3 + 0.45 * min(self.hair.length, 1.2)
        for side in (-1, 1):
            lock = [
                (side * 0.36, -0.35),
                (side * 0.53, -0.1),
                (side * 0.555, 0.2),
                (side * 0.47, tip),
                (side * 0.47, tip),
                (side * 0.43, 0.3),
                (side * 0.42, 0.0),
            ]
            shape = self.skull.blown(spline(lock), 0.35)
            self.marks.fill(shape, self.look.hair_colour)
            if self.marks.ink.shading != "flat":
                fold = self.skull.blown(spline([(side * 0.47, -0.05), (side * 0.5, 0.2), (side * 0.47, tip)], False), 0.35)
                self.marks.stroke(fold, (0.02 * self.u, 0.06 * self.u, 0), self.shade, shape)

    def _strands(self, cap: np.ndarray, row: Row) -> None:
        share = self.look.face.strands
        gaps = row[2:-1:2]
        for i, (x, y) in enumerate(gaps):
            if share < 1 and i % 2:
                continue
            path = self.skull.place(spline([(x * 0.35, -0.62), (x * 0.85, -0.42), (x, y)], False), None)
            self.marks.crease(path, self.look.hair_colour, 1.1 * min(share, 1) if share else 0.0, cap)
        if self.marks.ink.shading in ("cel", "tone", "soft"):
            for x, y in row[1:-1:2]:
                path = self.skull.place(spline([(x * 1.02 + 0.05, y - 0.3), (x + 0.03, y - 0.12), (x, y - 0.01)], False), None)
                self.marks.stroke(path, (0, 0.055 * self.u, 0.02 * self.u), self.shade, cap)

    def _shine(self, cap: np.ndarray) -> None:
        kind, xs = self.look.face.shine, np.linspace(-0.44, 0.44, 17)
        bow = 0.07 * (xs / 0.45) ** 2
        if kind == "zigzag":
            jag = np.where(np.arange(17) % 2, 0.045, -0.03)
            low, high = np.stack([xs, -0.35 + bow + jag], 1), np.stack([xs, -0.43 + bow - 0.5 * jag], 1)
            self.marks.inside(self.skull.place(np.concatenate([low, high[::-1]]), 0.8), self.light, cap)
        elif kind == "band":
            low, high = np.stack([xs * 0.9, -0.37 + bow], 1), np.stack([xs * 0.9, -0.44 + 0.6 * bow], 1)
            self.marks.inside(self.skull.place(np.concatenate([low, high[::-1]]), 0.8), self.light, cap)
        elif kind == "patch":
            for x, w in ((-0.26, 0.12), (-0.06, 0.05)):
                self.marks.inside(
                    self.skull.place(spline([(x - w, -0.36), (x - 0.3 * w, -0.47), (x + w, -0.45), (x + 0.2 * w, -0.34)]), 0.8), self.light, cap
                )
        elif kind == "streaks":
            for x in (-0.3, -0.18, -0.05, 0.12, 0.27):
                path = self.skull.place(spline([(x * 0.8, -0.54), (x, -0.38), (x * 1.1, -0.22)], False), 0.8)
                self.marks.stroke(path, (0, 0.03 * self.u, 0), self.light, cap)

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
            tip = spline([(side * 0.52 - 0.07, y - 0.06), (side * 0.52 + 0.07, y - 0.06), (side * 0.52, y + 0.16), (side * 0.52, y + 0.16)])
            self.marks.fill(self.skull.blown(tip, 0.2), self.look.hair_colour)
            self.marks.fill(self.skull.blown(ellipse(side * 0.52, y - 0.08, 0.08, 0.05), 0.2), self.look.accent)
