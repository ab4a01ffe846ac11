"""Shadows on the background, at the drawing's size: one tone, as much of it as the plate is darkened by."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.imaging.window import window
from animelayers.shot.light import Under
from animelayers.shot.params import Params

_LEAST = 1e-3  # share of what is beside that is told, at least
_REACH = 4  # pixels a shadow goes on under what covers it, so that no light rim is left at a figure's feet


def shade(
    picture: np.ndarray, label: np.ndarray, covers: Sequence[np.ndarray], under: Under, params: Params
) -> np.ndarray | None:
    """The shadow in a drawing uint8 sRGB (H, W, 3), straight RGBA uint8 (H, W, 4) to multiply with the plate
    `under` it; None where there is none.

    ``label``: float32 (h, w), 0..1, where the net sees one. ``covers``: alphas uint8 (H, W) of what stands
    before the plate. The tone is the one that the plate is multiplied by on the whole, alpha how far it is;
    where the plate is not known, or not darker, there is none.
    """
    height, width = picture.shape[:2]
    claim = cv2.resize(label, (width, height), interpolation=cv2.INTER_LINEAR)
    hidden = np.maximum.reduce([np.zeros((height, width), np.uint8), *covers])
    open_ = under.known & (hidden == 0)
    where = window((claim > params.dim / 2).view(np.uint8), 2 * _REACH)
    if where is None or not (open_ & (claim > params.dim)).any():
        return None
    seen, below = (cv2.blur(p[where], (3, 3)).astype(np.float32) for p in (picture, under.picture))
    lost = np.where(open_[where][..., None], 1 - np.clip(seen / np.maximum(below, 1), 0, 1), 0)
    tone = lost[open_[where] & (claim[where] > params.dim)].mean(0)
    if tone.max() < params.darker:
        return None
    alpha = (lost @ tone) * (tone.max() / np.square(tone).sum()) * np.clip(claim[where] / params.dim, 0, 1)
    alpha = _carried(np.where(alpha < params.darker / 2, 0, alpha), open_[where] | ~under.known[where])
    rgba = np.zeros((height, width, 4), np.uint8)
    own = np.rint(255 * np.clip(alpha, 0, 1)).astype(np.uint8)
    rgba[where] = np.where(
        (own > 0)[..., None], np.dstack([np.broadcast_to(_colour(tone), (*own.shape, 3)), own]), 0
    )
    return rgba if own.any() else None


def _colour(tone: np.ndarray) -> np.ndarray:
    """What white becomes where the shadow is whole, uint8 (3,), of the shares of light lost."""
    return np.asarray(np.rint(255 * (1 - tone / tone.max())), np.uint8)


def _carried(alpha: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Alpha float32 (h, w), a few pixels on into what is not `told`, bool (h, w), as the mean of what is
    beside.
    """
    side = (2 * _REACH + 1,) * 2
    share = cv2.blur(told.astype(np.float32), side)
    beside = cv2.blur(np.where(told, alpha, 0).astype(np.float32), side) / np.maximum(share, _LEAST)
    return np.asarray(np.where(told | (share <= 0), alpha, beside))
