"""Faces and hair, drawn in units of one head width around the middle of the face, y pointing down."""

from __future__ import annotations

import numpy as np

from animelayers.samples.pen import Cel, Points, ellipse, mix, ribbon, rotate, spline
from animelayers.samples.wardrobe import INK, ModelSheet, Pose

NECK = (0.0, 0.72)


class Head:
    """One head in one pose: every point is turned in depth (`Pose.turn`) and tilted around the neck on its
    way to the sheet.
    """

    def __init__(self, cel: Cel, look: ModelSheet, pose: Pose, seed: int):
        self.cel, self.look, self.pose, self.seed = cel, look, pose, seed
        self.yaw = np.radians(32 * pose.turn)
        self.shade = mix(look.hair, (40, 20, 60), 0.42)
        self.light = mix(look.hair, (255, 250, 245), 0.45)

    def place(self, points: Points, depth: float | None = None) -> np.ndarray:
        """Points of a front view as this pose shows them; `depth` 1 lies on the face, 0 in the axis, None
        follows the skull.
        """
        p = np.array(points, np.float64)
        z = np.sqrt(np.clip(1 - (p[:, 0] / 0.56) ** 2, 0, 1)) if depth is None else depth
        p[:, 0] = p[:, 0] * np.cos(self.yaw) + 0.42 * z * np.sin(self.yaw)
        return rotate(p, self.pose.tilt, NECK)

    def blown(self, points: Points, depth: float) -> np.ndarray:
        """As `place`, with everything below the ears carried by the wind."""
        p = np.array(points, np.float64)
        hang = np.clip(p[:, 1], 0, None)
        p[:, 0] += self.pose.wind * (0.06 * hang**1.6 + 0.012 * np.sin(3 * hang + 6 * self.pose.wind))
        return self.place(p, depth)

    def back_hair(self) -> None:
        """What falls behind the shoulders: locks with a tip each, and loose strands."""
        rng, long = np.random.default_rng(self.seed), self.look.hair_length
        left = [
            (-0.2, -0.7),
            (-0.5, -0.5),
            (-0.6, -0.1),
            (-0.64, 0.3 * long),
            (-0.62 - 0.05 * long, 0.55 * long),
        ]
        locks = 7
        tips = []
        for i in range(locks):
            x = -0.72 + 1.44 * i / (locks - 1)
            tip = (x * 1.06 + rng.normal(0, 0.03), long * (1.0 - 0.16 * (i % 2) - 0.28 * (x / 0.72) ** 2))
            tips += [tip, tip]
            if i < locks - 1:
                tips.append((x + 0.1, tip[1] - 0.22 * long))
        right = [(-x, y) for x, y in reversed(left)]
        shape = self.blown(spline([*left, *tips, *right]), -0.25)
        self.cel.fill(shape, self.shade, INK)
        for i in range(9):
            x = rng.uniform(-0.5, 0.5)
            path = self.blown(
                spline([(x * 0.8, 0.5), (x, 0.6 * long), (x * 1.12, long * rng.uniform(0.72, 0.9))], False),
                -0.25,
            )
            self.cel.fill(
                ribbon(path, (0, 0.035, 0)),
                mix(self.shade, INK, 0.35) if i % 2 else self.look.hair,
                inside=shape,
            )
        for i in range(6 if long > 0.9 else 2):
            side = 1 if i % 2 else -1
            x, y = side * rng.uniform(0.5, 0.6), long * rng.uniform(0.3, 0.55)
            loose = [
                (x * 0.8, y),
                (x * 1.12, y + 0.2 * long),
                (x * rng.uniform(1.15, 1.4), y + long * rng.uniform(0.3, 0.42)),
            ]
            self.cel.fill(ribbon(self.blown(spline(loose, False), -0.25), (0, 0.035, 0.03, 0)), self.shade)

    def face(self) -> None:
        """Skin with the shadow of the hair, eyes, brows, nose, mouth."""
        look, cel = self.look, self.cel
        for side in (-1, 1):
            ear = self.place(
                spline([(side * 0.47, 0.02), (side * 0.56, 0.0), (side * 0.57, 0.15), (side * 0.47, 0.27)]), 0
            )
            cel.fill(ear, look.skin, INK)
        skull = [
            (-0.48, -0.3),
            (-0.485, 0.05),
            (-0.44, 0.27),
            (-0.28, 0.47),
            (-0.06, 0.595),
            (0.06, 0.595),
            (0.28, 0.47),
            (0.44, 0.27),
        ]
        outline = self.place(spline([*skull, (0.485, 0.05), (0.48, -0.3), (0, -0.6)]), 0.28)
        cel.fill(outline, look.skin, INK)
        fringe = [
            (-0.5, -0.3),
            (-0.5, 0.3),
            (-0.4, 0.24),
            (-0.3, 0.1),
            (-0.1, 0.06),
            (0.08, 0.13),
            (0.26, 0.08),
            (0.42, 0.24),
            (0.5, 0.3),
        ]
        cel.fill(self.place([*fringe, (0.5, -0.3)], 0.7), look.skin_shade, inside=outline)
        for side in (-1, 1):
            self._blush(side, outline)
            self._eye(side)
            frown = self.pose.frown
            brow = [
                (side * 0.1, -0.065 + 0.05 * frown),
                (side * 0.22, -0.11 + 0.03 * frown),
                (side * 0.35, -0.065),
            ]
            cel.fill(ribbon(self.place(spline(brow, False)), (0.012, 0.03, 0.006)), mix(self.shade, INK, 0.5))
        nose = self.place(spline([(0.012, 0.3), (0.03, 0.335), (0.0, 0.35)], False), 1.08)
        cel.fill(ribbon(nose, (0.004, 0.02, 0.004)), mix(look.skin_shade, INK, 0.35))
        self._mouth()

    def _blush(self, side: int, outline: np.ndarray) -> None:
        warm = mix(self.look.skin, (250, 120, 120), 0.22)
        self.cel.fill(self.place(ellipse(side * 0.31, 0.34, 0.085, 0.035)), warm, inside=outline)

    def _eye(self, side: int) -> None:
        look, cel, shut = self.look, self.cel, self.pose.blink
        x, y = side * 0.222, 0.165

        def at(points: Points) -> np.ndarray:
            return self.place(np.asarray(points, np.float64) * (side * 1.06, 1.12) + np.array([x, y]))

        if shut > 0.8:
            cel.fill(
                ribbon(
                    at(spline([(-0.12, 0.05), (0.0, 0.095), (0.15, 0.045)], False)), (0.012, 0.042, 0.016)
                ),
                INK,
            )
            return
        lid = -0.125 + 0.15 * shut
        white = at(
            spline(
                [
                    (-0.115, 0.05),
                    (-0.1, lid * 0.55),
                    (-0.01, lid),
                    (0.085, lid * 0.8),
                    (0.135, 0.01),
                    (0.1, 0.125),
                    (-0.06, 0.135),
                ]
            )
        )
        cel.fill(white, (252, 250, 252))
        iris = at(ellipse(0.008, 0.012, 0.09, 0.135))
        ball = mix(look.eye, (20, 10, 40), 0.65)
        cel.fill(iris, ball, inside=white)
        cel.fill(at(ellipse(0.008, 0.02, 0.075, 0.118)), look.eye, inside=white)
        cel.fill(at(ellipse(0.008, -0.05, 0.076, 0.075)), mix(look.eye, (20, 10, 40), 0.5), inside=white)
        cel.fill(at(ellipse(0.008, 0.095, 0.05, 0.035)), mix(look.eye, (255, 255, 240), 0.55), inside=white)
        cel.fill(at(ellipse(0.008, 0.0, 0.036, 0.058)), (24, 14, 34), inside=white)
        cel.fill(
            at([(-0.12, -0.2), (0.14, -0.2), (0.14, lid + 0.05), (-0.12, lid + 0.06)]),
            mix((252, 250, 252), (110, 90, 140), 0.35),
            inside=white,
        )
        glint = -0.035 * side
        cel.fill(at(ellipse(glint, -0.055 + 0.1 * shut, 0.03, 0.04)), (255, 255, 255), inside=white)
        cel.fill(at(ellipse(-glint + 0.012, 0.075, 0.016, 0.02)), (255, 255, 255), inside=white)
        lash = [
            (-0.125, 0.04),
            (-0.1, lid * 0.6),
            (-0.01, lid - 0.008),
            (0.09, lid * 0.82),
            (0.15, 0.0),
            (0.185, -0.03),
        ]
        cel.fill(ribbon(at(spline(lash, False)), (0.008, 0.03, 0.044, 0.05, 0.04, 0.0)), INK)
        cel.fill(
            ribbon(
                at(spline([(0.135, 0.01), (0.125, 0.08), (0.085, 0.135), (-0.02, 0.145)], False)),
                (0.02, 0.014, 0.004),
            ),
            INK,
        )
        crease = at(spline([(-0.07, lid - 0.045), (0.03, lid - 0.062), (0.12, lid - 0.02)], False))
        cel.fill(ribbon(crease, (0, 0.012, 0.004)), mix(look.skin_shade, INK, 0.4))

    def _mouth(self) -> None:
        opening, inside = self.pose.mouth, (150, 50, 62)
        if opening < 0.2:
            path = spline([(-0.075, 0.43), (-0.02, 0.45), (0.03, 0.448), (0.085, 0.425)], False)
            self.cel.fill(ribbon(self.place(path), (0.008, 0.02, 0.022, 0.006)), mix(INK, (160, 60, 60), 0.2))
            return
        low = 0.425 + 0.11 * opening
        lips = [(-0.09, 0.415), (-0.09, 0.415), (0, 0.425), (0.095, 0.41), (0.095, 0.41)]
        shape = self.place(spline([*lips, (0.06, low - 0.015), (0, low), (-0.055, low - 0.015)]))
        self.cel.fill(shape, inside, INK)
        self.cel.fill(self.place(ellipse(0.0, low, 0.05, 0.045)), (226, 120, 120), inside=shape)
        self.cel.fill(
            self.place([(-0.1, 0.4), (0.1, 0.4), (0.08, 0.437), (-0.08, 0.437)]),
            (255, 250, 248),
            inside=shape,
        )
        self.cel.line(np.concatenate([shape, shape[:1]]), INK)

    def front_hair(self) -> None:
        """The cap, fringe and side locks over the face, with their shadow and ring of light."""
        look, cel, rng = self.look, self.cel, np.random.default_rng(self.seed + 1)
        side_tip = 0.3 + 0.5 * min(look.hair_length, 1.0)
        for side in (-1, 1):
            lock = [
                (side * 0.36, -0.35),
                (side * 0.54, -0.1),
                (side * 0.56, 0.2),
                (side * 0.47, side_tip),
                (side * 0.47, side_tip),
            ]
            lock += [(side * 0.43, 0.3), (side * 0.42, 0.0)]
            shape = self.blown(spline(lock), 0.3)
            cel.fill(shape, look.hair, INK)
            fold = self.blown(
                spline([(side * 0.47, -0.05), (side * 0.5, 0.2), (side * 0.47, side_tip)], False), 0.3
            )
            cel.fill(ribbon(fold, (0.02, 0.06, 0)), self.shade, inside=shape)
        half = [(0.545, 0.14), (0.545, 0.14), (0.575, -0.15), (0.5, -0.46), (0.27, -0.68)]
        crown = [*half, (0.0, -0.73), *((-x, y) for x, y in reversed(half))]
        tips = [(-0.36, 0.16), (-0.2, 0.06), (-0.01, 0.09), (0.16, 0.03), (0.31, 0.12)]
        gaps = [(-0.27, -0.14), (-0.115, -0.17), (0.055, -0.16), (0.225, -0.16), (0.42, -0.12)]
        fringe = [(-0.455, -0.12), *(p for tip, gap in zip(tips, gaps, strict=True) for p in (tip, tip, gap))]
        cap = np.concatenate(
            [self.place(spline(crown, False), 0.35), self.place(spline(fringe, False), 0.95)]
        )
        cel.fill(cap, look.hair, INK)
        for x in (-0.36, -0.2, -0.01, 0.16, 0.31):
            path = self.place(spline([(x * 1.05 + 0.045, -0.2), (x + 0.028, -0.05), (x, 0.05)], False), 0.95)
            cel.fill(ribbon(path, (0, 0.05, 0.02)), self.shade, inside=cap)
        band = [
            (x, -0.36 + 0.07 * (x / 0.45) ** 2 + (0.05 if i % 2 else -0.035))
            for i, x in enumerate(np.linspace(-0.44, 0.44, 19))
        ]
        band += [
            (x, -0.44 + 0.07 * (x / 0.45) ** 2 + (0.012 if i % 2 else -0.04))
            for i, x in enumerate(np.linspace(0.44, -0.44, 16))
        ]
        cel.fill(self.place(band, 0.8), self.light, inside=cap)
        for x, bend in ((-0.24, -0.08), (-0.09, -0.03), (0.07, 0.03), (0.22, 0.08), (0.37, 0.1)):
            path = self.place(
                spline([(x * 0.35, -0.66), (x * 0.95 + bend * 0.3, -0.42), (x + bend, -0.14)], False), 0.9
            )
            cel.fill(ribbon(path, (0, 0.016, 0.004)), mix(self.shade, INK, 0.45), inside=cap)
        for i in range(3):
            lean = (-0.16, 0.05, 0.22)[i] + rng.normal(0, 0.02) + 0.05 * self.pose.wind
            path = self.place(
                spline([(0.02 * i, -0.7), (lean * 0.5, -0.82 - 0.03 * i), (lean, -0.84 + 0.02 * i)], False),
                0.3,
            )
            cel.fill(ribbon(path, (0.05, 0.03, 0)), look.hair)
            cel.line(path, INK, 0.55)
