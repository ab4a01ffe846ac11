"""Clothes that hang: skirts, robes, aprons and coats, wide enough for the legs in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from animelayers.samples.pen import Colour, mix, spline
from animelayers.truth.people.body import Ring

if TYPE_CHECKING:
    from animelayers.truth.people.figure import Figure


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
        band = [
            (top, b.waist + b.belly * 0.6 + 0.006, 0.75 * b.waist + b.belly + 0.006, 0.4 * b.belly),
            (low, b.waist + 0.6 * b.belly + 0.009, 0.78 * b.waist + b.belly + 0.008, 0.4 * b.belly),
        ]
        figure.marks.fill(body.loft(band, smooth=False), look.accent, 0.012)


def skirt(
    figure: Figure, high: float, hem: float, loose: float, colour: Colour, pleats: int, kind: str
) -> None:
    """A skirt from height `high` down to `hem`, its hem `loose` wider than the hips."""
    body, marks = figure.body, figure.marks
    rings = _around_legs(figure, np.linspace(high, hem, 6), loose)
    shape, edge = _hung(figure, rings)
    marks.fill(shape, colour, 0.022)
    dark = mix(colour, marks.ink.shade, marks.ink.depth * 1.1)
    folds = pleats or (3 if kind != "robe" else 2)
    for u in -0.82 + 1.64 * (np.arange(folds) + 0.5) / folds:
        foot, top = edge(u), body.wrap(rings[:1], [(u * 0.95, high)])[0]
        middle = (top + foot) / 2 + np.array([0.006 * figure.pose.wind, 0.0])
        if pleats and marks.ink.shading != "flat":
            below = np.array([0.0, 0.02])
            marks.inside(
                np.array([top, top, middle, foot + below, edge(u + 0.7 / folds) + below]), dark, shape
            )
        start = top if pleats else 0.45 * top + 0.55 * foot
        marks.crease(
            spline(np.array([start, (start + foot) / 2 + np.array([0.003, 0.0]), foot]), False, 4),
            colour,
            0.9,
            shape,
        )
    if not pleats and figure.look.outfit.flare > 0.9:
        low = np.array([edge(u) for u in np.linspace(-1, 1, 13)])
        band = np.concatenate([low - np.array([0.0, 0.02]), (low - np.array([0.0, 0.008]))[::-1]])
        marks.inside(
            band, figure.look.accent if kind == "gown" else mix(colour, figure.look.accent, 0.6), shape
        )
    if kind == "robe":
        side, middle = body.wrap(rings[:1], [(0.1, high), (0.0, high)])
        marks.crease(np.array([edge(0.25), 0.5 * edge(0.25) + 0.5 * side, middle]), colour, 1.3, shape)
    marks.outline(shape, colour)


def _around_legs(figure: Figure, levels: np.ndarray, loose: float) -> list[Ring]:
    """Rings at heights `levels`, from the waist to a hem `loose` wider than the hips, and everywhere around
    the legs.
    """
    body, b, rings = figure.body, figure.look.build, list[Ring]()
    swell = 0.042 * b.limb
    for y, share in zip(levels, np.linspace(0, 1, len(levels)), strict=True):
        fall = float(np.clip((y - levels[0]) / max(body.crotch - levels[0], 1e-6), 0, 1))
        wide = (
            (b.waist + 0.6 * b.belly) * (1 - fall)
            + b.hips * fall
            + 0.006
            + loose * share**0.8
            + 0.5 * b.belly * (1 - share)
        )
        legs = [_leg_at(leg, float(y)) for leg in body.legs] if y > body.crotch else [np.zeros(3)]
        near, far = max(p[2] for p in legs), min(p[2] for p in legs)
        reach = max(abs(p[0]) for p in legs) + swell
        deep = max(0.72 * wide + 0.5 * b.belly, (near - far) / 2 + swell)
        rings.append(
            (
                float(y),
                float(max(wide, reach)),
                float(deep),
                float(0.4 * (near + far) + 0.3 * b.belly * (1 - share)),
            )
        )
    return rings


def _leg_at(leg: np.ndarray, y: float) -> np.ndarray:
    """The point (3,) of a leg at height `y`."""
    order = np.argsort(leg[:, 1])
    return np.array([np.interp(y, leg[order, 1], leg[order, i]) for i in range(3)])


def _hung(figure: Figure, rings: Sequence[Ring]) -> tuple[np.ndarray, Callable[[float], np.ndarray]]:
    """The outline of hanging cloth, its hem seen from a little above, and its hem by u -1..1."""
    body, pose = figure.body, figure.pose
    y, a, d, z = np.array(rings).T
    share = np.linspace(0, 1, len(y)) ** 1.6
    middle = body.at(np.stack([0 * y, y, z], 1)) + np.stack(
        [share * (0.019 * pose.wind + 0.01 * pose.swing), 0 * y], 1
    )
    half = np.hypot(a * np.cos(body.yaw), d * np.sin(body.yaw))
    left, right = middle - np.stack([half, 0 * y], 1), middle + np.stack([half, 0 * y], 1)

    def edge(u: float) -> np.ndarray:
        bow = 0.16 * half[-1] * np.sqrt(max(0.0, 1 - min(1.0, u * u)))
        ripple = 0.004 * np.sin(9 * u + 2.2 * pose.wind + 1.3 * pose.swing)
        return np.asarray(middle[-1] + (u * half[-1], bow + ripple))

    hem = np.array([edge(u) for u in np.linspace(-1, 1, 25)])
    outline = np.concatenate([spline(left, False, 4), hem[1:-1], spline(right, False, 4)[::-1]])
    return outline, edge


def hanging(figure: Figure) -> None:
    """The back of a coat, behind the legs."""
    look, body = figure.look, figure.body
    if look.outfit.over == "coat":
        if figure.pose.away:
            rings = [(y, a + 0.008, d + 0.008, z) for y, a, d, z in figure.rings()] + _tails(figure)
            shape = body.loft(rings)
            figure.marks.fill(shape, look.trim, 0.02)
            figure.marks.crease(
                body.wrap(rings, [(0.0, body.waist + 0.03), (0.02, body.crotch), (0.0, rings[-1][0])]),
                look.trim,
                1.2,
                shape,
            )
            return
        rings = [(body.waist, look.build.waist, 0.7 * look.build.waist, 0.0), *_tails(figure)]
        figure.marks.fill(
            body.loft(rings, smooth=False),
            mix(look.trim, figure.marks.ink.shade, max(figure.marks.ink.depth, 0.15)),
        )


def _tails(figure: Figure) -> list[Ring]:
    """The lowest ring of a coat, wide enough for the legs."""
    body, b = figure.body, figure.look.build
    hem = 0.5 * body.crotch
    legs = [_leg_at(leg, hem) for leg in body.legs]
    reach = max(max(abs(p[0]) for p in legs) + 0.04, b.hips + 0.035)
    deep = max(max(abs(p[2]) for p in legs) + 0.05, 0.7 * reach)
    return [(hem, reach, deep, 0.0)]


def _apron(figure: Figure, rings: Sequence[Ring]) -> None:
    """A bib and what hangs from the waist."""
    body, look, marks = figure.body, figure.look, figure.marks
    s, hem = body.shoulder, 0.62 * body.crotch
    low = figure.look.build.hips + (0.03 if look.outfit.bottom in ("skirt", "gown") else 0.004)
    wide = [(y, a + 0.006, d + 0.006, z) for y, a, d, z in rings] + [(hem, low, 0.8 * low, 0.0)]
    long = body.crotch - s
    bib = [(-0.36, s + 0.16 * long), (0.36, s + 0.16 * long), (0.42, body.waist), (-0.42, body.waist)]
    fall = [
        (-0.62, body.waist),
        (0.62, body.waist),
        (0.62, (body.waist + hem) / 2),
        (0.58, hem),
        (0.0, hem + 0.012),
        (-0.58, hem),
        (-0.62, (body.waist + hem) / 2),
    ]
    for shape in (bib, fall):
        marks.fill(body.wrap(wide, shape), look.accent, 0.012)
    for sign in (-1, 1):
        marks.stroke(
            body.wrap(wide, [(sign * 0.33, s + 0.17 * long), (sign * 0.4, s)]), (0.011, 0.011), look.accent
        )


def over(figure: Figure, rings: Sequence[Ring]) -> None:
    """A coat or vest over it all, open in front."""
    body, look, marks, kind = figure.body, figure.look, figure.marks, figure.look.outfit.over
    if look.outfit.front == "apron":
        _apron(figure, rings)
    if kind not in ("coat", "vest"):
        return
    s = body.shoulder
    wide = [(y, a + 0.008, d + 0.008, z) for y, a, d, z in rings]
    if kind == "coat":
        wide += _tails(figure)
    for sign in (-1, 1):
        panel = _panel(figure, wide, sign)
        marks.fill(panel, look.trim, 0.016)
        if kind == "coat":
            lapel = [
                (0.2, s - 0.01),
                (0.62, s + 0.03),
                (0.55, s + 0.07),
                (0.24, body.waist - 0.02),
                (0.16, s + 0.03),
            ]
            marks.fill(
                body.wrap(wide, [(sign * u, y) for u, y in lapel]), mix(look.trim, look.accent, 0.25), 0.006
            )


def _panel(figure: Figure, rings: Sequence[Ring], sign: int) -> np.ndarray:
    """The front of a coat on one side, from its open edge to the side of the body."""
    body, blow = figure.body, abs(figure.pose.wind + figure.pose.swing)
    levels = np.linspace(body.shoulder, rings[-1][0], 7)
    open_by = np.array([0.16, 0.2, 0.22, 0.24, 0.28, 0.34, 0.42]) + 0.01 * blow * np.arange(7) / 6
    inner = body.wrap(rings, list(zip(sign * open_by, levels, strict=True)))
    given = np.array(rings)
    a, d, z = (np.interp(levels, given[:, 0], given[:, i]) for i in (1, 2, 3))
    half = np.hypot(a * np.cos(body.yaw), d * np.sin(body.yaw))
    drift = 0.002 * (figure.pose.wind + figure.pose.swing) * np.linspace(0, 1, 7) ** 2
    outer = body.at(np.stack([0 * levels, levels, z], 1)) + np.stack([sign * half + drift, 0 * half], 1)
    return np.concatenate([spline(inner, False, 4), spline(outer, False, 4)[::-1]])
