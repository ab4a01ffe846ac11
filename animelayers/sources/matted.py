"""Mattes that are films themselves: what a tool that mattes a whole film leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import IO

import av
import cv2
import numpy as np
from av.error import FFmpegError

from animelayers.sources.asked import Asked
from animelayers.sources.beside import alpha, fitted
from animelayers.sources.content import HEAD, family
from animelayers.sources.film import Film
from animelayers.sources.showing import show

_SAME = 0.004  # seconds by which the times of two containers may differ for one frame
# seconds behind its last frame for which a matte is held: encoders drop the last of what repeats
_LATE = 0.25
_FAR = 2.0  # seconds that are rather sought over than decoded
_NOISE = 8  # levels from clear, or solid, that an encoder makes of it

Opened = Callable[[str], AbstractContextManager[IO[bytes]]]


class Matted:
    """Opens mattes by their names (``opened``), pictures or films; a film stays open from one frame to the
    next, until `close`.
    """

    def __init__(self, opened: Opened, asked: Asked) -> None:
        self._opened, self._asked = opened, asked
        self._stack = ExitStack()
        self._films: dict[str, _Playing] = {}

    def close(self) -> None:
        """Close the films."""
        self._stack.close()
        self._films = {}

    def alpha(self, name: str, seconds: float, size: tuple[int, int]) -> np.ndarray:
        """A matte uint8 (H, W) of `size` (width, height); of a film what it shows at `seconds` from its
        start.

        Raises ValueError for one of another shape, and for a film that has ended by then.
        """
        if name not in self._films:
            with self._opened(name) as file:
                moving = family(file.read(HEAD)) == "video"
                file.seek(0)
                if not moving:
                    return alpha(file, size, name, self._asked.max_pixels)
            file = self._stack.enter_context(self._opened(name))
            self._films[name] = _Playing(self._stack.enter_context(Film(file, self._asked.max_pixels)), name)
        shown = show(self._films[name].at(seconds), self._films[name].film.facts, self._asked)
        plane = cv2.cvtColor(shown.pixels, cv2.COLOR_RGB2GRAY) if shown.alpha is None else shown.alpha
        plane = np.where(plane < _NOISE, 0, np.where(plane > 255 - _NOISE, 255, plane)).astype(np.uint8)
        return fitted(plane, size, name)


class _Playing:
    """A film that is asked for the frame of a time, mostly the next one's."""

    def __init__(self, film: Film, name: str) -> None:
        self.film, self._name = film, name
        self._start: float | None = None
        self._now: av.VideoFrame | None = None
        self._next: av.VideoFrame | None = None
        self._running: Iterator[av.VideoFrame] = iter(())
        self._begin()

    def at(self, seconds: float) -> av.VideoFrame:
        """The frame that is shown then."""
        if np.isnan(seconds):
            raise ValueError(f"the matte {self._name} is a film, and nothing tells the time of this frame")
        now = -np.inf if self._now is None else self._time(self._now)
        if seconds + _SAME < now or seconds > now + _FAR:
            self._go(seconds)
        while self._next is not None and self._time(self._next) <= seconds + _SAME:
            self._now, self._next = self._next, next(self._running, None)
        if self._now is None or (self._next is None and seconds > self._time(self._now) + _LATE):
            ends = 0.0 if self._now is None else self._time(self._now)
            raise ValueError(
                f"the matte {self._name} ends after {ends:.2f} s, its frame is at {seconds:.2f} s"
            )
        return self._now

    def _go(self, seconds: float) -> None:
        if self._start is not None and self.film.indexed and seconds > _FAR:
            try:
                self.film.seek(round((self._start + seconds) / float(self.film.stream.time_base or 1)))
                self._begin()
                if self._next is not None and self._time(self._next) <= seconds + _SAME:
                    return
            except FFmpegError:
                pass
        if self._now is not None or self._start is not None:
            self.film.rewind()
            self._begin()

    def _begin(self) -> None:
        self._now, self._running = None, self.film.frames()
        self._next = next(self._running, None)
        if self._start is None and self._next is not None:
            self._start = float((self._next.pts or 0) * (self.film.stream.time_base or 0))

    def _time(self, frame: av.VideoFrame) -> float:
        return float((frame.pts or 0) * (self.film.stream.time_base or 0)) - (self._start or 0.0)
