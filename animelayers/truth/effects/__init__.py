"""Effects as they are drawn in 2D animation: weather, mist, light, fire, blows, magic, with exact straight
RGBA, drawn by several hands.

A hand (`source`) belongs to one split; the designs of ``train`` and ``val`` differ in what is drawn and how,
not in colours only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from animelayers.truth.effects import (
    render,
    train_bursts,
    train_fields,
    train_tiles,
    val_bursts,
    val_fields,
    val_tiles,
)
from animelayers.truth.effects.drawn import Design, DrawnEffect
from animelayers.truth.effects.render import Render

__all__ = ["DrawnEffect", "effects"]

_TRAIN = train_fields.FIELDS + train_tiles.TILES + train_bursts.BURSTS
_VAL = val_fields.FIELDS + val_tiles.TILES + val_bursts.BURSTS
_MATTER = frozenset({"rain", "snow", "petals", "smoke", "plume", "dust", "splash", "explosion"})
"""What hides what is behind it: never blended as light alone."""
_SMOKE = frozenset({"smoke", "plume", "dust", "explosion"})
_HANDS: Mapping[str, tuple[str, Render, tuple[Design, ...]]] = {
    "animelayers-cel-fx": ("train", render.cel, _TRAIN),
    "animelayers-glow-fx": ("train", render.glow, (*_TRAIN, train_fields.LEAK)),
    "animelayers-ink-fx": ("val", render.ink, _VAL + val_fields.INKED),
    "animelayers-pastel-fx": ("val", render.chalk, _VAL + val_fields.CHALKED),
}


def _modes(kind: str, hand: Render) -> tuple[str, ...]:
    soft = hand in (render.glow, render.chalk)
    if kind in _MATTER:
        return ("over", "screen") if kind in {"rain", "snow"} or (kind == "smoke" and soft) else ("over",)
    if kind == "speed_lines" and not soft:
        return ("over",)
    return ("add", "screen") if hand is render.glow else ("over", "screen", "add")


def _lit(design: Design, modes: tuple[str, ...]) -> Design:
    """The design in those of its palettes that can be seen: dark ink added to a picture leaves it as it was."""
    if modes == ("over",):
        return design
    bright = tuple(p for p in design.palettes if 0.299 * p[1][0] + 0.587 * p[1][1] + 0.114 * p[1][2] > 80)
    return replace(design, palettes=bright)


@lru_cache(maxsize=1)
def _all() -> tuple[DrawnEffect, ...]:
    made = []
    for source, (split, hand, designs) in _HANDS.items():
        for design in designs:
            tags = {
                design.kind,
                "field" if design.field else "tile",
                "soft" if hand in (render.glow, render.chalk) else "hard",
                *design.tags,
            }
            tags |= {"smoke"} if design.kind in _SMOKE else set()
            tags |= {"sparkle"} if design.kind == "burst" else set()
            tags |= {"outline"} if hand is render.ink else set()
            modes = _modes(design.kind, hand)
            made.append(DrawnEffect(_lit(design, modes), source, split, modes, hand, frozenset(tags)))
    return tuple(made)


def effects(split: str | None = None) -> list[DrawnEffect]:
    """Every drawn effect, or those of ``train`` or ``val``, in a fixed order. Raises ValueError for another
    word.
    """
    if split not in (None, "train", "val"):
        raise ValueError(f"split {split!r}: train, val, or None for both")
    return [effect for effect in _all() if split in (None, effect.split)]
