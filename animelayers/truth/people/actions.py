"""What people do: the poses of each action, drawing by drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from animelayers.truth.people.look import Arm, Leg, Pose

Limb = TypeVar("Limb", Arm, Leg)

_TALK = (
    (0.0, 0),
    (0.45, 0.4),
    (0.9, 0),
    (0.3, -0.8),
    (0.75, 0.8),
    (0.0, 0),
    (0.6, -0.9),
    (0.25, 0.3),
    (0.0, 0),
    (0.8, 0.2),
    (0.4, 0.8),
    (0.0, 0),
)
_BLINKS = {8: 0.55, 9: 1.0, 10: 0.4}


def _still(pose: Pose, k: int, n: int) -> Pose:
    return pose


def _talk(pose: Pose, k: int, n: int) -> Pose:
    mouth, lips = _TALK[k]
    return replace(
        pose,
        mouth=mouth,
        lips=lips,
        blink=_BLINKS.get(k, 0.0),
        tilt=pose.tilt + (1.5 if k in (2, 3, 4) else 0.0),
    )


def _breathe(pose: Pose, k: int, n: int) -> Pose:
    return replace(pose, breath=0.5 - 0.5 * np.cos(2 * np.pi * k / n))


def _blink(pose: Pose, k: int, n: int) -> Pose:
    return replace(pose, blink=(0.0, 0.0, 0.5, 1.0, 1.0, 0.4)[k])


def _wave(pose: Pose, k: int, n: int) -> Pose:
    beat = np.sin(2 * np.pi * k / n)
    arm = Arm(swing=8, out=46 + 4 * beat, bend=24, turn=112 + 24 * beat, hand="open")
    return replace(
        pose,
        arms=(pose.arms[0], arm),
        tilt=pose.tilt + 3 + 2 * beat,
        mouth=0.5 if k % 4 < 2 else 0.7,
        lips=0.5,
        swing=0.3 * beat,
    )


def _both(limb: Callable[[int], Limb]) -> tuple[Limb, Limb]:
    return limb(0), limb(1)


def _sideways(pose: Pose, yaw: float, face: float) -> Pose:
    """Turned to where it goes; who shows the back goes on into the picture."""
    return replace(
        pose, yaw=pose.yaw + (0.2 * yaw if pose.away else yaw), face=-pose.face + (0.0 if pose.away else face)
    )


def _walk(pose: Pose, k: int, n: int) -> Pose:
    t = 2 * np.pi * k / n

    def arm(side: int) -> Arm:
        back = np.sin(t + side * np.pi)
        return replace(pose.arms[side], swing=-24 * back, bend=14 + 10 * max(0.0, -back), out=8, turn=3)

    legs, arms = _both(lambda side: _step(t + side * np.pi, 27, 58)), _both(arm)
    return replace(
        _sideways(pose, 58, -12),
        lean=3,
        legs=legs,
        arms=arms,
        swing=-0.8 + 0.5 * np.sin(2 * t),
        nod=1.5 * np.cos(2 * t),
    )


def _step(t: float, stride: float, lift: float) -> Leg:
    """One leg of a walk at phase `t`: forwards where sin(t) is 1, back where it is -1, and lifted while it
    comes through.
    """
    ahead, through = np.sin(t), max(0.0, np.cos(t))
    # the heel leaves the ground first, and comes down first
    off = 24 * max(0.0, -ahead) ** 2 * (through > 0 or ahead < -0.7)
    toe = off - 14 * max(0.0, ahead) ** 4 + 18 * through * max(0.0, 0.3 - ahead)
    return Leg(swing=stride * ahead + 0.25 * lift * through, bend=4 + lift * through**1.5, toe=toe, out=0.5)


def _run(pose: Pose, k: int, n: int) -> Pose:
    t = 2 * np.pi * k / n

    def leg(side: int) -> Leg:
        ahead, through = np.sin(t + side * np.pi), max(0.0, np.cos(t + side * np.pi))
        bend = 14 + 82 * through**1.2 + 20 * max(0.0, -ahead)
        return Leg(swing=14 + 40 * ahead + 22 * through, bend=bend, toe=36 * max(0.0, -ahead), out=0.5)

    arms = _both(
        lambda side: Arm(swing=-40 * np.sin(t + side * np.pi) - 6, out=10, bend=82, turn=-6, hand="fist")
    )
    flight = 0.022 * max(0.0, np.cos(2 * t + 0.6))
    swing = -2.4 + 0.8 * np.sin(2 * t)
    return replace(
        _sideways(pose, 62, -14), lean=12, legs=_both(leg), arms=arms, swing=swing, lift=flight, mouth=0.3
    )


_JUMP = (
    (0, 0.0, 10, 0.0), (40, 0.0, -30, 0.4), (64, 0.0, -44, 0.7), (8, 0.05, 60, -0.6), (26, 0.15, 140, -1.4),
    (36, 0.19, 150, -0.4), (20, 0.13, 120, 1.2), (8, 0.03, 70, 1.8), (56, 0.0, 20, 0.8), (22, 0.0, 14, 0.2),
)  # fmt: skip
"""Bend of the knees, height, the arms' swing, and how hair swings."""


def _jump(pose: Pose, k: int, n: int) -> Pose:
    bend, lift, swung, swing = _JUMP[k]
    flies = lift > 0
    legs = _both(
        lambda side: Leg(
            swing=bend * (0.45 * (1 if side else 0.5) if flies else 0.5),
            bend=bend,
            toe=28 * (lift > 0.02),
            out=3,
        )
    )
    raised, bent = (
        Arm(swing=10, out=min(swung, 128), bend=18, turn=14, hand="open"),
        Arm(swing=swung, out=16, bend=16, turn=4, hand="fist"),
    )
    arms = _both(lambda side: raised if swung > 30 else bent)
    lean = 14 if bend > 30 and not flies else 2
    air = replace(
        pose, lift=lift, swing=0.3 * swing, wind=-0.4 * swing, mouth=0.7 if lift > 0.1 else 0.0, breath=0.5
    )
    return replace(air, legs=legs, arms=arms, lean=lean)


_TURN = (0, 10, 24, 36, 40, 40, 30, 14, 0, -16, -32, -40, -40, -26, -10, 0)


def _turn(pose: Pose, k: int, n: int) -> Pose:
    face = _TURN[k]
    lag = (_TURN[k] - _TURN[k - 1]) / 14 if k else 0.0
    return replace(
        pose,
        face=face,
        yaw=pose.yaw + 0.28 * face,
        swing=-lag,
        blink=1.0 if k in (2, 9) else 0.4 if k in (1, 8) else 0.0,
        nod=2 if k in (2, 9) else 0,
    )


def _nod(pose: Pose, k: int, n: int) -> Pose:
    nod = (0, 5, 14, 17, 9, 1, 10, 3)[k]
    return replace(pose, nod=nod, blink=0.9 if nod > 12 else 0.0, swing=0.1 * (k % 2))


def _wind(pose: Pose, k: int, n: int) -> Pose:
    t = 2 * np.pi * k / n
    return replace(pose, wind=1.5 + 0.9 * np.sin(t) + 0.35 * np.sin(2 * t + 1), blink=0.3)


def _bow(pose: Pose, k: int, n: int) -> Pose:
    lean = (0, 8, 22, 34, 38, 38, 26, 8)[k]
    arms = _both(lambda side: Arm(swing=0.55 * lean, out=8, bend=10, turn=-8 * lean / 38))
    return replace(
        pose, lean=lean, nod=0.35 * lean, blink=1.0 if lean > 20 else 0.0, arms=arms, swing=0.02 * lean
    )


def _shock(pose: Pose, k: int, n: int) -> Pose:
    share = (0.0, 0.3, 1.0, 0.9, 0.8, 0.4)[k]
    arms = _both(
        lambda side: Arm(
            swing=30 * share,
            out=12 + 22 * share,
            bend=8 + 88 * share,
            turn=10,
            hand="open" if share > 0.5 else "easy",
        )
    )
    return replace(
        pose,
        mouth=0.95 * share,
        lips=-0.5,
        brow=0.9 * share,
        nod=-6 * share,
        lift=0.012 * share,
        swing=-0.5 * share,
        arms=arms,
    )


ACTIONS: dict[str, tuple[int, Callable[[Pose, int, int], Pose]]] = {
    "still": (1, _still), "talk": (len(_TALK), _talk), "breathe": (8, _breathe), "blink": (6, _blink), "wave": (8, _wave), "walk": (8,
        _walk), "run": (8, _run),
    "jump": (len(_JUMP), _jump), "turn": (len(_TURN), _turn), "nod": (8, _nod), "wind": (12, _wind), "bow": (8, _bow), "shock": (6, _shock),
}  # fmt: skip
"""Action: the number of its drawings, and what it makes of a person's own pose in drawing k of n."""


def pose(own: Pose, action: str, k: int) -> Pose:
    """Drawing `k` (counted around) of an action. Raises KeyError for one that is not there."""
    if action not in ACTIONS:
        raise KeyError(f"no action {action!r}: one of {', '.join(ACTIONS)}")
    count, move = ACTIONS[action]
    return move(own, k % count, count)
