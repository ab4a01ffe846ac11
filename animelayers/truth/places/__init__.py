"""Places: the package's own backgrounds, each in several hands, whole or as planes that slide past each
other.

A hand (`source`) belongs to one split; the scenes of ``train`` and ``val`` are laid out differently as well.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import ClassVar

import numpy as np

from animelayers.samples import nature, town
from animelayers.truth.places import train_country, train_hands, train_town, val_country, val_hands, val_town
from animelayers.truth.places.painter import New, Painter

__all__ = ["DrawnPlace", "places"]

_Scene = Callable[[New], list[Painter]]


@dataclass(frozen=True)
class DrawnPlace:
    """A scene painted by one hand; see `planes`. `tags`: light, dark, plain, busy, painted, flat, soft,
    line-drawn, grey, night, the scene.
    """

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
        """One to three planes of `size` (width, height), straight RGBA uint8 (h, w, 4), back to front, the
        first opaque.

        `seed` settles what is where and its colours. Raises ValueError for a size below 32 pixels.
        """
        if min(size) < 32:
            raise ValueError(
                f"place {self.name}: size {size[0]}x{size[1]} is below 32 pixels; ask for a larger one"
            )
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


_SCENES = {
    "train": {**train_country.SCENES, **train_town.SCENES},
    "val": {**val_country.SCENES, **val_town.SCENES},
}


def _words(scene: str, words: tuple[str, ...], hand: type[Painter]) -> frozenset[str]:
    """Strokes and hatching leave nothing plain; on white paper by day all is light."""
    said = frozenset({scene, *words}) | hand.words
    if "rough" in said:
        said -= {"plain"}
    if hand is train_hands.Pen and not said & {"dark", "sunset", "pattern"}:
        said |= {"light"}
    return said


def _sample(picture: Callable[[tuple[int, int], np.random.Generator], np.ndarray], new: New) -> list[Painter]:
    """A place of the drawn sample scenes, which is one picture."""
    plane = new()
    plane.sheet[..., :3], plane.sheet[..., 3] = picture(plane.size, plane.rng), 255
    return [plane]


class Sheet(Painter):
    """A hand that takes a finished picture."""

    words: ClassVar[frozenset[str]] = frozenset({"painted"})


_SAMPLES = {
    "meadow": nature.meadow,
    "park": nature.park,
    "night": nature.night,
    "street": town.street,
    "classroom": town.classroom,
}


@lru_cache(maxsize=1)
def _all() -> tuple[DrawnPlace, ...]:
    made = []
    for source, (split, hand) in _HANDS.items():
        scenes = _SCENES[split]
        for scene, (layout, words) in scenes.items():
            made.append(DrawnPlace(scene, source, split, _words(scene, words, hand), hand, layout))
    for scene, picture in _SAMPLES.items():
        words = ("night", "dark") if scene == "night" else ("busy",)
        made.append(
            DrawnPlace(
                scene,
                "animelayers-samples",
                "train",
                _words(scene, words, Sheet),
                Sheet,
                partial(_sample, picture),
            )
        )
    return tuple(made)


def places(split: str | None = None) -> list[DrawnPlace]:
    """Every drawn place, or those of ``train`` or ``val``, in a fixed order. Raises ValueError for another
    word.
    """
    if split not in (None, "train", "val"):
        raise ValueError(f"split {split!r}: train, val, or None for both")
    return [place for place in _all() if split in (None, place.split)]
