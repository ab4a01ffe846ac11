"""Strategy A: the frame as it is, with its scene."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from animelayers.curate.strategies.base import Made, Strategy


class KeepFull(Strategy):
    """The whole frame under its own name, and a caption that speaks of the scene.

    ``generate_caption``: whether there is one. ``caption_model``: what wrote the captions of the frame table (null: whoever did).
    ``caption_prefix``: what every caption starts with. ``apply_enhancement``: not done here; frames that need it go to enhance_segment.
    """

    def __init__(
        self,
        *,
        generate_caption: bool = True,
        caption_model: str | None = None,
        caption_prefix: str = "a 3d animated character, pixar style",
        apply_enhancement: bool = False,
    ) -> None:
        if apply_enhancement:
            raise ValueError("strategies.keep_full.apply_enhancement=true: keep_full leaves frames as they are, use enhance_segment")
        self._captions, self._prefix = generate_caption, caption_prefix

    def __call__(self, frame_id: str, layers: Mapping[str, np.ndarray], row: Mapping[str, Any]) -> list[Made]:
        """One picture."""
        said = [self._prefix, row.get("caption_frame") or ""]
        return [Made(frame_id, layers["frame"], ", ".join(filter(None, said)) if self._captions else None)]
