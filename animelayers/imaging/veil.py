"""Veils: one colour over all of a drawing, as thick everywhere. A white flash, its afterglow, a fade to white.

A veil is a layer of its own: what is under it, the painting and the cels, is what the rest of the shot shows. Darkness is none, for a
place whose lamps go out is painted dark. Pictures are uint8 sRGB (H, W, 3), mattes uint8 (H, W).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.beneath import Base, Plates, shrunk, small_size
from animelayers.imaging.exposure import match

_THIN = 0.06  # alpha below which a change of light is no veil
_THICK = 224  # alpha, 0..255, from which nothing of what is under it is left to tell
_BRIGHT = 160  # grey levels of the brightest channel of a veil
_EVEN = 0.08  # by which the channels' alphas may differ
_FREE = 16  # alpha of a matte below which a pixel shows the painting


class Veil(NamedTuple):
    """``colour``: uint8 (3,); ``alpha``: 1..255, how much of it lies over every pixel of a drawing."""

    colour: np.ndarray
    alpha: int

    @property
    def hides(self) -> bool:
        """Whether nothing can be told of what is under it."""
        return self.alpha >= _THICK

    def lifted(self, picture: np.ndarray) -> np.ndarray:
        """The picture without it."""
        share = self.alpha / 255
        table = (np.arange(256)[:, None] - share * self.colour) / max(1 - share, 1 / 255)
        return cv2.LUT(np.ascontiguousarray(picture), np.clip(np.rint(table), 0, 255).astype(np.uint8)[None])


class Bare(NamedTuple):
    """``drawings`` of which something is to be seen, without their veils; the same ``small``, their ``mattes`` and ``cameras``; the ``veils``
    of all.
    """

    drawings: list[np.ndarray]
    small: list[np.ndarray]
    mattes: list[np.ndarray]
    cameras: list[np.ndarray]
    veils: list[Veil | None]


def bare(frames: Sequence[np.ndarray], mattes: Sequence[np.ndarray], plates: Plates, sought: bool = True) -> Bare:
    """Some drawings of a shot, with their mattes, without their veils over the clean plate as the camera of each shows it; if they are `sought`."""
    size = small_size(frames[0].shape) if len(frames) else (1, 1)
    small = shrunk(frames, size)
    known = plates.small(size, len(small))
    veils = [_found(*each) if sought else None for each in zip(small, shrunk(mattes, size), known, strict=True)]
    told = [k for k, veil in enumerate(veils) if veil is None or not veil.hides]

    def lifted(pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [pictures[k] if (veil := veils[k]) is None else veil.lifted(pictures[k]) for k in told]

    return Bare(lifted(frames), lifted(small), [mattes[k] for k in told], [plates.camera(k) for k in told], veils)


def _found(drawing: np.ndarray, matte: np.ndarray, plate: Base) -> Veil | None:
    where = plate[1] & (cv2.dilate(matte, np.ones((3, 3), np.uint8)) < _FREE)
    light = match(drawing, plate[0], where)
    share = 1 - light.gain
    if light.same or share.min() < _THIN or np.ptp(share) > _EVEN:
        return None
    colour = np.clip(np.rint(light.offset / share), 0, 255)
    return Veil(colour.astype(np.uint8), round(255 * float(share.mean()))) if colour.max() >= _BRIGHT else None
