"""Masks: what a claim of a net is worth, seen from its shape and its colours."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.imaging.constants import FEWEST, LEVELS

_BINS = (8, 16, 16)  # of L, a and b: coarse enough for coding noise, fine enough for cel paint
RARE = 1e-5
"""Share that every colour has: what was seen nowhere decides nothing."""
TOLD = 4
"""Log odds that a colour tells at most."""
# levels of a and b on each side of grey that painted colours lie within: the bins are spent there
_PAINTED = 64
_INSIDE, _OUTSIDE = 0.9, 0.1  # coverage above and below which a matte is sure


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two bool masks (H, W), 0..1; 0 when both are empty."""
    union = np.count_nonzero(one | other)
    return float(np.count_nonzero(one & other) / union) if union else 0.0


def pieces(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The connected pieces (8 neighbours) of a mask, bool or uint8 (H, W): their labels, int32 (H, W), 0 for none, and the area of each
    label in pixels. Where nobody asks for boxes this takes a third of the time of OpenCV's statistics.
    """
    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
    return labels, np.bincount(labels.ravel(), minlength=count)


def islands(mask: np.ndarray, min_area: float) -> list[np.ndarray]:
    """Connected regions (8 neighbours) of a bool mask (H, W) that cover at least the share `min_area` of the
    frame, each a bool mask.
    """
    labels, areas = pieces(mask)
    big = areas >= max(1.0, min_area * mask.size)
    return [labels == k for k in range(1, len(areas)) if big[k]]


def within(alpha: np.ndarray, cores: list[np.ndarray], reach: int) -> np.ndarray:
    """`alpha` (float32 (H, W), 0..1) up to `reach` pixels around the `cores` (bool masks), zero elsewhere."""
    kept = union(cores, alpha.shape).astype(np.uint8)
    return np.where(cv2.dilate(kept, square(reach)) > 0, alpha, np.float32(0))


def union(regions: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """The bool mask of `shape` (H, W) that covers all `regions` (bool masks), which may be none."""
    covered = np.zeros(shape, bool)
    for region in regions:
        covered |= region
    return covered


def colour_evidence(picture: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """How much each pixel's colour speaks for the figure: log of its frequency inside over that outside,
    float32 (H, W), -4..4.

    `picture` uint8 sRGB (H, W, 3), `alpha` float32 (H, W), 0..1: colours are counted where it is sure (above
    0.9, below 0.1). Zero everywhere when either side is too small to count. Animation is painted from
    palettes, so a colour found all over the figure and nowhere else tells what a net was unsure of; this is
    the colour model of GrabCut (Rother et al. 2004) with histograms in CIE Lab.
    """
    inside, outside = alpha > _INSIDE, alpha < _OUTSIDE
    if min(np.count_nonzero(inside), np.count_nonzero(outside)) < FEWEST:
        return np.zeros(alpha.shape, np.float32)
    cell = colour_bins(picture, _BINS)
    share = [_histogram(cell[where], _BINS) for where in (inside, outside)]
    ratio = np.clip(np.log(share[0] / share[1]), -TOLD, TOLD).astype(np.float32)
    evidence: np.ndarray = cv2.blur(ratio[cell], (3, 3))
    return evidence


def colour_bins(picture: np.ndarray, bins: tuple[int, int, int]) -> np.ndarray:
    """The number of the colour bin of each pixel of a uint8 sRGB picture (H, W, 3), int32 (H, W), with so
    many `bins` of CIE L, a and b.
    """
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2Lab).astype(np.int32)
    a, b = (np.clip(lab[..., k] - _PAINTED, 0, 127) * bins[k] // 128 for k in (1, 2))
    cell: np.ndarray = (lab[..., 0] * bins[0] // LEVELS * bins[1] + a) * bins[2] + b
    return cell


def shared(counts: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """Counts, floats, of which each cell gets half of its neighbours' along `axes` too: a gradient must not
    fall between two cells.
    """
    for axis in axes:
        rolled = np.moveaxis(counts, axis, 0)
        soft = rolled.copy()
        soft[1:] += 0.5 * rolled[:-1]
        soft[:-1] += 0.5 * rolled[1:]
        counts = np.moveaxis(soft, 0, axis)
    return counts


def _histogram(cells: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    counts = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)
    counts = shared(counts, (0, 1, 2))
    total: np.ndarray = counts.ravel() / counts.sum() + RARE
    return total
