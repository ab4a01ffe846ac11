"""What people carry, and wear around the neck and on the head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from animelayers.samples.pen import Colour, ellipse, mix, ribbon, spline
from animelayers.truth.people.body import Ring
from animelayers.truth.people.hats import ON_TOP

if TYPE_CHECKING:
    from animelayers.truth.people.figure import Figure

_CAPE = np.array(
    [
        (-1.0, 0.0, -0.02),
        (-1.5, 0.4, -0.05),
        (-1.9, 1.0, -0.07),
        (1.9, 1.0, -0.07),
        (1.5, 0.4, -0.05),
        (1.0, 0.0, -0.02),
    ]
)
_BLOWN = np.array([(0, 0), (0.01, 0), (0.035, -0.01), (0.035, -0.01), (0.01, 0), (0, 0)])
_PAULDRON = [(-1.0, 0.5), (-0.9, -0.45), (0.0, -0.8), (0.9, -0.45), (1.0, 0.5), (0.0, 0.75)]
_BAG = [(-0.045, -0.03), (0.045, -0.03), (0.05, 0.04), (-0.05, 0.04)]
_FLAP = [(-0.045, -0.032), (0.045, -0.032), (0.042, 0.005), (0.0, 0.016), (-0.042, 0.005)]
_ROUND = 0.8  # what is wider goes around a head, and looks the same from any side
_IN_FRONT = frozenset({"moustache", "flower", "cap", "glasses"})


def behind(figure: Figure) -> None:
    """On the back: a cape, a rucksack, a tail."""
    if figure.look.outfit.over == "cape":
        _cape(figure)
    if "rucksack" in figure.look.extras:
        _rucksack(figure)
    if "tail" in figure.look.extras:
        _tail(figure)


def _cape(figure: Figure) -> None:
    body, look, marks, blow = figure.body, figure.look, figure.marks, figure.pose.wind + figure.pose.swing
    given = _CAPE * (look.build.shoulders, 0.28 * body.crotch - body.shoulder, 1.0) + np.array(
        [0.0, body.shoulder, 0.0]
    )
    corners = body.at(given) + _BLOWN * blow
    wave = [
        corners[2] + (corners[3] - corners[2]) * t + np.array([0, 0.012 * np.sin(14 * t + 2 * blow)])
        for t in np.linspace(0, 1, 9)
    ]
    shape = np.concatenate([spline(corners[:3], False), np.array(wave), spline(corners[3:], False)])
    marks.fill(shape, mix(look.accent, marks.ink.shade, 0.25))
    for t in (0.2, 0.5, 0.8):
        fold = np.array(
            [corners[0] + (corners[5] - corners[0]) * t, corners[2] + (corners[3] - corners[2]) * t]
        )
        marks.crease(fold, look.accent, 1.2, shape)


def _rucksack(figure: Figure) -> None:
    body, wide = figure.body, 0.8 * figure.look.build.shoulders
    levels = (body.shoulder + 0.02, body.waist + 0.03)
    flat = body.at([(sign * wide, y, z) for sign in (-1, 1) for y in levels for z in (-0.03, -0.1)])
    (x0, y0), (x1, y1) = flat.min(0), flat.max(0)
    figure.marks.fill(
        spline([p for p in ((x0, y0), (x1, y0), (x1, y1), (x0, y1)) for _ in (0, 1)]),
        figure.look.accent,
        0.012,
    )


def _tail(figure: Figure) -> None:
    body, pose = figure.body, figure.pose
    start, blow = body.at([(0.0, body.crotch - 0.03, -0.06)])[0], 0.01 * (pose.wind + pose.swing)
    way = -1 if pose.yaw + pose.face >= 0 else 1
    path = [(0, 0), (0.07, 0.03), (0.13 + blow, -0.03), (0.12 + 2 * blow, -0.13), (0.155 + 2 * blow, -0.18)]
    tail = spline(start + np.array(path) * (way, 1), False)
    figure.marks.fill(ribbon(tail, (0.016, 0.03, 0.036, 0.034, 0.0)), figure.look.hair_colour, 0.01)


def worn(figure: Figure, rings: Sequence[Ring]) -> None:
    """On the body: a bag with its strap, the straps of a rucksack."""
    body, look, marks = figure.body, figure.look, figure.marks
    wide, middle = [(y, a + 0.004, d + 0.004, z) for y, a, d, z in rings], (body.shoulder + body.waist) / 2
    if "bag" in look.extras:
        strap = body.wrap(wide, [(-0.6, body.shoulder), (0.0, middle), (0.8, body.crotch - 0.02)])
        marks.fill(ribbon(spline(strap, False), (0.011, 0.011)), mix(look.shoe, (60, 40, 30), 0.3))
        at = body.at([(look.build.hips + 0.01, body.crotch, 0.03)])[0]
        marks.fill(spline([p for p in _BAG for _ in (0, 1)]) + at, look.shoe, 0.01)
        marks.fill(spline(_FLAP) + at, mix(look.shoe, (255, 240, 220), 0.15))
    if look.extras & {"straps", "rucksack"}:
        for sign in (-1, 1):
            strap = body.wrap(
                wide, [(sign * 0.45, body.shoulder), (sign * 0.5, middle), (sign * 0.85, body.waist)]
            )
            marks.fill(ribbon(spline(strap, False), (0.012, 0.012)), look.accent)


def above(figure: Figure) -> None:
    """Around neck and head, in front of everything."""
    look, extras = figure.look, figure.look.extras - (_IN_FRONT if figure.pose.away else frozenset())
    if look.outfit.front == "plates":
        _pauldrons(figure)
    if "scarf" in extras:
        _scarf(figure)
    elif look.outfit.over == "cape":
        _cape_collar(figure)
    if "glasses" in extras:
        _glasses(figure)
    for name, shapes in ON_TOP.items():
        for colour, points, depth, both in shapes if name in extras else ():
            for sign in (-1, 1) if both else (1,):
                shape = spline([(sign * x, y) for x, y in points])
                if depth is not None and depth < 0.5 and np.ptp(shape[:, 0]) > _ROUND:
                    placed = figure.skull.seen(shape, -depth)
                else:
                    placed = figure.skull.place(shape, depth)
                figure.marks.fill(placed, _colour(figure, colour), 0.014)


def _pauldrons(figure: Figure) -> None:
    size = 0.036 * figure.look.build.limb
    for side in (0, 1):
        at = figure.body.at(figure.body.arms[side][:1])[0] + np.array([0.0, 0.004])
        plate = spline(_PAULDRON) * size + at
        figure.marks.fill(plate, figure.look.accent, 0.012)
        figure.marks.crease(
            at + size * np.array([(-0.85, 0.1), (0.0, 0.32), (0.85, 0.1)]), figure.look.accent, 0.8, plate
        )


def _scarf(figure: Figure) -> None:
    body, marks, colour, long = figure.body, figure.marks, figure.look.accent, figure.body.head
    neck, blow = body.at([(0.0, body.shoulder - 0.004, 0.02)])[0], figure.pose.wind + figure.pose.swing
    path = [(0.22, 0.0), (0.34 + 0.1 * blow, 0.5), (0.3 + 0.25 * blow, 1.0), (0.34 + 0.4 * blow, 1.4)]
    marks.fill(
        ribbon(spline(neck + long * np.array(path), False), (0.2 * long, 0.26 * long, 0.3 * long)),
        colour,
        0.01,
    )
    marks.fill(neck + long * ellipse(0, 0, 0.4, 0.19), colour, 0.012)
    marks.crease(neck + long * np.array([(-0.36, -0.02), (0.0, 0.07), (0.36, -0.02)]), colour)


def _cape_collar(figure: Figure) -> None:
    body, look, b = figure.body, figure.look, figure.look.build
    ring = [
        (body.shoulder - 0.018, 0.3 * body.head, 0.28 * body.head, 0.0),
        (body.shoulder + 0.014, 0.95 * b.shoulders, 0.6 * b.shoulders, 0.01),
    ]
    figure.marks.fill(body.loft(ring, smooth=False), look.accent, 0.01)
    if not figure.pose.away:
        clasp = body.wrap(ring, [(0.0, body.shoulder + 0.004)])[0] + 0.07 * body.head * ellipse(0, 0, 1, 1)
        figure.marks.fill(clasp, mix(look.accent, (255, 240, 190), 0.7))


def _glasses(figure: Figure) -> None:
    skull, eyes, marks = figure.skull, figure.look.face.eyes, figure.marks
    thick, frame = 0.018 * skull.unit, mix(figure.look.accent, (30, 24, 34), 0.7)
    for side in (-1, 1):
        ring = skull.place(ellipse(side * eyes.apart, eyes.height + 0.01, 0.165, 0.145))
        marks.stroke(np.concatenate([ring, ring[:2]]), (thick, thick), frame)
        if side * skull.degrees < 20:
            hinge, ear = (
                skull.place([(side * (eyes.apart + 0.16), 0.13)])[0],
                skull.place([(side * 0.5, 0.1)], 0.0)[0],
            )
            marks.stroke(np.stack([hinge, ear]), (thick, 0.7 * thick), frame)
    marks.stroke(skull.place([(-0.07, 0.14), (0.0, 0.12), (0.07, 0.14)], 1.05), (thick, thick), frame)


def _colour(figure: Figure, name: str) -> Colour:
    look = figure.look
    own = {
        "hair": look.hair_colour,
        "accent": look.accent,
        "trim": look.trim,
        "inner": mix(look.skin, (240, 130, 140), 0.4),
    }
    given: dict[str, Colour] = {"straw": (236, 206, 140), "bone": (236, 226, 204), "dark": (52, 46, 58)}
    return {**own, **given}[name]
