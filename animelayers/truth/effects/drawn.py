"""An effect the package draws itself: a motif, the hand that draws it, and how it lies on a picture."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from animelayers.truth.effects.mark import Motif, Stage
from animelayers.truth.effects.render import Palette, Render

Draw = Callable[[Stage], Motif]


@dataclass(frozen=True)
class Design:
    """What an effect shows: drawn by `draw` in one of `palettes`.

    `count` drawings in its loop or life; `field`: it fills the frame; `anchor`: where in the tile, in shares
    of its width and height, it comes from (a fire's foot, an orb's middle).
    """

    kind: str
    draw: Draw
    palettes: tuple[Palette, ...]
    count: int
    loops: bool = True
    field: bool = False
    anchor: tuple[float, float] = (0.5, 0.5)
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DrawnEffect:
    """A design drawn by one hand. `modes`: the ways it may be blended (over, add, screen), best first; see
    `draw`.
    """

    design: Design
    source: str
    split: str
    modes: tuple[str, ...]
    render: Render
    tags: frozenset[str]
    licence: str = "MIT"
    credit: str = "animelayers"

    @property
    def kind(self) -> str:
        """What it shows, such as ``fire``."""
        return self.design.kind

    @property
    def name(self) -> str:
        """Source and kind."""
        return f"{self.source}/{self.kind}"

    @property
    def field(self) -> bool:
        """Whether it fills the frame; else it is a tile."""
        return self.design.field

    @property
    def count(self) -> int:
        """Drawings in the loop or life."""
        return self.design.count

    @property
    def loops(self) -> bool:
        """Whether drawing k + count is drawing k; else nothing is left after `count` drawings."""
        return self.design.loops

    @property
    def anchor(self) -> tuple[float, float]:
        """Where in the tile it comes from, in shares of width and height."""
        return self.design.anchor

    def draw(self, k: int, size: tuple[int, int], seed: int) -> np.ndarray:
        """Drawing `k` as straight RGBA uint8 (h, w, 4) of `size` (width, height); `seed` settles shapes,
        colours and course.

        Before and after the life of an effect that does not loop nothing is drawn. Raises ValueError for a
        size below 16 pixels.
        """
        if min(size) < 16:
            raise ValueError(
                f"effect {self.name}: size {size[0]}x{size[1]} is below 16 pixels; ask for a larger one"
            )
        if not self.loops and not 0 <= k < self.count:
            return np.zeros((size[1], size[0], 4), np.uint8)
        k = k % self.count
        t = k / self.count if self.loops else (k + 0.5) / self.count
        name = zlib.crc32(self.name.encode())
        palettes = self.design.palettes
        palette = palettes[int(np.random.default_rng([seed, name, 1]).integers(len(palettes)))]
        stage = Stage(
            k,
            self.count,
            t,
            size,
            (seed * 31 + name) % (1 << 31),
            self.field,
            np.random.default_rng([seed, name]),
        )
        return self.render(self.design.draw(stage), palette, size, self.field)
