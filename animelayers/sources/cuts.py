"""Cuts of animation: where nothing after a frame shows the place before it. Flashes, pans and fades are told
from cuts.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator

import numpy as np

from animelayers.sources.likeness import contrast, likeness, palette, shrink
from animelayers.sources.transitions import Blends

SAME = 0.54
"""Mean of likeness and common palette from which two frames are of one shot. Across 17 cuts marked by hand it
is 0.49 and less; within their shots 0.68 and more, but for 0.58 where a dragon fills the frame at once."""

FLASH = 4
"""Frames of the longest flash or impact: if the place is back after so many, it is no cut."""

SHORTEST = 4
"""Frames of the shortest shot; a second cut that comes sooner is taken for the rest of the first."""

BLANK = 6.0
"""Contrast (levels) below which a frame shows nothing, as between a fade out and a fade in."""

_ENOUGH = 0.6  # likeness from which the palette is not asked: the cuts marked by hand have half of it at most
_NEAR = 8  # frames beside a blank that tell whether it was cut to or faded to
_FADE = 16  # frames from a blank at which what a fade hid can be told: nearer to it all is dark, and alike
_SHOWN = 0.85  # share of the contrast at which a fade is over
_SUDDEN = 0.5  # share of the contrast beside it that a frame next to a blank still has, if it was cut


class Anime:
    """Finds the cuts of one film, fed with its frames in order; keeps a number per frame and the last few
    pictures, small.

    A frame starts a shot if it and the `FLASH` frames after it are unlike the frame before it, and it is
    unlike the `FLASH` frames before that too: what a flash interrupts goes on behind it. Likeness allows for
    motion, pans and light (see `likeness`); the palette holds together what moved too far for it. A slow fade
    is like itself all the way, so what a blank longer than a flash has before it and behind it is compared at
    a distance. A blank picture is like nothing, so what lies around it decides: a blank that was cut to or
    from gives its sharp edges, one between two fades is one cut at its flattest frame. A film that fades in
    has no cut there. A dissolve and a wipe (see `transitions.Blends`) are one cut, where the second place
    outweighs the first.
    """

    def __init__(self) -> None:
        self._recent: deque[np.ndarray] = deque(maxlen=2 * FLASH + 2)
        self._contrast = array("f")
        self._unlike: list[int] = []
        self._shown: deque[np.ndarray] = deque(maxlen=_FADE)
        self._faded: np.ndarray | None = None
        self._blanks = 0
        self._blends = Blends()
        self.between: list[tuple[int, int]] = []

    def add(self, picture: np.ndarray) -> None:
        """The next frame, uint8 BGR (H, W, 3); all of one size."""
        small = shrink(picture)
        self._recent.append(small)
        self._contrast.append(contrast(small))
        self._blends.add(small)
        if len(self._contrast) > FLASH:
            self._judge(len(self._contrast) - 1 - FLASH)
        self._bridge(small)

    def cuts(self) -> list[int]:
        """The first frame of every shot but the first, rising; `between` holds the spans [a, b) that show two
        shots, or a fade.

        Nothing may be added afterwards.
        """
        count = len(self._contrast)
        for frame in range(max(0, count - FLASH), count):
            self._judge(frame)
        levels = np.array(self._contrast)
        blank = np.concatenate([[False], levels < BLANK, [False]])
        sharp = [frame for frame in self._unlike if not blank[frame : frame + 2].any()]
        edges = np.flatnonzero(np.diff(blank.astype(np.int8)))
        suspects = set(self._unlike)
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            # What is alike on both sides of a short blank was flashed over.
            if start in suspects or stop in suspects:
                sharp += _around(levels, start, stop)
                self.between += _faded(levels, start, stop)
        mixed = self._blends.found(sharp)
        self.between += [(one.first, one.last + 1) for one in mixed]
        return list(_apart(sorted([*sharp, *(one.middle for one in mixed)])))

    def _bridge(self, small: np.ndarray) -> None:
        """Note the end of a blank too long for a flash if what follows is unlike what was before: each frame
        of a slow fade is like the next.
        """
        if self._contrast[-1] < BLANK:
            self._blanks += 1
            if self._shown and self._blanks > FLASH:
                self._faded = self._shown[0]
                self._shown.clear()
            return
        self._blanks = 0
        self._shown.append(small)
        if self._faded is not None and len(self._shown) == _FADE:
            if not same(self._faded, small):
                self._unlike.append(len(self._contrast) - _FADE)
            self._faded = None

    def _judge(self, frame: int) -> None:
        """Note `frame` if it is unlike what was before, the frames around it being among the recent ones."""
        first = len(self._contrast) - len(self._recent)
        at = frame - first
        if at < 1 or frame < 1:
            return
        before, now = self._recent[at - 1], self._recent[at]
        ahead = range(at + 1, min(at + 1 + FLASH, len(self._recent)))
        behind = range(at - 2, max(-1, at - 2 - FLASH), -1)
        pairs = [
            (before, now),
            *((before, self._recent[i]) for i in ahead),
            *((self._recent[i], now) for i in behind),
        ]
        if not any(same(one, other) for one, other in pairs):
            self._unlike.append(frame)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two pictures, from `likeness.shrink` and of one size, show the same place."""
    found = likeness(one, other, _ENOUGH)
    return found >= _ENOUGH or (found > 2 * SAME - 1 and (found + palette(one, other)) / 2 >= SAME)


def _around(levels: np.ndarray, start: int, stop: int) -> list[int]:
    """The cuts that the blank frames `start`..`stop` - 1 of a film of these contrasts make."""
    if start == 0:
        return []
    found = []
    if _sudden(levels[max(0, start - _NEAR) : start][::-1]):
        found.append(start)
    if stop < len(levels):
        if _sudden(levels[stop : stop + _NEAR]):
            found.append(stop)
        if not found:
            flat = np.flatnonzero(levels[start:stop] <= levels[start:stop].min() + 0.5)
            found.append(start + int(flat[len(flat) // 2]))
    return found


def _faded(levels: np.ndarray, start: int, stop: int) -> list[tuple[int, int]]:
    """The span that a blank takes with the fades at its sides; none where it was cut to and from."""
    before, after = levels[max(0, start - _FADE) : start][::-1], levels[stop : stop + _FADE]
    sides = [
        0 if not len(side) or _sudden(side[:_NEAR]) else int(np.argmax(side >= _SHOWN * side.max()))
        for side in (before, after)
    ]
    return [(start - sides[0], stop + sides[1])] if any(sides) else []


def _sudden(levels: np.ndarray) -> bool:
    """Whether the first of these contrasts, which lead away from a blank, is that of a whole picture."""
    return bool(levels[0] >= max(2 * BLANK, _SUDDEN * levels.max()))


def _apart(cuts: list[int]) -> Iterator[int]:
    last = -SHORTEST
    for cut in cuts:
        if cut - last >= SHORTEST:
            last = cut
            yield cut
