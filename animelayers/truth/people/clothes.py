"""Clothes on the rings of a body: what is on the chest, around the neck, from the waist down and over it all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from animelayers.samples.pen import Colour, mix, spline
from animelayers.truth.people.body import Ring

if TYPE_CHECKING:
    from animelayers.truth.people.figure import Figure


def front(figure: Figure, rings: Sequence[Ring], torso: np.ndarray) -> None:
    """What is on the chest."""
    body, look, marks, kind = figure.body, figure.look, figure.marks, figure.look.outfit.front
    s, long = body.shoulder, body.crotch - body.shoulder

    def at(points: Sequence[tuple[float, float]]) -> np.ndarray:
        return body.wrap(rings, [(u, s + v * long) for u, v in points])

    if kind in ("buttons", "zip"):
        marks.crease(at([(0, 0.02), (0, 0.3), (0, 0.6), (0, 1.0)]), look.cloth, 1.0, torso)
        for v in (0.3, 0.5, 0.7, 0.88) if kind == "buttons" else ():
            marks.inside(at(spline([(0.03, v), (0.09, v + 0.015), (0.03, v + 0.03), (-0.03, v + 0.015)]).tolist()), look.accent, torso)
    elif kind == "stripe":
        for v in (0.34, 0.46):
            marks.inside(at([(-1, v), (-0.5, v + 0.01), (0, v + 0.015), (0.5, v + 0.01), (1, v), (1, v + 0.06), (0.5, v + 0.07), (0, v + 0.075), (-0.5, v + 0.07), (-1, v + 0.06)]), look.accent, torso)
    elif kind == "band":
        marks.inside(at([(-1, 0.3), (0, 0.32), (1, 0.3), (1, 0.62), (0, 0.64), (-1, 0.62)]), look.accent, torso)
    elif kind == "plates":
        steel = look.accent
        plate = at(spline([(-0.75, 0.12), (0, 0.2), (0.75, 0.12), (0.8, 0.4), (0.45, 0.56), (0, 0.62), (-0.45, 0.56), (-0.8, 0.4)]).tolist())
        marks.fill(plate, steel, 0.016)
        marks.crease(at([(0, 0.2), (0, 0.4), (0, 0.62)]), steel, 1.0, plate)
        marks.stroke(at([(-0.5, 0.18), (-0.58, 0.3), (-0.5, 0.42)]), (0.0, 0.01, 0.0), mix(steel, (255, 255, 255), 0.6), plate)
        for v in (0.66, 0.8):
            marks.fill(at([(-0.9, v), (0, v + 0.02), (0.9, v), (0.92, v + 0.12), (0, v + 0.15), (-0.92, v + 0.12)]), mix(steel, look.trim, 0.25))
    elif kind == "apron":
        marks.fill(at(spline([(-0.4, 0.22), (-0.4, 0.22), (0.4, 0.22), (0.4, 0.22), (0.6, 0.6), (0.6, 0.6), (-0.6, 0.6), (-0.6, 0.6)]).tolist()), look.accent, 0.01)
    for v, u in ((0.42, 0.6), (0.66, -0.5), (0.7, 0.55)):
        if kind not in ("plates", "band"):
            marks.crease(at([(u, v), (0.7 * u, v + 0.035), (0.45 * u, v + 0.03)]), look.cloth, 0.8, torso)


def gown(figure: Figure) -> None:
    """Skirts, dresses and robes: a ring from the waist down, wide enough for the legs in it."""
    body, look, outfit = figure.body, figure.look, figure.look.outfit
    if outfit.bottom not in ("skirt", "gown", "robe"):
        return
    b, colour = look.build, look.trim if outfit.bottom == "skirt" else look.cloth
    high = body.waist + (0.0 if outfit.bottom != "skirt" else 0.35 * (body.crotch - body.waist))
    hem_y = body.crotch + outfit.hem * (0.0 - body.crotch) - 0.012
    loose = {"skirt": 0.055, "gown": 0.07, "robe": 0.016}[outfit.bottom] * outfit.flare * (0.4 + outfit.hem)
    skirt(figure, high, hem_y, loose, colour, outfit.pleats, outfit.bottom)
    if outfit.bottom == "robe" or outfit.belt:
        top, low = body.waist - 0.022, body.waist + 0.018
        band = [(top, b.waist + b.belly * 0.6 + 0.006, 0.75 * b.waist + b.belly + 0.006, 0.4 * b.belly), (low, b.waist + 0.6 * b.belly + 0.009, 0.78 * b.waist + b.belly + 0.008, 0.4 * b.belly)]
        figure.marks.fill(body.loft(band, smooth=False), look.accent, 0.012)


def skirt(figure: Figure, high: float, hem: float, loose: float, colour: Colour, pleats: int, kind: str) -> None:
    """A skirt from height `high` down to `hem`, its hem `loose` wider than the hips."""
    body, b, marks, pose = figure.body, figure.look.build, figure.marks, figure.pose
    levels, rings = np.linspace(high, hem, 6), []
    joints = np.concatenate(body.legs)
    for i, y in enumerate(levels):
        share = i / 5
        fall = min(1.0, max(0.0, (y - high) / max(body.crotch - high, 1e-6)))
        wide = (b.waist + 0.6 * b.belly) * (1 - fall) + b.hips * fall + 0.006 + loose * share**0.8 + 0.5 * b.belly * (1 - share)
        legs = [_leg_at(leg, float(y)) for leg in body.legs] if y > body.crotch else []
        swell = 0.034 * b.limb
        reach_x = max((abs(p[0]) + swell for p in legs), default=0.0)
        z = [p[2] for p in legs] or [0.0]
        deep = max(0.72 * wide + 0.5 * b.belly, (max(z) - min(z)) / 2 + swell)
        rings.append((float(y), max(wide, reach_x), deep, float(np.mean([max(z), min(z)]) * 0.8 + 0.3 * b.belly * (1 - share))))
    del joints
    shape, edge = _hung(figure, rings)
    marks.fill(shape, colour, 0.022)
    dark = mix(colour, marks.ink.shade, marks.ink.depth * 1.1)
    folds = pleats or (3 if kind != "robe" else 2)
    for i in range(folds):
        u = -0.82 + 1.64 * (i + 0.5) / folds
        foot = edge(u)
        top = body.wrap(rings[:1], [(u * 0.95, high)])[0]
        mid = (top + foot) / 2 + (np.array([0.006 * pose.wind, 0.0]))
        if pleats and marks.ink.shading != "flat":
            beside = edge(u + 0.7 / folds)
            marks.inside(np.array([top, top, mid, foot + (0, 0.02), beside + (0, 0.02)]), dark, shape)
        start = top if pleats else 0.45 * top + 0.55 * foot
        marks.crease(spline(np.array([start, (start + foot) / 2 + (0.003, 0), foot]), False, 4), colour, 0.9, shape)
    if kind != "skirt" or not pleats:
        us = np.linspace(-1, 1, 13)
        low = np.array([edge(u) for u in us])
        if figure.look.outfit.flare > 0.9:
            band = np.concatenate([low - (0, 0.02), (low - (0, 0.008))[::-1]])
            marks.inside(band, figure.look.accent if kind == "gown" else mix(colour, figure.look.accent, 0.6), shape)
    if kind == "robe":
        lap = np.array([edge(0.25), edge(0.25) * 0.5 + body.wrap(rings[:1], [(0.1, high)])[0] * 0.5, body.wrap(rings[:1], [(0.0, high)])[0]])
        marks.crease(lap, colour, 1.3, shape)
    marks.outline(shape, colour)


def _leg_at(leg: np.ndarray, y: float) -> np.ndarray:
    """The point (3,) of a leg at height `y`."""
    order = np.argsort(leg[:, 1])
    return np.array([np.interp(y, leg[order, 1], leg[order, i]) for i in range(3)])


def _hung(figure: Figure, rings: Sequence[Ring]):  # type: ignore[no-untyped-def]
    """The outline of hanging cloth, its hem seen from a little above, and its hem by u -1..1."""
    body, pose = figure.body, figure.pose
    y, a, d, z = np.array(rings).T
    share = np.linspace(0, 1, len(y)) ** 1.6
    middle = body.at(np.stack([0 * y, y, z], 1)) + np.stack([share * (0.012 * pose.wind + 0.008 * pose.swing), 0 * y], 1)
    half = np.hypot(a * np.cos(body.yaw), d * np.sin(body.yaw))
    left, right = middle - np.stack([half, 0 * y], 1), middle + np.stack([half, 0 * y], 1)

    def edge(u: float) -> np.ndarray:
        bow = 0.16 * half[-1] * np.sqrt(max(0.0, 1 - min(1.0, u * u)))
        ripple = 0.004 * np.sin(9 * u + 2.2 * pose.wind + 1.3 * pose.swing)
        return np.asarray(middle[-1] + (u * half[-1], bow + ripple))

    hem = np.array([edge(u) for u in np.linspace(-1, 1, 25)])
    outline = np.concatenate([spline(left, False, 4), hem[1:-1], spline(right, False, 4)[::-1]])
    return outline, edge


def collar(figure: Figure) -> None:
    """What is around the neck."""
    body, look, marks, kind = figure.body, figure.look, figure.marks, figure.look.outfit.collar
    rings, s, long = figure.rings(), body.shoulder, body.crotch - body.shoulder
    rings = [(y, a + 0.002, d + 0.002, z) for y, a, d, z in rings]

    def at(points: Sequence[tuple[float, float]]) -> np.ndarray:
        return body.wrap(rings, [(u, s + v * long) for u, v in points])

    if kind in ("sailor", "shirt", "cross"):
        throat = [(-0.24, -0.07), (0.24, -0.07), (0.0, {"sailor": 0.26, "shirt": 0.12, "cross": 0.24}[kind])]
        marks.fill(at(throat), look.skin, 0.0, 0.0)
    if kind == "sailor":
        for sign in (-1, 1):
            wing = [(sign * 0.26, -0.09), (sign * 0.7, 0.0), (sign * 0.6, 0.22), (sign * 0.1, 0.33), (0.0, 0.3), (sign * 0.14, 0.12)]
            shape = at(wing)
            marks.fill(shape, look.trim, 0.0)
            marks.stroke(at([(sign * 0.6, 0.01), (sign * 0.52, 0.18), (sign * 0.06, 0.29)]), (0.004, 0.004), mix(look.cloth, (255, 255, 255), 0.5), shape)
        knot(figure, at([(0.0, 0.31)])[0])
    elif kind == "shirt":
        for sign in (-1, 1):
            marks.fill(at([(sign * 0.2, -0.1), (sign * 0.4, -0.02), (sign * 0.32, 0.12), (0.0, 0.1), (sign * 0.03, 0.06)]), mix(look.cloth, (255, 255, 255), 0.4), 0.0)
        if look.outfit.front == "tie":
            marks.fill(at([(-0.06, 0.1), (0.06, 0.1), (0.05, 0.16), (0.1, 0.56), (0.0, 0.66), (-0.1, 0.56), (-0.05, 0.16)]), look.accent, 0.006)
    elif kind == "cross":
        for sign in (1, -1):
            band = [(sign * 0.26, -0.1), (sign * 0.42, -0.05), (sign * 0.2, 0.24), (-sign * 0.28, 0.54), (-sign * 0.36, 0.48), (0.0, 0.2)]
            marks.fill(at(band), look.trim, 0.0)
    elif kind in ("high", "hood"):
        neck = 0.2 * body.head
        ring = [(body.chin + 0.25 * (s - body.chin), neck, neck, 0.01), (s, 1.35 * neck, 1.2 * neck, 0.004), (s + 0.02, 1.6 * neck, 1.3 * neck, 0.0)]
        marks.fill(body.loft(ring, smooth=False), look.cloth if kind == "high" else look.trim, 0.008)
        if kind == "hood":
            for sign in (-1, 1):
                marks.stroke(at([(sign * 0.14, 0.02), (sign * 0.16, 0.16), (sign * 0.15, 0.3)]), (0.004, 0.004, 0.005), mix(look.cloth, (255, 255, 255), 0.7))
    elif kind == "round":
        neck = at(spline([(-0.28, -0.09), (0.0, 0.05), (0.28, -0.09)], False).tolist())
        marks.fill(np.concatenate([neck, neck[:1]]), look.skin, 0.0, 0.0)
        marks.stroke(neck, (0.006, 0.007, 0.006), look.trim)
    elif kind == "bib":
        shape = at(spline([(-0.3, -0.1), (-0.55, 0.04), (-0.36, 0.16), (0.0, 0.2), (0.36, 0.16), (0.55, 0.04), (0.3, -0.1), (0.0, 0.0)]).tolist())
        marks.fill(shape, mix(look.cloth, (255, 255, 255), 0.75), 0.006)
        knot(figure, at([(0.0, 0.08)])[0], 0.8)


def knot(figure: Figure, at: np.ndarray, size: float = 1.0) -> None:
    """A ribbon bow at a point of the picture."""
    unit, colour, sway = 0.3 * figure.body.head * size, figure.look.accent, 0.03 * (figure.pose.wind + figure.pose.swing)
    for sign in (-1, 1):
        tail = [(0, 0), (sign * 0.3, 0.25), (sign * 0.42 + 3 * sway, 1.15), (sign * 0.42 + 3 * sway, 1.15), (sign * 0.12 + 2 * sway, 1.0)]
        figure.marks.fill(spline(np.array(tail)) * unit + at, colour, 0.006)
        figure.marks.fill(spline(np.array([(0, 0), (sign * 0.6, -0.28), (sign * 0.75, 0.1), (sign * 0.5, 0.3)])) * unit + at, colour, 0.006)
    figure.marks.fill(spline(np.array([(-0.16, -0.15), (0.16, -0.15), (0.16, 0.18), (-0.16, 0.18)])) * unit + at, mix(colour, (40, 20, 60), 0.15))


def over(figure: Figure, rings: Sequence[Ring]) -> None:
    """A coat or vest over it all, open in front."""
    body, look, marks, kind = figure.body, figure.look, figure.marks, figure.look.outfit.over
    if kind not in ("coat", "vest"):
        return
    b, s = look.build, body.shoulder
    hem = body.crotch + (0.5 if kind == "coat" else -0.02) * (0 - body.crotch) * (1 if kind == "coat" else 0)
    wide = [(y, a + 0.008, d + 0.008, z) for y, a, d, z in rings]
    if kind == "coat":
        legs = [_leg_at(leg, hem) for leg in body.legs]
        reach = max(max(abs(p[0]) for p in legs) + 0.04, b.hips + 0.035)
        deep = max(abs(p[2]) for p in legs) + 0.05
        wide.append((hem, reach, max(deep, 0.7 * reach), 0.0))
    sway = 0.1 * (figure.pose.wind + figure.pose.swing)
    top, low = s, wide[-1][0]
    levels = np.linspace(top, low, 7)
    for sign in (-1, 1):
        gap = [0.16, 0.2, 0.22, 0.24, 0.28, 0.34, 0.42]
        inner = body.wrap(wide, [(sign * (g + max(0.0, -sign * sway) * i / 6 * 0.0 + 0.1 * abs(sway) * i / 6), y) for i, (g, y) in enumerate(zip(gap, levels, strict=True))])
        side = sign * (1 if np.cos(body.yaw) > 0 else -1)
        y, a, d, z = np.array([[float(q)] + [float(np.interp(q, [r[0] for r in wide], [r[i] for r in wide])) for i in (1, 2, 3)] for q in levels]).T
        middle = body.at(np.stack([0 * y, y, z], 1))
        half = np.hypot(a * np.cos(body.yaw), d * np.sin(body.yaw))
        outer = middle + np.stack([side * half + 0.02 * sway * np.linspace(0, 1, 7) ** 2, 0 * y], 1)
        panel = np.concatenate([spline(inner, False, 4), spline(outer, False, 4)[::-1]])
        marks.fill(panel, look.trim, 0.016)
        if kind == "coat":
            lapel = body.wrap(wide, [(sign * 0.2, s - 0.01), (sign * 0.62, s + 0.03), (sign * 0.55, s + 0.07), (sign * 0.24, body.waist - 0.02), (sign * 0.16, s + 0.03)])
            marks.fill(lapel, mix(look.trim, look.accent, 0.25), 0.006)
