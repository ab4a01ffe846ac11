"""Cutting a hole out for a net and pasting what the net made back, in the picture's own colours and inside
the hole only.
"""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.imaging.brush import disc
from animelayers.imaging.constants import QUARTERS, TINY
from animelayers.imaging.crops import Crop

_DRIFT = 32
"""Grey levels: what differs more is no drift of colour but another drawing."""
_CELL = 4
"""Pixels over which the difference is averaged first: a line that the net continued a pixel off is none."""


def cut_picture(picture: np.ndarray, crop: Crop) -> np.ndarray:
    """What the net sees of a uint8 (H, W, 3) picture: uint8 of the crop's shape, mirrored where that is more
    than its size.
    """
    seen = picture[crop.window]
    if seen.shape[:2] != crop.size:
        smooth = cv2.INTER_AREA if seen.shape[0] > crop.size[0] else cv2.INTER_CUBIC
        seen = cv2.resize(seen, crop.size[::-1], interpolation=smooth)
    return _padded(seen, crop)


def cut_hole(hole: np.ndarray, crop: Crop) -> np.ndarray:
    """The same of a bool (H, W) hole: uint8 0 or 1, 1 for every pixel that holds any of it."""
    seen = hole[crop.window].view(np.uint8)
    if seen.shape != crop.size:
        seen = (cv2.resize(seen.astype(np.float32), crop.size[::-1], interpolation=cv2.INTER_AREA) > 0).view(
            np.uint8
        )
    return _padded(seen, crop)


def widened(hole: np.ndarray, width: int) -> np.ndarray:
    """A uint8 hole with `width` pixels around it."""
    return cv2.dilate(hole, disc(width)) if width else hole


def matched(made: np.ndarray, seen: np.ndarray, seam: np.ndarray) -> np.ndarray:
    """What a net made, float32 (H, W, 3), 0..255, in the colours of the picture: uint8 (H, W, 3).

    Where ``seam`` (bool (H, W)) is set the picture ``seen`` (uint8) is known, and the net filled it all the
    same. The difference there, averaged over a few pixels, is spread over all the rest by pull and push
    (Gortler et al., The Lumigraph, 1996): a drift of colour goes away all over the hole, and at its rim
    nothing is left to see.
    """
    if seam.any():
        weight = seam.astype(np.float32)
        gap = np.clip(seen - made, -_DRIFT, _DRIFT) * weight[..., None]
        size = tuple(max(1, n // _CELL) for n in weight.shape[::-1])
        spread = _spread(*(cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (gap, weight)))
        made = made + cv2.resize(spread, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
    result: np.ndarray = cv2.convertScaleAbs(np.maximum(made, 0))
    return result


def paste(picture: np.ndarray, hole: np.ndarray, crop: Crop, made: np.ndarray) -> None:
    """Put what was made of a crop, uint8 of its shape, into the picture, in place: into the holes of its box
    and nowhere else.
    """
    made = made[: crop.size[0], : crop.size[1]]
    rows, columns = crop.window
    size = (columns.stop - columns.start, rows.stop - rows.start)
    if size != crop.size[::-1]:
        made = cv2.resize(
            made, size, interpolation=cv2.INTER_AREA if size[0] < crop.size[1] else cv2.INTER_CUBIC
        )
    inner = tuple(
        slice(b.start - w.start, b.stop - w.start) for b, w in zip(crop.box, crop.window, strict=True)
    )
    target = picture[crop.box]
    np.copyto(target, made[inner], where=hole[crop.box][..., None])


def _padded(plane: np.ndarray, crop: Crop) -> np.ndarray:
    below, right = (full - n for full, n in zip(crop.shape, crop.size, strict=True))
    return (
        cv2.copyMakeBorder(plane, 0, below, 0, right, cv2.BORDER_REFLECT)
        if below or right
        else np.ascontiguousarray(plane)
    )


def _spread(value: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """float32 (H, W, 3) that is value / weight where the weight is 1 and goes over to the nearest such
    smoothly; value is multiplied by weight.
    """
    if min(weight.shape) < 2:
        mean: np.ndarray = np.broadcast_to(value.sum((0, 1)) / max(weight.sum(), TINY), value.shape).astype(
            np.float32
        )
        return mean
    size = tuple((n + 1) // 2 for n in weight.shape[::-1])
    far, less = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (value, weight))
    fuller = np.minimum(1, QUARTERS * less)
    coarse = _spread(far * (fuller / np.maximum(less, TINY))[..., None], fuller)
    beyond = cv2.resize(coarse, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
    result: np.ndarray = value + (1 - weight)[..., None] * beyond
    return result
