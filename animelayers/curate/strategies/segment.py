"""Strategy B: the character cut out, the place without it, and what they were made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import cv2
import numpy as np

from animelayers.curate.captions import caption
from animelayers.curate.strategies.base import Made, Strategy
from animelayers.models.fill import inpainter
from animelayers.models.net import Device
from animelayers.options import MODEL

_FIGURE = 8  # alpha above which a pixel belongs to what is filled in


class Segment(Strategy):
    """character (RGBA; its mask as well), background, and composite (the frame, for comparison: it trains
    nothing).

    ``segmentation_model``: 'layers', what the output was made with; another is refused, and so is
    ``points_per_side``, which is its option. ``min_instance_size``: pixels below which an island of the
    character is left out. ``inpainting_model``: 'layers', the background as the output stores it, or lama,
    lama_anime, telea, ns, opencv, powerpaint: filled in anew, ``mask_dilation`` pixels around the character
    and the effect too, with ``inpainting_fallback`` where the model fails. ``save_…``: what is written; a
    mask lies with its character. A caption begins with ``trigger`` and ``caption_prefix`` (for the background
    without what speaks of characters) and ends with the suffix of its layer. ``device``: of the inpainter.
    """

    somebody = True

    def __init__(
        self,
        *,
        segmentation_model: str = "layers",
        min_instance_size: int = 64,
        points_per_side: int | None = None,
        inpainting_model: Annotated[str, MODEL] = "layers",
        inpainting_fallback: str = "telea",
        mask_dilation: int = 5,
        save_character: bool = True,
        save_background: bool = True,
        save_composite: bool = True,
        save_masks: bool = False,
        generate_captions: bool = True,
        trigger: str = "",
        caption_prefix: str = "",
        character_caption_suffix: str = ", isolated character, clean background",
        background_caption_suffix: str = ", environment only, no characters",
        device: Device = "auto",
    ) -> None:
        """Raises ValueError for a value out of range or a model that does not run here."""
        if segmentation_model != "layers" or points_per_side is not None:
            raise ValueError(
                "strategies.segment takes the layers of the output: segmentation_model must be 'layers' and points_per_side null; "
                "choose the model where the layers are made, animelayers decompose model/segment=sam2 …"
            )
        if min(min_instance_size, mask_dilation) < 0:
            raise ValueError(
                f"min_instance_size and mask_dilation must be 0 or more, not {min_instance_size} and {mask_dilation}"
            )
        self._smallest, self._dilation = min_instance_size, mask_dilation
        self._inpaint = (
            None if inpainting_model == "layers" else inpainter(inpainting_model, inpainting_fallback, device)
        )
        self._saved = {
            "character": save_character,
            "background": save_background,
            "composite": save_composite,
            "mask": save_masks,
        }
        self._told = {"trigger": trigger, "prefix": caption_prefix} if generate_captions else None
        self._suffixes = {"character": character_caption_suffix, "background": background_caption_suffix}

    def __call__(self, layers: Mapping[str, np.ndarray], row: Mapping[str, Any]) -> list[Made]:
        """Up to three pictures; a character of which no island is large enough is none. Raises ValueError for
        a layer that the output lacks.
        """
        figure = self.figure(layers) if self._saved["character"] else np.zeros((1, 1, 4), np.uint8)
        made = []
        if figure[..., 3].any():
            mask = np.ascontiguousarray(figure[..., 3]) if self._saved["mask"] else None
            made.append(
                Made(
                    "character",
                    figure,
                    self._caption(row, "character"),
                    "character",
                    mask,
                    concept="character",
                )
            )
        if self._saved["background"]:
            made.append(
                Made(
                    "background",
                    self._background(layers),
                    self._caption(row, "background"),
                    "background",
                    concept="background",
                )
            )
        if self._saved["composite"]:
            made.append(Made("composite", layers["frame"], trains=False))
        return made

    def figure(self, layers: Mapping[str, np.ndarray]) -> np.ndarray:
        """The character, RGBA uint8 (H, W, 4), without islands that are too small."""
        return islands_from(stored(layers, "character"), self._smallest)

    def _background(self, layers: Mapping[str, np.ndarray]) -> np.ndarray:
        if self._inpaint is None:
            return stored(layers, "background")
        cover = stored(layers, "character")[..., 3]
        if "effect" in layers:
            cover = np.maximum(cover, layers["effect"][..., 3])
        around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * self._dilation + 1,) * 2)
        hole = cv2.dilate((cover > _FIGURE).astype(np.uint8), around)
        return self._inpaint([layers["frame"]], [hole.view(np.bool_)])[0]

    def _caption(self, row: Mapping[str, Any], layer: str) -> str | None:
        return (
            None
            if self._told is None
            else caption(row, layer, suffix=self._suffixes[layer], **self._told) or None
        )


def stored(layers: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """A layer of the frame. Raises ValueError where the output does not store it."""
    try:
        return layers[name]
    except KeyError:
        raise ValueError(
            f"the output has no layer {name!r} of this frame: make it with animelayers decompose, or use keep_full"
        ) from None


def islands_from(figure: np.ndarray, smallest: int) -> np.ndarray:
    """An RGBA picture without the islands of its alpha that have fewer than `smallest` pixels."""
    _, labels, facts, _ = cv2.connectedComponentsWithStats(
        (figure[..., 3] > 0).astype(np.uint8), connectivity=8
    )
    small = facts[:, cv2.CC_STAT_AREA] < smallest
    small[0] = False
    if not small.any():
        return figure
    kept = figure.copy()
    kept[small[labels]] = 0
    return kept
