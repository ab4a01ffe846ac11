"""Following pixels behind what hides them, from drawing to drawing, until some drawing shows them.

Flow-guided propagation (Xu et al., "Deep flow-guided video inpainting", CVPR 2019; Gao et al., "Flow-edge
guided video completion", ECCV 2020; Zhou et al., "ProPainter", ICCV 2023) without a net. All of it happens on
planes of reduced size; what comes out is, of every hidden pixel, in which drawing and where in it the same
place is seen, so that it is fetched there once and never resampled twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from animelayers.imaging.links import Link, nearest_of, places

_DRIFT = 0.35  # pixels by which each step is expected to be off


class Sources(NamedTuple):
    """Where the N hidden pixels of one drawing are seen.

    ``at``: int64 (N,), flat indices. ``drawing``: int32 (N,), -1 where it is none. ``place``: float32 (N, 2),
    x and y there. ``off``: float32 (N,), pixels by which that may be wrong. ``steps``: int32 (N,), drawings
    in between and one.
    """

    at: np.ndarray
    drawing: np.ndarray
    place: np.ndarray
    off: np.ndarray
    steps: np.ndarray


def traced(links: Sequence[Link], holes: Sequence[np.ndarray], order: Sequence[int]) -> list[Sources]:
    """Of each of D drawings, by number, where its hidden pixels are seen in those that come before it in
    `order` (numbers of all).

    ``links``: of each drawing into the one before it in `order`; of the first one any. ``holes``: bool (h,
    w).
    """
    made = [unseen(np.flatnonzero(hole)) for hole in holes]
    for before, number in pairwise(order):
        link, given = links[number], made[before]
        where = np.full(holes[before].size, -1, np.int64)
        where[given.at] = np.arange(given.at.size)
        nearest = nearest_of(link.to, holes[before].shape)
        via = where[nearest]
        direct = via < 0
        # what is at a pixel is at its place the same way off from the pixel's own source
        beside = link.to - places(nearest, holes[before].shape[1])
        drawing = (
            np.where(direct, before, given.drawing[via]) if given.at.size else np.full(nearest.shape, before)
        )
        place, off, steps = link.to.copy(), link.off + np.float32(_DRIFT), np.ones(nearest.shape, np.int32)
        if given.at.size:
            place[~direct] = (given.place[via] + beside)[~direct]
            off[~direct] += given.off[via][~direct]
            steps[~direct] += given.steps[via][~direct]
        drawing = np.where(np.isfinite(off), drawing, -1).astype(np.int32)
        made[number] = Sources(link.at, drawing, place.astype(np.float32), off, steps)
    return made


def unseen(at: np.ndarray) -> Sources:
    """Sources of pixels that nothing is known of."""
    count = at.size
    return Sources(
        at,
        np.full(count, -1, np.int32),
        np.zeros((count, 2), np.float32),
        np.full(count, np.inf, np.float32),
        np.zeros(count, np.int32),
    )


def lent(
    links: tuple[Sequence[Link], Sequence[Link]], missing: Sequence[np.ndarray], giver: int
) -> dict[int, Sources]:
    """Where what is made up for the drawing `giver` lies in its neighbours: of each drawing it reaches, the
    sources of its missing pixels.

    ``links``: of each drawing into the one before and into the one after it. ``missing``: bool (h, w), what
    no drawing shows.
    """
    found: dict[int, Sources] = {}
    shape = missing[giver].shape
    for side, way in ((0, range(giver + 1, len(missing))), (1, range(giver - 1, -1, -1))):
        at = np.flatnonzero(missing[giver])
        place, off = places(at, shape[1]), np.zeros(at.size, np.float32)
        for number in way:
            own = np.full(missing[giver].size, -1, np.int64)
            own[at] = np.arange(at.size)
            link = links[side][number]
            nearest = nearest_of(link.to, shape)
            via = own[nearest]
            good = (via >= 0) & np.isfinite(link.off) & missing[number].ravel()[link.at]
            if not good.any():
                break
            via = via[good]
            place = place[via] + link.to[good] - places(nearest[good], shape[1])
            at, off = link.at[good], off[via] + link.off[good] + np.float32(_DRIFT)
            found[number] = Sources(
                at,
                np.full(at.size, giver, np.int32),
                place,
                off,
                np.full(at.size, abs(number - giver), np.int32),
            )
    return found
