"""Eyes, as a hand draws them: see `look.Eyes`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from animelayers.samples.pen import Colour, Points, ellipse, mix, spline
from animelayers.truth.people.look import Look
from animelayers.truth.people.marks import Marks
from animelayers.truth.people.skull import Skull

_DARK: Colour = (30, 18, 34)
_LIGHT: Colour = (255, 255, 255)

At = Callable[[Points], np.ndarray]


def eye(marks: Marks, look: Look, skull: Skull, side: int, face: np.ndarray, line: Colour) -> None:
    """The eye on one side (-1, 1) of a face with the outline `face`."""
    eyes, shut = look.face.eyes, skull.pose.blink

    def at(points: Points) -> np.ndarray:
        p = np.array(points, np.float64) * (eyes.wide / 0.13, 1.0)
        p[:, 1] -= eyes.slant * (p[:, 0] + 0.12) / 0.25
        return skull.place(p * (side, 1.0) + np.array([side * eyes.apart, eyes.height]))

    glad = look.mood == "glad" and eyes.kind != "dot"
    if eyes.kind == "line" or glad or (shut > 0.7 and eyes.kind != "dot"):
        bow = -0.05 if glad and shut <= 0.7 else 0.055
        lid = [(-0.12, 0.03), (-0.04, 0.03 + bow), (0.05, 0.03 + bow), (0.14, 0.03 - 0.2 * bow)]
        lash = eyes.lash * skull.unit
        marks.stroke(at(spline(lid, False)), (0.3 * lash, lash, 0.4 * lash), line)
    elif eyes.kind == "dot":
        squeeze = 1 - 0.9 * shut
        marks.inside(
            at(ellipse(0, 0.02, eyes.iris[0], eyes.iris[1] * squeeze)), mix(look.eye, _DARK, 0.75), face
        )
    else:
        lid_y = -eyes.tall * (1 - 1.25 * shut)
        _ball(marks, look, at, lid_y, face, side * 1.0)
        _lashes(marks, look, at, lid_y, skull.unit, line)


def _ball(marks: Marks, look: Look, at: At, lid: float, face: np.ndarray, side: float) -> None:
    """White, iris, pupil and lights below an upper lid at height `lid`."""
    eyes, tall, (a, b) = look.face.eyes, look.face.eyes.tall, look.face.eyes.iris
    white = mix(eyes.white, look.skin, 0.12)
    half_dark, most_dark = mix(look.eye, _DARK, 0.5), mix(look.eye, _DARK, 0.65)
    opening = [
        (-0.118, 0.05),
        (-0.1, lid * 0.5),
        (-0.01, lid),
        (0.085, lid * 0.82),
        (0.135, 0.01),
        (0.1, 0.9 * tall),
        (-0.06, tall),
    ]
    shape = at(spline(opening))
    marks.inside(shape, white, face)
    for middle, width, height, colour in (
        (0.012, a, b, most_dark),
        (0.02, 0.84 * a, 0.88 * b, look.eye),
        (0.02 - 0.5 * b, 0.84 * a, 0.55 * b, half_dark),
        (0.012 + 0.62 * b, 0.55 * a, 0.26 * b, mix(look.eye, (255, 255, 240), eyes.glow)),
        (0.004, eyes.pupil * a, eyes.pupil * b, _DARK),
    ):
        marks.inside(at(ellipse(0.008, middle, width, height)), colour, shape)
    under_lid = [(-0.13, -0.3), (0.15, -0.3), (0.15, lid * 0.5), (-0.02, lid + 0.055), (-0.13, lid * 0.3)]
    marks.inside(at(under_lid), mix(white, (96, 84, 140), 0.3), shape)
    marks.inside(at(ellipse(0.008, lid + 0.03, 0.8 * a, 0.03)), most_dark, shape)
    for x, y, width, height in eyes.glints:
        marks.inside(at(ellipse(x * side, y + 0.6 * max(lid + tall, 0.0), width, height)), _LIGHT, shape)


def _lashes(marks: Marks, look: Look, at: At, lid: float, unit: float, line: Colour) -> None:
    """The line of the lids around an eye."""
    eyes, tall, lash = look.face.eyes, look.face.eyes.tall, look.face.eyes.lash * unit
    end = (0.145 + 0.8 * eyes.wing, -0.03 - 0.2 * eyes.wing)
    upper = [(-0.125, 0.04), (-0.1, lid * 0.55), (-0.01, lid - 0.006), (0.09, lid * 0.84), (0.145, 0.0), end]
    marks.stroke(at(spline(upper, False)), (0.2 * lash, 0.6 * lash, lash, 1.1 * lash, 0.8 * lash, 0.0), line)
    if eyes.lower:
        low, path = (
            eyes.lower * unit,
            [(0.135, 0.01), (0.125, 0.6 * tall), (0.085, tall), (-0.03, 1.07 * tall)],
        )
        marks.stroke(at(spline(path, False)), (low, low, 0.3 * low), line)
    if eyes.crease:
        crease = [(-0.07, lid - 0.04), (0.03, lid - 0.058), (0.12, lid - 0.02)]
        marks.crease(at(spline(crease, False)), mix(look.skin, line, 0.3), 0.8)
