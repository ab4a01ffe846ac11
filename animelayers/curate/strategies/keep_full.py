"""Strategy A: the frame as it is, with its scene."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from animelayers.curate.captions import caption
from animelayers.curate.strategies.base import Made, Strategy
from animelayers.imaging.enhance import denoised, sharpened

_STRENGTH, _AMOUNT, _RADIUS = 3, 0.5, 1.5  # those of enhance_segment

THREE_D = "a 3d animated character, pixar style"
"""What frames of 3D animation are called."""


class KeepFull(Strategy):
    """The whole frame, and a caption that speaks of the scene.

    ``generate_caption``: whether there is one. ``caption_model``: what wrote the captions of the frame table
    (null: whoever did). ``caption_prefix``: what every caption starts with, but what it says of characters
    where there is none; None: `THREE_D` where the frame table's ``visual_style`` says so, and nothing where
    it does not. ``apply_enhancement``: noise is taken out and lines are sharpened; what is to be enlarged
    goes to enhance_segment.
    """

    def __init__(
        self,
        *,
        generate_caption: bool = True,
        caption_model: str | None = None,
        caption_prefix: str | None = None,
        apply_enhancement: bool = False,
    ) -> None:
        self._captions, self._prefix, self._enhanced = generate_caption, caption_prefix, apply_enhancement

    def __call__(self, layers: Mapping[str, np.ndarray], row: Mapping[str, Any]) -> list[Made]:
        """One picture."""
        picture = layers["frame"]
        if self._enhanced:
            picture = sharpened(denoised(picture, _STRENGTH), _AMOUNT, _RADIUS)
        prefix = (
            self._prefix
            if self._prefix is not None
            else THREE_D
            if "3d" in str(row.get("visual_style"))
            else ""
        )
        return [Made("", picture, caption(row, "frame", prefix=prefix) if self._captions else None)]
