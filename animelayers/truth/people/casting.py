"""Who a hand draws: its people, each from the hand's own rules and a number."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from animelayers.samples.pen import Colour
from animelayers.truth.people.look import Arm, Build, Eyes, Hair, Look, Pose
from animelayers.truth.people.style import Style

Kind = TypeVar("Kind")


def cast(style: Style, number: int) -> tuple[Look, Pose, frozenset[str]]:
    """The look, the resting pose and the words of one of a style's people; the same for the same number."""
    rng = np.random.default_rng([zlib.crc32(style.name.encode()), number])

    def one(among: Sequence[Kind]) -> Kind:
        return among[int(rng.integers(len(among)))]

    age = int(rng.choice(4, p=(0.2, 0.36, 0.32, 0.12)))
    body = str(one(("slim", "usual", "usual", "broad", "round")))
    build = _build(rng, style, age, body)
    hair = one(style.hairs)
    if age == 3 and rng.random() < 0.7:
        hair = one(style.old_hair)
    outfit = one(style.outfits)
    cloth, trim, accent, shoe = one(style.palettes)
    hair_colour = one(style.hair_colours) if age < 3 or rng.random() < 0.2 else one(((222, 222, 226), (176, 176, 184), (240, 238, 234)))
    skin, eye = one(style.skins), one(style.eye_colours)
    extras = frozenset(str(one(style.extras)) for _ in range(int(rng.integers(0, 3)))) - {""}
    extras = frozenset(x for x in extras if not (x in _HATS and hair[2] in ("spiky", "wild", "big")))
    if (
        age > 1
        and outfit.bottom not in ("skirt", "gown")
        and hair[1] in ("short", "nape", "none", "mane", "low_pony")
        and rng.random() < 0.35 + 0.3 * (age == 3)
    ):
        extras |= {"beard" if rng.random() < 0.6 else "moustache"}
    if hair[2] == "none":
        extras -= {"band", "bow", "flower", "headphones"}
    hats = sorted(extras & _HATS)
    extras -= frozenset(hats[1:])
    words = set(style.words)
    turn = number % 10
    if turn < style.white and "outline" not in words:
        cloth, trim, accent = (
            ((250, 250, 252), (240, 240, 246), accent) if rng.random() < 0.6 else ((248, 247, 244), (250, 250, 252), (214, 222, 236))
        )
        hair_colour, shoe = one(((248, 248, 252), (240, 240, 246), (250, 246, 236))), (236, 234, 236)
        words.add("white")
    elif style.white <= turn < style.white + style.dark and "outline" not in words:
        cloth, trim, accent = one(
            (((38, 36, 48), (28, 28, 38), (96, 34, 48)), ((30, 34, 44), (44, 40, 54), (60, 64, 80)), ((46, 34, 44), (30, 26, 36), (70, 60, 66)))
        )
        hair_colour, shoe = one(((36, 32, 44), (52, 40, 48), (28, 30, 40))), (26, 24, 30)
        words.add("dark")
    if style.ink.grey and not words & {"white", "dark", "outline"}:
        cloth, trim, accent = (_grey(c, 0.55) for c in (cloth, trim, accent))
    mood = str(one(("smile", "calm", "smile", "stern", "sly", "calm", "glad", "sad")))
    look = Look(
        build=build,
        face=replace(style.face, chin=style.face.chin * (1.0, 1.0, 1.04, 1.03)[age] * (0.94 if age == 0 else 1.0), eyes=_aged(style.face.eyes, age)),
        hair=Hair(
            *hair,
            length=float(rng.uniform(1.1, 1.9)) * (0.8 if age == 0 else 1.0),
            volume=float(rng.uniform(0.95, 1.15)),
            locks=float(rng.uniform(0.8, 1.3)),
        ),
        outfit=outfit,
        skin=skin,
        hair_colour=hair_colour,
        eye=eye,
        cloth=cloth,
        trim=trim,
        accent=accent,
        shoe=shoe,
        extras=extras,
        mood=mood,
        old=age == 3,
        seed=int(rng.integers(2**31)),
    )
    words |= {("child", "teen", "adult", "elder")[age], body} - {"usual"}
    stance = _stance(rng, outfit.sleeve == "wide")
    words |= {"from behind"} if stance.away else set()
    return look, stance, frozenset(words)


_HATS = frozenset({"cap", "straw", "beret", "witch", "helmet", "headphones", "band", "bow", "cat_ears", "fox_ears", "rabbit_ears", "horns", "flower"})


def _build(rng: np.random.Generator, style: Style, age: int, body: str) -> Build:
    heads = style.heads[age] * float(rng.uniform(0.97, 1.03))
    squat = min(1.0, heads / 6.6)
    wide = {"slim": 0.9, "usual": 1.0, "broad": 1.16, "round": 1.1}[body] * (1 + 0.55 * (1 - squat))
    curvy = float(rng.random())
    limb = style.limb * {"slim": 0.86, "usual": 1.0, "broad": 1.16, "round": 1.2}[body] * (1 + 0.5 * (1 - squat))
    return Build(
        heads=heads,
        shoulders=(0.098 - 0.01 * curvy) * wide * (0.92 if age == 0 else 1.0),
        waist=(0.07 - 0.014 * curvy * (age in (1, 2))) * wide * (1.12 if age in (0, 3) else 1.0),
        hips=(0.074 + 0.008 * curvy) * wide,
        limb=limb,
        legs=(0.36 + 0.12 * np.clip((heads - 3.0) / 3.6, 0, 1)) * (0.97 if age == 3 else 1.0),
        neck=float(np.clip(0.04 + 0.05 * (heads - 2.8), 0.04, 0.22)),
        chest=0.14 * curvy * (age in (1, 2)),
        belly=0.022 * (body == "round") * (1.3 if age == 3 else 1.0),
    )


def _aged(eyes: Eyes, age: int) -> Eyes:
    if eyes.kind == "dot" or age < 2:
        return eyes
    small = 0.9 if age == 2 else 0.72
    a, b = eyes.iris
    return replace(eyes, tall=eyes.tall * small, iris=(a * (1 + small) / 2, b * small))


def _stance(rng: np.random.Generator, hanging: bool) -> Pose:
    """How someone stands when nothing is done."""
    yaw = float(rng.choice([0, 0, 14, -14, 28, -28, 40, -40, 0, 16, -20, 172])) + float(rng.uniform(-4, 4))
    kind = int(rng.integers(5))
    arms = [Arm(), Arm()]
    if hanging and kind in (1, 2):
        arms = [Arm(swing=8, out=16, bend=30, turn=-30), Arm(swing=8, out=16, bend=30, turn=-30)]
    elif kind == 1:
        arms = [Arm(swing=-8, out=34, bend=0, turn=-72, hand="fist"), Arm()]
    elif kind == 2:
        arms = [Arm(swing=-8, out=34, bend=0, turn=-72, hand="fist"), Arm(swing=-8, out=34, bend=0, turn=-72, hand="fist")]
    elif kind == 3:
        arms = [Arm(swing=6, out=16, bend=42, turn=-62), Arm(swing=-4, out=14)]
    return Pose(yaw=yaw, face=float(rng.uniform(-12, 12)), tilt=float(rng.uniform(-4, 4)), arms=(arms[0], arms[1]))


def _grey(colour: Colour, share: float) -> Colour:
    luma = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
    r, g, b = (round(c * (1 - share) + luma * share) for c in colour)
    return r, g, b
