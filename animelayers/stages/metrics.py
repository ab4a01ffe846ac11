"""Stage 4: what each drawing is like, in numbers that need no weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from animelayers.imaging import content, outline
from animelayers.step import FrameStep


class Metrics(FrameStep):
    """Sharpness, noise, contrast, exposure, colours, complexity, lighting, occlusion, quality, letterbox and hash, and how good the matte is.

    All of `animelayers.imaging.content` and, where there is a character, of `animelayers.imaging.outline`.
    """

    name = "metrics"
    reads = ("frames",)
    wants = ("character", "effect", "instance_ids")
    writes = (
        "sharpness", "noise", "contrast", "exposure", "edge_density", "colour_count", "palette", "complexity", "lighting", "occlusion",
        "quality", "mask_quality", "fragments", "holes", "letterbox", "perceptual_hash", "instance_count", "shot_size",
    )  # fmt: skip

    def frames(self, *columns: list[Any]) -> tuple[Sequence[Any], ...]:
        """One value of each column per drawing."""
        rows = [self._one(*values) for values in zip(*columns, strict=True)]
        return tuple(zip(*rows, strict=True)) if rows else tuple([] for _ in self.writes)

    def _one(self, frame: np.ndarray, alpha: np.ndarray | None, effect: np.ndarray | None, ids: str | None) -> tuple[Any, ...]:
        picture = content.prepared(frame)
        sharp, grain = content.sharpness(picture.luma), content.noise(picture.luma)
        count, palette = content.colours(picture.small)
        occluded = content.border(picture.edges)
        islands, holes, agrees, size, characters = 0, 0, 0.0, "none", 0
        if alpha is not None and cv2.countNonZero(alpha):
            alpha = content.reduced(alpha)
            islands, holes = outline.pieces(alpha)
            agrees, size = outline.agreement(picture.edges, alpha), outline.framing(alpha)
            characters = len(ids.split(",")) if ids and ids != "none" else int(size != "none")
            occluded = max(outline.hidden(alpha, None if effect is None else content.reduced(cv2.extractChannel(effect, 3))), 0.5 * occluded)
        return (
            sharp, grain, float(picture.small_luma.std()) / 255, float(picture.small_luma.mean()) / 255, float(np.mean(picture.edges > 0)),
            count, palette, content.complexity(picture, count), content.lighting(picture.small_luma), occluded,
            content.quality(sharp, grain, frame.shape), agrees, islands, holes, content.letterbox(picture.luma),
            content.fingerprint(picture.small_luma), characters, size,
        )  # fmt: skip
