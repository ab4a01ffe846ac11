"""A matte and the segments of a drawing brought to agree."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.imaging.constants import LEVELS

_SEEN = 0.5  # mean alpha in a segment from which the matte holds it for a character
_SURE = 0.9  # alpha from which a matte is believed where no segment is


def agree(alpha: np.ndarray, labels: np.ndarray, figures: Sequence[int], reach: int) -> np.ndarray:
    """A matte that holds with the segments of its drawing, float32 (H, W), 0..1.

    `alpha` float32 (H, W), 0..1, what matting nets claim; `labels` uint8 (H, W), the segments, 0 none;
    `figures` the labels that a segmenter named as characters. Segments are right about what there is and
    coarse at outlines, mattes the other way round: a segment that the matte missed (a mean below one half)
    becomes character if it is one of `figures`; one that it saw is filled farther than `reach` pixels from
    its outline; and farther than that from all of these, alpha falls but where it is sure, and around that.
    Without any segment it is as it was.
    """
    if not labels.any():
        return alpha
    seen = _means(alpha, labels) >= _SEEN
    wanted = np.zeros(LEVELS, np.uint8)
    wanted[1:] = seen[1:]
    missed = np.zeros(LEVELS, np.uint8)
    missed[[k for k in figures if not seen[k]]] = 1
    brush = square(reach)
    inside = wanted[labels] | missed[labels]
    core = cv2.erode(wanted[labels], brush, borderType=cv2.BORDER_REPLICATE)
    near = cv2.dilate(inside | (alpha > _SURE).view(np.uint8), brush)
    made = np.where(near > 0, np.maximum(alpha, core), np.float32(0))
    result: np.ndarray = np.maximum(made, missed[labels]).astype(np.float32)
    return result


def _means(alpha: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean alpha of each label, float64 (256,); 0 for those that are not there."""
    flat = labels.ravel()
    found: np.ndarray = np.bincount(flat, weights=alpha.ravel(), minlength=LEVELS) / np.maximum(
        1, np.bincount(flat, minlength=LEVELS)
    )
    return found
