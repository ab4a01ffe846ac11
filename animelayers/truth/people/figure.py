"""Whole figures: body, clothes and limbs around the head, drawn from back to front."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from animelayers.samples.pen import mix
from animelayers.truth.people.body import Body, Ring
from animelayers.truth.people.clothes import collar, front, nape
from animelayers.truth.people.drapes import gown, hanging, over
from animelayers.truth.people.extras import above, behind, worn
from animelayers.truth.people.face import FaceDrawing
from animelayers.truth.people.hair import HairDrawing
from animelayers.truth.people.limbs import Limbs
from animelayers.truth.people.look import Look, Pose
from animelayers.truth.people.marks import Ink, Mark, Marks
from animelayers.truth.people.skull import Skull


def drawn(look: Look, pose: Pose, ink: Ink) -> list[Mark]:
    """The marks of one drawing of a person."""
    return Figure(look, pose, ink).draw()


class Figure:
    """One person in one pose."""

    def __init__(self, look: Look, pose: Pose, ink: Ink) -> None:
        self.look, self.pose, self.marks = look, pose, Marks(ink)
        self.body = Body(look, pose)
        self.skull = Skull(self.body)
        self.limbs = Limbs(self.marks, look, self.body)
        self.hair = HairDrawing(self.marks, look, self.skull)

    def draw(self) -> list[Mark]:
        """From back to front."""
        if self.pose.away:
            return self._from_behind()
        body, turned = self.body, abs(self.pose.yaw) > 22
        behind(self)
        self.hair.behind()
        arms = sorted((0, 1), key=lambda side: body.depth(body.arms[side]))
        legs = sorted((0, 1), key=lambda side: body.depth(body.legs[side]))
        if turned:
            self.limbs.arm(arms[0], far=True)
        hanging(self)
        for side in legs:
            self.limbs.leg(side, far=turned and side == legs[0])
        self._trunk()
        if not turned:
            for side in arms:
                self.limbs.arm(side)
            collar(self)
        else:
            collar(self)
            self.limbs.arm(arms[1])
        FaceDrawing(self.marks, self.look, self.skull).draw(self.hair.fringe())
        self.hair.front()
        self.hair.before()
        above(self)
        return self.marks.list

    def _from_behind(self) -> list[Mark]:
        """What is nearest to someone's back is drawn last."""
        body = self.body
        for side in sorted((0, 1), key=lambda side: body.depth(body.legs[side])):
            self.limbs.leg(side, far=False)
        arms = sorted((0, 1), key=lambda side: body.depth(body.arms[side]))
        self._trunk()
        for side in arms:
            self.limbs.arm(side)
        nape(self)
        hanging(self)
        behind(self)
        FaceDrawing(self.marks, self.look, self.skull).turned_away()
        self.hair.from_behind()
        above(self)
        return self.marks.list

    def rings(self) -> list[Ring]:
        """Of the clothed upper body."""
        return self.body.torso(0.006 if self.look.outfit.collar in ("hood", "high") else 0.002)

    def _trunk(self) -> None:
        body, look, marks = self.body, self.look, self.marks
        wide = (0.15 if look.build.heads > 4 else 0.12) * body.head * (0.85 + 0.3 * (look.build.limb - 0.85))
        neck = [
            (body.chin - 0.25 * body.head, wide, wide, 0.012),
            (body.shoulder - 0.012, 1.1 * wide, wide, 0.006),
            (body.shoulder + 0.02, 2.2 * wide, wide, 0.0),
        ]
        shape = body.loft(neck, smooth=False)
        marks.fill(shape, look.skin)
        under = np.array([(-2, -0.5), (2, -0.5), (2, 0.55), (0.4, 0.72), (-2, 0.6)])
        if marks.ink.shading != "flat":
            marks.inside(
                self.skull.place(under, 0.3),
                mix(look.skin, (214, 110, 110) if not marks.ink.grey else (60, 60, 60), 0.3),
                shape,
            )
        rings = self.rings()
        torso = body.loft(rings)
        marks.fill(torso, look.cloth, 0.02)
        if look.outfit.bottom in ("trousers", "wide", "shorts"):
            self._seat(rings, torso)
        front(self, rings, torso)
        gown(self)
        if not self.pose.away:
            over(self, rings)
            worn(self, rings)

    def _seat(self, rings: Sequence[Ring], torso: np.ndarray) -> None:
        look, body = self.look, self.body
        top = body.waist + (body.crotch - body.waist) * (0.62 if look.outfit.belt else 0.72)
        y = np.linspace(top, body.crotch + 0.012, 5)
        a, d, z = (
            np.interp(y, [r[0] for r in rings], [r[i] for r in rings]) + (0.001 if i < 3 else 0)
            for i in (1, 2, 3)
        )
        low = [(float(q), float(w), float(e), float(f)) for q, w, e, f in zip(y, a, d, z, strict=True)]
        self.marks.fill(body.loft(low), look.trim, 0.02)
        if look.outfit.belt:
            band = [
                (top - 0.008, float(a[0]) + 0.002, float(d[0]) + 0.002, float(z[0])),
                (top + 0.012, float(a[0]) + 0.003, float(d[0]) + 0.003, float(z[0])),
            ]
            self.marks.fill(body.loft(band, smooth=False), mix(look.shoe, (20, 16, 24), 0.3))
