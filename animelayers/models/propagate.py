"""Video inpainting by propagation along optical flow, without a net of its own: what ProPainter and its kin
do first.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from animelayers.imaging.borrow import enlarged, fetched, merged
from animelayers.imaging.links import Link, haunted, linked, shrunk
from animelayers.imaging.photometric import EQUAL, Light, match
from animelayers.imaging.propagate import Sources, lent, traced, unseen
from animelayers.models.protocols import Flow, Inpainter, Video
from animelayers.options import Count, Side

_SMALLEST = 64  # pixels of the long side that motion can be followed at
_GLANCE = 160  # pixels of the long side at which light is compared
_ROUNDS = 4  # how often something is made up for drawings that what was made up before does not reach


class Propagate:
    """Fills each hole with what other drawings show there, following the flow completed behind it, forward
    and backward.

    Pixels that no drawing shows are made up once, in the middle of the drawings that lack them, and follow
    the flow from there too. ``flow``: the model of motion. ``side``: pixels of the long side, or more, at
    which motion is followed; colours are fetched at full size. ``pairs``: pairs of drawings whose flow is
    asked for at once. Raises ValueError for a side below 64 or no pairs.
    """

    def __init__(self, flow: Flow, side: Side = 320, pairs: Count = 8) -> None:
        if side < _SMALLEST or pairs < 1:
            raise ValueError(f"side must be {_SMALLEST} or more and pairs at least 1, not {side} and {pairs}")
        self._flow, self._side, self._pairs = flow, side, pairs

    def __call__(
        self,
        pictures: Sequence[np.ndarray],
        holes: Sequence[np.ndarray],
        inpaint: Inpainter,
        lend: Sequence[int] = (),
    ) -> Video:
        """As `protocols.VideoInpainter`. Raises ValueError where the pictures and holes do not fit together."""
        if (
            len(pictures) != len(holes)
            or len({p.shape for p in pictures}) > 1
            or any(p.shape[:2] != h.shape for p, h in zip(pictures, holes, strict=False))
        ):
            raise ValueError(
                f"{len(pictures)} pictures and {len(holes)} holes: they must be as many, and all of one size"
            )
        if not len(pictures):
            return Video([], [])
        shape = pictures[0].shape
        # by whole numbers, which is several times as fast
        factor = max(1, max(shape[:2]) // self._side)
        size = (max(1, shape[1] // factor), max(1, shape[0] // factor))
        small = [shrunk(np.ascontiguousarray(hole), size) for hole in holes]
        small, links, lights = self._linked(pictures, small, size)
        order = range(len(pictures))
        ways = (traced(links[0], small, order), traced(links[1], small, order[::-1]))
        rows = size[::-1]
        filled, sure = [], []
        for number, picture in enumerate(pictures):
            made, told = picture, np.zeros(shape[:2], np.uint8)
            if number not in lend and holes[number].any():
                sources = [enlarged(way[number], rows, holes[number]) for way in ways]
                first, second = ((fetched(pictures, s, lights, number), s) for s in sources)
                found = merged(first, second)
                made = picture.copy()
                made.reshape(-1, 3)[found.at] = np.clip(np.rint(found.colours), 0, 255)
                told.ravel()[found.at] = np.rint(255 * found.sure)
            filled.append(made)
            sure.append(told)
        self._invent(filled, sure, holes, links, small, lights, inpaint, [n for n in order if n not in lend])
        return Video(filled, sure)

    def _linked(
        self, pictures: Sequence[np.ndarray], holes: Sequence[np.ndarray], size: tuple[int, int]
    ) -> tuple[list[np.ndarray], tuple[list[Link], list[Link]], list[Light]]:
        """What of each drawing lends nothing, its links into the one before and into the one after it, and
        its light against the first.
        """
        planes = [cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in pictures]
        pairs = list(pairwise(planes))
        flows: list[tuple[np.ndarray, np.ndarray]] = []
        for start in range(0, len(pairs), self._pairs):
            found = self._flow(
                [
                    pair
                    for one, other in pairs[start : start + self._pairs]
                    for pair in ((one, other), (other, one))
                ]
            )
            flows += zip(found[::2], found[1::2], strict=True)
        closed = haunted(planes, holes, flows)
        before, after, lights = (
            [_nowhere(hole) for hole in closed],
            [_nowhere(hole) for hole in closed],
            [EQUAL],
        )
        for n, (pair, both) in enumerate(zip(pairs, flows, strict=True)):
            after[n], before[n + 1] = linked(pair, (closed[n], closed[n + 1]), both)
            lights.append(_onwards(lights[-1], _light(pair, both[1], closed[n] | closed[n + 1])))
        return closed, (before, after), lights

    def _invent(
        self,
        filled: list[np.ndarray],
        sure: list[np.ndarray],
        holes: Sequence[np.ndarray],
        links: tuple[list[Link], list[Link]],
        small: Sequence[np.ndarray],
        lights: Sequence[Light],
        inpaint: Inpainter,
        wanted: Sequence[int],
    ) -> None:
        """Make up what no drawing shows, in place."""
        missing = [hole & (told == 0) for hole, told in zip(holes, sure, strict=True)]
        rows = small[0].shape
        reach = [
            shrunk(gap, rows[::-1]) & hole if gap.any() else np.zeros_like(hole)
            for gap, hole in zip(missing, small, strict=True)
        ]
        for turn in range(_ROUNDS + 1):
            left = [n for n in wanted if missing[n].any()]
            for giver in left if turn == _ROUNDS else [run[len(run) // 2] for run in _runs(left)]:
                filled[giver] = inpaint([filled[giver]], [missing[giver]])[0]
                missing[giver] = np.zeros_like(missing[giver])
                for number, sources in {} if turn == _ROUNDS else lent(links, reach, giver).items():
                    reach[number].ravel()[sources.at] = False
                    if not missing[number].any():
                        continue
                    there = enlarged(sources, rows, missing[number])
                    known = there.drawing >= 0
                    colours = fetched(filled, there, lights, number)[known]
                    filled[number].reshape(-1, 3)[there.at[known]] = np.clip(np.rint(colours), 0, 255)
                    missing[number].ravel()[there.at[known]] = False


def _runs(numbers: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _nowhere(hole: np.ndarray) -> Link:
    nothing: Sources = unseen(np.flatnonzero(hole))
    return Link(nothing.at, nothing.place, nothing.off)


def _light(pair: tuple[np.ndarray, np.ndarray], back: np.ndarray, taken: np.ndarray) -> Light:
    """The light of the second of two small pictures against the first, where neither is `taken`."""
    height, width = taken.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    moved = cv2.remap(
        pair[0], x + back[..., 0], y + back[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    scale = min(1.0, _GLANCE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    free = cv2.resize(255 - taken.view(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_AREA) == 255
    tiny = [cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in (pair[1], moved)]
    found = match(tiny[0], tiny[1], free)
    return found if found.usable else EQUAL


def _onwards(light: Light, step: Light) -> Light:
    return light if step.same else Light(light.gain * step.gain, step.gain * light.offset + step.offset)
