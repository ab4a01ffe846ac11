"""The default matte: a portrait net and a saliency net that check each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from animelayers.imaging import masks
from animelayers.models.portrait import MODNet
from animelayers.models.protocols import Mattes
from animelayers.models.saliency import Saliency

_SHORT = 360  # pixels of the short side that claims are compared at; their outlines are refined later at full size
_SAME = 0.6  # overlap from which two claims mean the same figure: between figures above 0.7, between a figure and scenery below 0.4
_WITNESS = 0.25  # share of a figure that each kind of net has to see: half of it at half certainty
_CREATURE = 0.02  # share of the frame a figure has to fill that only saliency nets see
_STRAY = 1 / 500  # smaller regions are no figures: specks, leaves, flowers
_COLOUR = 0.5  # weight of the colour evidence: half, as the nets have looked at the colours already
_SURE = 0.97  # claims all nets make are not put to the vote of the colours


class Joined:
    """Portrait and saliency matte joined; each makes up figures, but not the same ones.

    Where MODNet (seen at two scales) and U-2-Net mean the same figures, their mean is taken, 2 : 1, and settled by the colours of the
    picture ('modnet+u2net'). Where they do not, a second saliency net, u2netp, is asked: what both saliency nets see, is large, does
    not lie across the frame like ground and is not the lettering of a title card, is a creature ('u2net+u2netp'). Else only
    regions remain that the portrait net and a saliency net both see, and the layer may be empty ('none').

    ``portrait``, ``saliency`` and ``second`` are weights (names or paths); other options are those of `onnx.Onnx`.
    """

    def __init__(self, portrait: str | Path = "modnet", saliency: str | Path = "u2net", second: str | Path = "u2netp", **options: Any):
        self._portrait = MODNet(portrait, short=(512, 320), **options)
        self._saliency = Saliency("u2net", saliency, **options)
        self._second = Saliency("u2netp", second, **options)

    def __call__(self, pictures: Sequence[np.ndarray]) -> Mattes:
        """As `protocols.Matte`."""
        small = [_shrink(p) for p in pictures]
        people = [_like(c, s) for c, s in zip(self._portrait.claim(pictures), small, strict=True)]
        things = [_like(c, s) for c, s in zip(self._saliency.claim(pictures), small, strict=True)]
        doubt = [i for i, (p, t) in enumerate(zip(people, things, strict=True)) if not _same(p, t)]
        asked = self._second.claim([pictures[i] for i in doubt])
        second = {i: _like(claim, small[i]) for i, claim in zip(doubt, asked, strict=True)}
        mattes = Mattes([], [], [])
        for i, picture in enumerate(pictures):
            matte, model, confidence = _judge(small[i], people[i], things[i], second.get(i))
            mattes.alpha.append(cv2.resize(matte, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR))
            mattes.model.append(model)
            mattes.confidence.append(confidence)
        return mattes


def _judge(picture: np.ndarray, people: np.ndarray, things: np.ndarray, second: np.ndarray | None) -> tuple[np.ndarray, str, float]:
    names = "modnet+u2net"
    if second is not None:
        both = (things + second) / 2
        if not _same(people, both):
            creatures = _creatures(picture, people, things, second)
            if creatures:
                seen = np.logical_or.reduce(creatures)
                matte = masks.within(_settle(picture, (things + both) / 2), creatures, 8)
                return matte, "u2net+u2netp", masks.overlap(seen, second > 0.5)
        things, names = both, "modnet+u2net+u2netp"
    joined = (2 * people + things) / 3
    figures = [f for f in masks.islands(joined > 0.5, _STRAY) if people[f].mean() > _WITNESS and things[f].mean() > _WITNESS]
    if not figures:
        return np.zeros_like(joined), "none", 1 - float(min(people.max(), things.max()))
    matte = masks.within(_settle(picture, joined), figures, 8)
    return matte, names, masks.overlap(people > 0.5, things > 0.5)


def _creatures(picture: np.ndarray, people: np.ndarray, things: np.ndarray, second: np.ndarray) -> list[np.ndarray]:
    if not _same(things, second):
        return []
    found = [f for f in masks.islands(things > 0.5, _CREATURE) if second[f].mean() > 0.5 and not masks.spans(f)]
    if not found or people[np.logical_or.reduce(found)].mean() > _WITNESS:
        return found
    return [] if masks.on_a_card(picture, np.logical_or.reduce(found)) else found


def _settle(picture: np.ndarray, claim: np.ndarray) -> np.ndarray:
    """The claim weighed with the colours of the picture, on the scale of log odds (naive Bayes), where it is not sure."""
    odds = np.clip(claim, 0.05, 0.95)
    odds = 1.5 * np.log(odds / (1 - odds)) + _COLOUR * masks.colour_evidence(picture, claim)
    settled = 1 / (1 + np.exp(-odds))
    settled[claim > _SURE], settled[claim < 1 - _SURE] = 1, 0
    return settled.astype(np.float32)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return masks.overlap(one > 0.5, other > 0.5) >= _SAME


def _shrink(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = min(1.0, _SHORT / min(height, width))
    return cv2.resize(picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)


def _like(claim: np.ndarray, picture: np.ndarray) -> np.ndarray:
    return cv2.resize(claim, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
