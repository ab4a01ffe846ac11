"""The list of layers: what each stored picture of a drawing is, and how it lies on those below it. All that
handles layers reads it here.
"""

from __future__ import annotations

from typing import Literal, NamedTuple


class Layer(NamedTuple):
    """A layer of a drawing.

    ``channels`` of its file: 1 grey, 3 RGB, 4 RGBA with straight alpha. ``mode``: how it lies on what is
    below: 'base' (the lowest), 'over', 'multiply', 'told' (by its own column of the frame table), '' for what
    is no part of the picture. ``optional``: a clip may have none, and then it has no file. ``covers``: it
    hides the background, so that no plate is made of what lies under it. ``film``: it is exported as a film.
    """

    name: str
    channels: Literal[1, 3, 4]
    mode: str = ""
    optional: bool = False
    covers: bool = False
    film: bool = False
    numbered: bool = False
    """Whether it goes into numbered pictures, to be edited and taken back."""


LAYERS = (
    Layer("character", 4, "over", film=True, numbered=True),
    Layer("mask", 1, covers=True, film=True, numbered=True),
    Layer("background", 3, "base", film=True, numbered=True),
    Layer("shadow", 4, "multiply", optional=True, covers=True, numbered=True),
    Layer("effect", 4, "told", optional=True, covers=True, film=True, numbered=True),
    Layer("plate", 3, optional=True),
    Layer("instances", 1, optional=True),
    Layer("provenance", 1, optional=True),
)
"""All that an output may store of a drawing; the plate is one file for a clip."""
ORDER = ("background", "shadow", "character", "effect")
"""The parts of the picture, the lowest first."""
BY_NAME = {layer.name: layer for layer in LAYERS}


def names(which: str = "") -> tuple[str, ...]:
    """The names of all layers, or of those that are `which`: optional, covers, film or numbered."""
    return tuple(layer.name for layer in LAYERS if not which or getattr(layer, which))
