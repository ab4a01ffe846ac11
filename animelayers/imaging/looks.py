"""What the frames of a shot agree on, decided at a small size where coding noise is averaged away.

A look is what one frame shows at a pixel of the plate. Looks of two frames that differ by no more than noise
vouch for each other, with the weight of how surely each is background. (Background estimation as labelling:
Gutchess et al. 2001, Cohen 2005.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.imaging.burning import burning
from animelayers.imaging.channels import largest
from animelayers.imaging.evenly import evenly
from animelayers.imaging.photometric import Light
from animelayers.imaging.views import View

NOBODY = 255
"""The choice where no frame can be taken."""
_CANDIDATES = 20  # frames whose looks are put to the vote; all others only vote
_VOTERS = 48
_FULL = 5  # the weight of a vote: so many times `_VOTERS` fit into a byte
_NEAR = 3  # pixels around a matte that are taken for the figure's too: outlines, and what coding smears there
_NOISE = (6, 24)  # grey levels between which two frames of one painting differ
_SPREAD = 2.5  # times the usual difference that noise reaches beyond the least
# share of the local contrast that a pixel may be off, of a frame as it is and of one that was resampled
_LOOSE, _LOOSER = 0.1, 0.3
# what anybody's vote counts, and a pixel's own clearness, beside the votes of the innocent
_ANYBODY, _CLEAR = 0.02, 1e-3
_INNOCENT = 0.6  # share of the votes for a look that come from background
_SHARED = 0.3  # share of the background's votes a look needs
# the same where no part of the region is claimed almost always: scenery that nets take for a figure now and
# then
_HARDLY = 0.25
_DOUBTED = 0.97  # trust from which nobody asks what is against it
_ONE, _FEW = 1.2, 0.4  # one voice and some noise, but of two nobody knows which is right
_ALWAYS = 0.15  # share of votes from background below which a character stands there for good


@dataclass(frozen=True)
class Sighting:
    """One frame at working size as it lies in its view's window: three planes of colour, and two of weights
    0.._FULL.

    ``clear``: how surely a pixel is background; ``masked``: how surely it is not; both 0 where the frame does
    not reach.
    """

    view: View
    planes: tuple[np.ndarray, ...]
    clear: np.ndarray
    masked: np.ndarray


class Verdict(NamedTuple):
    """``choice``: uint8 (p, q), the number of the frame that shows what most share, `NOBODY` where none
    looks. ``seen``: uint8, 255 where that is background. ``trust``: share of the background's looks that
    agree with it, times the share of the plate where they agree at all, 0..1."""

    choice: np.ndarray
    seen: np.ndarray
    trust: float


def look(frame: np.ndarray, alpha: np.ndarray, registration: View, light: Light) -> Sighting:
    """The look of a frame uint8 (H, W, 3) with what may be character, alpha uint8 (H, W), from a view at
    working size.
    """
    small = registration.onto(light.lift(cv2.resize(frame, registration.size, interpolation=cv2.INTER_AREA)))
    tight = cv2.resize(alpha, registration.size, interpolation=cv2.INTER_AREA)
    wide = cv2.dilate(tight, square(_NEAR))
    # Just outside a matte a frame has no say.
    masked, near = (cv2.convertScaleAbs(registration.onto(m), alpha=_FULL / 255) for m in (tight, wide))
    reach = registration.reach()
    return Sighting(
        registration,
        tuple(cv2.split(small)),
        cv2.bitwise_and(_FULL - near, reach),
        cv2.bitwise_and(masked, reach),
    )


def noise_of(looks: list[Sighting]) -> float:
    """How many grey levels two frames may differ and show the same painting, 6..24, from what neighbours in
    the list differ by.
    """
    differences = []
    for one, other in pairwise(looks):
        a, b = _common(one.view, other.view)
        if a is not None and b is not None:
            away = _apart([p[a] for p in one.planes], [p[b] for p in other.planes])[
                (one.clear[a] > 0) & (other.clear[b] > 0)
            ]
            differences.append(away[away < _NOISE[1]])
    pooled = np.concatenate(differences) if differences else np.zeros(0)
    return (
        float(np.clip(_SPREAD * np.median(pooled) + _NOISE[0], *_NOISE)) if pooled.size else float(_NOISE[0])
    )


def slack(picture: np.ndarray, noise: float, loose: float) -> np.ndarray:
    """uint8 (H, W): how far a pixel may be off: `noise`, and more (the share `loose` of the local contrast)
    on textures and lines.
    """
    brush = square(1)
    steep = cv2.subtract(cv2.dilate(picture, brush), cv2.erode(picture, brush))
    steep = steep if steep.ndim == 2 else largest(steep)
    return cv2.convertScaleAbs(steep, alpha=loose, beta=noise)


def vote(looks: Mapping[int, Sighting], shape: tuple[int, int], noise: float) -> Verdict:
    """What the looks of frames (by number, below `NOBODY`) agree on, on a plate of `shape` (rows, columns) at
    working size.
    """
    numbers = list(looks)
    voters = [numbers[k] for k in evenly(len(numbers), _VOTERS)]
    best, choice = np.zeros(shape, np.float32), np.full(shape, NOBODY, np.uint8)
    clear, masked, present = np.zeros((3, *shape), np.uint8)
    for j in voters:
        present[looks[j].view.window] += looks[j].clear
    for i in (numbers[k] for k in evenly(len(numbers), _CANDIDATES)):
        one = looks[i]
        limit = slack(cv2.merge(one.planes), noise, _LOOSE if one.view.matrix is None else _LOOSER)
        yes, no = np.zeros_like(one.clear), np.zeros_like(one.clear)
        for j in voters:
            a, b = _common(one.view, looks[j].view)
            if a is None or b is None:
                continue
            same = cv2.compare(
                _apart([p[a] for p in one.planes], [p[b] for p in looks[j].planes]), limit[a], cv2.CMP_LE
            )
            yes[a] += cv2.bitwise_and(looks[j].clear[b], same)
            no[a] += cv2.bitwise_and(looks[j].masked[b], same)
        votes = yes.astype(np.float32) + no
        # Innocent looks first; among looks that are all somebody's the most frequent.
        score = (
            yes * (yes / np.maximum(votes, 1)) ** 2
            + np.float32(_ANYBODY) * votes
            + np.float32(_CLEAR) * one.clear
        )
        where = one.view.window
        better = score > best[where]
        for kept, new in ((best, score), (clear, yes), (masked, no)):
            kept[where][better] = new[better]
        choice[where][better] = i
    share = clear / np.maximum(clear.astype(np.float32) + masked, 1)
    free = (clear >= _FULL) & ~_haunted(share, len(voters))
    # Where frames agree on nothing the most frequent look is chance: a crowd, or a figure no matte knows.
    seen = free & (clear >= _SHARED * present)
    # A look's own vote says nothing.
    pairs = present.astype(np.float32) - _FULL
    counted = free & (pairs >= _FULL)

    def trust(counted: np.ndarray, free: np.ndarray) -> float:
        agreed = (
            (clear[counted].astype(np.float64) - _FULL).sum() / pairs[counted].sum() if counted.any() else 0.0
        )
        return min(1.0, float(agreed) * float((seen & free).sum()) / max(1.0, float(free.sum())))

    trusted = trust(counted, free)
    if trusted < _DOUBTED and len(voters) > 2:
        # where light never rests nothing can be agreed on, which is no word against the rest
        rests = ~_lit(looks, voters, choice)
        trusted = trust(counted & rests, free & rests)
    return Verdict(choice, np.where(seen, 255, 0).astype(np.uint8), trusted)


def _lit(looks: Mapping[int, Sighting], voters: Sequence[int], choice: np.ndarray) -> np.ndarray:
    """Where light never rests, bool, on the plate of what is chosen."""
    picture, views = np.zeros((*choice.shape, 3), np.uint8), []
    for i in looks:
        where, shown = looks[i].view.window, cv2.merge(looks[i].planes)
        taken = choice[where] == i
        picture[where][taken] = shown[taken]
        if i in voters:
            laid, free = np.zeros_like(picture), np.zeros(choice.shape, bool)
            laid[where], free[where] = shown, looks[i].clear > 0
            views.append((laid, free))
    return burning(views, picture)


def _haunted(share: np.ndarray, voters: int) -> np.ndarray:
    """bool: where what is shown is a character's, from the share of votes that call it background, of which
    one may have lost its matte.
    """
    hardly = max(_HARDLY, min(_ONE / voters, _FEW))
    _, labels = cv2.connectedComponents((share < _INNOCENT).astype(np.uint8), connectivity=8)
    always = np.zeros(int(labels.max()) + 1, bool)
    always[labels[share < _ALWAYS]] = True
    always[0] = False
    haunted: np.ndarray = always[labels] | (share < hardly)
    return haunted


def _apart(
    one: list[np.ndarray] | tuple[np.ndarray, ...], other: list[np.ndarray] | tuple[np.ndarray, ...]
) -> np.ndarray:
    r, g, b = (cv2.absdiff(x, y) for x, y in zip(one, other, strict=True))
    return cv2.max(cv2.max(r, g), b)


def _common(one: View, other: View) -> tuple[tuple[slice, slice] | None, tuple[slice, slice] | None]:
    """The rows and columns two views share, counted in the window of each; None twice where they do not meet."""
    first, second = [], []
    for a, b in zip(one.window, other.window, strict=True):
        low, high = max(a.start, b.start), min(a.stop, b.stop)
        if low >= high:
            return None, None
        first.append(slice(low - a.start, high - a.start))
        second.append(slice(low - b.start, high - b.start))
    return (first[0], first[1]), (second[0], second[1])
