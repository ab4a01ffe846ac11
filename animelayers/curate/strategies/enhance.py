"""Strategy D: the character of a poor frame, enlarged, cleaned and sharpened, then cut out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import cv2
import numpy as np

from animelayers.curate.captions import caption
from animelayers.curate.strategies.base import Made, Strategy
from animelayers.curate.strategies.segment import Segment, stored
from animelayers.imaging.colour import foreground
from animelayers.imaging.enhance import denoised, sharpened
from animelayers.imaging.window import window
from animelayers.models.net import Device
from animelayers.models.upscale import upscaler
from animelayers.options import MODEL

STEPS = ("upscale", "denoise", "face_enhance", "sharpen")
_MARGIN = 16  # pixels around the character that the models see


class EnhanceSegment(Strategy):
    """enhanced_character: RGBA, cropped to the character; or, without ``apply_segmentation``, enhanced: the
    whole frame.

    ``enhancement_steps``: some of upscale, denoise and sharpen, in the order in which they are done;
    face_enhance is refused, see its message. ``upscale_model``: a name in `models.upscale.NAMES`, or the path
    of a .pth. ``denoise_strength``: as `imaging.enhance.denoised`; ``sharpen_amount`` and ``sharpen_radius``:
    as `sharpened`. ``longest``: pixels of the longer side; what is larger is reduced.
    ``segmentation_config``: 'segment', its defaults (the job gives its own segment's), or a mapping of its
    options: islands that are kept. ``device``: of a .pth. ``face_enhance_model`` and
    ``face_enhance_fidelity`` belong to the refused step.
    """

    somebody = True

    def __init__(
        self,
        *,
        enhancement_steps: Sequence[str] = ("upscale", "denoise", "sharpen"),
        upscale_model: Annotated[str, MODEL] = "RealESRGAN_x4plus_anime_6B",
        denoise_strength: float = 3,
        sharpen_amount: float = 0.5,
        sharpen_radius: float = 1.5,
        longest: int = 2048,
        face_enhance_model: str | None = None,
        face_enhance_fidelity: float | None = None,
        apply_segmentation: bool = True,
        segmentation_config: str | Mapping[str, Any] = "segment",
        generate_captions: bool = True,
        trigger: str = "",
        caption_prefix: str = "",
        caption_suffix: str = ", high quality, enhanced",
        device: Device = "auto",
    ) -> None:
        """Raises ValueError for an unknown step or a value out of range, WeightsError for missing weights."""
        if unknown := [step for step in enhancement_steps if step not in STEPS]:
            raise ValueError(
                f"strategies.enhance_segment: enhancement_steps are some of {', '.join(STEPS)}, not {', '.join(unknown)}"
            )
        if "face_enhance" in enhancement_steps or face_enhance_model or face_enhance_fidelity is not None:
            raise ValueError(
                "strategies.enhance_segment: face_enhance is not done: CodeFormer knows photographed faces and redraws animated ones, and its "
                "weights may not be used commercially (S-Lab 1.0); leave the step out and face_enhance_model and _fidelity null"
            )
        if min(denoise_strength, sharpen_amount) < 0 or sharpen_radius <= 0 or longest < 64:
            raise ValueError(
                "strategies.enhance_segment: strength and amount are 0 or more, sharpen_radius above 0 and longest 64 or more"
            )
        if isinstance(segmentation_config, str) and segmentation_config != "segment":
            raise ValueError(
                f"strategies.enhance_segment: segmentation_config is 'segment' or its options, not {segmentation_config!r}"
            )
        self._steps = tuple(enhancement_steps)
        self._upscale = upscaler(upscale_model, device) if "upscale" in self._steps else None
        self._strength, self._amount, self._radius, self._longest = (
            denoise_strength,
            sharpen_amount,
            sharpen_radius,
            longest,
        )
        self._segment = (
            Segment(**({} if isinstance(segmentation_config, str) else segmentation_config))
            if apply_segmentation
            else None
        )
        self._told = (
            {"trigger": trigger, "prefix": caption_prefix, "suffix": caption_suffix}
            if generate_captions
            else None
        )

    def __call__(self, layers: Mapping[str, np.ndarray], row: Mapping[str, Any]) -> list[Made]:
        """One picture, or none where no island of the character is large enough. Raises ValueError for a
        layer that the output lacks.
        """
        if self._segment is None:
            return [Made("enhanced", self.enhanced(layers["frame"]), self._caption(row, "frame"))]
        figure = self._segment.figure({"character": stored(layers, "character")})
        alpha = np.ascontiguousarray(figure[..., 3])
        where = window(alpha, _MARGIN)
        if where is None:
            return []
        picture = self.enhanced(np.ascontiguousarray(layers["frame"][where]))
        soft = cv2.resize(alpha[where], picture.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        rows, columns = where
        height, width = alpha[where].shape
        crop = (columns.start, rows.start, width, height)
        figure, said = foreground(picture, soft, None), self._caption(row, "character")
        return [Made("enhanced_character", figure, said, "character", crop=crop, concept="character")]

    def enhanced(self, picture: np.ndarray) -> np.ndarray:
        """A uint8 sRGB (H, W, 3) picture after all steps."""
        for step in self._steps:
            if step == "upscale" and self._upscale is not None:
                picture = _within(self._upscale(picture), self._longest)
            elif step == "denoise":
                picture = denoised(picture, self._strength)
            else:
                picture = sharpened(picture, self._amount, self._radius)
        return _within(picture, self._longest)

    def _caption(self, row: Mapping[str, Any], layer: str) -> str | None:
        return None if self._told is None else caption(row, layer, **self._told) or None


def _within(picture: np.ndarray, longest: int) -> np.ndarray:
    height, width = picture.shape[:2]
    share = longest / max(height, width)
    size = max(1, round(width * share)), max(1, round(height * share))
    return picture if share >= 1 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
