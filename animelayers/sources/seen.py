"""A picture as it is meant to be seen, with what has to be told of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from animelayers.record.schema import READING


class Drawn(NamedTuple):
    """What the layers of a drawing give, None for what they do not: the figure's alpha uint8 (H, W); the
    effect, straight RGBA uint8 (H, W, 4), in its blend ``mode`` (over, add, screen; 'none' without one); the
    background uint8 (H, W, 3)."""

    alpha: np.ndarray | None = None
    effect: np.ndarray | None = None
    mode: str = "none"
    background: np.ndarray | None = None


class Seen(NamedTuple):
    """A picture: uint8 sRGB (H, W, 3); its own alpha uint8 (H, W), None where it has none; notes; doubts,
    words of `schema.READING`; and of a layered drawing what its layers give (`Drawn`)."""

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    doubts: frozenset[str] = frozenset()
    layers: Drawn | None = None

    def doubting(self, *words: str, note: str = "") -> Seen:
        """The same with more doubts, and a note."""
        return self._replace(doubts=self.doubts | {*words}, notes=(*self.notes, *([note] if note else [])))


def flags(words: Sequence[str] | frozenset[str]) -> list[str]:
    """Doubts as a picture's flags."""
    return [word for word in READING if word in words]


def over(pixels: np.ndarray, alpha: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Straight uint8 (H, W, 3) `pixels` with `alpha` uint8 (H, W) composed on a flat colour, rounded to the
    nearest value.
    """
    cover = alpha[..., None].astype(np.uint16)
    return ((pixels * cover + np.array(colour, np.uint16) * (255 - cover) + 127) // 255).astype(np.uint8)
