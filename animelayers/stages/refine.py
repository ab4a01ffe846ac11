"""Stage 2a, a second time: the characters' outlines settled by a matting model, by the drawn line, or by
both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.engine.step import FrameStep, each
from animelayers.imaging.lines import to_lines
from animelayers.imaging.strands import with_strands
from animelayers.imaging.trimap import SURE, trimap
from animelayers.models.protocols import Refiner
from animelayers.record.column import U8


class Made(NamedTuple):
    """What `Refine` writes."""

    character: list[U8]


class Refine(FrameStep):
    """The characters' alpha with its outline settled once more; what is far from an outline stays as it is.

    ``refiner``: a matting model, shown a trimap of each drawing's alpha and segments; None for none.
    ``lines``: afterwards pull the outline to the outer edge of the drawn line and keep thin strands, as 2D
    line art wants. Drawings without a character are not looked at, nor are figures too small for anything in
    them to be sure.
    """

    name = "refine"

    def __init__(self, refiner: Refiner | None = None, lines: bool = False) -> None:
        self.refiner, self.lines = refiner, lines

    def frames(self, *, frames: list[U8], character: list[U8], segments: list[U8] | None = None) -> Made:
        """Alpha (H, W) of each drawing."""
        alphas = character
        if self.refiner is not None:
            alphas = self._refined(self.refiner, frames, alphas, each(segments, len(frames)))
        if self.lines:
            alphas = [
                with_strands(picture, to_lines(picture, alpha))
                for picture, alpha in zip(frames, alphas, strict=True)
            ]
        return Made(alphas)

    def _refined(
        self, refiner: Refiner, pictures: list[U8], alphas: list[U8], segments: Sequence[U8 | None]
    ) -> list[U8]:
        trimaps = {i: _askable(trimap(alpha, segments[i])) for i, alpha in enumerate(alphas) if alpha.any()}
        asked = [i for i, each in trimaps.items() if each.any()]
        found = refiner([pictures[i] for i in asked], [trimaps[i] for i in asked])
        refined: list[np.ndarray] = list(alphas)
        for i, plane in zip(asked, found, strict=True):
            # where a figure was not asked about the trimap is empty, and the alpha stays
            refined[i] = cv2.copyTo(cv2.convertScaleAbs(plane, alpha=255), trimaps[i], alphas[i].copy())
        return refined


def _askable(made: np.ndarray) -> np.ndarray:
    """A trimap without the figures of which nothing is sure: a solver could only take them for background."""
    count, labels = cv2.connectedComponents((made > 0).astype(np.uint8), connectivity=8)
    sure = np.zeros(count, bool)
    sure[labels[made == SURE]] = True
    return np.where(sure[labels], made, np.uint8(0))
