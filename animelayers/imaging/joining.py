"""The mattes of nets and the motion of the shot, joined: who is in front, and whose the moving parts are."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.imaging.cels import CEL, Evidence, Palette, rim
from animelayers.imaging.masks import islands, spans

_BESIDE = 6 / 720  # share of the height: what moves this near to what a net sees is the figure's too
_GAP = 5 / 720  # holes and cracks of this width in what moves are the figure's where a net says so
_GAPS = (5 / 720, 30 / 720)  # gaps of these widths that a net sees in a figure that stays are no slips of its outline, nor lost limbs
_WHOLE = 0.8  # share of it that a matte has whose gaps are no slips either
_AGREED = 230  # alpha of a figure that stays from which hardly any matte denies it
_DEEP = 12 / 720  # share of the height: farther inside a figure that stays it is taken to be whole
_PIECE = 1 / 1500  # share of the frame below which what moves apart from a figure is none
_LIMB = -0.3  # the same for a piece that hangs on a figure
_CREATURE = 0.01  # share of the frame a figure has to fill that no net sees
_STAYS = 0.6  # share of the drawings it has to be in
_LIGHT = 0.75  # share of pixels brighter than the plate from which something is light
_DENIES = -0.7  # evidence of the colours below which what moves beside a figure is not its own
_SPEAKS = 0.4  # mean evidence of the colours of a piece from which it is a figure's
_HALF, _EMPTY = 127, 25


def palette(frames: Sequence[np.ndarray], alphas: Sequence[np.ndarray], said: Sequence[Evidence]) -> Palette:
    """The colours of the figures of a shot: what moves and nets are sure of, against the plate and what moves and nets deny."""
    # what moves over a figure that stays may be an effect
    figures = [(a > 229) & np.where(e.seen, e.moving == CEL, e.same) for a, e in zip(alphas, said, strict=True)]
    others = [(a < 26) & (e.same if not a.any() else e.same | (e.moving == CEL)) for a, e in zip(alphas, said, strict=True)]
    return Palette(frames, figures, others)


def creatures(frames: Sequence[np.ndarray], said: Sequence[Evidence]) -> list[np.ndarray]:
    """Figures no net knows, a bool mask (H, W) per frame, in a shot whose nets see nobody: what moves, is large and solid, and stays.

    It has to fill `_CREATURE` of the frame or more in most frames, and not lie across it as water and clouds do; what only adds light
    is fire or a beam, however solid.
    """
    found = [_solid(f, e) for f, e in zip(frames, said, strict=True)]
    present = [bool(f.any()) for f in found]
    return found if said and np.mean(present) >= _STAYS else [np.zeros_like(f) for f in found]


def _solid(frame: np.ndarray, said: Evidence) -> np.ndarray:
    size = 2 * max(1, round(_BESIDE * len(frame))) + 1
    moving = ((said.moving == CEL) & said.seen).astype(np.uint8)
    whole = cv2.morphologyEx(moving, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    thick = cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones((2 * size, 2 * size), np.uint8))
    found = np.zeros(moving.shape, bool)
    for region in islands(whole > 0, _CREATURE):
        brighter = (frame[region].astype(np.int16) > said.behind[region]).all(1).mean()
        if not spans(region) and brighter < _LIGHT and (thick[region] > 0).mean() > 0.5:
            found |= region
    return found


def settle(
    frame: np.ndarray,
    alpha: np.ndarray,
    said: Evidence,
    colours: Palette,
    creature: np.ndarray | None = None,
    *,
    gaps: bool = True,
    outlines: bool = True,
) -> np.ndarray:
    """The character's alpha, uint8 (H, W), from a net's and the plate's evidence, and of the `creature` (bool (H, W)) no net knows.

    Where the frame shows the plate, it is background; where it shows a figure that never leaves, the mean of all mattes of it, but for
    the gaps that its own matte has: others may lack them because an effect hid what is seen through them. What
    moves is a figure's beside what the net sees, and elsewhere where its colours are those of the shot's figures: so a figure is carried
    into frames whose matte is empty, and fire is not. Outlines before a known background are solved against it.
    Without `gaps` a figure that stays has none of its own matte, without `outlines` none is solved.
    """
    height = len(frame)
    background, moving = said.same & said.seen, said.moving == CEL
    # Deep inside a figure that stays, what looks different is the figure still, or something in front of it; at its outline the net
    # knows better, for people breathe.
    depth = 2 * max(1, round(_DEEP * height)) + 1
    core = cv2.erode(np.where(said.seen, 0, said.claim).astype(np.uint8), np.ones((depth, depth), np.uint8), borderType=cv2.BORDER_REPLICATE)
    own = np.where(_gaps(alpha, said.claim), alpha, said.claim) if gaps else said.claim
    still = np.where(said.same, own, cv2.max(alpha, core))
    # Within the reach of what moves a net may know better: paint of the colour behind it.
    settled = np.where(said.seen, np.where(background, 0, alpha), still).astype(np.uint8)
    sure = (settled > _HALF) & (moving | ~said.seen)
    moving_seen = moving & said.seen
    figure = sure | _belonging(frame, moving_seen & ~sure, sure, colours, max(1, round(_BESIDE * height)))
    if creature is not None:
        figure |= creature
        settled[creature] = 255
    settled[figure & moving_seen] = 255
    settled[moving_seen & ~figure] = 0
    gap = 2 * max(1, round(_GAP * height)) + 1
    closed: np.ndarray = cv2.morphologyEx(figure.view(np.uint8), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8)) > 0
    filled = closed & ~figure & (alpha > 160)
    settled[filled] = alpha[filled]
    figure = figure | filled
    if not outlines:
        return settled
    known = said.seen & ~_near(~said.seen & (said.claim > _HALF), 1)
    return rim(frame, settled, figure, said.behind, known)


def _gaps(alpha: np.ndarray, claim: np.ndarray) -> np.ndarray:
    """bool: where a matte that has most of the figure is next to empty, and those of some other frames as well; of the widths of `_GAPS`."""
    figure = claim > _HALF
    if np.count_nonzero(figure & (alpha > _HALF)) < _WHOLE * np.count_nonzero(figure):
        return np.zeros(alpha.shape, bool)
    empty = cv2.bitwise_and(cv2.inRange(alpha, 0, _EMPTY), cv2.inRange(claim, _EMPTY + 1, _AGREED - 1))
    thin, wide = (np.ones((max(1, round(width * len(alpha))),) * 2, np.uint8) for width in _GAPS)
    opened = cv2.morphologyEx(empty, cv2.MORPH_OPEN, thin)
    gaps: np.ndarray = cv2.subtract(opened, cv2.morphologyEx(opened, cv2.MORPH_OPEN, wide)) > 0
    return gaps


def _belonging(frame: np.ndarray, moving: np.ndarray, sure: np.ndarray, colours: Palette, reach: int) -> np.ndarray:
    """bool: what moves and is the figure's, beside what is `sure` or by its colours."""
    beside: np.ndarray = moving & _near(sure, reach)
    if colours.known:
        spoken = colours(frame)
        soft = cv2.resize(cv2.blur(spoken, (5, 5)), moving.shape[::-1], interpolation=cv2.INTER_LINEAR)
        beside &= soft > _DENIES
    rest = (moving & ~beside).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(rest, connectivity=8)
    if count == 1 or not colours.known:
        return beside
    big = stats[:, cv2.CC_STAT_AREA] >= _PIECE * rest.size
    touching = np.zeros(count, bool)
    touching[labels[_near(beside, 1)]] = True
    at = labels[::2, ::2]
    area = np.bincount(at.ravel(), minlength=count)
    mean = np.bincount(at.ravel(), spoken.ravel(), minlength=count) / np.maximum(area, 1)
    taken = (big & (mean > _SPEAKS)) | (touching & (mean > _LIMB))
    taken[0] = False
    beside |= taken[labels]
    return beside


def _near(mask: np.ndarray, reach: int) -> np.ndarray:
    near: np.ndarray = cv2.dilate(mask.astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)) > 0
    return near
