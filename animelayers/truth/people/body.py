"""The body in depth: joints and rings turned into the picture, so that one figure is drawn from any side."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.samples.pen import spline
from animelayers.truth.people.look import Look, Pose

Ring = tuple[float, float, float, float]
"""A level of the body: height y, half width, half depth, how far its middle lies in front of the axis."""

_FEET = {
    "shoe": [
        (-0.021, -0.026),
        (0.021, -0.026),
        (0.03, 0.055),
        (0.017, 0.082),
        (-0.017, 0.082),
        (-0.03, 0.055),
    ],
    "top": [(-0.02, -0.02), (0.02, -0.02), (0.019, 0.024), (-0.019, 0.024)],
}


class Body:
    """One body in one pose: `at` takes points in heights of the figure (x to the picture's right, y down, z
    to the viewer) into the picture, whose origin is on the ground between the feet."""

    def __init__(self, look: Look, pose: Pose) -> None:
        self.look, self.pose, b = look, pose, look.build
        self.yaw, self.lean = np.radians(pose.yaw), np.radians(pose.lean)
        self.head = 1 / (1.3 * b.heads)  # a head width
        self.chin = -1 + 1 / b.heads
        self.shoulder = self.chin + b.neck / b.heads
        self.crotch = -b.legs
        self.waist = self.shoulder + 0.58 * (self.crotch - self.shoulder)
        self.drop = 0.0
        self.legs = [self._leg(side) for side in (0, 1)]
        self.drop = -pose.lift - max(float(self.foot(side)[:, 1].max()) for side in (0, 1))
        self.arms = [self._arm(side) for side in (0, 1)]

    def at(self, points: Sequence[Sequence[float]] | np.ndarray) -> np.ndarray:
        """Points (N, 3) as (N, 2)."""
        x, y, z = np.asarray(points, np.float64).T
        up = np.clip(self.crotch - 0.06 - y, 0, None)
        z, y = z + up * np.sin(self.lean), y + up * (1 - np.cos(self.lean))
        return np.stack([x * np.cos(self.yaw) + z * np.sin(self.yaw), y + self.drop], 1)

    def depth(self, points: np.ndarray) -> float:
        """How near the viewer points (N, 3) lie on average."""
        return float(np.mean(points[:, 2] * np.cos(self.yaw) - points[:, 0] * np.sin(self.yaw)))

    def torso(self, loose: float = 0.0) -> list[Ring]:
        """The rings of the upper body, widened by `loose`."""
        b, s, w = self.look.build, self.shoulder, self.waist
        breath = 1 + 0.025 * self.pose.breath
        long = self.crotch - s
        rings = [
            (s - 0.012 - 0.004 * self.pose.breath, 0.5 * b.shoulders, 0.3 * b.shoulders, 0.0),
            (s + 0.03 * long, 0.8 * b.shoulders, 0.42 * b.shoulders, 0.0),
            (s + 0.11 * long, 0.95 * b.shoulders, 0.52 * b.shoulders, 0.004),
            (
                s + 0.33 * long,
                0.86 * b.shoulders * breath,
                (0.6 + b.chest) * b.shoulders * breath,
                0.008 + 0.1 * b.chest * b.shoulders,
            ),
            (w, b.waist + 0.6 * b.belly, b.waist * 0.7 + b.belly, 0.4 * b.belly),
            (
                self.crotch - 0.18 * long,
                0.94 * b.hips + 0.5 * b.belly,
                0.68 * b.hips + 0.6 * b.belly,
                0.2 * b.belly,
            ),
            (self.crotch + 0.012, b.hips, 0.66 * b.hips, 0.0),
        ]
        return [(y, a + loose, d + loose, z) for y, a, d, z in rings]

    def loft(self, rings: Sequence[Ring], smooth: bool = True) -> np.ndarray:
        """The outline of stacked rings."""
        y, a, d, z = np.array(rings, np.float64).T
        middle = self.at(np.stack([0 * y, y, z], 1))
        half = np.hypot(a * np.cos(self.yaw), d * np.sin(self.yaw))
        left, right = middle - np.stack([half, 0 * half], 1), middle + np.stack([half, 0 * half], 1)
        if not smooth:
            return np.concatenate([left, right[::-1]])
        left, right = (
            np.concatenate([left[:1], left, left[-1:]]),
            np.concatenate([right[:1], right, right[-1:]]),
        )
        return np.concatenate([spline(left, False), spline(right, False)[::-1]])

    def wrap(self, rings: Sequence[Ring], points: Sequence[tuple[float, float]]) -> np.ndarray:
        """Points (u, y) on the near side of stacked rings, u -1 at the left edge .. 1 at the right, 0 the
        middle of the front or the back.
        """
        u, y = np.array(points, np.float64).T
        levels = np.array(rings, np.float64)
        a, d, z = (np.interp(y, levels[:, 0], levels[:, i]) for i in (1, 2, 3))
        angle = u * np.pi / 2
        way = -1 if self.pose.away else 1
        yaw = self.yaw if way > 0 else self.yaw - np.pi * np.sign(self.yaw)
        seen = np.clip(angle, -np.pi / 2 - yaw, np.pi / 2 - yaw) if abs(yaw) > 0.05 else angle
        return self.at(np.stack([way * a * np.sin(seen), y, z + way * d * np.cos(seen)], 1))

    def _arm(self, side: int) -> np.ndarray:
        """Shoulder, elbow, wrist and finger tips (4, 3)."""
        b, arm, sign = self.look.build, self.pose.arms[side], (-1, 1)[side]
        long = 0.5 * (self.crotch - self.shoulder) + 0.02
        shoulder = np.array([sign * (0.9 * b.shoulders - 0.012 * b.limb), self.shoulder + 0.028, 0.0])
        upper = _direction(arm.swing, sign * arm.out)
        lower = _direction(arm.swing + arm.bend, sign * (arm.out + arm.turn))
        elbow = shoulder + 0.98 * long * upper
        wrist = elbow + 0.86 * long * lower
        return np.stack([shoulder, elbow, wrist, wrist + self.hand * lower])

    @property
    def hand(self) -> float:
        """The length of a hand."""
        return 0.4 * self.head + 0.012

    def _leg(self, side: int) -> np.ndarray:
        """Hip, knee, ankle (3, 3)."""
        b, leg, sign = self.look.build, self.pose.legs[side], (-1, 1)[side]
        hip = np.array([sign * 0.52 * b.hips, self.crotch, 0.0])
        long = (b.legs - 0.036) / 2
        knee = hip + long * 1.02 * _direction(leg.swing, sign * leg.out)
        ankle = knee + long * 0.98 * _direction(leg.swing - leg.bend, sign * leg.out * 0.3)
        return np.stack([hip, knee, ankle])

    def foot(self, side: int, wide: float = 1.0) -> np.ndarray:
        """The outline of a foot, seen from a little above."""
        sign, pitch = (-1, 1)[side], np.radians(self.pose.legs[side].toe)
        size = 0.62 + 0.055 * (7.5 - min(self.look.build.heads, 7.5)) + 0.35 * (self.look.build.limb - 1)
        size = max(size, 0.6) * 1.15
        sole, top = (
            np.array([(x * wide, 0.0, z) for x, z in _FEET[part]]) * size for part in ("shoe", "top")
        )
        sole[:, 1], top[:, 1] = 0.036, -0.004
        instep = sole[2:] * (0.85, 0, 0.86) + (0, 0.036 - 0.02 * size, 0)
        points = np.concatenate([sole, top, instep])
        splay = np.radians(sign * 14)
        turned = np.stack(
            [
                points[:, 0] * np.cos(splay) + points[:, 2] * np.sin(splay),
                points[:, 1],
                points[:, 2] * np.cos(splay) - points[:, 0] * np.sin(splay),
            ],
            1,
        )
        y, z = turned[:, 1].copy(), turned[:, 2].copy()
        turned[:, 1], turned[:, 2] = (
            y * np.cos(pitch) + z * np.sin(pitch),
            z * np.cos(pitch) - y * np.sin(pitch),
        )
        placed = turned + self.legs[side][2]
        flat = self.at(placed)
        flat[:, 1] += 0.3 * np.cos(self.yaw) * turned[:, 2]
        hull = cv2.convexHull(flat.astype(np.float32))[:, 0].astype(np.float64)
        return spline(hull, True, 4)


def _direction(forward: float, out: float) -> np.ndarray:
    """Which way a limb points that hangs down, swung forwards and out by degrees."""
    f, o = np.radians([forward, out])
    return np.array([np.sin(o), np.cos(o) * np.cos(f), np.cos(o) * np.sin(f)])
