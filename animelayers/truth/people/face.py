"""Faces, drawn in head widths around the middle of the face."""

from __future__ import annotations

import numpy as np

from animelayers.samples.pen import Points, ellipse, mix, spline
from animelayers.truth.people.eye import eye
from animelayers.truth.people.look import Look
from animelayers.truth.people.marks import Marks
from animelayers.truth.people.skull import Skull

_FRONT = [
    (-0.47, -0.3),
    (-0.475, 0.05),
    (-0.43, 0.27),
    (-0.27, 0.47),
    (-0.06, 0.59),
    (0.06, 0.59),
    (0.27, 0.47),
    (0.43, 0.27),
    (0.475, 0.05),
    (0.47, -0.3),
]
_TURNED = [
    (-0.43, -0.3),
    (-0.42, 0.08),
    (-0.34, 0.3),
    (-0.1, 0.49),
    (0.17, 0.595),
    (0.28, 0.58),
    (0.405, 0.44),
    (0.46, 0.25),
    (0.425, 0.04),
    (0.46, -0.3),
]
_MOODS = {
    "smile": (0.02, 0.0),
    "calm": (0.0, 0.0),
    "stern": (-0.012, -0.7),
    "sad": (-0.025, 0.6),
    "glad": (0.03, 0.3),
    "sly": (0.018, -0.4),
}
"""Mood: how far the corners of the mouth rise, and the brows (negative frowns)."""


class FaceDrawing:
    """One face on a skull."""

    def __init__(self, marks: Marks, look: Look, skull: Skull) -> None:
        self.marks, self.look, self.skull, self.style = marks, look, skull, look.face
        self.shade = (
            mix(look.skin, (214, 110, 110), 0.3) if not marks.ink.grey else mix(look.skin, (60, 60, 60), 0.22)
        )
        self.line = marks.ink.colour or mix(
            look.hair_colour if sum(look.hair_colour) < 520 else look.skin, (60, 24, 40), 0.75
        )
        self.corners, self.frown = _MOODS[look.mood]

    def draw(self, shadow: Points) -> None:
        """Ears, skin, the shadow of the hair above `shadow`, and what is in a face."""
        outline = self._outline()
        for side in (-1, 1):
            if -0.3 < self._faces(side) <= 0.3:
                self._ear(side)
        self.marks.fill(outline, self.look.skin, 0.014 if self.marks.ink.shading != "tone" else 0.0)
        if self.marks.ink.shading != "flat" and len(shadow) > 9:
            low = self.skull.place([(x, y + 0.07) for x, y in shadow], None)
            high = self.skull.seen([(0.6, -0.7), (-0.6, -0.7)])
            self.marks.inside(np.concatenate([low, high]), self.shade, outline)
        for side in (-1, 1):
            if self._faces(side) > 0.3:
                self._ear(side)
        for side in (-1, 1):
            if self.style.blush:
                warm = mix(self.look.skin, (250, 110, 110), self.style.blush)
                self.marks.inside(self.skull.place(ellipse(side * 0.3, 0.34, 0.09, 0.045)), warm, outline)
            eye(self.marks, self.look, self.skull, side, outline, self.line)
            self._brow(side)
        if self.look.old:
            self._lines(outline)
        self._nose(outline)
        if "beard" in self.look.extras:
            self._beard(outline)
        self._mouth()

    def turned_away(self) -> None:
        """The head from behind, below its hair."""
        for side in (-1, 1):
            self._ear(side)
        self.marks.fill(self._outline(), self.look.skin, 0.014)

    def _faces(self, side: int) -> float:
        return float(-side * np.sin(self.skull.yaw))

    def _ear(self, side: int) -> None:
        ear = self.skull.place(
            spline([(side * 0.45, 0.02), (side * 0.55, 0.0), (side * 0.56, 0.15), (side * 0.45, 0.27)]), -0.1
        )
        self.marks.fill(ear, self.look.skin)
        inner = self.skull.place(
            spline([(side * 0.5, 0.06), (side * 0.53, 0.1), (side * 0.49, 0.18)], False), -0.1
        )
        self.marks.crease(inner, self.look.skin, 0.7)

    def _outline(self) -> np.ndarray:
        share = min(1.0, abs(self.skull.degrees) / 45)
        front, turned = np.array(_FRONT), np.array(_TURNED)
        if self.skull.degrees < 0:
            turned = (turned * (-1, 1))[::-1]
        points = front + (turned - front) * share
        jaw, low = self.style.jaw, np.clip((points[:, 1] - 0.05) / 0.55, 0, 1)
        middle = 0.2 * share * np.sign(self.skull.degrees)
        points[:, 0] = middle + (points[:, 0] - middle) * (1 + (jaw - 1) * 0.9 * np.sin(low * np.pi * 0.75))
        points[:, 1] = np.where(
            points[:, 1] > 0, points[:, 1] * (1 + (self.style.chin - 1) * low), points[:, 1]
        )
        bald = self.look.hair.crown == "none"
        top = (
            [(0.41, -0.5), (0.22, -0.64), (0.0, -0.68), (-0.22, -0.64), (-0.41, -0.5)]
            if bald
            else [(0.46, -0.4), (0, -0.6), (-0.46, -0.4)]
        )
        return self.skull.seen(spline(np.concatenate([points, top])))

    def _brow(self, side: int) -> None:
        if self.style.brow <= 0:
            return
        frown, top = self.skull.pose.brow + self.frown, self.style.eyes.height - self.style.eyes.tall - 0.085
        raised = 0.03 * max(frown, 0)
        brow = [
            (side * 0.1, top + 0.03 - 0.055 * frown - raised),
            (side * 0.22, top - 0.02 - raised),
            (side * 0.35, top + 0.03 + 0.03 * frown - raised),
        ]
        pale = sum(self.look.hair_colour) > 560
        colour = mix(self.look.hair_colour, self.line, 0.45 if pale else 0.6)
        width = self.style.brow * self.skull.unit
        self.marks.stroke(self.skull.place(spline(brow, False)), (0.5 * width, width, 0.3 * width), colour)

    def _beard(self, outline: np.ndarray) -> None:
        """A beard along the jaw, its point below the chin."""
        mouth = self.skull.place([(0.0, 0.42)], 0.95)[0]
        inner = self.skull.place(
            spline([(0.34, 0.26), (0.2, 0.41), (0.0, 0.5), (-0.2, 0.41), (-0.34, 0.26)], False)
        )
        jaw = outline[outline[:, 1] > self.skull.place([(0.0, 0.2)], 0.0)[0][1]]
        grown = mouth + (jaw - mouth) * 1.04
        low = np.clip((grown[:, 1] - mouth[1]) / (0.17 * self.skull.unit), 0, 1)
        grown[:, 1] += (
            0.2
            * self.skull.unit
            * low**2
            * np.exp(-(((grown[:, 0] - mouth[0]) / (0.25 * self.skull.unit)) ** 2))
        )
        self.marks.fill(np.concatenate([grown, inner]), self.look.hair_colour, 0.012)

    def _nose(self, face: np.ndarray) -> None:
        u, kind, skin = self.skull.unit, self.style.nose, self.look.skin
        ink = mix(self.shade, self.line, 0.45)
        if kind == "tick":
            self.marks.stroke(
                self.skull.place(spline([(0.012, 0.29), (0.03, 0.33), (0.0, 0.345)], False), 1.1),
                (0.005 * u, 0.02 * u, 0.005 * u),
                ink,
            )
        elif kind == "dot":
            self.marks.inside(self.skull.place(ellipse(0.0, 0.33, 0.014, 0.01), 1.1), ink, face)
        elif kind == "bridge":
            way = 1 if self.skull.degrees >= 0 else -1
            path = [(way * 0.045, 0.1), (way * 0.05, 0.24), (way * 0.075, 0.325), (0.0, 0.345)]
            self.marks.stroke(
                self.skull.place(spline(path, False), 1.15), (0.0, 0.012 * u, 0.022 * u, 0.008 * u), ink
            )
        elif kind == "shadow":
            patch = [(0.0, 0.2), (0.05, 0.32), (0.02, 0.355), (-0.03, 0.35)]
            self.marks.inside(self.skull.place(spline(patch), 1.1), self.shade, face)
        elif kind == "button":
            self.marks.inside(
                self.skull.place(ellipse(0.0, 0.31, 0.045, 0.035), 1.1), mix(skin, (220, 90, 80), 0.35), face
            )

    def _mouth(self) -> None:
        pose, u, wide = self.skull.pose, self.skull.unit, 0.082 * self.style.mouth
        wide *= 1 + 0.35 * pose.lips
        rise, opening = self.corners, pose.mouth
        if opening < 0.15:
            path = spline(
                [
                    (-wide, 0.44 - rise),
                    (-0.3 * wide, 0.447 + 0.3 * rise),
                    (0.3 * wide, 0.447 + 0.3 * rise),
                    (wide, 0.435 - rise),
                ],
                False,
            )
            self.marks.stroke(
                self.skull.place(path, 0.95),
                (0.008 * u, 0.02 * u, 0.02 * u, 0.006 * u),
                mix(self.line, (170, 60, 60), 0.15),
            )
            return
        low = 0.43 + 0.13 * opening
        top = 0.42 - 0.02 * max(-pose.lips, 0)
        lips = [
            (-wide, top - 0.3 * rise),
            (-wide, top - 0.3 * rise),
            (0, top + 0.008),
            (wide, top - 0.3 * rise),
            (wide, top - 0.3 * rise),
        ]
        shape = self.skull.place(
            spline([*lips, (0.65 * wide, low - 0.01), (0, low), (-0.65 * wide, low - 0.01)]), 0.95
        )
        self.marks.fill(shape, (150, 50, 62), line=0.0)
        if opening > 0.45:
            self.marks.inside(
                self.skull.place(ellipse(0.0, low, 0.6 * wide, 0.045), 0.95), (226, 120, 120), shape
            )
            self.marks.inside(
                self.skull.place(
                    [(-1.2 * wide, 0.3), (1.2 * wide, 0.3), (wide, top + 0.018), (-wide, top + 0.018)], 0.95
                ),
                (255, 250, 248),
                shape,
            )
        self.marks.outline(shape, (120, 40, 50), 0.7)

    def _lines(self, face: np.ndarray) -> None:
        for side in (-1, 1):
            for path in (
                [(side * 0.09, 0.34), (side * 0.14, 0.4), (side * 0.15, 0.45)],
                [(side * 0.14, 0.32), (side * 0.22, 0.345), (side * 0.3, 0.33)],
            ):
                self.marks.crease(self.skull.place(spline(path, False)), self.look.skin, 0.6, face)
