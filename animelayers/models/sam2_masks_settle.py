"""The masks of all crops of a picture brought together at the picture's size, as SAM's automatic masks are
(Kirillov et al., 2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from animelayers.imaging.proposals import Crop, boxes, tidy
from animelayers.models import sam2_masks_scores as scores
from animelayers.models.protocols import Segments

_UPSCALED = 8  # masks scaled up at once
Tensor = Any


class Candidates(NamedTuple):
    """Masks of one crop: logits (K, h, w) on the device, predicted IoU (K,), boxes (K, 4) in pixels of the
    picture, the crop.
    """

    logits: Tensor
    scores: Tensor
    boxes: Tensor
    crop: Crop


def settle(
    found: Sequence[Candidates], height: int, width: int, same: float, region: int, min_area: int
) -> Segments:
    """The masks of all crops of a picture at its size, tidied, best first.

    ``same``: IoU of boxes above which a mask is a repetition; ``region``: pixels below which holes and
    islands of a mask are removed; ``min_area``: pixels below which a mask is dropped.
    """
    import torch

    if len(found) > 1:  # of masks found in two crops the one from the smaller crop is the finer
        sizes = [(f.crop.box[2] - f.crop.box[0]) * (f.crop.box[3] - f.crop.box[1]) for f in found]
        finer = torch.cat([torch.full_like(f.scores, 1 / size) for f, size in zip(found, sizes, strict=True)])
        kept: Tensor = torch.zeros_like(finer, dtype=torch.bool)
        kept[scores.suppress(torch.cat([f.boxes for f in found]), finer, same)] = True
        parts = kept.split([len(f.scores) for f in found])
        found = [
            Candidates(f.logits[part], f.scores[part], f.boxes[part], f.crop)
            for f, part in zip(found, parts, strict=True)
        ]
    masks = np.zeros((sum(len(f.scores) for f in found), height, width), bool)
    start = 0
    for f in found:
        x0, y0, x1, y1 = f.crop.box
        for part in f.logits.split(_UPSCALED):
            masks[start : start + len(part), y0:y1, x0:x1] = scores.enlarge(part, y1 - y0, x1 - x0)
            start += len(part)
    ious = torch.cat([f.scores for f in found]).cpu().numpy()
    if region:
        masks, ious = _tidied(masks, ious, same, region)
    large = np.flatnonzero(np.count_nonzero(masks, axis=(1, 2)) >= max(1, min_area))
    order = large[np.argsort(-ious[large], kind="stable")]
    return Segments(masks[order], np.clip(ious[order], 0, 1).astype(np.float32), [""] * len(order))


def _tidied(masks: np.ndarray, ious: np.ndarray, same: float, region: int) -> tuple[np.ndarray, np.ndarray]:
    """Holes and islands gone, and what has become a repetition by it; a mask that was tidy before is
    preferred.
    """
    import torch

    tidied = np.array([tidy(mask, region) for mask in masks]).reshape(masks.shape)
    unchanged = (tidied == masks).all(axis=(1, 2)).astype(np.float32)
    kept = scores.suppress(torch.from_numpy(boxes(tidied)), torch.from_numpy(unchanged), same).numpy()
    return tidied[kept], ious[kept]
