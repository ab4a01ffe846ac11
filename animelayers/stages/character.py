"""Stage 2a: the character matte of each drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from animelayers.imaging.alpha import refine
from animelayers.imaging.window import window
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
        finished = np.zeros(alpha.shape, np.uint8)
        # what refinement may reach and what it looks at; whole cells of its fit
        where = window((alpha > self.floor).view(np.uint8), 3 * self.radius, 6)
        if where is not None:
            refined = refine(picture[where], alpha[where], self.radius)
            scale = 255 / (1 - 2 * self.floor)
            finished[where] = cv2.convertScaleAbs(np.maximum(refined, np.float32(self.floor)), alpha=scale, beta=-scale * self.floor)
        return finished
