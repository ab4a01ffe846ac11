"""What somebody claims to be an effect, a model asked in words for one: what lies under it, and how far it is believed.

A claim is coarse and may be wrong; the picture decides. Where other drawings show what is under it, it is un-mixed from that. Where none
does, what is around it is carried on under it. And in front of a figure it counts only where the picture shows light that is none of the
figure's paint: a figure is never eaten by a claim. Pictures are uint8 sRGB (H, W, 3), masks bool (H, W).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.imaging.changing import cells, luminous, palette, unexplained
from animelayers.imaging.unmix import channel_max, largest, texture

_MOST = 0.6  # share of a picture that may be claimed: of more nothing is left to guess from
_EVER = 0.8  # share of the drawings that show a place in which it is claimed
_SOFT = 3  # pixels of small pictures that an effect's soft edge is wider than what is claimed
_NOISE, _AROUND = 12, 15  # grey levels that mean nothing; pixels around a hole whose texture is expected in it
_ANSWERS = 0.2  # share of an effect from which a prompt has it


def filled(picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The picture with `hole` painted smoothly from around: push and pull over a pyramid (Gortler et al., The lumigraph, 1996)."""
    weight: np.ndarray = (~hole).astype(np.float32)
    levels = [(picture.astype(np.float32) * weight[..., None], weight)]
    while min(weight.shape) > 1 and not weight.all():
        size = tuple(-(-n // 2) for n in weight.shape[::-1])
        colour, weight = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in levels[-1])
        known = np.maximum(weight, 1e-6)
        grown = np.minimum(1, 4 * weight)
        colour, weight = colour * (grown / known)[..., None], grown
        levels.append((colour, weight))
    under = levels[-1][0] / np.maximum(levels[-1][1], 1e-6)[..., None]
    for colour, weight in reversed(levels[:-1]):
        under = colour + (1 - weight)[..., None] * cv2.resize(under, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(hole[..., None], np.clip(np.rint(under), 0, 255), picture).astype(np.uint8)


def always(
    plate: np.ndarray,
    seen: np.ndarray,
    views: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """The plate with what burns in every drawing painted over, and where that is.

    ``seen``: where some drawing shows the plate. ``views``: of each drawing, laid over the plate, the picture, where it shows no
    figure, and what is claimed in it. A claimed place is painted over where the drawings do not agree with the plate, so that it is
    no painting, or where it gives light.
    """
    shown, asked, other = (np.zeros(seen.shape, np.float32) for _ in range(3))
    for picture, valid, claim in views:
        shown += valid
        asked += valid & claim
        other += valid & claim & (largest(picture, plate) > _NOISE + texture(plate) / 3)
    ever = (asked >= _EVER * np.maximum(shown, 1)) & (asked > 0)
    if not ever.any() or ever.mean() > _MOST:
        return plate, np.zeros(seen.shape, bool)
    under = filled(plate, _wider(ever) | ~seen)
    hole = ever & ((2 * other >= asked) | ~seen | luminous(plate, under))
    hole = _wider(cv2.morphologyEx(hole.view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0)
    return filled(plate, hole), hole


def believed(
    claims: Sequence[np.ndarray],
    drawings: Sequence[np.ndarray],
    alphas: Sequence[np.ndarray],
    bases: Sequence[tuple[np.ndarray, np.ndarray]],
    least: float,
) -> list[np.ndarray]:
    """The part of each claim that the drawing bears out, bool (H, W) each, in parts of at least the share `least` of the picture.

    ``alphas``: the figures' mattes, uint8 (H, W). ``bases``: what lies under any effect in each, and where that is known. Outside
    figures it has to differ from that; inside it has to give light as well, in colours that the figures are not painted with.
    """
    new = [unexplained(drawing, *base) for drawing, base in zip(drawings, bases, strict=True)]
    paint = palette(drawings, alphas, new)
    borne = []
    for claim, drawing, alpha, (base, known), other in zip(claims, drawings, alphas, bases, new, strict=True):
        foreign = luminous(drawing, base) & ~paint[cells(drawing)] & known
        borne.append(large(claim & other & ((alpha < 128) | foreign), least))
    return borne


def alone(picture: np.ndarray, figure: np.ndarray, claim: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """What lies under a claim in a picture of which nothing else is known, and the part of it that stands out from that, bool (H, W).

    The ``figure`` (bool) stands in front of it, for nothing tells what of a claim would be in front of a figure.
    """
    free = claim & ~figure
    hole = _wider(free) & ~figure
    if not free.any() or hole.mean() > _MOST:
        return picture, np.zeros(claim.shape, bool)
    base = np.where(hole[..., None], filled(picture, hole | figure), picture)
    ring = (cv2.dilate(hole.view(np.uint8), np.ones((2 * _AROUND + 1,) * 2, np.uint8)) > 0) & ~hole & ~figure
    fine = channel_max(cv2.absdiff(picture, cv2.blur(picture, (9, 9))))
    rough = 2 * float(fine[ring].mean()) if ring.any() else 0.0
    stands = cv2.morphologyEx((largest(picture, base) > _NOISE + rough).view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return base, large(free & (stands > 0), least)


def large(mask: np.ndarray, least: float) -> np.ndarray:
    """The connected parts of a mask that cover at least the share `least` of it."""
    _, label, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    good = stats[:, cv2.CC_STAT_AREA] >= least * mask.size
    good[0] = False
    kept: np.ndarray = good[label]
    return kept


def named(maps: np.ndarray, alpha: np.ndarray, prompts: Sequence[str], threshold: float) -> list[str]:
    """The prompts that an effect of the alpha uint8 (H, W) answers to, best first: their `maps` float32 (P, H, W) have a fifth of it."""
    total = float(alpha.sum())
    if not total:
        return []
    shares = [float(alpha[plane >= threshold].sum()) / total for plane in maps]
    return [prompts[i] for i in np.argsort([-share for share in shares], kind="stable") if shares[i] >= _ANSWERS]


def _wider(mask: np.ndarray) -> np.ndarray:
    size = 2 * _SOFT + 1
    return cv2.dilate(mask.astype(np.uint8), np.ones((size, size), np.uint8)) > 0
