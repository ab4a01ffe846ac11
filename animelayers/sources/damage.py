"""Damage of a film: what its decoder had to conceal, everything that leans on it, and pictures that never
came.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import av
import numpy as np

# codecs of which each packet of Matroska and MP4 is one picture
_WHOLE = ("h264", "hevc", "av1", "mpeg2video")
_THREADS = 8
# frames without a picture, and share of what they would weigh that lies between its neighbours: they were
# there
_GAP, _HOLE = 2.5, 0.5


class _Hole(NamedTuple):
    """Seconds from the start where it is, pictures that are missing, and the time stamp of the packet before
    it.
    """

    seconds: float
    frames: int
    before: int


class Watch:
    """Told of each packet and frame of one pass over a film, in order, it knows which frames are not to be
    trusted.

    A decoder says of the frame alone that it could not decode whole; until the next key frame all others lean
    on it, and those are counted in the order of decoding, in which some come before it that are shown after.
    """

    def __init__(self, codec: str, form: str) -> None:
        self._countable = codec in _WHOLE and ("mov" in form or "matroska" in form)
        self._packets: list[int | None] = []
        # seconds, position, size and time stamp of packets, where the container tells
        self._places: list[tuple[float, int, int, int]] = []
        self._bad: set[int] = set()  # time stamps
        self._failed: set[int] = set()  # packets, by number
        self._keys: set[int] = set()
        self._came: set[int] = set()
        self._shown, self._interlaced = 0, False
        self._first: int | None = None

    def packet(self, packet: av.Packet) -> None:
        """The next packet, before it is decoded."""
        if not packet.size or packet.is_discard:
            return
        self._packets.append(packet.pts)
        if packet.is_corrupt:
            self._failed.add(len(self._packets) - 1)
        if packet.pos is not None and packet.pos >= 0 and packet.pts is not None:
            self._places.append((float(packet.pts * packet.time_base), packet.pos, packet.size, packet.pts))

    def failed(self) -> None:
        """The last packet gave an error. Threads decode several at a time, so it may be one of a few before."""
        self._failed.add(max(0, len(self._packets) - 1))

    def frame(self, frame: av.VideoFrame) -> None:
        """The next decoded frame."""
        self._first = frame.pts if not self._shown else self._first
        self._shown += 1
        self._interlaced |= frame.interlaced_frame
        if frame.pts is not None:
            self._came.add(frame.pts)
            if frame.is_corrupt:
                self._bad.add(frame.pts)
            elif frame.key_frame:
                self._keys.add(frame.pts)

    def damaged(self, pts: Sequence[int | None]) -> np.ndarray:
        """Which of the frames with these time stamps are damaged, bool [T]."""
        lost = self._without()
        if not self._bad and not lost:
            return np.zeros(len(pts), bool)
        found, bad, until = set[int](), False, -(1 << 62)
        for number, stamp in enumerate(self._packets):
            if stamp in self._keys and number not in lost:
                until = int(stamp or 0) if bad else until
                bad = False
            bad |= number in lost or stamp in self._bad
            # what is shown before a key frame may lean on what was before it
            if stamp is not None and (bad or stamp < until):
                found.add(stamp)
        return np.array([stamp in found for stamp in pts], bool)

    def _without(self) -> set[int]:
        """The packets that gave no frame, or no sound one: others lean on them. One beside a hole was cut
        into by what made the hole.
        """
        missing, key = set[int](), -(1 << 62)
        for number, stamp in enumerate(self._packets):
            key = stamp if stamp is not None and stamp in self._keys else key
            # before its key frame in time: nothing leans on it
            if stamp is not None and stamp not in self._came and stamp >= key:
                missing.add(number)
        hole = self._hole()
        beside = {number for number, stamp in enumerate(self._packets) if hole and stamp == hole.before}
        if self._countable and not self._interlaced:
            return missing | beside
        found = beside
        for number in self._failed:  # an error is told of as many packets later as there are threads
            found |= (missing & set(range(number - _THREADS, number + 1))) or {number}
        return found

    def early(self) -> int:
        """How many pictures come before the first that is shown: they lean on a key frame that is not there,
        as in a piece cut out of a film.
        """
        return (
            sum(stamp is not None and stamp < self._first for stamp in self._packets)
            if self._first is not None
            else 0
        )

    def lost(self) -> str:
        """What is missing in the middle, in words; '' for nothing."""
        missing = (
            len(self._packets) - self._shown - len(self._failed) - self.early()
            if self._countable and not self._interlaced
            else 0
        )
        if hole := self._hole():
            return f"damaged: about {hole.frames} pictures from {hole.seconds:.2f} s on are missing"
        return f"damaged: {missing} of {len(self._packets)} pictures cannot be decoded" if missing > 0 else ""

    def _hole(self) -> _Hole | None:
        """Where a container lost packets without a word: a gap in time with as many bytes in it as its
        pictures would have.
        """
        if len(self._places) < 8:
            return None
        order = sorted(self._places, key=lambda place: place[1])
        seconds, at, size = (
            np.array(column)
            for column in ([p[0] for p in order], [p[1] for p in order], [p[2] for p in order])
        )
        step = float(np.median(np.diff(np.sort(seconds))))
        between = at[1:] - at[:-1] - size[:-1]
        usual, weight = float(np.median(between)), float(np.median(size))
        if step <= 0:
            return None
        for place in np.flatnonzero(between - usual > _GAP * _HOLE * weight):
            then, now = seconds[: place + 1].max(), seconds[place + 1 :].min()
            frames = (now - then) / step
            if frames > _GAP and between[place] - usual * frames > _HOLE * frames * weight:
                return _Hole(float(then - seconds.min()), round(frames) - 1, order[place][3])
        return None
