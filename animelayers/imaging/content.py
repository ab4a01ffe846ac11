"""What a picture is like, in numbers that need no model: uint8 sRGB (H, W, 3) in, plain numbers out.

Fine detail (sharpness, noise) is measured at full size, everything else on the picture reduced to `SIDE`
pixels.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from animelayers.imaging.constants import BLACK

SIDE = 480
"""Long side in pixels at which what is no fine detail is measured."""
_EDGES = (50, 120)  # steepness, in grey levels, at which an edge goes on and begins (Canny)
_SHARP = 0.02  # variance of the Laplacian against that of the luma at which sharpness is one half
_BLIND = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)  # a kernel that no edge answers
_NORM = 6  # root of the sum of its squares
_STRIPS, _STRIP = 5, 64  # of so many rows each: they stand for the whole height
_NORMAL = 0.6745  # median of the magnitudes of normal noise against its deviation
_GRAIN = 8.0  # grey levels of noise at which quality halves
_SHORT = 720  # pixels of the short side that are enough for training
_BITS, _DROPPED = 5, 3  # bits of a channel that colours are told apart by, and those left out
_MAIN = 5  # colours that are named
_BUSY = (0.3, 0.7, 0.4)  # edges, colours and deviation of a picture that is as busy as any
_EDGY, _MANY, _VARIED = 0.5, 0.3, 0.2  # what each of them is of complexity
_RANGE = (2, 98)  # percentiles of the luma, from dark to light
_CRUSHED, _BURNT = 4, 251  # luma below and above which nothing is left
_PATCHES = (16, 9)  # across and down
_ALIVE = 4  # grey levels of deviation of a patch that differs in itself
_WIDE, _BALANCED, _KEPT, _LIVELY = 0.35, 0.3, 0.2, 0.15  # what each of those four is of lighting
_BORDER = 0.1  # share of a side that counts as border
_BARE = 1e-3  # share of pixels on edges that a picture is taken to have at least
_DENSE, _UNEVEN = 0.6, 0.4  # what each of them is of a border
_HASHED, _LOWEST = 32, 8  # pixels of the side of the picture that is hashed, and its lowest cosines each way


class Reduced(NamedTuple):
    """A picture prepared once for all measures, all uint8: its luma (H, W), the reduced picture (h, w, 3),
    its luma and its edges (h, w).
    """

    luma: np.ndarray
    small: np.ndarray
    small_luma: np.ndarray
    edges: np.ndarray


def prepared(picture: np.ndarray) -> Reduced:
    """The planes the measures below look at."""
    small = reduced(picture)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    return Reduced(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), small, grey, cv2.Canny(grey, *_EDGES))


def reduced(plane: np.ndarray) -> np.ndarray:
    """A picture or alpha, uint8 (H, W, …), with at most `SIDE` pixels on its long side."""
    # exact halves are several times as fast
    while max(plane.shape[:2]) >= 2 * SIDE and not (plane.shape[0] % 2 or plane.shape[1] % 2):
        plane = cv2.resize(plane, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    height, width = plane.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    if scale == 1:
        return plane
    return cv2.resize(
        plane, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )


def sharpness(luma: np.ndarray) -> float:
    """0..1: the variance of the Laplacian against that of the luma uint8 (H, W), saturating; 0 for a flat
    picture.

    The ratio is the mean of the Laplacian's gain over the picture's spectrum; a blur takes the high end of
    that away, so more blur is never sharper, and a darker copy is as sharp. Laplacian variance: Pech-Pacheco
    et al., ICPR 2000.
    """
    detail, level = _variance(cv2.Laplacian(luma, cv2.CV_16S)), _variance(luma)
    ratio = detail / level if level > 0.5 else 0.0
    return ratio / (ratio + _SHARP)


def noise(luma: np.ndarray) -> float:
    """Standard deviation of the grain in grey levels: the median response to a kernel blind to edges
    (Immerkaer, CVIU 1996).
    """
    rows = np.linspace(0, max(0, luma.shape[0] - _STRIP), _STRIPS).astype(int)
    response = [
        np.abs(cv2.filter2D(luma[row : row + _STRIP], cv2.CV_16S, _BLIND)[1:-1:2, 1:-1:2]).ravel()
        for row in rows
    ]
    values = np.concatenate(response)
    return float(np.median(values) / _NORMAL / _NORM) if values.size else 0.0


def colours(small: np.ndarray) -> tuple[int, np.ndarray]:
    """How many colours there are at 5 bits a channel, and the five that cover most, uint8 (15,), by an
    octree, most first.
    """
    bins = (small >> _DROPPED).astype(np.uint16)
    count = int(
        np.count_nonzero(
            np.bincount(((bins[..., 0] << 2 * _BITS) | (bins[..., 1] << _BITS) | bins[..., 2]).ravel())
        )
    )
    paletted = Image.fromarray(np.ascontiguousarray(small[::2, ::2])).quantize(
        _MAIN, Image.Quantize.FASTOCTREE
    )
    table = np.array(paletted.getpalette() or [0, 0, 0], np.uint8).reshape(-1, 3)
    used = sorted(paletted.getcolors() or [], reverse=True)
    chosen = [table[index] for _, index in used if isinstance(index, int)][:_MAIN]
    return count, np.concatenate([*chosen, *([chosen[-1]] * (_MAIN - len(chosen)))])


def complexity(picture: Reduced, count: int) -> float:
    """0..1: edges, number of colours and deviation of the luma, each against that of a very busy picture."""
    parts = (
        np.mean(picture.edges > 0),
        np.sqrt(count / 2 ** (3 * _BITS)),
        float(picture.small_luma.std()) / 255,
    )
    edges, many, varied = (min(1.0, float(part) / most) for part, most in zip(parts, _BUSY, strict=True))
    return _EDGY * edges + _MANY * many + _VARIED * varied


def lighting(small_luma: np.ndarray) -> float:
    """0..1: range between the 2nd and the 98th percentile, mean near the middle, nothing crushed or burnt,
    patches that differ in themselves.
    """
    low, high = np.percentile(small_luma, _RANGE)
    balance = 1 - abs(float(small_luma.mean()) / 255 - 0.5) * 2
    kept = 1 - float(np.mean((small_luma < _CRUSHED) | (small_luma > _BURNT)))
    tiles = cv2.resize(small_luma, _PATCHES, interpolation=cv2.INTER_AREA).astype(np.float32)
    local = np.sqrt(
        np.maximum(
            cv2.resize(np.square(small_luma.astype(np.float32)), _PATCHES, interpolation=cv2.INTER_AREA)
            - tiles**2,
            0,
        )
    )
    alive = float(np.mean(local > _ALIVE))
    return _WIDE * float(high - low) / 255 + _BALANCED * balance + _KEPT * kept + _LIVELY * alive


def border(edges: np.ndarray) -> float:
    """0..1: how much of the edges uint8 (h, w) lies in the border of the picture, against an even spread, and
    how unevenly on its four sides.

    What stands in front and is cut off by the frame brings edges to the border, mostly on one side.
    """
    height, width = edges.shape
    tall, wide = max(1, round(height * _BORDER)), max(1, round(width * _BORDER))
    there = edges > 0
    sides = np.array(
        [there[:tall].mean(), there[-tall:].mean(), there[:, :wide].mean(), there[:, -wide:].mean()]
    )
    overall = max(float(there.mean()), _BARE)
    dense = min(1.0, float(sides.mean()) / (2 * overall))
    uneven = min(1.0, float(sides.std()) / (2 * overall))
    return _DENSE * dense + _UNEVEN * uneven


def quality(sharp: float, grain: float, shape: tuple[int, ...]) -> float:
    """0..1: sharpness, freedom from noise and enough pixels, each of which can spoil the rest."""
    clean = 1 / (1 + grain / _GRAIN)
    enough = min(1.0, min(shape[:2]) / _SHORT)
    return float((sharp * clean * enough) ** (1 / 3))


def letterbox(luma: np.ndarray) -> tuple[int, int, int, int]:
    """x, y, w, h of the picture within black bars; the whole frame where all is black."""
    lit = luma > BLACK
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    if not rows.size:
        return 0, 0, luma.shape[1], luma.shape[0]
    return int(columns[0]), int(rows[0]), int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)


def fingerprint(small_luma: np.ndarray) -> str:
    """64 bits in hex: signs of the lowest cosines of the picture against their median (pHash, Zauner 2010)."""
    cosines = cv2.dct(
        cv2.resize(small_luma, (_HASHED, _HASHED), interpolation=cv2.INTER_AREA).astype(np.float32)
    )[:_LOWEST, :_LOWEST].ravel()
    cosines[np.abs(cosines) < 1] = 0  # rounding, which a copy would not repeat
    return np.packbits(cosines > np.median(cosines[1:])).tobytes().hex()


def _variance(plane: np.ndarray) -> float:
    return float(cv2.meanStdDev(plane)[1][0, 0]) ** 2
