"""Who a hand draws: its people, each from the hand's own rules and a number."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from animelayers.samples.pen import Colour
from animelayers.truth.people.look import Arm, Build, Eyes, Hair, Look, Outfit, Pose
from animelayers.truth.people.style import Style

Kind = TypeVar("Kind")

_ON_HEAD = frozenset(
    {
        "cap",
        "straw",
        "beret",
        "witch",
        "helmet",
        "headphones",
        "band",
        "bow",
        "cat_ears",
        "fox_ears",
        "rabbit_ears",
        "horns",
        "flower",
    }
)
_OLD_HAIRS = (("bare", "nape", "close"), ("bare", "bun", "close"))
_OLD_HAIR_COLOURS: tuple[Colour, ...] = ((222, 222, 226), (176, 176, 184), (240, 238, 234))
_WHITES: tuple[tuple[Colour, Colour], ...] = (
    ((250, 250, 252), (240, 240, 246)),
    ((248, 247, 244), (250, 250, 252)),
    ((244, 246, 250), (250, 250, 250)),
)
_WHITE_HAIR: tuple[Colour, ...] = ((248, 248, 252), (240, 240, 246), (250, 246, 236))
_DARKS: tuple[tuple[Colour, Colour, Colour], ...] = (
    ((38, 36, 48), (28, 28, 38), (96, 34, 48)),
    ((30, 34, 44), (44, 40, 54), (60, 64, 80)),
    ((46, 34, 44), (30, 26, 36), (70, 60, 66)),
)
_DARK_HAIR: tuple[Colour, ...] = ((36, 32, 44), (52, 40, 48), (28, 30, 40))


def cast(style: Style, number: int) -> tuple[Look, Pose, frozenset[str]]:
    """The look, the resting pose and the words of one of a style's people; the same for the same number."""
    rng = np.random.default_rng([zlib.crc32(style.name.encode()), number])
    age, body = (
        int(rng.choice(4, p=(0.2, 0.36, 0.32, 0.12))),
        str(_one(rng, ("slim", "usual", "usual", "broad", "round"))),
    )
    hair, outfit = _hair(rng, style, age), _one(rng, style.outfits)
    tone, colours = _colours(rng, style, age, number % 10)
    look = Look(
        build=_build(rng, style, age, body),
        face=replace(
            style.face, chin=style.face.chin * (0.94, 1.0, 1.04, 1.03)[age], eyes=_aged(style.face.eyes, age)
        ),
        hair=hair,
        outfit=outfit,
        extras=_extras(rng, style, age, hair, outfit),
        mood=str(_one(rng, ("smile", "calm", "smile", "stern", "sly", "calm", "glad", "sad"))),
        old=age == 3,
        seed=int(rng.integers(2**31)),
        **colours,
    )
    stance = _stance(rng, outfit.sleeve == "wide")
    words = {
        *style.words,
        ("child", "teen", "adult", "elder")[age],
        body,
        tone,
        "from behind" if stance.away else "",
    }
    if tone == "white" and style.ink.grey and style.ink.weight:
        words.add("outline")
    if "outline" in words and sum(look.hair_colour) > 600 and sum(look.shoe) > 600:
        words.add("white")
    return look, stance, frozenset(words - {"usual", ""})


def _one(rng: np.random.Generator, among: Sequence[Kind]) -> Kind:
    return among[int(rng.integers(len(among)))]


def _hair(rng: np.random.Generator, style: Style, age: int) -> Hair:
    names = _one(rng, style.hairs)
    if age < 2 and names[2] == "none":
        names = _one(rng, style.hairs)
    if age == 3 and rng.random() < 0.7:
        names = _one(rng, _OLD_HAIRS)
    length = float(rng.uniform(1.1, 1.9)) * (0.8 if age == 0 else 1.0)
    return Hair(
        *names, length=length, volume=float(rng.uniform(0.95, 1.15)), locks=float(rng.uniform(0.8, 1.3))
    )


def _colours(rng: np.random.Generator, style: Style, age: int, turn: int) -> tuple[str, dict[str, Colour]]:
    """The word for someone all in white or dark, and the colours; whose `turn` it is of ten decides who is."""
    tone, (cloth, trim, accent, shoe) = "", _one(rng, style.palettes)
    skin, eye, hair = _one(rng, style.skins), _one(rng, style.eye_colours), _one(rng, style.hair_colours)
    if age == 3 and rng.random() < 0.8:
        hair = _one(rng, _OLD_HAIR_COLOURS)
    if turn < style.white:
        tone, (cloth, trim), hair = "white", _one(rng, _WHITES), _one(rng, _WHITE_HAIR)
        shoe, skin = (236, 234, 236), _one(rng, style.skins[:2])
        accent = accent if rng.random() < 0.6 and not style.ink.grey else (228, 230, 240)
    elif turn < style.white + style.dark:
        tone, (cloth, trim, accent), hair, shoe = (
            "dark",
            _one(rng, _DARKS),
            _one(rng, _DARK_HAIR),
            (26, 24, 30),
        )
    return tone, {
        "cloth": cloth,
        "trim": trim,
        "accent": accent,
        "shoe": shoe,
        "skin": skin,
        "eye": eye,
        "hair_colour": hair,
    }


def _extras(rng: np.random.Generator, style: Style, age: int, hair: Hair, outfit: Outfit) -> frozenset[str]:
    """Up to two things, of which one on the head at most; beards."""
    found = {_one(rng, style.extras) for _ in range(int(rng.integers(0, 3)))} - {""}
    on_top = sorted(found & _ON_HEAD)
    wild, bald = hair.crown in ("spiky", "wild", "big"), hair.crown == "none"
    found -= set(on_top if wild else on_top[1:])
    found -= {"band", "bow", "flower", "headphones", "cat_ears", "fox_ears", "rabbit_ears"} if bald else set()
    bearded = (
        age > 1
        and outfit.bottom not in ("skirt", "gown")
        and hair.back in ("short", "nape", "none", "mane", "low_pony")
    )
    if bearded and rng.random() < (0.65 if age == 3 else 0.35):
        found.add("beard" if rng.random() < 0.6 else "moustache")
    return frozenset(found)


def _build(rng: np.random.Generator, style: Style, age: int, body: str) -> Build:
    heads = style.heads[age] * float(rng.uniform(0.97, 1.03))
    squat = min(1.0, heads / 6.6)
    wide = {"slim": 0.9, "usual": 1.0, "broad": 1.16, "round": 1.1}[body] * (1 + 0.55 * (1 - squat))
    curvy = float(rng.random())
    limb = (
        style.limb * {"slim": 0.86, "usual": 1.0, "broad": 1.16, "round": 1.2}[body] * (1 + 0.5 * (1 - squat))
    )
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
        arms = [
            Arm(swing=-8, out=34, bend=0, turn=-72, hand="fist"),
            Arm(swing=-8, out=34, bend=0, turn=-72, hand="fist"),
        ]
    elif kind == 3:
        arms = [Arm(swing=6, out=16, bend=42, turn=-62), Arm(swing=-4, out=14)]
    return Pose(
        yaw=yaw, face=float(rng.uniform(-12, 12)), tilt=float(rng.uniform(-4, 4)), arms=(arms[0], arms[1])
    )
