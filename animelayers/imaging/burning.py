"""Light that never rests: an aura, a fire, a beam that is drawn anew in every drawing of a shot and is never
out.

No drawing shows what is under it, so that the look most drawings share, if there is one, is the light itself.
But light only adds: of all drawings the darkest one is nearest to the painting, in all channels at once,
while a cel that passes makes some channel darker now and then. Pictures are uint8 sRGB (H, W, 3), masks bool
(H, W).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.imaging.channels import apart, largest
from animelayers.imaging.masks import pieces
from animelayers.imaging.unmix import texture

_NONE = 3 * 255 + 1  # brighter than any pixel
_NOISE = 12  # grey levels that mean nothing on small pictures, more where there is texture
_TEXTURED = 3  # part of the texture within a pixel that means nothing either
_TOLD = 6  # drawings that have to show a place
_SAME = 0.5  # share of a drawing that shows the plate
_REST = 0.6  # share of them that agree with the plate where nothing burns
_DARKER = 0.15  # share of them that may be darker in some channel than the darkest one
# grey levels of the brightest channel that light reaches, and by which it comes and goes
_PEAK, _SWING = 160, 24
_BLAZE, _HOT = 230, 0.3  # grey levels that paint seldom has, and the share of a flame that reaches them
_NEAR = 7  # pixels that tongues of one flame lie apart
# share of the picture that it covers: what is smaller glitters, or is a figure that no matte knows
_LEAST = 0.01
_BESIDE = 0.2  # share of a core that lies in the flame or beside it
_WHITE = 200  # grey levels from which the core of a flame looks the same in all drawings


def burning(views: Sequence[tuple[np.ndarray, np.ndarray]], plate: np.ndarray) -> np.ndarray:
    """Where light never rests in the drawings of a shot, bool (P, Q), each given as it lies over the `plate`
    with where it shows no figure.
    """
    slack = _NOISE + texture(plate) / _TEXTURED
    # a drawing in another light, of a fade, is darker or brighter all over
    views = [
        (picture, free)
        for picture, free in views
        if free.any() and np.mean(apart(picture, plate)[free] <= slack[free]) > _SAME
    ]
    low = _darkest(views, plate.shape)
    shown, rests, darker = np.zeros((3, *plate.shape[:2]), np.float32)
    peak = np.zeros(plate.shape[:2], np.uint8)
    for picture, free in views:
        shown += free
        rests += free & (apart(picture, plate) <= slack)
        darker += free & (largest(cv2.subtract(low, picture)) > _NOISE)
        peak = np.maximum(peak, np.where(free, largest(picture), np.uint8(0)))
    comes = cv2.subtract(peak, largest(low)) >= _SWING
    told = shown >= _TOLD
    lit = told & (rests < _REST * shown) & (darker <= _DARKER * shown) & (peak >= _PEAK) & comes
    brush = np.ones((_NEAR, _NEAR), np.uint8)
    joined = cv2.morphologyEx(
        cv2.morphologyEx(lit.view(np.uint8), cv2.MORPH_CLOSE, brush), cv2.MORPH_OPEN, square(1)
    )
    flame = _flames(joined, peak >= _BLAZE)
    if flame.any():
        flame |= _touching(told & (largest(low) >= _WHITE), cv2.dilate(flame.view(np.uint8), brush) > 0)
    return flame


def _darkest(views: Iterable[tuple[np.ndarray, np.ndarray]], shape: tuple[int, ...]) -> np.ndarray:
    """The darkest that some view shows of each place of a plate of a `shape`, uint8 (P, Q, 3), white where
    none does.
    """
    low, total = np.full(shape, 255, np.uint8), np.full(shape[:2], _NONE, np.uint16)
    for picture, free in views:
        darkness = picture.sum(2, dtype=np.uint16)
        better = free & (darkness < total)
        low[better], total[better] = picture[better], darkness[better]
    return low


def _flames(mask: np.ndarray, blaze: np.ndarray) -> np.ndarray:
    """The large connected parts of a mask of which enough is as bright as paint seldom is: `blaze`."""
    label, area = pieces(mask)
    good = (area >= _LEAST * mask.size) & (np.bincount(label[blaze], minlength=len(area)) >= _HOT * area)
    good[0] = False
    kept: np.ndarray = good[label]
    return kept


def _touching(mask: np.ndarray, flame: np.ndarray) -> np.ndarray:
    """The connected parts of a mask of which a good part lies in or beside the `flame`."""
    label, area = pieces(mask)
    good = np.bincount(label[flame], minlength=len(area)) >= _BESIDE * area
    good[0] = False
    kept: np.ndarray = good[label]
    return kept
