"""Strategy A: the frame as it is, with its scene."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from animelayers.curate.captions import caption
from animelayers.curate.strategies.base import Made, Strategy
from animelayers.imaging.enhance import denoised, sharpened

_STRENGTH, _AMOUNT, _RADIUS = 3, 0.5, 1.5  # those of enhance_segment


class KeepFull(Strategy):
    """The whole frame, and a caption that speaks of the scene.

    ``generate_caption``: whether there is one. ``caption_model``: what wrote the captions of the frame table (null: whoever did).
    ``caption_prefix``: what every caption starts with, but what it says of characters where there is none. ``apply_enhancement``: noise is
    taken out and lines are sharpened; what is to be enlarged goes to enhance_segment.
    """

    def __init__(
        self,
        *,
        generate_caption: bool = True,
        caption_model: str | None = None,
        caption_prefix: str = "a 3d animated character, pixar style",
        apply_enhancement: bool = False,
    ) -> None:
        self._captions, self._prefix, self._enhanced = generate_caption, caption_prefix, apply_enhancement

    def __call__(self, layers: Mapping[str, np.ndarray], row: Mapping[str, Any]) -> list[Made]:
        """One picture."""
        picture = layers["frame"]
        if self._enhanced:
            picture = sharpened(denoised(picture, _STRENGTH), _AMOUNT, _RADIUS)
        return [Made("", picture, caption(row, "frame", prefix=self._prefix) if self._captions else None)]
