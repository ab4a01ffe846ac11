"""Stage 4: what each drawing is like, in numbers that need no weights."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np

from animelayers.engine.step import FrameStep, each
from animelayers.imaging import content, outline
from animelayers.record.column import U8


class Made(NamedTuple):
    """What `Metrics` writes."""

    sharpness: list[float]
    noise: list[float]
    contrast: list[float]
    brightness: list[float]
    edge_density: list[float]
    colour_count: list[int]
    palette: list[U8]
    complexity: list[float]
    lighting: list[float]
    occlusion: list[float]
    quality: list[float]
    mask_quality: list[float]
    fragments: list[int]
    holes: list[int]
    letterbox: list[tuple[int, int, int, int]]
    perceptual_hash: list[str]
    instance_count: list[int]
    instance_unsure: list[list[int]]
    shot_size: list[str]


class Metrics(FrameStep):
    """Sharpness, noise, contrast, brightness, colours, complexity, lighting, occlusion, quality, letterbox
    and hash, and how good the matte is.

    All of `animelayers.imaging.content` and, where there is a character, of `animelayers.imaging.outline`.
    """

    name = "metrics"

    def frames(
        self,
        *,
        frames: list[U8],
        character: list[U8] | None = None,
        effect: list[U8] | None = None,
        instances: list[U8] | None = None,
        instance_ids: list[list[int]] | None = None,
    ) -> Made:
        """One value of each column per drawing."""
        others = (each(values, len(frames)) for values in (character, effect, instances, instance_ids))
        rows = [self._one(*values) for values in zip(frames, *others, strict=True)]
        return Made(*([row[k] for row in rows] for k in range(len(Made._fields))))

    def _one(
        self, frame: U8, alpha: U8 | None, effect: U8 | None, labels: U8 | None, ids: list[int] | None
    ) -> tuple[Any, ...]:
        """What is measured of a drawing, in the order of `Made`."""
        picture = content.prepared(frame)
        sharp, grain = content.sharpness(picture.luma), content.noise(picture.luma)
        count, palette = content.colours(picture.small)
        occluded = content.border(picture.edges)
        islands, holes, agrees, size, characters, unsure = 0, 0, 0.0, "none", 0, [100] * len(ids or ())
        if alpha is not None and cv2.countNonZero(alpha):
            unsure = outline.unsure(alpha, labels, ids or ())
            alpha = content.reduced(alpha)
            islands, holes = outline.pieces(alpha)
            agrees, size = outline.agreement(picture.edges, alpha), outline.framing(alpha)
            characters = len(ids) if ids else int(size != "none")
            occluded = max(
                outline.hidden(
                    alpha, None if effect is None else content.reduced(cv2.extractChannel(effect, 3))
                ),
                0.5 * occluded,
            )
        return (
            sharp, grain, float(picture.small_luma.std()) / 255, float(picture.small_luma.mean()) / 255, float(np.mean(picture.edges > 0)),
            count, palette, content.complexity(picture, count), content.lighting(picture.small_luma), occluded,
            content.quality(sharp, grain, frame.shape), agrees, islands, holes, content.letterbox(picture.luma),
            content.fingerprint(picture.small_luma), characters, unsure, size,
        )  # fmt: skip
