"""What lies in front of the figures of a shot, taken out of its drawings: where it is found, what is under it, and the un-mixing.

Pictures are uint8 sRGB (H, W, 3), mattes and alphas uint8 (H, W). Searches are made on pictures of `beneath.small_size`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging import cel, changing, claims, unmix
from animelayers.imaging.beneath import Base, Plates, enlarged, shrunk, small_size
from animelayers.imaging.recompose import uncovered
from animelayers.imaging.veil import Veil
from animelayers.imaging.window import Window, window

WIDE = 5
"""Small pixels around an effect that its soft edges may fill."""
_HIDDEN, _DAZZLED = 12, 160  # alpha of an effect from which a net's matte is not believed: of smoke and flames, and of light
_COVERED = 52  # levels of alpha above that from which the figure under an effect has its cel's colours alone
_MODES_SEEN = 5  # drawings that are asked for the blend mode
_WHOLE = (slice(None), slice(None))


class Front(NamedTuple):
    """The layer in front of D drawings.

    ``effect`` uint8 (D, H, W, 4), straight RGBA; ``modes``: how it lies over the rest of each, 'none' where there is none;
    ``character`` uint8 (D, H, W), the figures' alphas without it; ``bare``: uint8 (H, W, 3), the drawings without it, of those that have one.
    """

    effect: np.ndarray
    modes: list[str]
    character: np.ndarray
    bare: dict[int, np.ndarray]


class Shot(NamedTuple):
    """The drawings of a shot: those of a clip, and around them frames from elsewhere in the shot.

    ``drawings``, ``mattes``, ``plates``: of all of them. ``own``: which are the clip's. ``spread``: some that stand for the whole shot.
    ``claims``: small bool masks of what is said to be an effect in each; None where nobody was asked.
    """

    drawings: Sequence[np.ndarray]
    mattes: Sequence[np.ndarray]
    plates: Plates
    own: range
    spread: Sequence[int]
    claims: Sequence[np.ndarray] | None = None


def separated(shot: Shot, small: Sequence[np.ndarray], least: float, *, lights: bool = True, cels: bool = True) -> tuple[Front | None, np.ndarray]:
    """The layer in front of the clip's own drawings of a shot, None if there is nothing; and where the plate was painted over, bool (P, Q).

    ``small``: the drawings as small pictures; ``least``: share of the picture that the smallest effect covers. The figures have the alpha
    of their cel where an effect lies in front of them, and their matte elsewhere; without `cels` their matte everywhere. Without `lights` no
    light that never rests is looked for.
    """
    drawings, mattes, plates, own = shot.drawings, shot.mattes, shot.plates, shot.own
    height, width = drawings[0].shape[:2]
    size = (small[0].shape[1], small[0].shape[0])
    small_mattes = shrunk(mattes, size)
    over, claimed = plates.without(list(zip(drawings, mattes, strict=True)), list(zip(small, small_mattes, strict=True)), shot.claims, lights)
    small_plates = plates.small(size, len(drawings))
    found = changing.find(small, small_mattes, small_plates, least, shot.spread)
    shifts = cel.shifts(small, small_mattes)
    if claimed is not None:
        # the cel is what the drawings agree on: nothing is hidden from it on a claim alone
        held = cel.completed(cel.held(small, small_mattes, shifts, cel.voters(found), found))
        bases = [cel.under(held, k, *plate) for k, plate in enumerate(small_plates)]
        more = claims.believed(claimed, small, small_mattes, bases, least)
        found = [mask | other for mask, other in zip(found, more, strict=True)]
    if not any(found[k].any() for k in own):
        return None, over
    by = cel.settled(drawings, mattes, shifts * width / size[0])
    where = _crop(found, (height, width), by)
    inside, around = _masks(found, (height, width), where)
    figure = cel.held([drawing[where] for drawing in drawings], [matte[where] for matte in mattes], by, cel.voters(found), inside)
    figure = cel.completed(figure)
    under = {k: cel.under(figure, k, *(plane[where] for plane in plates.full(k))) for k in own if found[k].any()}
    blend = _blend([drawing[where] for drawing in drawings], under, inside)
    effect, character = np.zeros((len(own), height, width, 4), np.uint8), np.stack([mattes[k] for k in own])
    bare = {}
    for k, base in under.items():
        n = k - own[0]
        effect[n][where] = unmix.layer(drawings[k][where], *base, inside[k], around[k], blend)
        hidden = effect[n][where][..., 3] > (_HIDDEN if blend == "over" else _DAZZLED)
        if cels:
            character[n][where] = np.where(hidden, cel.moved(figure.alpha, by[k]), mattes[k][where])
        bare[n] = uncovered(drawings[k], effect[n], blend, character[n])
        bare[n][where] = _painted(bare[n][where], effect[n][where][..., 3], figure, by[k].tolist())
    return Front(effect, [blend if k in under else "none" for k in own], character, bare), over


def _painted(bare: np.ndarray, alpha: np.ndarray, figure: cel.Held, by: Sequence[float]) -> np.ndarray:
    """The figure as its cel is painted, the more the less the effect lets through of it: what is left of its colours there is noise and soot."""
    there = (cel.moved(figure.alpha, by) > 0) & (cel.moved(figure.known.view(np.uint8), by) > 0)
    share = np.where(there, np.clip((alpha.astype(np.float32) - _HIDDEN) / _COVERED, 0, 1), np.float32(0))[..., None]
    painted: np.ndarray = np.rint(bare + (cel.moved(figure.colour, by) - bare.astype(np.float32)) * share).astype(np.uint8)
    return painted


def veiled(front: Front | None, frames: np.ndarray, mattes: np.ndarray, veils: Sequence[Veil | None]) -> Front | None:
    """What lies in front of D drawings `frames` with `mattes` (D, H, W): `front` of those that no veil hides (None: nothing), and the veils instead.

    A figure that a veil hides is not there.
    """
    if not any(veils):
        return front
    effect, modes, character = np.zeros((*mattes.shape, 4), np.uint8), ["none"] * len(mattes), mattes.copy()
    told = [n for n, veil in enumerate(veils) if veil is None or not veil.hides]
    bare: dict[int, np.ndarray] = {}
    if front is not None:
        effect[told], character[told] = front.effect, front.character
        bare = {told[k]: picture for k, picture in front.bare.items()}
        modes = [front.modes[told.index(n)] if n in told else "none" for n in range(len(mattes))]
    for n, veil in enumerate(veils):
        if veil is not None:
            effect[n], modes[n] = (*veil.colour, veil.alpha), "over"
            character[n] = 0 if veil.hides else mattes[n]
            bare[n] = veil.lifted(frames[n])
    return Front(effect, modes, character, bare)


def alone(frames: np.ndarray, alphas: np.ndarray, asked: Sequence[np.ndarray], least: float) -> Front | None:
    """The layer in front of D drawings of which each stands for itself, from small claims (bool) alone; None if there is nothing.

    It lies around the figures, never over them: its alpha and that of the figures (D, H, W) add up to at most one.
    """
    size, shape = small_size(frames.shape[1:]), frames.shape[1:3]
    pictures = list(frames)
    made = [
        claims.alone(picture, matte > 127, claim, least)
        for picture, matte, claim in zip(shrunk(pictures, size), shrunk(list(alphas), size), asked, strict=True)
    ]
    found = [mask for _, mask in made]
    if not any(mask.any() for mask in found):
        return None
    inside, around = _masks(found, shape)
    bases: dict[int, Base] = {}
    for k, (base, mask) in enumerate(made):
        if mask.any():
            known = np.ones(shape, bool)
            smooth = cv2.resize(base, shape[::-1], interpolation=cv2.INTER_LINEAR)
            bases[k] = np.where(around[k][..., None], smooth, frames[k]), known
    blend = _blend(pictures, bases, inside)
    effect = np.zeros((*frames.shape[:3], 4), np.uint8)
    for k, under in bases.items():
        effect[k] = unmix.layer(pictures[k], *under, inside[k], around[k], blend)
        effect[k][..., 3] = np.minimum(effect[k][..., 3], 255 - alphas[k])
        effect[k][effect[k][..., 3] == 0] = 0
    return Front(effect, [blend if k in bases else "none" for k in range(len(frames))], alphas, {})


def _masks(found: Sequence[np.ndarray], shape: tuple[int, ...], where: Window = _WHOLE) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Where effects are in full size, and as far as their soft edges may reach, both of the part `where`."""
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * WIDE + 1,) * 2)
    masks = [mask * np.uint8(255) for mask in found]
    return [enlarged(mask, shape)[where] for mask in masks], [enlarged(cv2.dilate(mask, brush), shape)[where] for mask in masks]


def _crop(found: Sequence[np.ndarray], shape: tuple[int, ...], by: np.ndarray) -> Window:
    """The part of a frame of `shape` (H, W) that holds all effects, wherever the cel behind them moves."""
    everywhere = cv2.resize(np.logical_or.reduce(found).astype(np.uint8), shape[::-1], interpolation=cv2.INTER_NEAREST)
    margin = round((WIDE + 2) * shape[1] / found[0].shape[1] + 2 * np.abs(by).max())
    part = window(everywhere, min(margin, max(shape)))
    assert part is not None
    return part


def _blend(frames: Sequence[np.ndarray], bases: Mapping[int, Base], inside: Sequence[np.ndarray]) -> str:
    """The mode most of the drawings with the largest effects speak for, each with the size of its effect."""
    votes = dict.fromkeys(unmix.MODES, 0)
    for k in sorted(bases, key=lambda k: -np.count_nonzero(inside[k]))[:_MODES_SEEN]:
        base, known = bases[k]
        votes[unmix.mode(frames[k], base, inside[k] & known)] += int(np.count_nonzero(inside[k]))
    return max(votes, key=lambda name: votes[name])
