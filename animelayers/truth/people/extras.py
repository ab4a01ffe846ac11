"""What people carry and wear on their heads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from animelayers.samples.pen import ellipse, mix, ribbon, spline
from animelayers.truth.people.body import Ring

if TYPE_CHECKING:
    from animelayers.truth.people.figure import Figure


def behind(figure: Figure) -> None:
    """A cape, a rucksack, a tail."""
    body, look, marks, pose = figure.body, figure.look, figure.marks, figure.pose
    blow = pose.wind + pose.swing
    if look.outfit.over == "cape":
        b, hem = look.build, body.crotch * 0.28
        back = np.array([(-1.0 * b.shoulders, body.shoulder, -0.02), (-1.5 * b.shoulders, body.waist, -0.05), (-1.9 * b.shoulders, hem, -0.07), (1.9 * b.shoulders, hem, -0.07), (1.5 * b.shoulders, body.waist, -0.05), (1.0 * b.shoulders, body.shoulder, -0.02)])
        corners = body.at(back) + np.array([(0, 0), (0.01, 0), (0.035, -0.01), (0.035, -0.01), (0.01, 0), (0, 0)]) * blow
        wave = [corners[2] + (corners[3] - corners[2]) * t + (0, 0.012 * np.sin(14 * t + 2 * blow)) for t in np.linspace(0, 1, 9)]
        shape = np.concatenate([spline(corners[:3], False), np.array(wave), spline(corners[3:], False)])
        marks.fill(shape, mix(look.accent, marks.ink.shade, 0.25))
        for t in (0.2, 0.5, 0.8):
            marks.crease(np.array([corners[0] + (corners[5] - corners[0]) * t, corners[2] + (corners[3] - corners[2]) * t]), look.accent, 1.2, shape)
    if "rucksack" in look.extras:
        w = 0.8 * look.build.shoulders
        box = np.array([(sx * w, y, z) for sx in (-1, 1) for y in (body.shoulder + 0.02, body.waist + 0.03) for z in (-0.03, -0.1)])
        flat = body.at(box)
        low, high = flat.min(0), flat.max(0)
        marks.fill(spline(np.array([low, (high[0], low[1]), high, (low[0], high[1])]).repeat(2, 0) + 0), look.accent, 0.012)
    if "tail" in look.extras:
        start = body.at([(0.0, body.crotch - 0.03, -0.06)])[0]
        way = -1 if pose.yaw + pose.face >= 0 else 1
        path = spline(start + np.array([(0, 0), (way * 0.07, 0.03), (way * (0.13 + 0.01 * blow), -0.03), (way * (0.12 + 0.02 * blow), -0.13), (way * (0.155 + 0.02 * blow), -0.18)]), False)
        marks.fill(ribbon(path, (0.016, 0.03, 0.036, 0.034, 0.0)), look.hair_colour, 0.01)


def worn(figure: Figure, rings: Sequence[Ring]) -> None:
    """On the body: the strap of a bag, shoulder plates."""
    body, look, marks = figure.body, figure.look, figure.marks
    wide = [(y, a + 0.004, d + 0.004, z) for y, a, d, z in rings]
    if "bag" in look.extras:
        strap = body.wrap(wide, [(-0.6, body.shoulder + 0.0), (0.0, (body.shoulder + body.waist) / 2), (0.8, body.crotch - 0.02)])
        marks.fill(ribbon(spline(strap, False), (0.011, 0.011)), mix(look.shoe, (60, 40, 30), 0.3))
        at = body.at([(look.build.hips + 0.01, body.crotch + 0.0, 0.03)])[0]
        marks.fill(spline(np.array([(-0.045, -0.03), (0.045, -0.03), (0.05, 0.04), (-0.05, 0.04)]).repeat(2, 0)) + at, look.shoe, 0.01)
        marks.fill(spline(np.array([(-0.045, -0.032), (0.045, -0.032), (0.042, 0.005), (0.0, 0.016), (-0.042, 0.005)])) + at, mix(look.shoe, (255, 240, 220), 0.15))
    if "straps" in look.extras or "rucksack" in look.extras:
        for sign in (-1, 1):
            strap = body.wrap(wide, [(sign * 0.45, body.shoulder - 0.0), (sign * 0.5, (body.shoulder + body.waist) / 2), (sign * 0.85, body.waist)])
            marks.fill(ribbon(spline(strap, False), (0.012, 0.012)), look.accent)


def above(figure: Figure) -> None:
    """Around neck and head, in front of everything."""
    look, marks, skull, body, pose = figure.look, figure.marks, figure.skull, figure.body, figure.pose
    u, extras, blow = skull.unit, look.extras, pose.wind + pose.swing
    if "scarf" in extras:
        neck = body.at([(0.0, body.shoulder - 0.004, 0.02)])[0]
        long = body.head
        tail = spline(neck + long * np.array([(0.22, 0.0), (0.34 + 0.1 * blow, 0.5), (0.3 + 0.25 * blow, 1.0), (0.34 + 0.4 * blow, 1.4)]), False)
        marks.fill(ribbon(tail, (0.2 * long, 0.26 * long, 0.3 * long)), look.accent, 0.01)
        marks.fill(neck + long * ellipse(0, 0, 0.4, 0.19), look.accent, 0.012)
        marks.crease(neck + long * np.array([(-0.36, -0.02), (0.0, 0.07), (0.36, -0.02)]), look.accent)
    if "glasses" in extras:
        frame = mix(look.accent, (30, 24, 34), 0.7)
        for side in (-1, 1):
            ring = skull.place(ellipse(side * look.face.eyes.apart, look.face.eyes.height + 0.01, 0.165, 0.145))
            marks.stroke(np.concatenate([ring, ring[:2]]), (0.018 * u, 0.018 * u), frame)
            arm = skull.place([(side * 0.385, 0.13), (side * 0.47, 0.11)], 0.5)
            marks.stroke(arm, (0.018 * u, 0.012 * u), frame)
        marks.stroke(skull.place([(-0.07, 0.14), (0.0, 0.12), (0.07, 0.14)], 1.05), (0.016 * u, 0.016 * u), frame)
    for name, shapes in _ON_TOP.items():
        if name in extras:
            for colour, points, depth, both in shapes:
                for sign in (-1, 1) if both else (1,):
                    placed = skull.place(spline([(sign * x, y) for x, y in points]), depth)
                    marks.fill(placed, _colour(figure, colour), 0.014)


def _colour(figure: Figure, name: str) -> tuple[int, int, int]:
    look = figure.look
    return {"hair": look.hair_colour, "accent": look.accent, "trim": look.trim, "skin": look.skin, "straw": (236, 206, 140), "bone": (236, 226, 204), "inner": mix(look.skin, (240, 130, 140), 0.4), "dark": (52, 46, 58)}[name]


_ON_TOP: dict[str, list[tuple[str, list[tuple[float, float]], float, bool]]] = {
    "cat_ears": [
        ("hair", [(0.16, -0.6), (0.2, -0.68), (0.44, -1.02), (0.44, -1.02), (0.52, -0.62), (0.5, -0.4)], 0.1, True),
        ("inner", [(0.27, -0.64), (0.42, -0.9), (0.42, -0.9), (0.46, -0.58)], 0.12, True),
    ],
    "fox_ears": [
        ("hair", [(0.12, -0.6), (0.3, -1.18), (0.3, -1.18), (0.52, -0.6), (0.44, -0.42)], 0.1, True),
        ("inner", [(0.22, -0.66), (0.31, -1.0), (0.31, -1.0), (0.42, -0.6)], 0.12, True),
    ],
    "rabbit_ears": [
        ("hair", [(0.1, -0.6), (0.12, -1.1), (0.26, -1.45), (0.38, -1.1), (0.32, -0.55)], 0.1, True),
        ("inner", [(0.17, -0.7), (0.19, -1.08), (0.26, -1.3), (0.31, -1.06), (0.27, -0.68)], 0.12, True),
    ],
    "horns": [("bone", [(0.26, -0.6), (0.3, -0.8), (0.5, -1.0), (0.5, -1.0), (0.46, -0.76), (0.42, -0.54)], 0.2, True)],
    "band": [("accent", [(-0.56, -0.1), (-0.52, -0.44), (-0.3, -0.68), (0.0, -0.76), (0.3, -0.68), (0.52, -0.44), (0.56, -0.1), (0.49, -0.12), (0.45, -0.4), (0.26, -0.6), (0.0, -0.66), (-0.26, -0.6), (-0.45, -0.4), (-0.49, -0.12)], 0.2, False)],
    "bow": [
        ("accent", [(0.3, -0.62), (0.6, -0.86), (0.66, -0.6), (0.54, -0.46)], 0.1, False),
        ("accent", [(0.3, -0.62), (0.02, -0.9), (-0.04, -0.72), (0.1, -0.58)], 0.1, False),
        ("accent", [(0.24, -0.7), (0.38, -0.7), (0.38, -0.55), (0.24, -0.55)], 0.12, False),
    ],
    "cap": [
        ("accent", [(-0.58, -0.26), (-0.56, -0.5), (-0.34, -0.8), (0.0, -0.88), (0.34, -0.8), (0.56, -0.5), (0.58, -0.26), (0.0, -0.2)], 0.3, False),
        ("trim", [(-0.5, -0.3), (0.0, -0.38), (0.5, -0.3), (0.42, -0.12), (0.0, -0.05), (-0.42, -0.12)], 1.2, False),
    ],
    "straw": [
        ("straw", [(-1.0, -0.3), (-0.5, -0.44), (0.0, -0.47), (0.5, -0.44), (1.0, -0.3), (0.55, -0.2), (0.0, -0.17), (-0.55, -0.2)], 0.3, False),
        ("straw", [(-0.5, -0.38), (-0.5, -0.4), (-0.44, -0.74), (0.0, -0.86), (0.44, -0.74), (0.5, -0.4), (0.5, -0.38), (0.0, -0.3)], 0.3, False),
        ("accent", [(-0.5, -0.38), (-0.49, -0.5), (0.0, -0.43), (0.49, -0.5), (0.5, -0.38), (0.0, -0.29)], 0.35, False),
    ],
    "beret": [
        ("accent", [(-0.62, -0.42), (-0.66, -0.58), (-0.3, -0.82), (0.3, -0.84), (0.62, -0.62), (0.5, -0.44), (0.0, -0.4)], 0.2, False),
    ],
    "witch": [
        ("trim", [(-0.5, -0.44), (-0.34, -0.8), (-0.1, -1.3), (0.22, -1.5), (0.22, -1.5), (0.16, -1.2), (0.36, -0.8), (0.5, -0.44)], 0.2, False),
        ("trim", [(-1.05, -0.36), (-0.5, -0.48), (0.0, -0.5), (0.5, -0.48), (1.05, -0.36), (0.5, -0.24), (0.0, -0.2), (-0.5, -0.24)], 0.3, False),
        ("accent", [(-0.48, -0.44), (-0.43, -0.58), (0.0, -0.52), (0.43, -0.58), (0.48, -0.44), (0.0, -0.36)], 0.32, False),
    ],
    "helmet": [
        ("accent", [(-0.58, 0.1), (-0.6, -0.3), (-0.4, -0.68), (0.0, -0.8), (0.4, -0.68), (0.6, -0.3), (0.58, 0.1), (0.46, 0.05), (0.42, -0.2), (0.0, -0.28), (-0.42, -0.2), (-0.46, 0.05)], 0.4, False),
        ("trim", [(-0.06, -0.84), (0.06, -0.84), (0.08, -0.3), (-0.08, -0.3)], 0.8, False),
    ],
    "headphones": [
        ("dark", [(-0.6, -0.02), (-0.6, -0.4), (-0.34, -0.74), (0.0, -0.82), (0.34, -0.74), (0.6, -0.4), (0.6, -0.02), (0.55, -0.04), (0.54, -0.38), (0.3, -0.68), (0.0, -0.75), (-0.3, -0.68), (-0.54, -0.38), (-0.55, -0.04)], 0.0, False),
        ("accent", [(0.5, -0.08), (0.62, -0.1), (0.66, 0.1), (0.6, 0.26), (0.5, 0.24)], 0.1, True),
    ],
    "flower": [("accent", [(0.4, -0.5), (0.5, -0.58), (0.56, -0.46), (0.66, -0.4), (0.56, -0.32), (0.52, -0.22), (0.43, -0.3), (0.32, -0.32), (0.36, -0.42)], 0.5, False)],
}  # fmt: skip
