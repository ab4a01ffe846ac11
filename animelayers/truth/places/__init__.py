"""Places: the package's own backgrounds, each in several hands, whole or as planes that slide past each other.

A hand (`source`) belongs to one split; the scenes of ``train`` and ``val`` are laid out differently as well.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from animelayers.truth.places import train_hands, train_scenes, val_hands, val_scenes
from animelayers.truth.places.painter import Painter

__all__ = ["DrawnPlace", "places"]

_Scene = Callable[[train_scenes.New], list[Painter]]


@dataclass(frozen=True)
class DrawnPlace:
    """A scene painted by one hand; see `planes`. `tags`: light, dark, plain, busy, painted, flat, soft, line-drawn, grey, night, the scene."""

    scene: str
    source: str
    split: str
    tags: frozenset[str]
    hand: type[Painter]
    layout: _Scene
    licence: str = "MIT"
    credit: str = "animelayers"

    @property
    def name(self) -> str:
        """Source and scene."""
        return f"{self.source}/{self.scene}"

    def planes(self, size: tuple[int, int], seed: int) -> list[np.ndarray]:
        """One to three planes of `size` (width, height), straight RGBA uint8 (h, w, 4), back to front, the first opaque.

        `seed` settles what is where and its colours. Raises ValueError for a size below 32 pixels.
        """
        if min(size) < 32:
            raise ValueError(f"place {self.name}: size {size[0]}x{size[1]} is below 32 pixels; ask for a larger one")
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        painted = [plane.develop() for plane in self.layout(lambda: self.hand(size, rng))]
        painted[0][..., 3] = 255
        return painted


_HANDS: Mapping[str, tuple[str, type[Painter]]] = {
    "animelayers-brush": ("train", train_hands.Brush),
    "animelayers-flat": ("train", train_hands.Flat),
    "animelayers-pen": ("train", train_hands.Pen),
    "animelayers-impasto": ("val", val_hands.Impasto),
    "animelayers-airbrush": ("val", val_hands.Air),
    "animelayers-pencil": ("val", val_hands.Pencil),
}


@lru_cache(maxsize=1)
def _all() -> tuple[DrawnPlace, ...]:
    made = []
    for source, (split, hand) in _HANDS.items():
        scenes = train_scenes.SCENES if split == "train" else val_scenes.SCENES
        for scene, (layout, words) in scenes.items():
            made.append(DrawnPlace(scene, source, split, frozenset({scene, *words}) | hand.words, hand, layout))
    return tuple(made)


def places(split: str | None = None) -> list[DrawnPlace]:
    """Every drawn place, or those of ``train`` or ``val``, in a fixed order. Raises ValueError for another word."""
    if split not in (None, "train", "val"):
        raise ValueError(f"split {split!r}: train, val, or None for both")
    return [place for place in _all() if split in (None, place.split)]
