"""What a hand changed in layers, and the whole layer from its edited parts."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.imaging.constants import TINY

NOISE = 1
"""Levels that a way through another program's colour management may cost: no edit."""
_PAINT = 2  # levels from which a colour was changed on purpose


def differs(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Where two RGBA pictures uint8 (H, W, 4) show something else, bool (H, W): another alpha, or another
    colour where it is seen in both.
    """
    off: np.ndarray = (before[..., 3] != after[..., 3]) | ((before[..., 3] > 0) & _off(before, after, NOISE))
    return off


def painted(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Where the colours of `after` were chosen by a hand, bool (H, W), and not only its alpha; pictures as of
    `differs`.

    Where a layer was seen before and after its colour tells; what was added to it counts as painted if
    anything was.
    """
    changed: np.ndarray = (before[..., 3] > 0) & (after[..., 3] > 0) & _off(before, after, _PAINT)
    return changed | ((before[..., 3] == 0) & (after[..., 3] > 0)) if changed.any() else changed


def merged(parts: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Layers RGBA uint8 (H, W, 4), the lowest first, as one, and which of them is most of each pixel, int64
    (H, W).
    """
    left = np.ones(parts[0].shape[:2])
    light = np.zeros((*left.shape, 3))
    shares = []
    for part in parts[::-1]:
        share = part[..., 3] / 255 * left
        left -= share
        light += part[..., :3] * share[..., None]
        shares.append(share)
    alpha = 1 - left
    colour = np.where(alpha[..., None] > 0, light / np.maximum(alpha, TINY)[..., None], parts[0][..., :3])
    rgba = np.rint(np.dstack([colour, alpha * 255])).clip(0, 255).astype(np.uint8)
    return rgba, np.argmax(shares[::-1], axis=0)


def remasked(alpha: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """An alpha uint8 (H, W) after its mask was changed by hand: `before` and `after` uint8 (H, W), 0..255.

    Where the mask changed the alpha is the new mask; so is the soft edge that goes with it: what is nearest
    to a part of the figure that was taken away, and what was an edge beside a part that was added.
    """
    was, now = before > 127, after > 127
    made = np.where(before == after, alpha, after)
    taken, added = was & ~now, now & ~was
    made[~was & (before == after) & _nearest(was, taken)] = 0
    made[was & (before == after) & _nearest(~was, added)] = 255
    return made


def _nearest(there: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Whether the nearest pixel of `there` is one of `chosen`, bool (H, W); nowhere without any."""
    if not chosen.any():
        return np.zeros(there.shape, bool)
    _, label = cv2.distanceTransformWithLabels(
        (~there).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros(int(label.max()) + 1, bool)
    table[label[there]] = chosen[there]
    found: np.ndarray = table[label]
    return found


def _off(before: np.ndarray, after: np.ndarray, levels: int) -> np.ndarray:
    far = cv2.absdiff(np.ascontiguousarray(before[..., :3]), np.ascontiguousarray(after[..., :3]))
    return np.asarray((far > levels).any(axis=2))
