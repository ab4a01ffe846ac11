"""What changes shape in every drawing: the search for effects, on small pictures.

A cel moves as a whole and a painting stays; fire, smoke, beams and splashes do neither. So what neither the clean plate, nor the cel
moved back over the drawings of the shot, nor the neighbours moved by optical flow explain is new in each drawing; and it is an effect
where enough of it gives light. Pictures are uint8 sRGB (H, W, 3), some 320 pixels wide; masks bool (H, W).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.cel import PICKS, Held, completed, held, moved, shifts, under, voters
from animelayers.imaging.traces import dis
from animelayers.imaging.unmix import channel_max, largest, near, texture

SIDE = 320
"""Width of the small pictures: line art is a pixel thick there, so that its errors are opened away."""
_NOISE = 12  # grey levels that film codecs leave on small pictures, more where there is texture
_BRIGHT, _BRIGHTER, _WARM = 200, 20, 100  # light: its brightest channel, more than what is under it by, or redder than blue by
_CELLS = (16, 32, 32)  # of CIE Lab
_LOST = 0.35  # share of a drawing that may be new
_SAME = 0.998  # share of a small picture that two frames of one drawing have in common
_AGAIN = 2  # searches more
_DARKER = 8  # grey levels that noise may make a pixel darker where light only adds


def unexplained(frame: np.ndarray, base: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Where a frame shows something else than `base`, or `base` is not `known`; bool, without lines."""
    other = cv2.compare(largest(frame, base), cv2.convertScaleAbs(texture(base), alpha=1 / 3, beta=_NOISE), cv2.CMP_GT)
    other[~known] = 255
    return cv2.morphologyEx(other, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0


def luminous(frame: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Where a frame gives light: bright, and brighter than `base` or of the colours of fire; bool."""
    peak = channel_max(frame)
    warm = cv2.subtract(frame[..., 0], frame[..., 2]) >= _WARM
    return (peak >= _BRIGHT) & ((cv2.subtract(peak, channel_max(base)) >= _BRIGHTER) | warm)


def flows(frame: np.ndarray, neighbours: Sequence[np.ndarray]) -> np.ndarray:
    """Where the optical flow from a neighbour (DIS: Kroeger et al. 2016) gives the frame back, bool: it has moved, not changed."""
    explained = np.zeros(frame.shape[:2], bool)
    y, x = np.mgrid[: frame.shape[0], : frame.shape[1]].astype(np.float32)
    for other in neighbours:
        flow = dis(frame, other)
        back = cv2.remap(other, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        explained |= largest(frame, back) <= _NOISE
    return explained


def palette(drawings: Sequence[np.ndarray], alphas: Sequence[np.ndarray], new: Sequence[np.ndarray]) -> np.ndarray:
    """Colours the figures are painted with, bool per cell of `cells`: those of the mattes where nothing is `new`; all where there are none."""
    counts = np.zeros(_CELLS, np.float32)
    for drawing, alpha, changed in zip(drawings, alphas, new, strict=True):
        sure = (alpha > 200) & (cv2.dilate(changed.view(np.uint8), np.ones((3, 3))) == 0)
        counts += np.bincount(cells(drawing)[sure], minlength=counts.size).reshape(_CELLS)
    near = np.stack([cv2.dilate(plane, np.ones((3, 3))) for plane in counts])
    near = np.maximum.reduce([near[np.clip(np.arange(len(near)) + step, 0, len(near) - 1)] for step in (-1, 0, 1)])
    return (near > 3e-4 * counts.sum()).ravel() if counts.sum() > 50 else np.ones(counts.size, bool)


def cells(picture: np.ndarray) -> np.ndarray:
    """The cell of CIE Lab that each pixel's colour lies in, int32 (H, W)."""
    light, a, b = (plane.astype(np.int32) for plane in cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2Lab)))
    return light // 16 * 1024 + a // 8 * 32 + b // 8


class Evidence(NamedTuple):
    """What speaks for an effect at each pixel, bool (H, W): it is ``new`` in this drawing, it ``changed`` since the neighbouring ones and
    did not just move, it gives ``light``, no paint of the figures is ``like`` it, it only ``adds`` to what is under it, what is under it is
    ``known``, a net claims it for a ``figure``, a figure that is there in most drawings is ``gone``, an effect was there ``before``."""

    new: np.ndarray
    changed: np.ndarray
    light: np.ndarray
    unlike: np.ndarray
    adds: np.ndarray
    known: np.ndarray
    figure: np.ndarray
    gone: np.ndarray
    before: np.ndarray


def regions(seen: Evidence, least: float) -> np.ndarray:
    """The connected new parts that are an effect, bool: each covers at least the share `least` of the picture and is changed.

    Light of colours that no figure has is one, even where a net takes it for a figure; light of any colour is one where there is no
    figure and nothing gets darker. What goes on where an effect was before may have gone out: smoke.
    """
    count, label, stats, _ = cv2.connectedComponentsWithStats(seen.new.astype(np.uint8), connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA]

    def share(mask: np.ndarray) -> np.ndarray:
        return np.bincount(label[mask], minlength=count) / area

    strange = share(seen.unlike & seen.light)
    foreign = (strange >= 0.04) & (strange * area >= 0.5 * least * seen.new.size)
    lit, adding = share(seen.light & seen.changed) >= 0.05, share(seen.adds) >= 0.96
    known = share(seen.known) >= 0.4
    fire = foreign & known & (area < 0.6 * seen.new.size)
    # a highlight or a flower that blows by is as bright, and smaller
    glow = adding & (share(seen.figure) < 0.5) & (area >= 2.5 * least * seen.new.size)
    goes_on = share(seen.before)
    smoke = ((goes_on >= 0.3) & ((share(seen.unlike) >= 0.1) | adding) | (goes_on >= 0.6)) & known
    # the sky where dark hair was is as bright, too
    good = (area >= least * seen.new.size) & (share(seen.changed) >= 0.2) & ((lit & (fire | glow) & (share(seen.gone) < 0.5)) | smoke)
    good[0] = False
    return _filled(good[label], seen.light)


def _filled(mask: np.ndarray, light: np.ndarray) -> np.ndarray:
    """A mask with those of its holes that give light: the core of a flame that looks the same for a few drawings."""
    count, label, stats, _ = cv2.connectedComponentsWithStats((~mask).view(np.uint8), connectivity=4)
    if count < 3:
        return mask
    area, lit = stats[:, cv2.CC_STAT_AREA], np.bincount(label[light], minlength=count)
    filled: np.ndarray = mask | ((lit >= 0.5 * area) & (area < 2 * np.count_nonzero(mask)))[label]
    return filled


def around(drawings: Sequence[np.ndarray], context: Sequence[np.ndarray]) -> tuple[list[int], list[int], list[int]]:
    """Which frames of the `context` of a shot come before its `drawings`, which drawings the others show, and which frames come after."""
    shown = [[k for k, drawing in enumerate(drawings) if near(drawing, other).mean() > _SAME][:1] for other in context]
    inside = [n for n, found in enumerate(shown) if found]
    first, last = (inside[0], inside[-1]) if inside else (len(context), len(context))
    return list(range(first)), [k for found in shown for k in found], list(range(last + 1, len(context)))


def find(
    drawings: Sequence[np.ndarray],
    alphas: Sequence[np.ndarray],
    plates: Sequence[tuple[np.ndarray, np.ndarray]],
    least: float,
    spread: Sequence[int] = (),
) -> list[np.ndarray]:
    """Where the effect is in each of the drawings of a shot, bool (H, W) each.

    `alphas`: their mattes, uint8 (H, W). `plates`: the clean plate as each drawing's camera shows it, and where it is known (bool).
    `least`: share of the picture that the smallest effect covers. `spread`: drawings that stand for the whole shot.

    It is searched for again with what was found before out of the way of the cel.
    """
    by = shifts(drawings, alphas)
    rest = np.linspace(0, len(drawings) - 1, max(2, PICKS - len(spread))).astype(int)
    changed = _Changed(drawings)
    found, fire = _search(drawings, alphas, plates, least, held(drawings, alphas, by, sorted({*spread, *rest.tolist()})), changed)
    for _ in range(_AGAIN if any(mask.any() for mask in found) else 0):
        # where the cel was taken for smoke, the drawings before it showed something new: only what burns there is sure
        peak = int(np.argmax([mask.mean() for mask in found]))
        sure = [mask & _wider(fire[k], 9) if k < peak else mask for k, mask in enumerate(found)]
        cel = completed(held(drawings, alphas, by, voters(found), [_wider(mask, 5) for mask in sure]))
        found, fire = _search(drawings, alphas, plates, least, cel, changed)
    return found


def _wider(mask: np.ndarray, size: int) -> np.ndarray:
    return cv2.dilate(mask.astype(np.uint8), np.ones((size, size), np.uint8)) > 0


class _Changed:
    """Where each drawing shows what has not just moved since those before and after it."""

    def __init__(self, drawings: Sequence[np.ndarray]) -> None:
        self._drawings, self._made = drawings, dict[int, np.ndarray]()

    def __getitem__(self, k: int) -> np.ndarray:
        if k not in self._made:
            self._made[k] = ~flows(self._drawings[k], [self._drawings[n] for n in (k - 1, k + 1) if 0 <= n < len(self._drawings)])
        return self._made[k]


def _search(
    drawings: Sequence[np.ndarray],
    alphas: Sequence[np.ndarray],
    plates: Sequence[tuple[np.ndarray, np.ndarray]],
    least: float,
    cel: Held,
    changed: _Changed,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    bases = [under(cel, k, *plate) for k, plate in enumerate(plates)]
    # where a figure that moved shows the painting again, it is not the cel, and no light either
    new = [unexplained(drawing, *base) & unexplained(drawing, *plate) for drawing, base, plate in zip(drawings, bases, plates, strict=True)]
    found = [np.zeros(mask.shape, bool) for mask in new]
    fire = [mask.copy() for mask in found]
    if not any(mask.mean() > least for mask in new):
        return found, fire
    adds = [channel_max(cv2.subtract(base, drawing)) <= _DARKER for drawing, (base, _) in zip(drawings, bases, strict=True)]
    # light may cover all of a frame; where anything else does, the plate is not that of the drawing: a fade, or another place
    lost = [mask.mean() > _LOST and (mask & adding).sum() < 0.9 * mask.sum() for mask, adding in zip(new, adds, strict=True)]
    if np.mean(lost) > 0.25:
        return found, fire
    paint = palette(drawings, alphas, new)
    for k, (drawing, (base, known)) in enumerate(zip(drawings, bases, strict=True)):
        light = luminous(drawing, base)
        before = found[k - 1] if k else np.zeros_like(light)
        if lost[k] or new[k].mean() <= least or not ((new[k] & light).any() or before.any()):
            continue
        unlike = ~paint[cells(drawing)]
        fire[k] = light & unlike
        figure = alphas[k] > 127
        gone = (moved(cel.alpha, cel.shifts[k]) > 127) & ~figure
        found[k] = regions(Evidence(new[k], changed[k], light, unlike, adds[k], known, figure, gone, before), least)
    return found, fire
