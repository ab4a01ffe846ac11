"""Whole figures: body, clothes and limbs around the head, in head widths; the soles stand 6.5 below the
middle of the face.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from animelayers.samples.head import Head
from animelayers.samples.pen import Cel, Colour, Points, mix, ribbon, rotate, spline
from animelayers.samples.wardrobe import INK, ModelSheet, Pose

SOLES = 6.45
_UP = 0.12
SHADOW: Colour = (70, 50, 110)


class Figure:
    """One character in one pose on a sheet."""

    def __init__(self, cel: Cel, look: ModelSheet, pose: Pose, seed: int = 0):
        self.cel, self.look, self.pose = cel, look, pose
        self.head = Head(cel, look, pose, seed)
        self.slim = 1 - 0.2 * abs(pose.turn)

    def draw(self) -> None:
        """From back to front."""
        front = 0 if self.pose.turn > 0.3 else 1
        self.head.back_hair()
        if abs(self.pose.turn) > 0.3:
            self._arm(1 - front)
        for side in (1 - front, front):
            self._leg(side)
        self._torso()
        if self.look.skirt:
            self._skirt()
        if abs(self.pose.turn) <= 0.3:
            self._arm(1 - front)
        self._arm(front)
        self._collar()
        self.head.face()
        self.head.front_hair()

    def _p(self, points: Points) -> np.ndarray:
        p = np.array(points, np.float64)
        p[:, 0] *= self.slim
        p[:, 1] -= _UP * (p[:, 1] > 0.6)
        return p

    def _solid(
        self, points: Sequence[tuple[float, float]], colour: Colour, shade: Points | None = None
    ) -> np.ndarray:
        shape = self._p(spline(points))
        self.cel.fill(shape, colour)
        if shade is not None:
            self.cel.fill(self._p(spline(shade)), mix(colour, SHADOW, 0.24), inside=shape)
        self.cel.line(np.concatenate([shape, shape[:1]]), INK)
        return shape

    def _torso(self) -> None:
        look = self.look
        neck = [(-0.17, 0.3), (-0.165, 0.85), (-0.3, 1.0), (0.3, 1.0), (0.165, 0.85), (0.17, 0.3)]
        shape = self._p(spline([q for p in neck for q in (p, p)]))
        self.cel.fill(shape, look.skin, INK)
        self.cel.fill(
            self._p([(-0.2, 0.4), (0.2, 0.4), (0.18, 0.72), (-0.05, 0.8), (-0.2, 0.7)]),
            look.skin_shade,
            inside=shape,
        )
        side = [(0.16, 0.9), (0.45, 0.98), (0.58, 1.14), (0.53, 1.5), (0.42, 2.1), (0.5, 2.78), (0.5, 2.78)]
        body = [*side, *[(-x, y) for x, y in reversed(side)]]
        shade = [(-0.6, 1.0), (-0.3, 1.2), (-0.24, 1.7), (-0.3, 2.2), (-0.2, 2.8), (-0.7, 2.8)]
        self._solid(body, look.cloth, shade)
        for path in (
            [(0.4, 1.62), (0.25, 1.72), (0.1, 1.7)],
            [(-0.36, 2.1), (-0.2, 2.2), (-0.1, 2.18)],
            [(0.36, 2.3), (0.24, 2.36), (0.16, 2.34)],
        ):
            self.cel.fill(ribbon(self._p(spline(path, False)), (0.0, 0.022, 0.0)), mix(look.cloth, INK, 0.55))
        if not look.skirt:
            self.cel.line(self._p([(0.02, 1.0), (0.02, 2.78)]), INK)
            for y in (1.45, 1.85, 2.25):
                self.cel.fill(
                    self._p(spline([(0.08, y), (0.11, y + 0.03), (0.08, y + 0.06), (0.05, y + 0.03)])),
                    look.accent,
                    INK,
                )

    def _skirt(self) -> None:
        look, wind, pleats = self.look, self.pose.wind * 0.05, 9
        hem = []
        for i in range(pleats + 1):
            x = 0.98 - 1.96 * i / pleats
            y = 4.0 + 0.1 * np.cos(x * 1.6) - 0.03 * wind * x
            hem += [(x + wind, y), (x + wind, y), (x - 0.9 / pleats + wind, y + 0.055)]
        outline = [
            (-0.43, 2.45),
            (-0.43, 2.45),
            (0.43, 2.45),
            (0.43, 2.45),
            (0.7, 3.1),
            *hem[:-1],
            (-0.7, 3.1),
        ]
        shape = self._p(spline(outline))
        self.cel.fill(shape, look.trim)
        dark = mix(look.trim, (20, 10, 40), 0.35)
        for i in range(pleats):
            top = 0.4 - 0.8 * i / pleats
            x = 0.98 - 1.96 * i / pleats
            fold = [(top, 2.5), (top - 0.03, 2.5), (x - 0.11 + wind, 4.2), (x + wind, 4.2)]
            self.cel.fill(self._p(fold), dark, inside=shape)
            self.cel.fill(
                ribbon(
                    self._p([(top, 2.55), ((top + x) / 2 + wind / 3, 3.25), (x + wind, 4.05)]),
                    (0.006, 0.02, 0.012),
                ),
                INK,
                inside=shape,
            )
        band = [(x, y - 0.15) for x, y in hem[:-1]] + [(x, y - 0.09) for x, y in reversed(hem[:-1])]
        self.cel.fill(self._p(band), mix(look.cloth, look.accent, 0.25), inside=shape)
        self.cel.line(np.concatenate([shape, shape[:1]]), INK)
        belt = [(-0.44, 2.42), (0.44, 2.42), (0.46, 2.56), (-0.46, 2.56)]
        self.cel.fill(self._p(belt), mix(look.trim, INK, 0.4), INK)

    def _collar(self) -> None:
        look = self.look
        wing = [
            (0.15, 0.82),
            (0.15, 0.82),
            (0.5, 1.02),
            (0.5, 1.02),
            (0.4, 1.42),
            (0.4, 1.42),
            (0.0, 1.62),
            (0.0, 1.62),
            (0.0, 1.35),
            (0.0, 1.35),
        ]
        for side in (-1, 1):
            points = [(side * x, y) for x, y in wing]
            shape = self._solid(points, look.trim)
            trim = spline([(side * 0.44, 1.0), (side * 0.35, 1.36), (0, 1.54)], False)
            self.cel.fill(ribbon(self._p(trim), (0.025, 0.025)), look.cloth, inside=shape)
        if look.skirt:
            sway = self.pose.wind * 0.04
            for side in (-1, 1):
                tail = [
                    (0.0, 1.52),
                    (side * 0.1, 1.6),
                    (side * 0.2 + sway, 2.05),
                    (side * 0.2 + sway, 2.05),
                    (side * 0.06 + sway, 1.95),
                    (0, 1.6),
                ]
                self._solid(tail, look.accent, [(0, 1.5), (side * 0.05, 1.6), (side * 0.12, 2.1), (0, 2.0)])
                self._solid(
                    [(0.0, 1.52), (side * 0.2, 1.42), (side * 0.26, 1.55), (side * 0.18, 1.64)], look.accent
                )
            self._solid(
                [(-0.06, 1.46), (0.06, 1.46), (0.06, 1.59), (-0.06, 1.59)], mix(look.accent, SHADOW, 0.2)
            )

    def _limb(self, joints: np.ndarray, widths: Sequence[float], colour: Colour, dark: bool) -> np.ndarray:
        path = spline(joints, closed=False, steps=12)
        shape = ribbon(path, widths)
        self.cel.fill(shape, mix(colour, SHADOW, 0.18) if dark else colour)
        if not dark:
            self.cel.fill(shape + np.array([-0.07, 0.02]), mix(colour, SHADOW, 0.24), inside=shape)
            self.cel.fill(shape + np.array([0.045, -0.01]), colour, inside=shape)
        self.cel.line(np.concatenate([shape, shape[:1]]), INK)
        return shape

    def _arm(self, side: int) -> None:
        look, pose = self.look, self.pose
        sign, dark = (-1, 1)[side], abs(pose.turn) > 0.3 and (side == 1) == (pose.turn > 0)
        shoulder = np.array([sign * 0.46 * self.slim * (0.6 if abs(pose.turn) > 0.3 else 1), 1.2 - _UP])
        upper, lower = np.radians(pose.arms[side])
        ahead = float(np.sign(pose.turn)) if abs(pose.turn) > 0.3 else float(sign)
        elbow = shoulder + 0.88 * np.array([ahead * np.sin(upper), np.cos(upper)])
        wrist = elbow + 0.8 * np.array([ahead * np.sin(lower), np.cos(lower)])
        reach = (wrist - elbow) / np.linalg.norm(wrist - elbow)
        self._hand(wrist, reach, sign)
        end = elbow + (wrist - elbow) * 0.9
        joints = np.stack(
            [shoulder - (sign * 0.06, 0.13), (shoulder + elbow) / 2, elbow, (elbow + end) / 2, end]
        )
        self._limb(joints, (0.1, 0.3, 0.31, 0.28, 0.26, 0.25, 0.25, 0.26, 0.27), look.cloth, dark)
        cuff = np.stack([end - reach * 0.13, end + reach * 0.02])
        self.cel.fill(ribbon(cuff, (0.275, 0.285)), look.trim, INK)

    def _hand(self, wrist: np.ndarray, reach: np.ndarray, sign: int) -> None:
        skin = self.look.skin
        across = np.array([-reach[1], reach[0]]) * -sign
        frame = np.stack([across, reach])
        palm = [
            (-0.09, -0.1),
            (0.09, -0.1),
            (0.11, 0.1),
            (0.1, 0.3),
            (0.03, 0.38),
            (-0.06, 0.35),
            (-0.1, 0.2),
        ]
        thumb = [(-0.08, 0.0), (-0.15, 0.1), (-0.15, 0.22), (-0.1, 0.24), (-0.06, 0.12)]
        for part in (palm, thumb):
            self.cel.fill(spline(np.array(part) @ frame + wrist), skin, INK)
        for x in (-0.02, 0.045):
            finger = np.array([(x, 0.2), (x + 0.005, 0.34)]) @ frame + wrist
            self.cel.line(finger, mix(self.look.skin_shade, INK, 0.4), 0.7)

    def _leg(self, side: int) -> None:
        look, pose = self.look, self.pose
        sign, dark = (-1, 1)[side], abs(pose.turn) > 0.3 and (side == 1) == (pose.turn > 0)
        ahead = np.sign(pose.turn) or 1.0
        upper, lower = np.radians(pose.legs[side])
        hip = np.array([sign * 0.24 * self.slim * (0.55 if abs(pose.turn) > 0.3 else 1), 2.7 - _UP])
        knee = hip + 1.75 * np.array([ahead * np.sin(upper), np.cos(upper)])
        ankle = knee + 1.72 * np.array([ahead * np.sin(lower), np.cos(lower)])
        joints = np.stack([hip, (hip * 0.5 + knee * 0.5), knee, knee * 0.55 + ankle * 0.45, ankle])
        if look.skirt:
            self._limb(joints, (0.46, 0.42, 0.3, 0.3, 0.2), look.skin, dark)
            sock = np.stack([knee * 0.8 + ankle * 0.2, knee * 0.5 + ankle * 0.5, ankle])
            self._limb(sock, (0.325, 0.31, 0.21), mix(look.trim, (20, 20, 40), 0.4), dark)
        else:
            self._limb(joints, (0.5, 0.48, 0.4, 0.4, 0.36), look.trim, dark)
        self._shoe(ankle, sign, np.degrees(lower))

    def _shoe(self, ankle: np.ndarray, sign: int, swing: float) -> None:
        toe = 0.0 if abs(self.pose.turn) <= 0.3 else float(np.sign(self.pose.turn))
        if toe:
            shoe = [
                (-0.14 * toe, -0.08),
                (0.12 * toe, -0.08),
                (0.36 * toe, 0.12),
                (0.38 * toe, 0.22),
                (-0.16 * toe, 0.22),
            ]
            points = (
                rotate(spline(shoe), -toe * min(swing, 0) * -0.6 if swing < 0 else -toe * swing * 0.5, (0, 0))
                + ankle
            )
        else:
            toes = [
                (0.17 + 0.05 * sign, 0.14),
                (0.12 + 0.07 * sign, 0.26),
                (-0.12 + 0.07 * sign, 0.26),
                (-0.17 + 0.05 * sign, 0.14),
            ]
            points = spline([(-0.13, -0.1), (0.13, -0.1), *toes]) + ankle
        self.cel.fill(points, (92, 58, 54) if self.look.skirt else (60, 56, 70), INK)
