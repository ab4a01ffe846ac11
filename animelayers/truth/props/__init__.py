"""Props: things that stay where they are, some of which look like figures, some of which stand in front.

A hand (`source`) belongs to one split; the things of ``train`` and ``val`` are built differently as well.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from animelayers.truth.part import Cutout
from animelayers.truth.places import train_hands, val_hands
from animelayers.truth.places.painter import Painter
from animelayers.truth.props import train_figures, train_things, val_figures, val_things
from animelayers.truth.props.easel import Easel, Line

__all__ = ["Cutout", "DrawnProp", "props"]

VARIANTS = 3
"""Versions of every thing in every hand, of other colours and other leaves."""


@dataclass(frozen=True)
class DrawnProp:
    """A thing drawn by one hand, with a figure's doors; see `draw`. `tags`: prop, prop_like_figure or
    foreground, the kind, the hand's words.
    """

    kind: str
    variant: int
    source: str
    split: str
    tags: frozenset[str]
    hand: type[Painter]
    build: Callable[[Easel], None]
    licence: str = "MIT"
    credit: str = "animelayers"
    actions: Mapping[str, int] = field(default_factory=lambda: {"still": 1}, compare=False)

    @property
    def name(self) -> str:
        """Source, kind and variant."""
        return f"{self.source}/{self.kind}-{self.variant}"

    def draw(self, action: str, k: int, height: int) -> Cutout:
        """The prop `height` pixels high from the ground to its top; it has one drawing, whatever `k`.

        Raises ValueError for another action than ``still`` and for a height below 16.
        """
        if action not in self.actions:
            raise ValueError(f"prop {self.name}: no action {action!r}; it has {', '.join(self.actions)}")
        if height < 16:
            raise ValueError(f"prop {self.name}: height {height} is below 16 pixels; ask for a larger one")
        tall = round(height / 0.86)
        painter = self.hand(
            (round(tall * 2.6), tall), np.random.default_rng([zlib.crc32(self.name.encode())])
        )
        easel = Easel(painter)
        self.build(easel)
        sheet = painter.develop()
        rows, columns = (np.flatnonzero(sheet[..., 3].any(axis)) for axis in (1, 0))
        x, y = (v * tall for v in easel.at(0, 0))
        cut = np.ascontiguousarray(sheet[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
        return Cutout(cut, (float(x - columns[0]), float(y - rows[0])))


_HANDS: Mapping[str, tuple[str, type[Painter]]] = {
    "animelayers-line": ("train", Line),
    "animelayers-brush": ("train", train_hands.Brush),
    "animelayers-flat": ("train", train_hands.Flat),
    "animelayers-pen": ("train", train_hands.Pen),
    "animelayers-airbrush": ("val", val_hands.Air),
    "animelayers-impasto": ("val", val_hands.Impasto),
    "animelayers-pencil": ("val", val_hands.Pencil),
}


_THINGS = {
    "train": {**train_figures.FIGURES, **train_things.THINGS},
    "val": {**val_figures.FIGURES, **val_things.THINGS},
}


@lru_cache(maxsize=1)
def _all() -> tuple[DrawnProp, ...]:
    made = []
    for source, (split, hand) in _HANDS.items():
        for kind, (build, word) in _THINGS[split].items():
            for variant in range(VARIANTS):
                made.append(
                    DrawnProp(kind, variant, source, split, frozenset({kind, word}) | hand.words, hand, build)
                )
    return tuple(made)


def props(split: str | None = None) -> list[DrawnProp]:
    """Every drawn prop, or those of ``train`` or ``val``, in a fixed order. Raises ValueError for another
    word.
    """
    if split not in (None, "train", "val"):
        raise ValueError(f"split {split!r}: train, val, or None for both")
    return [prop for prop in _all() if split in (None, prop.split)]
