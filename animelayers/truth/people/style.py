"""A hand that draws people."""

from __future__ import annotations

from dataclasses import dataclass

from animelayers.samples.pen import Colour
from animelayers.truth.people.look import Face, Outfit
from animelayers.truth.people.marks import Ink


@dataclass(frozen=True)
class Style:
    """One hand. ``heads``: heads to the height of a child, a teen, an adult, an elder; ``hairs``: (fringe,
    back, crown) it knows; ``outfits``; ``palettes``: cloth, trim, accent, shoe; ``words``: true of all it
    draws; ``white``, ``dark``: how many of its cast in ten."""

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
    limb: float = 1.0
