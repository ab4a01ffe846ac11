"""The measures of one frame, from its layers and the true ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging import measures
from animelayers.quality.candidate import FoundLayers
from animelayers.quality.truths import TrueLayers

RING = 15
"""Pixels around a figure in which halos show."""
_GREY = 1.5  # mean difference of the channels, grey levels
# share of the frame from which a figure is there to be followed, and an effect to be seen
_LEAST = 64 / 129600


class Measured(NamedTuple):
    """Of a frame: ``means`` that are averaged over frames, ``squares``: sums of squared errors and their
    numbers, ``error``: that of the alpha, ``bad``: how far all of it is off, ``ids``: of each true figure the
    id it has here, 0 for none."""

    means: dict[str, float]
    squares: dict[str, tuple[float, int]]
    error: np.ndarray
    bad: float
    ids: dict[int, int]


def measured(
    truth: TrueLayers, found: FoundLayers, picture: np.ndarray, shown: np.ndarray | None
) -> Measured:
    """The measures of a frame `picture`; ``shown``: bool (H, W), where some frame of the shot shows the
    background.

    A frame without colours tells none: there backgrounds and effects are compared in grey.
    """
    known, effect, free = truth.character, truth.effect[..., 3], ~truth.overlay
    alpha, light = found.character[..., 3], found.effect[..., 3]
    error = measures.alpha_error(alpha, known, effect) * free
    means: dict[str, float] = {}
    tone = tone_of(picture)
    background, painted = tone(found.background), tone(truth.background)
    if (known > 127).any():
        means["character_iou"] = measures.iou(
            np.where(free, alpha, 0).astype(np.uint8), np.where(free, known, 0).astype(np.uint8), effect
        )
        means["character_mae"] = float(np.abs(error).mean())
        band = measures.band_error(error, known)
        if band is not None:
            means["edge_band"] = band
    nobody = np.ones_like(free) if not known.any() else truth.overlay & (known == 0)
    if nobody.any():
        means["false_character"] = float(alpha[nobody].sum() / 255 / alpha.size)
    if (effect > 127).mean() > _LEAST:
        means["effect_iou"] = measures.iou(light, effect)
        colour = measures.colour_error(tone(found.effect), tone(truth.effect)) if truth.coloured else None
        if colour is not None:
            means["effect_colour"] = colour
    elif not effect.any():
        means["false_effect"] = float(light.mean() / 255)
    hole, around = (known > 127) & free, _ring(known, effect) & free
    places = {"hole_db": hole, "ring_db": around, "behind_effect_db": (effect > 127) & (known == 0) & free}
    if shown is not None:
        places["shown_db"] = hole & shown
    squares = {
        name: measures.squared_error(background, painted, where)
        for name, where in places.items()
        if where.any()
    }
    squares["recompose_db"] = measures.squared_error(found.picture, picture, np.ones(hole.shape, bool))
    bad = float(np.abs(error).mean() + np.abs(light.astype(np.float32) - effect).mean() / 255)
    if hole.any():
        bad += float(cv2.absdiff(background, painted)[hole].sum() / 765 / hole.size)
    ids = {} if truth.instances is None else measures.owners(truth.instances, found.labels, _LEAST)
    return Measured(means, squares, error, bad, ids)


def is_grey(picture: np.ndarray) -> bool:
    """Whether a picture has no colours but what a codec leaves."""
    red, green, blue = cv2.split(picture)
    return bool(max(cv2.absdiff(red, green).mean(), cv2.absdiff(green, blue).mean()) < _GREY)


def tone_of(picture: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """What brings layers to the tones of a picture: to grey where it has no colours."""
    return _greyed if is_grey(picture) else _same


def _greyed(picture: np.ndarray) -> np.ndarray:
    """Its tones in all three channels; an alpha stays."""
    made = picture.copy()
    made[..., :3] = cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY)[..., None]
    return made


def _same(picture: np.ndarray) -> np.ndarray:
    return picture


def _ring(known: np.ndarray, effect: np.ndarray) -> np.ndarray:
    """What lies closely around a figure and shows the background."""
    around = cv2.dilate(known, np.ones((2 * RING + 1,) * 2, np.uint8))
    ring: np.ndarray = (around > 127) & (known == 0) & (effect == 0)
    return ring
