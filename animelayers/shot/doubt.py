"""What nobody is sure of: figures that are half believed all over."""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.shot.params import Params

_SUREST = 0.9  # quantile of what is rather a figure than not: its surest tenth
_RAMP = 0.2  # of coverage, over which doubt takes a figure away, so that nothing comes and goes by a hair


def believed(figures: np.ndarray, params: Params) -> np.ndarray:
    """Coverage by figures, float32 (h, w), 0..1, without those that reach no `params.sure` in their surest
    tenth.

    A real one is sure somewhere, in its face or its outline; a lamp that has something of a head is not. Each
    piece above `params.kept` is asked for itself, as with hysteresis (Canny, 1986).
    """
    count, piece = cv2.connectedComponents((figures > params.kept).astype(np.uint8))
    if count < 2:
        return figures
    share = np.ones(count, np.float32)
    for number in range(1, count):
        rather = figures[(piece == number) & (figures > 0.5)]
        surest = float(np.quantile(rather, _SUREST)) if rather.size else 0.0
        share[number] = np.clip(1 + (surest - params.sure) / _RAMP, 0, 1)
    return np.asarray(figures * share[piece], np.float32)
