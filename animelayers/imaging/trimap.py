"""What a matte leaves open: the band around its outline that a matting model is asked about."""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.imaging.brush import disc, square
from animelayers.imaging.colour import SOLID
from animelayers.imaging.constants import LEVELS

SURE, OPEN = 255, 128
"""Values of a trimap: character, and unknown; 0 is background."""
_SHARE = 1 / 180  # of the short side: half the band around a hard outline, 4 pixels at 720 rows
_LEAST = 2  # pixels; an outline is never known better
_MOST = 4  # times the band of a hard outline: a softer matte is fog, not an edge
_LOW, _HIGH = 13, SOLID - 1  # alpha, 0..255, between which a matte is soft
_INSIDE = 0.6  # share of a segment that lies in the character from which the segment is its own


def trimap(alpha: np.ndarray, segments: np.ndarray | None = None) -> np.ndarray:
    """uint8 (H, W): 255 character, 0 not, 128 unknown, from an alpha uint8 (H, W) and a label map of segments
    uint8 (H, W), 0 none.

    Unknown is what is soft and what lies near the outline: nearer in a small picture, farther where the matte
    is soft. Where a segment lies mostly in the character or mostly outside, what of it is on the other side
    of the outline is unknown too, as far as twice the band. Raises ValueError where the two differ in size.
    """
    if segments is not None and segments.shape != alpha.shape:
        raise ValueError(f"alpha {alpha.shape} and segments {segments.shape} differ in size")
    solid = (alpha > 127).astype(np.uint8)
    soft = cv2.inRange(alpha, _LOW, _HIGH)
    edge = cv2.bitwise_or(cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, square(1)) * np.uint8(255), soft)
    reach = width(alpha)
    unknown = cv2.dilate(edge, disc(reach))
    if segments is not None:
        near = cv2.dilate(edge, disc(2 * reach))
        unknown = cv2.bitwise_or(unknown, cv2.copyTo(_disputed(solid, segments), near))
    made = solid * np.uint8(SURE)
    made[unknown > 0] = OPEN
    return made


def width(alpha: np.ndarray) -> int:
    """Pixels on each side of the outline of an alpha (uint8 (H, W)) that are unknown: by the size of the
    picture and the softness of the matte.
    """
    hard = max(_LEAST, round(min(alpha.shape) * _SHARE))
    solid = (alpha > 127).astype(np.uint8)
    outline = np.count_nonzero(cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, square(1))) / 2
    # mean width of the soft rim, pixels
    softness = np.count_nonzero(cv2.inRange(alpha, _LOW, _HIGH)) / max(outline, 1)
    return int(min(round(hard + softness / 2), _MOST * hard))


def _disputed(solid: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """uint8 (H, W), 255 where a segment is on the other side of the outline than most of it."""
    area = np.bincount(segments.ravel(), minlength=LEVELS)
    inside = np.bincount(segments[solid > 0], minlength=LEVELS) / np.maximum(area, 1)
    table = np.zeros((2, LEVELS), np.uint8)
    table[0, inside >= _INSIDE] = 255
    table[1, inside <= 1 - _INSIDE] = 255
    table[:, 0] = 0
    both: np.ndarray = np.where(solid > 0, table[1][segments], table[0][segments])
    return both
