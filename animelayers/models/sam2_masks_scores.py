"""What masks are worth, seen from their logits at the decoder's size: stability, boxes, repetitions. All on
torch's device.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_OFFSET = 1.0  # logits by which a stable mask's threshold may move, as in the automatic masks of SAM
_TINY = 1e-12  # logits between two rows, at least
_EDGE = 20.0  # pixels from the edge of a crop where a mask counts as cut
Tensor = Any


def stability(logits: Tensor) -> Tensor:
    """IoU of the masks at logits above 1 and above -1: (…,) of logits (…, H, W); 0 where there is no mask."""
    inner, outer = ((logits > offset).sum(dim=(-2, -1)) for offset in (_OFFSET, -_OFFSET))
    return inner / outer.clamp(min=1)


def boxes(logits: Tensor, height: int, width: int) -> Tensor:
    """Left, top, right and bottom, all inside, of the masks (K, h, w) once scaled to `height` x `width`:
    float32 (K, 4) pixels.

    Between two rows of logits, bilinear scaling is linear along each column: the first row of the mask at
    full size follows from the first row with a positive logit and the one before it, to a pixel, without
    scaling anything. No mask may be empty.
    """
    import torch

    sides = []
    for values, length in ((logits.transpose(1, 2), width), (logits, height)):
        first, last = _crossing(values), values.shape[1] - 1 - _crossing(values.flip(1))
        scale = length / values.shape[1]
        sides.append(
            torch.stack(
                [torch.ceil((first + 0.5) * scale - 0.5), torch.floor((last + 0.5) * scale - 0.5)]
            ).clamp(0, length - 1)
        )
    (left, right), (top, bottom) = sides
    return torch.stack([left, top, right, bottom], dim=1)


def cut(boxes: Tensor, crop: tuple[int, int, int, int], size: tuple[int, int]) -> Tensor:
    """Which boxes (K, 4) end at an edge of `crop` that is no edge of the picture of `size` (height, width):
    bool (K,).
    """
    edges, ends = (boxes.new_tensor(values) for values in (crop, (0, 0, size[1], size[0])))
    result: Tensor = (((boxes - edges).abs() <= _EDGE) & ((boxes - ends).abs() > _EDGE)).any(dim=1)
    return result


def suppress(boxes: Tensor, scores: Tensor, same: float) -> Tensor:
    """Indices, best score first, of the boxes (K, 4) that no better one overlaps with an IoU above `same`."""
    from torchvision.ops import nms

    return nms(boxes.float(), scores.float(), same)


def enlarge(logits: Tensor, height: int, width: int) -> np.ndarray:
    """The masks (K, h, w) at full size: bool (K, height, width)."""
    from torch.nn import functional

    if not len(logits):
        return np.zeros((0, height, width), bool)
    full = (
        functional.interpolate(logits[None].float(), (height, width), mode="bilinear", align_corners=False)[0]
        > 0
    )
    result: np.ndarray = full.cpu().numpy()
    return result


def _crossing(logits: Tensor) -> Tensor:
    """Where, counted in rows from the middle of the first one, the masks (K, h, w) begin; -1 for masks that
    begin with the picture.
    """
    import torch

    first = (logits > 0).any(dim=2).int().argmax(dim=1)
    each = torch.arange(len(logits), device=logits.device)
    inside, before = logits[each, first].float(), logits[each, (first - 1).clamp(min=0)].float()
    share = torch.where(inside > 0, inside / (inside - before).clamp(min=_TINY), 0).amax(dim=1)
    return torch.where(first > 0, first - share, -1.0)
