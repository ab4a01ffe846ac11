"""The hands that draw people: each with its own line, shading, proportions, faces, hair and clothes, and each of one split."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from animelayers.samples.pen import Colour
from animelayers.truth.people.look import Arm, Build, Eyes, Face, Hair, Look, Outfit, Pose
from animelayers.truth.people.marks import Ink


Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Style:
    """One hand. ``heads``: heads to the height of a child, a teen, an adult, an elder; ``hairs``: (fringe, back, crown) it knows;
    ``outfits``; ``palettes``: cloth, trim, accent, shoe; ``words``: true of all it draws; ``white``, ``dark``: how many of its cast in ten."""

    name: str
    split: str
    ink: Ink
    face: Face
    heads: tuple[float, float, float, float]
    hairs: tuple[tuple[str, str, str], ...]
    outfits: tuple[Outfit, ...]
    palettes: tuple[tuple[Colour, Colour, Colour, Colour], ...]
    hair_colours: tuple[Colour, ...]
    eye_colours: tuple[Colour, ...]
    skins: tuple[Colour, ...]
    extras: tuple[str, ...]
    words: frozenset[str]
    white: int = 1
    dark: int = 1
    old_hair: tuple[tuple[str, str, str], ...] = (("bare", "nape", "close"), ("bare", "bun", "close"))
    limb: float = 1.0


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
    hats = sorted(extras & _HATS)
    extras -= frozenset(hats[1:])
    words = set(style.words)
    turn = number % 10
    if turn < style.white and "outline" not in words:
        cloth, trim, accent = ((250, 250, 252), (240, 240, 246), accent) if rng.random() < 0.6 else ((248, 247, 244), (250, 250, 252), (214, 222, 236))
        hair_colour, shoe = one(((248, 248, 252), (240, 240, 246), (250, 246, 236))), (236, 234, 236)
        words.add("white")
    elif style.white <= turn < style.white + style.dark and "outline" not in words:
        cloth, trim, accent = one((((38, 36, 48), (28, 28, 38), (96, 34, 48)), ((30, 34, 44), (44, 40, 54), (60, 64, 80)), ((46, 34, 44), (30, 26, 36), (70, 60, 66))))
        hair_colour, shoe = one(((36, 32, 44), (52, 40, 48), (28, 30, 40))), (26, 24, 30)
        words.add("dark")
    if style.ink.grey and not words & {"white", "dark", "outline"}:
        cloth, trim, accent = (_grey(c, 0.55) for c in (cloth, trim, accent))
    mood = str(one(("smile", "calm", "smile", "stern", "glad" if number % 3 == 0 else "sly", "sad")))
    look = Look(
        build=build,
        face=replace(style.face, chin=style.face.chin * (1.0, 1.0, 1.04, 1.03)[age] * (0.94 if age == 0 else 1.0), eyes=_aged(style.face.eyes, age)),
        hair=Hair(*hair, length=float(rng.uniform(1.1, 1.9)) * (0.8 if age == 0 else 1.0), volume=float(rng.uniform(0.95, 1.15)), locks=float(rng.uniform(0.8, 1.3))),
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
    return look, _stance(rng), frozenset(words)


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


def _stance(rng: np.random.Generator) -> Pose:
    """How someone stands when nothing is done."""
    yaw = float(rng.choice([0, 0, 14, -14, 28, -28, 40])) + float(rng.uniform(-4, 4))
    kind = int(rng.integers(5))
    arms = [Arm(), Arm()]
    if kind == 1:
        arms = [Arm(swing=-8, out=34, bend=0, turn=-72, hand="fist"), Arm()]
    elif kind == 2:
        arms = [Arm(swing=-8, out=34, bend=0, turn=-72, hand="fist"), Arm(swing=-8, out=34, bend=0, turn=-72, hand="fist")]
    elif kind == 3:
        arms = [Arm(swing=10, out=14, bend=70, turn=-34), Arm(swing=-4, out=14)]
    return Pose(yaw=yaw, face=float(rng.uniform(-12, 12)), tilt=float(rng.uniform(-4, 4)), arms=(arms[0], arms[1]))


def _grey(colour: Colour, share: float) -> Colour:
    luma = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
    r, g, b = (round(c * (1 - share) + luma * share) for c in colour)
    return r, g, b
