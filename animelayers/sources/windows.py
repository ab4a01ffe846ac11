"""Windows of a film: frame k is frame k of a plain decode from the start, whatever was read before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import av
import numpy as np
from av.error import FFmpegError

from animelayers.sources.colour import over
from animelayers.sources.film import Film

NEAR = 48
"""Frames that are rather decoded than sought over."""

_HDR = {16: "PQ", 18: "HLG"}


class Windows:
    """Takes windows out of a film, in any order; consecutive ones cost one sequential decode."""

    def __init__(self, film: Film) -> None:
        self._film = film
        self._running = film.frames()
        self._next: int | None = 0  # number of the frame `_running` gives next; None after a failure
        self._sought = False

    def read(self, indices: Sequence[int], pts: int, times: Sequence[float]) -> Iterator[av.VideoFrame]:
        """The frames with these numbers, ascending. `pts` is the first one's time stamp, -1 if unknown; `times` are their seconds.

        After a seek every frame must carry the time stamp the plan has for it, otherwise the window is counted from the start.
        Raises EOFError where the film ends before the window does.
        """
        if self._next is None or not 0 <= indices[0] - self._next <= NEAR:
            self._locate(int(indices[0]), int(pts))
        unit = float(self._film.stream.time_base or 1)
        place = 0
        while place < len(indices):
            frame = next(self._running, None)
            if frame is None:
                self._next = None
                raise EOFError(self._film.damage or f"ends before frame {indices[place]}")
            number, self._next = self._next or 0, (self._next or 0) + 1
            if number != indices[place]:
                continue
            if self._sought and frame.pts != pts + round((times[place] - times[0]) / unit):
                self._rewind()
                continue
            place += 1
            yield frame

    def _locate(self, index: int, pts: int) -> None:
        second = round(1 / (self._film.stream.time_base or 1))
        for back in (0, 2, 10) if pts != -1 and index > NEAR and self._film.indexed else ():
            try:
                self._film.seek(pts - back * second)
            except FFmpegError:
                break
            self._running, self._next, self._sought = self._film.frames(), index, True
            if self._reach(pts):
                return
        self._rewind()

    def _reach(self, pts: int) -> bool:
        """Run to the frame with this time stamp. A key frame must have been shown before: what precedes it may lack its references."""
        safe = False
        for frame in self._running:
            safe = safe or frame.key_frame
            if safe and frame.pts == pts:
                self._running = _chain(frame, self._running)
                return True
            if frame.pts is None or frame.pts > pts:
                return False
        return False

    def _rewind(self) -> None:
        self._film.rewind()
        self._running, self._next, self._sought = self._film.frames(), 0, False


def _chain(first: av.VideoFrame, rest: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    yield first
    yield from rest


def pixels(frame: av.VideoFrame, alpha_on: tuple[int, int, int]) -> tuple[np.ndarray, list[str]]:
    """The frame upright as uint8 RGB (H, W, 3), and notes.

    YUV becomes RGB by the matrix and range the stream declares; undeclared means ITU-R BT.601, limited range, as in OpenCV.
    Alpha is composed on `alpha_on`. HDR transfer curves are kept as they are.
    """
    notes = []
    if any(component.is_alpha for component in frame.format.components):
        rgba = frame.to_ndarray(format="rgba", threads=1)
        image = over(rgba[..., :3], rgba[..., 3], alpha_on)
        notes.append("alpha composed on #{:02x}{:02x}{:02x}".format(*alpha_on))
    else:
        image = frame.to_ndarray(format="rgb24", threads=1)
    if int(frame.color_trc) in _HDR:
        notes.append(f"{_HDR[int(frame.color_trc)]} values kept")
    turns = quarter_turns(frame)
    if turns:
        notes.append(f"rotation {turns * 90} applied")
        image = np.ascontiguousarray(np.rot90(image, turns))
    return image, notes


def quarter_turns(frame: av.VideoFrame) -> int:
    """Counter-clockwise quarter turns that bring the frame upright, 0..3."""
    return round(frame.rotation / 90) % 4
