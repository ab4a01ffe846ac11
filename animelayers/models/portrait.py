"""MODNet: a matting net for people, taken here for drawn ones. Fine outlines, blind for creatures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

import cv2
import numpy as np

from animelayers.imaging import masks
from animelayers.models import quantize
from animelayers.models.constants import MIDDLE
from animelayers.models.onnx import Onnx, Running
from animelayers.models.protocols import Mattes
from animelayers.options import Size, Weighted

SPECK = 1 / 2000
"""Share of the frame below which nothing is a figure: the specks a net leaves on a wall."""
_STEP = 32  # pixels that the sides of what MODNet sees are multiples of
_FAR = 3  # times smaller, from which a picture is halved first
_SPREAD = 8  # pixels of the net's own around an island that are its
_CLAIMED = 0.05  # coverage above which a pixel says how sure the net is
_LONGEST = 4  # a panorama's long side is at most this many short sides: the rest is squeezed, to bound memory


class MODNet:
    """Portrait matting by MODNet (Ke et al., AAAI 2022).

    ``weights`` is a registered name or a path to an ONNX file; ``short`` the sizes of the short side in
    pixels the net sees the picture at, whose mattes are averaged; other options are those of `Onnx`.
    """

    def __init__(self, weights: Weighted = "modnet", *, short: Size = (512,), **options: Unpack[Running]):
        self.name = Path(weights).stem
        self._short = tuple(short)
        self._net = Onnx(weights, calibration=self._drawn, **options)

    def __call__(self, pictures: Sequence[np.ndarray]) -> Mattes:
        """As `protocols.Matte`."""
        return single(self.name, pictures, self.claim(pictures))

    def claim(self, pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The raw mattes, float32, 0..1, at the net's own size (that of the first `short`), for N uint8 sRGB
        (H, W, 3).
        """
        scales = [self._at(pictures, short) for short in self._short]
        return [_mean(claims) for claims in zip(*scales, strict=True)]

    def _at(self, pictures: Sequence[np.ndarray], short: int) -> list[np.ndarray]:
        sizes = [_size(p.shape[1], p.shape[0], short) for p in pictures]
        claims: list[np.ndarray] = [np.empty(0)] * len(pictures)
        for size in sorted(set(sizes)):  # pictures of one size share one batch and one compiled graph
            where = [i for i, s in enumerate(sizes) if s == size]
            for i, claim in zip(where, self._net(_planes([pictures[i] for i in where], size)), strict=True):
                claims[i] = np.clip(claim, 0, 1)
        return claims

    def _drawn(self) -> list[np.ndarray]:
        """What the net sees of drawn scenes, to measure ranges for int8 on."""
        return [
            _planes([p], _size(p.shape[1], p.shape[0], short))
            for p in quantize.drawn()
            for short in self._short
        ]


def shrink(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A uint8 picture (H, W, 3) at `size` (width, height), by area; twice as fast by an exact half where it
    is far on the way.
    """
    height, width = picture.shape[:2]
    if not (width % 2 or height % 2) and width >= _FAR * size[0] and height >= _FAR * size[1]:
        picture = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def single(name: str, pictures: Sequence[np.ndarray], claims: Sequence[np.ndarray]) -> Mattes:
    """What one net says: its claims at the pictures' sizes, stray islands removed, and how far from one half
    they are.
    """
    mattes = Mattes([], [], [])
    for picture, claim in zip(pictures, claims, strict=True):
        cores = masks.islands(claim > 0.5, SPECK)
        kept = masks.within(claim, cores, _SPREAD)
        mattes.alpha.append(cv2.resize(kept, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR))
        mattes.model.append(name if cores else "none")
        mattes.confidence.append(
            float(np.abs(2 * claim[kept > _CLAIMED] - 1).mean()) if cores else 1 - float(claim.max())
        )
    return mattes


def _planes(pictures: Sequence[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    batch = np.stack([shrink(picture, size) for picture in pictures])
    planes: np.ndarray = (batch.astype(np.float32).transpose(0, 3, 1, 2) - MIDDLE) / MIDDLE
    return planes


def _mean(claims: Sequence[np.ndarray]) -> np.ndarray:
    size = claims[0].shape[::-1]
    total: np.ndarray = sum(
        (cv2.resize(c, size, interpolation=cv2.INTER_LINEAR) for c in claims[1:]), claims[0]
    )
    return total / np.float32(len(claims))


def _size(width: int, height: int, short: int) -> tuple[int, int]:
    scale = short / min(width, height)
    steps = (min(side * scale, _LONGEST * short) / _STEP for side in (width, height))
    return (max(1, round(next(steps))) * _STEP, max(1, round(next(steps))) * _STEP)
