"""Stage 2c: what is behind the characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from animelayers.imaging.colour import behind
from animelayers.models.protocols import Inpainter
from animelayers.step import FrameStep


class Background(FrameStep):
    """The background of each drawing: the frame, and an inpainted fill where the characters were.

    ``inpaint``: the model. ``threshold``: alpha (0..255) above which a pixel is the character's. ``dilate``: pixels around it
    that are filled too, so that no outline of a tight matte seeds the fill; those that show plain background are given back.
    Outside the dilated hole the background is the frame, bit for bit.
    """

    name = "background"
    reads = ("frames", "character")
    writes = ("background", "background_seen", "background_borrowed", "background_invented")

    def __init__(self, inpaint: Inpainter, dilate: int = 2, threshold: int = 8) -> None:
        """Raises ValueError for a value out of range."""
        if dilate < 0 or not 0 <= threshold < 255:
            raise ValueError(f"dilate must be 0 or more and threshold 0..254, not {dilate} and {threshold}")
        self.inpaint, self.threshold = inpaint, threshold
        self.around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * dilate + 1,) * 2)

    def frames(self, *columns: list[Any]) -> tuple[Sequence[Any], ...]:
        """Background uint8 (H, W, 3) and the shares seen, borrowed and invented of each drawing."""
        made = [self._one(frame, alpha) for frame, alpha in zip(*columns, strict=True)]
        invented = [share for _, share in made]
        return [picture for picture, _ in made], [1 - share for share in invented], [0.0] * len(made), invented

    def _one(self, frame: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, float]:
        hole = cv2.dilate(cv2.threshold(alpha, self.threshold, 1, cv2.THRESH_BINARY)[1], self.around) > 0
        if not hole.any():
            return frame, 0.0
        return behind(frame, alpha, self.inpaint(frame, hole), hole), float(hole.mean())
