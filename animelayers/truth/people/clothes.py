"""What is on the chest and around the neck, drawn on the rings of a body: u across (-1 .. 1), v down from the
shoulders, in torsos.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from animelayers.samples.pen import Colour, mix, spline
from animelayers.truth.people.body import Ring

if TYPE_CHECKING:
    from animelayers.truth.people.figure import Figure

Row = Sequence[tuple[float, float]]
On = Callable[[Row], np.ndarray]

_WHITE: Colour = (255, 255, 255)
_FOLDS = ((0.42, 0.6), (0.66, -0.5), (0.7, 0.55))
_PLATE = [
    (-0.75, 0.12),
    (0, 0.2),
    (0.75, 0.12),
    (0.8, 0.4),
    (0.45, 0.56),
    (0, 0.62),
    (-0.45, 0.56),
    (-0.8, 0.4),
]
_BUTTON = [(0.03, 0.0), (0.09, 0.015), (0.03, 0.03), (-0.03, 0.015)]
_WING = [(0.26, -0.09), (0.7, 0.0), (0.6, 0.22), (0.1, 0.33), (0.0, 0.3), (0.14, 0.12)]
_WING_TRIM = [(0.6, 0.01), (0.52, 0.18), (0.06, 0.29)]
_POINT = [(0.2, -0.1), (0.4, -0.02), (0.32, 0.12), (0.0, 0.1), (0.03, 0.06)]
_TIE = [(-0.06, 0.1), (0.06, 0.1), (0.05, 0.16), (0.1, 0.56), (0.0, 0.66), (-0.1, 0.56), (-0.05, 0.16)]
_LAPPED = (
    [(-0.24, -0.1), (-0.4, -0.06), (-0.18, 0.2), (0.02, 0.34), (0.1, 0.26)],
    [(0.24, -0.1), (0.4, -0.06), (0.16, 0.22), (-0.3, 0.54), (-0.46, 0.5), (0.0, 0.18)],
)
_BIB = [
    (-0.3, -0.1),
    (-0.55, 0.04),
    (-0.36, 0.16),
    (0.0, 0.2),
    (0.36, 0.16),
    (0.55, 0.04),
    (0.3, -0.1),
    (0.0, 0.0),
]
_THROATS = {"sailor": 0.26, "shirt": 0.12, "cross": 0.24}


def _on(figure: Figure, rings: Sequence[Ring]) -> On:
    """From (u, v) to the picture."""
    body = figure.body
    top, long = body.shoulder, body.crotch - body.shoulder
    return lambda points: body.wrap(rings, [(u, top + v * long) for u, v in points])


def front(figure: Figure, rings: Sequence[Ring], torso: np.ndarray) -> None:
    """What is on the chest, or the back."""
    look, marks, kind = figure.look, figure.marks, figure.look.outfit.front
    if figure.pose.away and kind not in ("stripe", "band"):
        kind = "plain"
    on = _on(figure, rings)
    if kind in ("buttons", "zip"):
        marks.crease(on([(0, 0.02), (0, 0.3), (0, 0.6), (0, 1.0)]), look.cloth, 1.0, torso)
        for v in (0.3, 0.5, 0.7, 0.88) if kind == "buttons" else ():
            marks.inside(spline(on([(x, y + v) for x, y in _BUTTON])), look.accent, torso)
    elif kind in ("stripe", "band"):
        for v, thick in ((0.34, 0.06), (0.46, 0.06)) if kind == "stripe" else ((0.3, 0.32),):
            low = [(u, v + thick - 0.015 * abs(u)) for u in (1, 0.5, 0, -0.5, -1)]
            marks.inside(
                on([*((u, v - 0.015 * abs(u)) for u in (-1, -0.5, 0, 0.5, 1)), *low]), look.accent, torso
            )
    elif kind == "plates":
        _plates(figure, on)
    for v, u in _FOLDS if kind not in ("plates", "band") else ():
        marks.crease(on([(u, v), (0.7 * u, v + 0.035), (0.45 * u, v + 0.03)]), look.cloth, 0.8, torso)


def _plates(figure: Figure, on: On) -> None:
    marks, steel = figure.marks, figure.look.accent
    plate = spline(on(_PLATE))
    marks.fill(plate, steel, 0.016)
    marks.crease(on([(0, 0.2), (0, 0.4), (0, 0.62)]), steel, 1.0, plate)
    marks.stroke(
        on([(-0.5, 0.18), (-0.58, 0.3), (-0.5, 0.42)]), (0.0, 0.01, 0.0), mix(steel, _WHITE, 0.6), plate
    )
    for v in (0.66, 0.8):
        strip = [(-0.9, v), (0, v + 0.02), (0.9, v), (0.92, v + 0.12), (0, v + 0.15), (-0.92, v + 0.12)]
        marks.fill(on(strip), mix(steel, figure.look.trim, 0.25))


def collar(figure: Figure) -> None:
    """What is around the neck, from the front."""
    look, kind = figure.look, figure.look.outfit.collar
    on = _on(figure, [(y, a + 0.002, d + 0.002, z) for y, a, d, z in figure.rings()])
    if kind in _THROATS:
        figure.marks.fill(on([(-0.24, -0.07), (0.24, -0.07), (0.0, _THROATS[kind])]), look.skin, line=0.0)
    _COLLARS[kind](figure, on)


def _sailor(figure: Figure, on: On) -> None:
    look, marks = figure.look, figure.marks
    for sign in (-1, 1):
        shape = on([(sign * u, v) for u, v in _WING])
        marks.fill(shape, look.trim)
        marks.stroke(
            on([(sign * u, v) for u, v in _WING_TRIM]), (0.004, 0.004), mix(look.cloth, _WHITE, 0.5), shape
        )
    knot(figure, on([(0.0, 0.31)])[0])


def _shirt(figure: Figure, on: On) -> None:
    look, marks = figure.look, figure.marks
    for sign in (-1, 1):
        marks.fill(on([(sign * u, v) for u, v in _POINT]), mix(look.cloth, _WHITE, 0.4))
    if look.outfit.front == "tie":
        marks.fill(on(_TIE), look.accent, 0.006)


def _cross(figure: Figure, on: On) -> None:
    for band in _LAPPED:
        figure.marks.fill(on(band), figure.look.trim)


def _high(figure: Figure, on: On) -> None:
    body, look, neck = figure.body, figure.look, 0.2 * figure.body.head
    hood, s = look.outfit.collar == "hood", body.shoulder
    rings = [
        (body.chin + 0.25 * (s - body.chin), neck, neck, 0.01),
        (s, 1.35 * neck, 1.2 * neck, 0.004),
        (s + 0.02, 1.6 * neck, 1.3 * neck, 0.0),
    ]
    figure.marks.fill(body.loft(rings, smooth=False), look.trim if hood else look.cloth, 0.008)
    for sign in (-1, 1) if hood else ():
        string = on([(sign * 0.14, 0.02), (sign * 0.16, 0.16), (sign * 0.15, 0.3)])
        figure.marks.stroke(string, (0.004, 0.004, 0.005), mix(look.cloth, _WHITE, 0.7))


def _round(figure: Figure, on: On) -> None:
    look, marks = figure.look, figure.marks
    neck = spline(on([(-0.28, -0.09), (0.0, 0.05), (0.28, -0.09)]), False)
    marks.fill(neck, look.skin, line=0.0)
    marks.stroke(neck, (0.006, 0.007, 0.006), look.trim)
    if marks.ink.weight:
        marks.rim(neck, look.cloth)


def _bib(figure: Figure, on: On) -> None:
    figure.marks.fill(spline(on(_BIB)), mix(figure.look.cloth, _WHITE, 0.75), 0.006)
    knot(figure, on([(0.0, 0.08)])[0], 0.8)


_COLLARS = {
    "sailor": _sailor,
    "shirt": _shirt,
    "cross": _cross,
    "high": _high,
    "hood": _high,
    "round": _round,
    "bib": _bib,
}


def nape(figure: Figure) -> None:
    """What is around the neck, from behind."""
    body, look, marks, kind = figure.body, figure.look, figure.marks, figure.look.outfit.collar
    on = _on(figure, [(y, a + 0.003, d + 0.003, z) for y, a, d, z in figure.rings()])
    if kind == "sailor":
        flap = on([(-0.3, -0.06), (0.3, -0.06), (0.7, 0.01), (0.56, 0.26), (-0.56, 0.26), (-0.7, 0.01)])
        marks.fill(flap, look.trim)
        marks.stroke(
            on([(-0.6, 0.03), (-0.48, 0.23), (0.48, 0.23), (0.6, 0.03)]),
            (0.004, 0.004),
            (250, 250, 252),
            flap,
        )
    elif kind == "hood":
        marks.fill(
            spline(on([(-0.6, -0.03), (0.0, -0.09), (0.6, -0.03), (0.42, 0.2), (0.0, 0.29), (-0.42, 0.2)])),
            look.trim,
            0.01,
        )
    elif kind in ("high", "shirt", "cross"):
        u, s = body.head, body.shoulder
        band = [
            (body.chin + 0.3 * (s - body.chin), 0.2 * u, 0.2 * u, 0.0),
            (s + 0.012, 0.34 * u, 0.3 * u, 0.0),
        ]
        colour = {"high": look.cloth, "cross": look.trim, "shirt": mix(look.cloth, _WHITE, 0.4)}[kind]
        marks.fill(body.loft(band, smooth=False), colour, 0.006)


def knot(figure: Figure, at: np.ndarray, size: float = 1.0) -> None:
    """A ribbon bow at a point of the picture."""
    unit, colour, sway = (
        0.3 * figure.body.head * size,
        figure.look.accent,
        0.03 * (figure.pose.wind + figure.pose.swing),
    )
    for sign in (-1, 1):
        tip = (sign * 0.42 + 3 * sway, 1.15)
        tail = [(0, 0), (sign * 0.3, 0.25), tip, tip, (sign * 0.12 + 2 * sway, 1.0)]
        loop = [(0, 0), (sign * 0.6, -0.28), (sign * 0.75, 0.1), (sign * 0.5, 0.3)]
        for shape in (tail, loop):
            figure.marks.fill(spline(shape) * unit + at, colour, 0.006)
    middle = [(-0.16, -0.15), (0.16, -0.15), (0.16, 0.18), (-0.16, 0.18)]
    figure.marks.fill(spline(middle) * unit + at, mix(colour, (40, 20, 60), 0.15))
