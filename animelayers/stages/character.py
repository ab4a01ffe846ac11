"""Stage 2a: the character matte of each drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from animelayers.imaging.alpha import refine
from animelayers.models.protocols import Matte
from animelayers.step import FrameStep


class Character(FrameStep):
    """The characters' alpha from a matting model, with the outline drawn to the picture's own edges.

    ``matte``: the model. ``radius``: pixels around the outline that refinement may change (0: leave the model's matte).
    ``floor``: alpha below it is noise and becomes 0, above 1 - floor it becomes 1; 0..0.5.
    """

    name = "character"
    reads = ("frames",)
    writes = ("character", "matte", "character_confidence")

    def __init__(self, matte: Matte, radius: int = 8, floor: float = 0.02) -> None:
        self.matte, self.radius, self.floor = matte, radius, floor

    def frames(self, *columns: list[Any]) -> tuple[Sequence[Any], ...]:
        """Alpha uint8 (H, W), the model's name and its confidence for each drawing."""
        (pictures,) = columns
        found = self.matte(pictures)
        alphas = [self._finished(picture, alpha) for picture, alpha in zip(pictures, found.alpha, strict=True)]
        return alphas, found.model, found.confidence

    def _finished(self, picture: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        if self.radius and alpha.any():
            alpha = refine(picture, alpha, self.radius)
        spread = (alpha - self.floor) * (1 / (1 - 2 * self.floor))
        return np.asarray(np.rint(spread.clip(0, 1) * 255), np.uint8)
