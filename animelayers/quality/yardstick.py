"""What nobody has who does not know the truth: the background of a standing camera by the true masks."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.imaging import measures
from animelayers.imaging.brush import square
from animelayers.quality.frame import tone_of
from animelayers.quality.truths import TrueLayers, TrueShot

MOST = 15
"""Drawings of a shot that the yardstick is made of."""
_AROUND = 4  # pixels around a figure that are not asked: what leaves soft edges behind is no background
_RADIUS = 3  # of Telea's
_STILL = 1e-6  # of the entries of a camera's matrix: less moves no corner of a frame by a pixel


def stands(shot: TrueShot) -> bool:
    """Whether the camera of a shot is known not to move."""
    return shot.cameras is not None and bool(np.abs(shot.cameras - shot.cameras[:1]).max() < _STILL)


def background(pictures: Sequence[np.ndarray], layers: Sequence[TrueLayers]) -> np.ndarray:
    """The background uint8 (H, W, 3) of drawings with true layers: of each pixel the median of those that show it,
    by Telea (J. Graphics Tools 2004) where none does.
    """
    covered = np.stack([_covered(each) for each in layers])
    shown = np.where(covered[..., None], np.nan, np.stack(pictures).astype(np.float32))
    never = np.asarray(covered.all(0))
    shown[:, never] = 0
    plate = np.rint(np.nanmedian(shown, 0)).astype(np.uint8)
    return np.asarray(cv2.inpaint(plate, never.view(np.uint8), _RADIUS, cv2.INPAINT_TELEA))


def hole_db(pictures: Sequence[np.ndarray], layers: Sequence[TrueLayers]) -> float | None:
    """PSNR of that background behind the figures of all drawings; None without a figure, or with fewer than two
    drawings.
    """
    if len(pictures) < 2:
        return None
    plate, tone, total, count = background(pictures, layers), tone_of(pictures[0]), 0.0, 0
    for each in layers:
        hole = (each.character > 127) & ~each.overlay
        if hole.any():
            error, pixels = measures.squared_error(tone(plate), tone(each.background), hole)
            total, count = total + error, count + pixels
    return measures.decibel(total / count) if count else None


def _covered(layers: TrueLayers) -> np.ndarray:
    there = (layers.character > 0) | (layers.effect[..., 3] > 0) | layers.overlay
    return np.asarray(cv2.dilate(there.view(np.uint8), square(_AROUND)) > 0)
