"""Damage of a film: what its decoder had to conceal, everything that leans on it, and pictures that never came."""

from __future__ import annotations

from collections.abc import Sequence

import av
import numpy as np

_WHOLE = ("h264", "hevc", "av1", "mpeg2video")  # codecs of which each packet of Matroska and MP4 is one picture
_GAP, _HOLE = 2.5, 0.5  # frames without a picture, and share of what they would weigh that lies between its neighbours: they were there


class Watch:
    """Told of each packet and frame of one pass over a film, in order, it knows which frames are not to be trusted.

    A decoder says of the frame alone that it could not decode whole; until the next key frame all others lean on it, and those are
    counted in the order of decoding, in which some come before it that are shown after.
    """

    def __init__(self, codec: str, form: str) -> None:
        self._countable = codec in _WHOLE and ("mov" in form or "matroska" in form)
        self._packets: list[int | None] = []
        self._places: list[tuple[float, int, int]] = []  # seconds, position and size of packets, where the container tells
        self._bad: set[int] = set()  # time stamps
        self._failed: set[int] = set()  # packets, by number
        self._keys: set[int] = set()
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
            self._places.append((float(packet.pts * packet.time_base), packet.pos, packet.size))

    def failed(self) -> None:
        """The last packet gave an error. Threads decode several at a time, so it may be one of a few before."""
        self._failed.add(max(0, len(self._packets) - 1))

    def frame(self, frame: av.VideoFrame) -> None:
        """The next decoded frame."""
        self._first = frame.pts if not self._shown else self._first
        self._shown += 1
        self._interlaced |= frame.interlaced_frame
        if frame.pts is not None:
            if frame.is_corrupt:
                self._bad.add(frame.pts)
            elif frame.key_frame:
                self._keys.add(frame.pts)

    def damaged(self, pts: Sequence[int | None]) -> np.ndarray:
        """Which of the frames with these time stamps are damaged, bool [T]."""
        if not self._bad and not self._failed:
            return np.zeros(len(pts), bool)
        found, bad, until = set[int](), False, -(1 << 62)
        for number, stamp in enumerate(self._packets):
            if stamp in self._keys and number not in self._failed:
                until = int(stamp or 0) if bad else until
                bad = False
            bad |= number in self._failed or stamp in self._bad
            if stamp is not None and (bad or stamp < until):  # what is shown before a key frame may lean on what was before it
                found.add(stamp)
        return np.array([stamp in found for stamp in pts], bool)

    def early(self) -> int:
        """How many pictures come before the first that is shown: they lean on a key frame that is not there, as in a piece cut out of a film."""
        return sum(stamp is not None and stamp < self._first for stamp in self._packets) if self._first is not None else 0

    def lost(self) -> str:
        """What is missing in the middle, in words; '' for nothing."""
        missing = len(self._packets) - self._shown - len(self._failed) - self.early() if self._countable and not self._interlaced else 0
        return self._hole() or (f"damaged: {missing} of {len(self._packets)} pictures cannot be decoded" if missing > 0 else "")

    def _hole(self) -> str:
        """Where a container lost packets without a word: a gap in time with as many bytes in it as its pictures would have."""
        if len(self._places) < 8:
            return ""
        order = np.array(sorted(self._places, key=lambda place: place[1]))
        seconds = np.sort(order[:, 0])
        step = float(np.median(np.diff(seconds)))
        between = order[1:, 1] - order[:-1, 1] - order[:-1, 2]
        usual, weight = float(np.median(between)), float(np.median(order[:, 2]))
        if step <= 0:
            return ""
        for at in np.flatnonzero(between - usual > _GAP * _HOLE * weight):
            then, now = order[: at + 1, 0].max(), order[at + 1 :, 0].min()
            frames = (now - then) / step
            if frames > _GAP and between[at] - usual * frames > _HOLE * frames * weight:
                return f"damaged: about {round(frames) - 1} pictures from {then - seconds[0]:.2f} s on are missing"
        return ""
