"""Edges of mattes: snapped to the drawn outline, so that line art and hair strands stay with the figure."""

from __future__ import annotations

import cv2
import numpy as np

_EPS = 1e-4  # variance of colour (0..1) below which a window counts as flat: one per cent of full scale, about coding noise
_STEEP = 3.0  # nets draw outlines several pixels wide, cels have one or two: the ramp is made steeper before the fit
_FINE = 2  # coefficients are smooth by construction, so they are fitted at half size and scaled up


def refine(picture: np.ndarray, alpha: np.ndarray, radius: int = 6) -> np.ndarray:
    """Snap the edge of a matte to the picture: within `radius` pixels of it, alpha becomes a linear function of colour.

    `picture` uint8 sRGB (H, W, 3); `alpha` float32 (H, W), 0..1, linear coverage; `radius` in pixels, the farthest an outline
    moves or a strand is picked up; 0 returns the input. Gives float32 (H, W), 0..1, and leaves all that is farther from an edge
    at its side of it. Raises ValueError when the two differ in size.

    Guided filter with the colour picture as guide (He, Sun, Tang: Guided Image Filtering, PAMI 2013), coefficients at reduced size
    (He, Sun: Fast Guided Filter, 2015). In a window of cel paint with a line and a flat background this is the regression that tells
    figure from background by colour, so dark outlines follow the paint they enclose.
    """
    if picture.shape[:2] != alpha.shape:
        raise ValueError(f"picture {picture.shape[:2]} and alpha {alpha.shape} differ in size")
    if radius <= 0:
        return alpha
    steep = np.clip((alpha - 0.5) * _STEEP + 0.5, 0, 1).astype(np.float32)
    band = edge_band(steep, radius)
    box = cv2.boundingRect(band)
    if not box[2]:
        return steep
    margin = 2 * radius + 2
    rows = slice(max(0, box[1] - margin), box[1] + box[3] + margin)
    columns = slice(max(0, box[0] - margin), box[0] + box[2] + margin)
    guided = _guided(picture[rows, columns], steep[rows, columns], radius)
    refined = steep.copy()
    np.copyto(refined[rows, columns], guided, where=band[rows, columns] > 0)
    return refined


def edge_band(alpha: np.ndarray, radius: int) -> np.ndarray:
    """uint8 (H, W), 1 within `radius` pixels of where `alpha` (float32, 0..1) is soft or crosses one half."""
    size = 2 * radius + 1
    core, hull = (alpha > 0.98).astype(np.uint8), (alpha > 0.02).astype(np.uint8)
    # A square brush: separable, so its cost does not grow with the radius as that of a disc does.
    brush = np.ones((size, size), np.uint8)
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
        mean(planes[i] * planes[j]) - centre[i] * centre[j] + (_EPS if i == j else 0) for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    )
    # The inverse of a symmetric 3 x 3 matrix, written out: numpy's batched solve takes ten times as long.
    inverse = (gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb, rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg)
    det = rr * inverse[0] + rg * inverse[1] + rb * inverse[2]
    slope = [(inverse[i] * cov[0] + inverse[j] * cov[1] + inverse[k] * cov[2]) / det for i, j, k in ((0, 1, 2), (1, 3, 4), (2, 4, 5))]
    shift = level - sum(s * c for s, c in zip(slope, centre, strict=True))
    fit = cv2.resize(cv2.merge([mean(s) for s in slope]), (width, height), interpolation=cv2.INTER_LINEAR)
    result = cv2.resize(mean(shift), (width, height), interpolation=cv2.INTER_LINEAR)
    fit *= picture
    result = cv2.add(result, cv2.transform(fit, np.full((1, 3), 1 / 255, np.float32)))
    result = (result - np.float32(0.5)) * np.float32(1.5) + np.float32(0.5)  # the box means soften the edge again
    return np.clip(result, 0, 1, out=result)
