"""Strands of hair that a net leaves out of its matte: thin, of the figure's colours, and hanging from it."""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.imaging.channels import largest
from animelayers.imaging.constants import ROWS
from animelayers.imaging.masks import colour_evidence
from animelayers.imaging.window import window

_THICK = 3  # pixels, the thickest strand
_FAR = 40  # pixels that a strand reaches out of the matte
_MARGIN = 8  # pixels farther that are looked at
_CLEAR = 30  # levels of a channel by which a strand differs from what lies on both sides of it
_LIKE = 2.0  # log ratio from which a colour is the figure's rather than the background's
_SLIM = 4.0  # times its thickness that a strand is long
_SQUARE = square(1)


def with_strands(picture: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The alpha with the strands that hang out of it: uint8 (H, W), nowhere lower than before.

    `picture` uint8 sRGB (H, W, 3), `alpha` uint8 (H, W), 0..255 coverage. A strand is what a closing or an
    opening by its thickness takes out of the picture, in a colour that is found in the figure and hardly
    elsewhere, longer than it is thick, and touching the matte with an end.
    """
    scale = max(1.0, min(alpha.shape) / ROWS)
    where = window(alpha, round((_FAR + _MARGIN) * scale))
    if where is None:
        return alpha
    made = alpha.copy()
    made[where] = np.maximum(alpha[where], _hanging(picture[where], alpha[where], scale))
    return made


def _hanging(picture: np.ndarray, alpha: np.ndarray, scale: float) -> np.ndarray:
    """Alpha of the strands alone, uint8 (H, W)."""
    solid = (alpha > 127).astype(np.uint8)
    far, thick = round(_FAR * scale), _THICK * scale
    able = cv2.subtract(cv2.dilate(solid, square(far)), solid)
    brush = square(round(thick))
    dark, light = (cv2.morphologyEx(picture, kind, brush) for kind in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT))
    hat = largest(cv2.max(dark, light))
    able = cv2.bitwise_and(able, (hat > _CLEAR).astype(np.uint8))
    # A pixel's evidence is a mean with its neighbours', so the strand is spread over them first.
    spread = cv2.copyTo(
        np.where(dark > light, cv2.erode(picture, _SQUARE), cv2.dilate(picture, _SQUARE)),
        able,
        picture.copy(),
    )
    like = colour_evidence(spread, alpha.astype(np.float32) / 255)
    able = ((able > 0) & (like > _LIKE)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(able, connectivity=8)
    joint = (cv2.dilate(solid, _SQUARE) > 0) & (able > 0)
    touching = np.bincount(labels[joint], minlength=count)
    area, extent = (
        stats[:, cv2.CC_STAT_AREA],
        np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]),
    )
    slim = area <= (thick + 2 * scale) * extent
    kept = (touching > 0) & (touching <= 2 * thick) & (extent >= _SLIM * thick) & slim
    kept[0] = False
    strand = kept[labels]
    # what the middle of the strand differs by
    full = cv2.dilate(np.where(strand, hat, 0).astype(np.uint8), _SQUARE).astype(np.float32)
    near = cv2.dilate(strand.astype(np.uint8), _SQUARE) > 0
    return np.where(near, np.minimum(hat / np.maximum(full, 1), 1) * 255, 0).astype(np.uint8)
