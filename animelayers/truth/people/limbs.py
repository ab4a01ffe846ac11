"""Arms and legs in their sleeves, trousers, socks and shoes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.samples.pen import Colour, mix, ribbon, spline
from animelayers.truth.people.body import Body
from animelayers.truth.people.look import Look
from animelayers.truth.people.marks import Marks


class Limbs:
    """The arms and legs of one person in one pose."""

    def __init__(self, marks: Marks, look: Look, body: Body) -> None:
        self.marks, self.look, self.body = marks, look, body

    def limb(
        self,
        joints: np.ndarray,
        widths: Sequence[float],
        colour: Colour,
        far: bool = False,
        line: float = 1.0,
    ) -> np.ndarray:
        """A limb along joints (N, 3); its far twin lies in shadow."""
        path = spline(self.body.at(joints), closed=False, steps=8)
        shape = ribbon(path, widths)
        self.marks.fill(
            shape, mix(colour, self.marks.ink.shade, self.marks.ink.far) if far else colour, 0.012, line
        )
        return shape

    def arm(self, side: int, far: bool = False) -> None:
        """Hand, arm and sleeve of a side (0 left of a front view, 1); `far`: it lies behind, in shadow."""
        look, body, outfit = self.look, self.body, self.look.outfit
        shoulder, elbow, wrist, _ = body.arms[side]
        t = 0.021 * look.build.limb
        middle = (shoulder + elbow) / 2
        self._hand(side, far)
        inwards = np.array([(1, -1)[side] * 0.3 * look.build.shoulders, 0.0, 0.0])
        cap = shoulder + inwards - (0, 0.028 - 0.4 * t, 0)
        top = shoulder + 0.12 * (elbow - shoulder)
        bare = np.stack([cap, top, middle, elbow, (elbow + wrist) / 2, wrist])
        if outfit.sleeve in ("none", "short", "puff"):
            self.limb(
                bare,
                (
                    0.5 * t,
                    1.4 * t,
                    1.95 * t,
                    1.95 * t,
                    1.9 * t,
                    1.75 * t,
                    1.65 * t,
                    1.6 * t,
                    1.5 * t,
                    1.3 * t,
                    1.15 * t,
                ),
                look.skin,
                far,
            )
        cloth = self._sleeve_colour()
        if outfit.sleeve == "short":
            end = shoulder + 0.55 * (elbow - shoulder)
            self.limb(np.stack([cap, top, end]), (0.5 * t, 1.6 * t, 2.3 * t, 2.6 * t, 2.6 * t), cloth, far)
        elif outfit.sleeve == "puff":
            end = shoulder + 0.42 * (elbow - shoulder)
            self.limb(
                np.stack([cap, (cap + end) / 2, end]),
                (1.2 * t, 3.4 * t, 3.9 * t, 3.5 * t, 1.9 * t),
                cloth,
                far,
            )
        elif outfit.sleeve in ("long", "coat"):
            end = elbow + 0.94 * (wrist - elbow)
            w = 1.12 if outfit.over == "coat" else 1.0
            self.limb(
                np.stack([cap, top, middle, elbow, (elbow + end) / 2, end]),
                [w * t * x for x in (0.5, 1.5, 2.15, 2.25, 2.2, 2.1, 2.0, 1.9, 1.8, 1.75, 1.8)],
                cloth,
                far,
            )
            if outfit.collar in ("sailor", "high") or outfit.over == "coat":
                cuff = np.stack([elbow + 0.84 * (wrist - elbow), end])
                self.limb(cuff, (1.9 * w * t, 1.95 * w * t), look.trim, far)
            else:
                fold = body.at(np.stack([elbow * 0.96 + shoulder * 0.04, elbow]))
                self.marks.crease(fold + np.array([0.3 * t, 0]), cloth, 0.8)
        elif outfit.sleeve == "wide":
            self._wide_sleeve(cap, shoulder, elbow, wrist, cloth, far)

    def _sleeve_colour(self) -> Colour:
        look = self.look
        return look.trim if look.outfit.over == "coat" else look.cloth

    def _wide_sleeve(
        self,
        cap: np.ndarray,
        shoulder: np.ndarray,
        elbow: np.ndarray,
        wrist: np.ndarray,
        cloth: Colour,
        far: bool,
    ) -> None:
        """A kimono's sleeve: it hangs from the forearm."""
        t, body, end = 0.021 * self.look.build.limb, self.body, elbow + 0.86 * (wrist - elbow)
        forearm = np.stack([elbow, (elbow + wrist) / 2, wrist])
        self.limb(forearm, (1.5 * t, 1.4 * t, 1.15 * t), self.look.skin, far)
        top = shoulder + 0.12 * (elbow - shoulder)
        self.limb(
            np.stack([cap, top, (shoulder + elbow) / 2, elbow]),
            (0.5 * t, 1.6 * t, 2.4 * t, 2.6 * t, 2.6 * t),
            cloth,
            far,
        )
        a, e, w = body.at(np.stack([0.4 * shoulder + 0.6 * elbow, elbow, end]))
        along = (w - e) / max(float(np.linalg.norm(w - e)), 1e-6)
        out = 1.0 if a[0] > body.at([(0, shoulder[1], 0)])[0][0] else -1.0
        sway = 0.012 * (body.pose.wind + body.pose.swing)
        fall = np.array([0.035 * out * abs(along[1]) + sway, 0.075 * abs(along[0]) + 0.01])
        across = t * np.array([-along[1], along[0]])
        lips = np.stack([w - 1.4 * across, w + 1.4 * across, w + fall + 0.8 * across])
        points = np.concatenate([lips, [e - 1.3 * across, e + 1.3 * across, e + 0.6 * fall, a]])
        bag = cv2.convexHull(points.astype(np.float32))[:, 0].astype(np.float64)
        self.marks.fill(bag, mix(cloth, self.marks.ink.shade, self.marks.ink.far) if far else cloth, 0.014)
        self.marks.stroke(
            np.stack([*lips[np.argsort(lips @ np.array([-along[1], along[0]]))]]),
            (0.008, 0.008),
            self.look.trim,
            bag,
        )

    def _hand(self, side: int, far: bool) -> None:
        look, body = self.look, self.body
        wrist, tip = body.at(body.arms[side][2:])
        reach = (tip - wrist) / max(float(np.linalg.norm(tip - wrist)), 1e-6)
        long = max(float(np.linalg.norm(tip - wrist)), 0.55 * body.hand)
        thumb_side = (-1, 1)[side] * (1 if reach[1] > -0.2 else -1)
        frame = np.stack([np.array([-reach[1], reach[0]]) * -thumb_side, reach]) * long
        wrist = wrist - reach * 0.12 * long
        skin = mix(look.skin, self.marks.ink.shade, self.marks.ink.far) if far else look.skin
        kind = body.pose.arms[side].hand
        for shape in _HANDS[kind]:
            self.marks.fill(spline(np.array(shape) @ frame + wrist, True, 5), skin, 0.005, 0.85)
        if kind == "easy" and self.marks.ink.weight:
            self.marks.crease(np.array([(0.03, 0.62), (0.04, 1.0)]) @ frame + wrist, look.skin, 0.6)

    def leg(self, side: int, far: bool) -> None:
        """Leg, sock and shoe, or a trouser leg."""
        look, body, outfit = self.look, self.body, self.look.outfit
        hip, knee, ankle = body.legs[side]
        t = 0.034 * look.build.limb * (0.75 + 0.25 * look.build.hips / 0.08)
        if outfit.bottom in ("gown", "robe") and outfit.hem > 0.9 and outfit.feet != "bare":
            self._foot(side, far)
            return
        joints = np.stack([hip, (hip + knee) / 2, knee, 0.55 * knee + 0.45 * ankle, ankle])
        bare = (2.1 * t, 2.0 * t, 1.75 * t, 1.45 * t, 1.35 * t, 1.4 * t, 1.2 * t, 0.85 * t, 0.8 * t)
        if outfit.bottom in ("trousers", "wide"):
            self._foot(side, far)
            fit = (
                (2.15, 2.1, 1.95, 1.7, 1.6, 1.6, 1.5, 1.35, 1.3)
                if outfit.bottom == "trousers"
                else (2.3, 2.5, 2.6, 2.6, 2.6, 2.65, 2.7, 2.75, 2.8)
            )
            low = ankle + (ankle - knee) * (0.03 if outfit.bottom == "trousers" else -0.05)
            if outfit.bottom == "wide" and outfit.feet == "boot":
                low, fit = ankle + 0.5 * (knee - ankle), (2.3, 2.4, 2.5, 2.5, 2.5, 2.5, 2.5, 2.3, 1.7)
            self.limb(
                np.stack([hip, (hip + knee) / 2, knee, 0.55 * knee + 0.45 * low, low]),
                [t * x for x in fit],
                look.trim,
                far,
            )
            if outfit.feet == "boot":
                self._boot(knee, ankle, t, far)
            return
        self.limb(joints, bare, look.skin, far)
        if outfit.socks > 0.12 and outfit.feet != "bare":
            top = ankle + min(outfit.socks, 1.0) * (knee - ankle)
            sock = [top, (top + ankle) / 2, ankle]
            widths = (1.5 * t, 1.5 * t, 1.3 * t, 0.95 * t, 0.88 * t)
            if outfit.socks > 1.0:
                sock = [knee + (outfit.socks - 1) * (hip - knee), knee, 0.55 * knee + 0.45 * ankle, ankle]
                widths = (1.82 * t, 1.5 * t, 1.5 * t, 1.2 * t, 0.9 * t)
            self.limb(np.stack(sock), widths, self._sock(), far)
        if outfit.bottom == "shorts":
            end = hip + 0.5 * (knee - hip)
            self.limb(
                np.stack([hip - (0, 0.01, 0), (hip + end) / 2, end]),
                (2.25 * t, 2.25 * t, 2.3 * t),
                look.trim,
                far,
            )
        self._foot(side, far)
        if outfit.feet == "boot":
            self._boot(knee, ankle, t, far)

    def _sock(self) -> Colour:
        dark = sum(self.look.trim) < 330
        return mix(self.look.trim, (20, 20, 40), 0.3) if dark else (248, 246, 248)

    def _boot(self, knee: np.ndarray, ankle: np.ndarray, t: float, far: bool) -> None:
        top = ankle + 0.62 * (knee - ankle)
        self.limb(
            np.stack([top, (top + ankle) / 2, ankle + np.array([0, 0.012, 0])]),
            (2.0 * t, 1.75 * t, 1.45 * t),
            self.look.shoe,
            far,
        )

    def _foot(self, side: int, far: bool) -> None:
        look, kind = self.look, self.look.outfit.feet
        colour = look.skin if kind in ("bare", "sandal") else look.shoe
        shape = self.body.foot(side, 0.85 if kind in ("bare", "sandal") else 1.0)
        self.marks.fill(
            shape, mix(colour, self.marks.ink.shade, self.marks.ink.far) if far else colour, 0.006
        )
        low = float(shape[:, 1].max())
        sole = np.array([(-1.0, low - 0.006), (1.0, low - 0.006), (1.0, low + 0.01), (-1.0, low + 0.01)])
        if kind != "bare":
            pale = kind == "shoe" and sum(look.shoe) > 420
            self.marks.inside(
                sole,
                mix(look.shoe, (240, 236, 230), 0.8) if pale else mix(look.shoe, (16, 12, 18), 0.55),
                shape,
            )


_FINGERS = ((-0.2, -0.12, 0.95), (-0.06, -0.03, 1.1), (0.09, 0.05, 1.06), (0.22, 0.13, 0.9))
_HANDS: dict[str, list[list[tuple[float, float]]]] = {
    "easy": [
        [(-0.24, 0.0), (0.24, 0.0), (0.3, 0.4), (0.26, 0.85), (0.08, 1.08), (-0.16, 1.0), (-0.28, 0.5)],
        [(-0.2, 0.2), (-0.4, 0.4), (-0.42, 0.72), (-0.3, 0.78), (-0.16, 0.5)],
    ],
    "fist": [
        [(-0.24, 0.0), (0.24, 0.0), (0.36, 0.35), (0.32, 0.72), (0.0, 0.8), (-0.32, 0.7), (-0.34, 0.3)],
        [(-0.3, 0.3), (-0.4, 0.5), (-0.12, 0.66), (0.0, 0.56), (-0.14, 0.42)],
    ],
    "open": [
        *([(x - 0.07, 0.45), (x + s - 0.075, y), (x + s, y + 0.1), (x + s + 0.075, y), (x + 0.08, 0.45)] for x, s, y in _FINGERS),
        [(-0.22, 0.25), (-0.5, 0.45), (-0.62, 0.66), (-0.5, 0.74), (-0.26, 0.58)],
        [(-0.22, 0.0), (0.22, 0.0), (0.32, 0.35), (0.27, 0.62), (0.0, 0.68), (-0.27, 0.6), (-0.3, 0.3)],
    ],
}  # fmt: skip
