"""The shots: who stands where in which pose in every frame, and what the camera and the light do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from animelayers.samples.brush import Rng
from animelayers.samples.figure import SOLES
from animelayers.samples.nature import meadow, night, park
from animelayers.samples.town import classroom, street
from animelayers.samples.wardrobe import AKARI, REN, SORA, YUKI, ModelSheet, Pose


class Actor(NamedTuple):
    """A figure in a frame: middle of the face at (x, y), size of a head, all in shares of the frame's height;
    x from the middle.
    """

    look: ModelSheet
    pose: Pose
    x: float
    y: float
    head: float


class Moment(NamedTuple):
    """What a frame shows; frames with equal `actors`, `effect` and `light` show the same drawing."""

    actors: tuple[Actor, ...] = ()
    effect: tuple[str, int, float, float] | None = None
    light: float = 1.0
    pan: float = 0.0


@dataclass(frozen=True)
class ScenePlan:
    """One shot: its place, how much wider than the frame the place is painted, the tint of the cels, how far
    the place is out of focus (share of the height) and its moments."""

    place: Callable[[tuple[int, int], Rng], np.ndarray]
    moment: Callable[[int], Moment]
    wide: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    effect: str | None = None
    blur: float = 0.0


DUSK, MOON = (1.0, 0.88, 0.86), (0.9, 0.9, 1.0)
_WORDS = (0.0, 0.5, 1.0, 0.6, 1.0, 0.3, 0.8, 0.0)


def _held(frame: int, exposure: int) -> int:
    return frame // exposure


def _portrait(frame: int) -> Moment:
    """Talking on twos, with a blink; only mouth and eyes move, the rest of the drawing is held."""
    k = _held(frame, 2)
    blink = {7: 0.5, 8: 1.0, 9: 0.5}.get(k % 16, 0.0)
    return Moment(
        (
            Actor(
                AKARI,
                Pose(mouth=_WORDS[k % 8] if k % 16 < 6 else 0.0, blink=blink, tilt=-3),
                -0.06,
                0.4,
                0.31,
            ),
        )
    )


def _standing(frame: int) -> Moment:
    """Hair and hem in the wind, on threes."""
    k = _held(frame, 3)
    wind = 2.2 + 1.3 * np.sin(k * 0.9)
    pose = Pose(
        turn=0.2, tilt=2, wind=round(float(wind), 2), arms=((14, 6), (24, 50)), blink=1.0 if k == 6 else 0.0
    )
    return Moment((Actor(SORA, pose, -0.12, 0.24, 0.17),))


def _walker(
    look: ModelSheet, k: int, turn: float, x: float, ground: float, head: float, wind: float = 0.0
) -> Actor:
    """Drawing `k` of a walk of eight on `ground`; the body sinks where the legs are apart."""
    swing, passing = float(np.sin(np.pi * k / 4)), float(np.cos(np.pi * k / 4))

    def leg(angle: float, carried: bool) -> tuple[int, int]:
        return round(24 * angle), round(24 * angle - 8 - 38 * abs(passing) * carried)

    legs = (leg(swing, passing > 0), leg(-swing, passing <= 0))
    arms = ((round(-26 * swing), round(18 - 26 * swing)), (round(26 * swing), round(18 + 26 * swing)))
    return Actor(
        look,
        Pose(turn=turn, wind=wind, legs=legs, arms=arms),
        x,
        ground - (SOLES - 0.26 * swing**2) * head,
        head,
    )


def _walk(frame: int) -> Moment:
    k = _held(frame, 2)
    return Moment((_walker(YUKI, k, 0.75, -0.5 + 0.075 * k, 0.95, 0.118, -2.2 - 0.6 * (k % 2)),))


def _crossing(frame: int) -> Moment:
    """Two people pass each other; the nearer one hides the other for a while."""
    k = _held(frame, 2)
    far = _walker(REN, k + 3, 0.75, -0.42 + 0.07 * k, 0.9, 0.118)
    near = _walker(AKARI, k, -0.75, 0.46 - 0.075 * k, 0.975, 0.13, 1.6)
    return Moment((far, near))


def _pan(frame: int) -> Moment:
    """The camera follows on ones; the drawing is held, with one blink."""
    pose = Pose(turn=0.5, wind=-2.6, arms=((20, 40), (-14, 10)), blink=1.0 if 12 <= frame % 24 < 15 else 0.0)
    return Moment((Actor(AKARI, pose, -0.1, 0.28, 0.19),), pan=0.028 * frame)


def _glow(frame: int) -> Moment:
    k, head = _held(frame, 2), 0.118
    pose = Pose(wind=round(1.5 * float(np.sin(k * 1.1)), 2), tilt=-2, arms=((38, 62), (38, 62)))
    return Moment((Actor(YUKI, pose, 0.0, 0.94 - SOLES * head, head),), ("aura", k, 0.5, 0.5))


def _fire(frame: int) -> Moment:
    k = _held(frame, 2)
    pose = Pose(
        turn=-0.25, tilt=-3, frown=1.0, wind=round(1.2 * float(np.sin(k)), 2), arms=((30, 70), (16, 8))
    )
    return Moment((Actor(REN, pose, 0.05, 0.3, 0.18),), ("fire", k, 0.56, 0.42))


def _empty(frame: int) -> Moment:
    return Moment()


def _impact(frame: int) -> Moment:
    """A blow in the middle: speed lines for two frames, a white frame, an afterglow."""
    pose = Pose(turn=0.25, tilt=-4, frown=1.0, wind=-1.5, arms=((20, 40), (40, 95)))
    beat = frame % 12 - 5
    phase = {0: 0, 1: 0, 2: 1, 3: 2}.get(beat)
    shaken = replace(pose, mouth=1.0, tilt=4) if beat >= 0 else pose
    return Moment(
        (Actor(REN, shaken, -0.1, 0.32, 0.2),), None if phase is None else ("impact", phase, 0.46, 0.4)
    )


def _fade(frame: int) -> Moment:
    """A held drawing comes out of black, a tenth more light in each frame."""
    return Moment(
        (Actor(AKARI, Pose(turn=-0.2, tilt=3, mouth=0.0, wind=1.0), 0.1, 0.36, 0.25),),
        light=round(min(1.0, 0.1 * frame), 2),
    )


PLANS: Mapping[str, ScenePlan] = {
    "portrait": ScenePlan(classroom, _portrait, blur=0.004),
    "standing": ScenePlan(meadow, _standing, blur=0.004),
    "walk": ScenePlan(street, _walk, tint=DUSK),
    "crossing": ScenePlan(park, _crossing, blur=0.002),
    "pan": ScenePlan(meadow, _pan, wide=1.6, blur=0.003),
    "glow": ScenePlan(night, _glow, tint=MOON, effect="aura"),
    "fire": ScenePlan(night, _fire, tint=(0.95, 0.82, 0.84), effect="fire", blur=0.004),
    "empty": ScenePlan(park, _empty),
    "impact": ScenePlan(street, _impact, tint=DUSK, effect="impact", blur=0.006),
    "fade": ScenePlan(classroom, _fade, blur=0.004),
}
