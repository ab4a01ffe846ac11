"""Hair, in head widths around the middle of the face: what lies over the forehead and around the head."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from animelayers.samples.pen import mix, spline
from animelayers.truth.people.locks import CROWNS, FRINGES, SPIKY, Row
from animelayers.truth.people.mane import Mane


class HairDrawing(Mane):
    """The hair of one head."""

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
        self.fallen()
        crown = self.skull.seen(self._crown())
        if self.hair.back in ("short", "nape"):
            self.falling(0.52, 0.52)
        edge = spline(
            [(-0.54, 0.1), (-0.47, 0.32), (-0.2, 0.42), (0.2, 0.42), (0.47, 0.32), (0.54, 0.1)], False
        )
        cap = np.concatenate([crown, self.skull.seen(edge)])
        self.marks.fill(cap, self.shade, line=0.0)
        if self.marks.ink.weight:
            self.marks.rim(crown, self.look.hair_colour)
        for x in (-0.3, -0.1, 0.12, 0.32):
            self.marks.crease(
                self.skull.seen(spline([(0.3 * x, -0.6), (x, -0.2), (x, 0.36)], False)),
                self.look.hair_colour,
                1.0,
                cap,
            )
        self._shine(cap)
        self.bound()

    def _crown(self) -> np.ndarray:
        name, grow = self.hair.crown, 1 + 0.5 * (self.hair.volume - 1)
        if name in CROWNS:
            half = CROWNS[name]
            points = [(x * grow, y * grow) for x, y in half] + [
                (-x * grow, y * grow) for x, y in reversed(half[:-1])
            ]
            return spline([points[0], *points, points[-1]], False)
        right = SPIKY[name]
        left = [
            (-x * 0.97, y * (1.05 if i % 2 == 0 else 0.98) + 0.03) for i, (x, y) in enumerate(reversed(right))
        ]
        sway = 0.05 * (self.skull.pose.wind + 0.5 * self.skull.pose.swing)
        points = [
            (x * grow + sway * (1 if i % 2 == 0 else 0), y * grow)
            for i, (x, y) in enumerate([*right, (0.02, -0.84), *left])
        ]
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
                fold = self.skull.blown(
                    spline([(side * 0.47, -0.05), (side * 0.5, 0.2), (side * 0.47, tip)], False), 0.35
                )
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
                path = self.skull.place(
                    spline([(x * 1.02 + 0.05, y - 0.3), (x + 0.03, y - 0.12), (x, y - 0.01)], False), None
                )
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
                    self.skull.place(
                        spline([(x - w, -0.36), (x - 0.3 * w, -0.47), (x + w, -0.45), (x + 0.2 * w, -0.34)]),
                        0.8,
                    ),
                    self.light,
                    cap,
                )
        elif kind == "streaks":
            for x in (-0.3, -0.18, -0.05, 0.12, 0.27):
                path = self.skull.place(spline([(x * 0.8, -0.54), (x, -0.38), (x * 1.1, -0.22)], False), 0.8)
                self.marks.stroke(path, (0, 0.03 * self.u, 0), self.light, cap)
