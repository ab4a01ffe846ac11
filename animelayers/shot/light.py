"""Effects at the drawing's size: un-mixed from what lies under them, in the blend mode that explains a shot
best.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging import unmix
from animelayers.imaging.brush import square
from animelayers.imaging.channels import smallest
from animelayers.imaging.masks import pieces
from animelayers.imaging.recompose import uncovered
from animelayers.imaging.window import window
from animelayers.shot.params import Params

_REACH = 24  # part of the height that an effect's soft edge is wide at most
_MARGIN = 8  # pixels around an effect that are looked at
_VOTES = 0.5  # part of the effects of a shot, over known ground, that tells their blend mode
_TELLS = 16  # alpha from which light has a colour that can be told
_TOLD = 0.1  # part of what is carried that has to be told apart beside it
_MIXED = 3.0  # pixels over which the colours of light are mixed: where little shines they are noise
_ANSWERS = 0.2  # share of an effect from which a prompt has it


class Under(NamedTuple):
    """What lies under an effect: ``picture`` uint8 sRGB (H, W, 3), and where that is ``known``, bool (H, W)."""

    picture: np.ndarray
    known: np.ndarray


class Light(NamedTuple):
    """The effects of a drawing: ``rgba`` straight uint8 (H, W, 4), its ``mode``, and the drawing without it,
    ``without`` uint8 (H, W, 3).
    """

    rgba: np.ndarray
    mode: str
    without: np.ndarray


def mode_of(
    pictures: Sequence[np.ndarray], labels: Sequence[np.ndarray], under: Sequence[Under], params: Params
) -> str:
    """The blend mode of the effects of a shot: what most of their area asks for, of small pictures with
    labels float32 (h, w). Over where little of it lies on what is known: light that cannot be told apart from what is
    under it would be lost.
    """
    votes, area = dict.fromkeys(unmix.MODES, 0), 0
    for picture, label, below in zip(pictures, labels, under, strict=True):
        there = label > params.lit
        where, area = there & below.known, area + int(np.count_nonzero(there))
        if where.any():
            votes[unmix.mode(picture, below.picture, where)] += int(np.count_nonzero(where))
    return "over" if sum(votes.values()) < _VOTES * area else max(votes, key=lambda mode: votes[mode])


def layer(
    picture: np.ndarray, label: np.ndarray, alpha: np.ndarray, under: Under | None, mode: str, params: Params
) -> Light | None:
    """The effects of a drawing uint8 sRGB (H, W, 3), from their label float32 (h, w), 0..1; None where there
    are none.

    ``alpha``: the figures', uint8 (H, W). ``under``: the plate as the drawing would see it, None where there
    is none. Where that is known and no figure stands before it, the effect is un-mixed from it, and an effect that
    lies over it has at least the coverage of its label. Elsewhere it has just that coverage, and the drawing's own
    colours where it lies over what is under it; where it only adds light, the colour of the light beside, and no
    more of it than is seen.
    """
    if not (label > params.lit).any():
        return None
    height, width = picture.shape[:2]
    claim = cv2.resize(label, (width, height), interpolation=cv2.INTER_LINEAR)
    inside = _large(claim > params.lit, params.min_area)
    if not inside.any():
        return None
    near = cv2.dilate(inside.view(np.uint8), square(round(height / _REACH))) > 0
    around = (claim > params.faint) & near
    where = window(around.view(np.uint8), _MARGIN)
    assert where is not None
    rgba = np.zeros((height, width, 4), np.uint8)
    coverage = np.where(around, claim, 0)[where]
    own = np.dstack([picture[where], np.rint(255 * coverage).astype(np.uint8)])
    own[own[..., 3] == 0] = 0
    if under is not None:
        known = under.known[where] & (alpha[where] < 128)
        sides = (picture[where], under.picture[where], known, inside[where], around[where])
        told = unmix.layer(*sides, mode, coverage)
        other = own if mode == "over" else _carried(told, known, own)
        rgba[where] = np.where(known[..., None], told, other)
    else:
        rgba[where], mode = own, "over"
    return Light(rgba, mode, uncovered(picture, rgba, mode, alpha))


def _carried(told: np.ndarray, known: np.ndarray, own: np.ndarray) -> np.ndarray:
    """The light where it is not told apart from what is under it: RGBA with the colour of the nearest that
    is, as much as `own` has and shows. None of a piece that is hardly told anywhere: the rim of a figure that was
    taken for light has any colour.
    """
    there, tells = own[..., 3] > 0, known & (told[..., 3] >= _TELLS)
    count, piece = cv2.connectedComponents((there | tells).view(np.uint8), connectivity=8)
    has, lacks = (np.bincount(piece[where], minlength=count) for where in (tells, there & ~known))
    enough = (has >= _TOLD * lacks)[piece]
    tells &= enough
    if not tells.any():
        return np.zeros_like(own)
    weight = np.where(tells, told[..., 3], 0).astype(np.float32)
    blurred = [
        cv2.GaussianBlur(plane, (0, 0), _MIXED)
        for plane in (weight, *(cv2.split(told * weight[..., None])[:3]))
    ]
    mixed = np.dstack(blurred[1:]) / np.maximum(blurred[0], 1)[..., None]
    _, label = cv2.distanceTransformWithLabels(
        (~tells).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    colour = np.rint(mixed).astype(np.uint8).reshape(-1, 3)[np.flatnonzero(tells)][label - 1]
    most = smallest(own[..., :3].astype(np.float32) / np.maximum(colour, 1))
    alpha = np.rint(np.where(enough, np.minimum(own[..., 3], 255 * most), 0))
    return np.where((alpha > 0)[..., None], np.dstack([colour, alpha]), 0).astype(np.uint8)


def named(maps: np.ndarray, alpha: np.ndarray, prompts: Sequence[str], threshold: float) -> list[str]:
    """The prompts that an effect of the alpha uint8 (H, W) answers to, best first: their `maps` float32 (P,
    H, W) have a fifth of it.
    """
    total = float(alpha.sum())
    if not total:
        return []
    shares = [float(alpha[plane >= threshold].sum()) / total for plane in maps]
    return [
        prompts[i] for i in np.argsort([-share for share in shares], kind="stable") if shares[i] >= _ANSWERS
    ]


def _large(mask: np.ndarray, min_area: float) -> np.ndarray:
    """The parts of a mask, bool (H, W), that cover at least a share of the frame."""
    labels, areas = pieces(mask)
    large = areas >= min_area * mask.size
    large[0] = False
    return np.asarray(large[labels])
