"""What a character looks like and how it stands."""

from __future__ import annotations

from dataclasses import dataclass

from animelayers.samples.pen import Colour

INK: Colour = (46, 26, 44)


@dataclass(frozen=True)
class ModelSheet:
    """The model sheet of a character: sRGB colours, the length of the hair in head widths, and what it wears."""

    hair: Colour
    eye: Colour
    cloth: Colour
    trim: Colour
    accent: Colour
    hair_length: float = 2.4
    skirt: bool = True
    skin: Colour = (254, 226, 206)
    skin_shade: Colour = (236, 178, 164)


@dataclass(frozen=True)
class Pose:
    """One drawing of a character.

    turn: -1 looks left .. 1 looks right; tilt: degrees of the head; blink: 0 open .. 1 shut; mouth: 0 shut ..
    1 open; wind: carries hair and hem sideways, in about a tenth of a head per unit; arms, legs: per side
    (left of the picture first) degrees of the upper and lower limb from hanging straight; positive is
    forwards for a turned figure, else outwards.
    """

    turn: float = 0.0
    tilt: float = 0.0
    blink: float = 0.0
    mouth: float = 0.0
    frown: float = 0.0
    wind: float = 0.0
    arms: tuple[tuple[float, float], tuple[float, float]] = ((12, 4), (12, 4))
    legs: tuple[tuple[float, float], tuple[float, float]] = ((0, 0), (0, 0))


AKARI = ModelSheet(
    hair=(226, 96, 110), eye=(60, 150, 120), cloth=(250, 248, 250), trim=(52, 70, 128), accent=(222, 62, 72)
)
SORA = ModelSheet(
    hair=(88, 118, 196),
    eye=(214, 132, 52),
    cloth=(246, 238, 222),
    trim=(96, 66, 98),
    accent=(246, 190, 70),
    hair_length=1.7,
)
REN = ModelSheet(
    hair=(74, 62, 72),
    eye=(88, 110, 190),
    cloth=(66, 104, 108),
    trim=(44, 50, 74),
    accent=(238, 214, 160),
    hair_length=0.55,
    skirt=False,
)
YUKI = ModelSheet(
    hair=(236, 222, 196),
    eye=(166, 70, 150),
    cloth=(112, 60, 96),
    trim=(60, 34, 70),
    accent=(250, 214, 120),
    hair_length=2.8,
)
