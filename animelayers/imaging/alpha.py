"""Edges of mattes: snapped to the drawn outline, so that line art and hair strands stay with the figure."""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.imaging.window import window

# variance of colour (0..1) below which a window counts as flat: one per cent of full scale, about coding
# noise
_EPS = 1e-4
# nets leave a haze around a figure, which is taken off before the fit; more would take strands with it
_STEEP = 1.5
_LOWEST = 0.5 - 0.5 / _STEEP  # alpha that it makes 0
_STRIP = 180  # rows, whole cells
_LOOKS, _CELLS = 3, 6  # times its radius that a fit looks at, and pixels that are whole cells of it
_SOFT = 0.02  # coverage from none and from all up to which a pixel is no edge
_FINE = 2  # coefficients are smooth by construction, so they are fitted at half size and scaled up
# which of its six numbers stand in each row of a symmetric 3 x 3 matrix
_SYMMETRIC = ((0, 1, 2), (1, 3, 4), (2, 4, 5))


def refine(picture: np.ndarray, alpha: np.ndarray, radius: int) -> np.ndarray:
    """Snap the edge of a matte to the picture: within `radius` pixels of it, alpha becomes a linear function
    of colour.

    `picture` uint8 sRGB (H, W, 3); `alpha` float32 (H, W), 0..1, linear coverage; `radius` in pixels, the
    farthest an outline moves or a strand is picked up; 0 returns the input. Gives float32 (H, W), 0..1, and
    leaves all that is farther from an edge at its side of it. Raises ValueError when the two differ in size.

    Guided filter with the colour picture as guide (He, Sun, Tang: Guided Image Filtering, PAMI 2013),
    coefficients at reduced size (He, Sun: Fast Guided Filter, 2015). In a window of cel paint with a line and
    a flat background this is the regression that tells figure from background by colour, so dark outlines
    follow the paint they enclose.
    """
    if picture.shape[:2] != alpha.shape:
        raise ValueError(f"picture {picture.shape[:2]} and alpha {alpha.shape} differ in size")
    if radius <= 0:
        return alpha
    # Strip by strip of the figure's window: their planes stay in the cache, and whole cells are fast to
    # shrink.
    result = np.zeros(alpha.shape, np.float32)
    margin = 2 * radius + 2  # farther than the fit looks, and whole cells
    for top in range(0, len(alpha), _STRIP):
        start = max(0, top - margin)
        part = slice(start, top + _STRIP + margin)
        where = window((alpha[part] > _LOWEST).view(np.uint8), radius + margin, _FINE)
        if where is not None:
            snapped = _snapped(
                picture[part, where[1]],
                alpha[part, where[1]],
                radius,
                slice(top - start, top - start + _STRIP),
            )
            result[top : top + _STRIP, where[1]] = snapped
    return result


def finished(picture: np.ndarray, claim: np.ndarray, radius: int, floor: float) -> np.ndarray:
    """A claim float32 (H, W), 0..1, as alpha uint8 (H, W): refined, below `floor` 0 and above one less it
    255.

    `picture` uint8 sRGB (H, W, 3); `radius` in pixels, see `refine`.
    """
    alpha = np.zeros(claim.shape, np.uint8)
    # what refinement may reach and what it looks at; whole cells of its fit
    where = window((claim > floor).view(np.uint8), _LOOKS * radius, _CELLS)
    if where is not None:
        refined = refine(picture[where], claim[where], radius)
        scale = 255 / (1 - 2 * floor)
        alpha[where] = cv2.convertScaleAbs(
            np.maximum(refined, np.float32(floor)), alpha=scale, beta=-scale * floor
        )
    return alpha


def _snapped(picture: np.ndarray, alpha: np.ndarray, radius: int, rows: slice) -> np.ndarray:
    """The `rows` of a part of a picture."""
    steep = np.clip((alpha - np.float32(_LOWEST)) * np.float32(_STEEP), 0, 1)
    band = edge_band(steep, radius)[rows]
    result: np.ndarray = steep[rows]
    margin = 2 * radius + 2
    for left, right in _runs(band.max(axis=0), 2 * margin):
        # What lies deep inside the figure needs no fit.
        near = slice(max(0, left - margin) // _FINE * _FINE, -(-(right + margin) // _FINE) * _FINE)
        fitted = _guided(picture[:, near], steep[:, near], radius)
        cv2.copyTo(fitted[rows], band[:, near], result[:, near])
    return result


def _runs(line: np.ndarray, gap: int) -> list[tuple[int, int]]:
    """Begins and ends of the runs of what is not zero in a line (N,), those less than `gap` apart as one."""
    at = np.flatnonzero(line)
    if not at.size:
        return []
    breaks = np.flatnonzero(np.diff(at) > gap)
    return list(zip(at[[0, *(breaks + 1)]].tolist(), (at[[*breaks, -1]] + 1).tolist(), strict=True))


def edge_band(alpha: np.ndarray, radius: int) -> np.ndarray:
    """uint8 (H, W), 1 within `radius` pixels of where `alpha` (float32, 0..1) is soft or crosses one half."""
    core, hull = (alpha > 1 - _SOFT).astype(np.uint8), (alpha > _SOFT).astype(np.uint8)
    brush = square(radius)
    return cv2.subtract(cv2.dilate(hull, brush), cv2.erode(core, brush, borderType=cv2.BORDER_REPLICATE))


def _guided(picture: np.ndarray, alpha: np.ndarray, radius: int) -> np.ndarray:
    height, width = alpha.shape
    small = (max(1, width // _FINE), max(1, height // _FINE))
    guide = cv2.resize(picture, small, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    planes = cv2.split(guide)
    target = cv2.resize(alpha, small, interpolation=cv2.INTER_AREA)
    reach = max(1, round(radius / _FINE))

    def mean(plane: np.ndarray) -> np.ndarray:
        return cv2.blur(plane, (2 * reach + 1, 2 * reach + 1), borderType=cv2.BORDER_REFLECT)

    centre, level = [mean(p) for p in planes], mean(target)
    cov = [mean(p * target) - c * level for p, c in zip(planes, centre, strict=True)]
    rr, rg, rb, gg, gb, bb = (
        mean(planes[i] * planes[j]) - centre[i] * centre[j] + (_EPS if i == j else 0)
        for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    )
    # The inverse of a symmetric 3 x 3 matrix, written out: numpy's batched solve takes ten times as long.
    inverse = (
        gg * bb - gb * gb,
        gb * rb - rg * bb,
        rg * gb - gg * rb,
        rr * bb - rb * rb,
        rb * rg - rr * gb,
        rr * gg - rg * rg,
    )
    det = rr * inverse[0] + rg * inverse[1] + rb * inverse[2]
    slope = [
        (inverse[i] * cov[0] + inverse[j] * cov[1] + inverse[k] * cov[2]) / det for i, j, k in _SYMMETRIC
    ]
    shift = level - sum(s * c for s, c in zip(slope, centre, strict=True))
    # The box means soften the edge again, so the fit is made twice as steep about one half, while it is
    # small.
    slope, shift = [s * np.float32(2 / 255) for s in slope], shift * np.float32(2) - np.float32(0.5)
    fit = cv2.resize(cv2.merge([mean(s) for s in slope]), (width, height), interpolation=cv2.INTER_LINEAR)
    cv2.multiply(fit, picture, dst=fit, dtype=cv2.CV_32F)
    result = cv2.resize(mean(shift), (width, height), interpolation=cv2.INTER_LINEAR)
    cv2.add(result, cv2.transform(fit, np.ones((1, 3), np.float32)), dst=result)
    return np.clip(result, 0, 1, out=result)
