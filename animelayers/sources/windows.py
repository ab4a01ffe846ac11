"""Windows of a film: frame k is frame k of a plain decode from the start, whatever was read before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import av
from av.error import FFmpegError

from animelayers.sources.film import Film

NEAR = 48
"""Frames that are rather decoded than sought over."""

# frames that a filter which looks at neighbours must have seen before it gives what it gives in a pass from
# the start
_BEFORE = 2


class Windows:
    """Takes windows out of a film, in any order; consecutive ones cost one sequential decode."""

    def __init__(self, film: Film, slack: float = 0.0) -> None:
        """``slack``: seconds by which the plan's times may differ from the container's."""
        self._film, self._slack = film, slack
        self._running = film.frames()
        self._next: int | None = 0  # number of the frame `_running` gives next; None after a failure
        self._sought = False

    def read(self, indices: Sequence[int], pts: int, times: Sequence[float]) -> Iterator[av.VideoFrame]:
        """The frames with these numbers, ascending. `pts` is the first one's time stamp, -1 if unknown;
        `times` are their seconds.

        After a seek every frame must carry the time stamp the plan has for it, otherwise the window is
        counted from the start. Raises EOFError where the film ends before the window does.
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
            if self._sought and not self._expected(frame, pts + round((times[place] - times[0]) / unit)):
                self._rewind()
                continue
            place += 1
            yield frame

    def _expected(self, frame: av.VideoFrame, pts: int) -> bool:
        return (
            frame.pts is not None
            and abs(frame.pts - pts) * float(self._film.stream.time_base or 1) <= self._slack
        )

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
        """Run to the frame with this time stamp. A key frame must have been shown before: what precedes it
        may lack its references.
        """
        seen, needed = 0, 1 + (_BEFORE if self._film.reading else 0)
        for frame in self._running:
            seen += bool(seen or self._film.is_key(frame))
            if seen >= needed and frame.pts == pts:
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
