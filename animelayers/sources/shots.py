"""Shots: where a film cuts, by a detector of choice driven frame by frame."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np

from animelayers.sources.cuts import Anime

WIDTH = 256
"""Pixels the detectors see across; PySceneDetect scales to the same by default."""

SHORTEST = 8
"""Frames of the shortest shot PySceneDetect finds. Its own 15 lose cuts that animation makes: F1 0.85 against
0.88 on 17 cuts marked by hand.
"""


class Detector(Protocol):
    """Finds the cuts of one film whose frames are of one size."""

    def add(self, picture: np.ndarray) -> None:
        """The next frame, uint8 BGR (H, W, 3)."""

    def cuts(self) -> list[int]:
        """The first frames of the second and later shots. Nothing is added afterwards."""


class Shots:
    """Numbers the shots of one film, fed with all of its frames in order.

    ``detector``: 'anime' (what motion, light and a flash do not explain: `cuts.Anime`), PySceneDetect's
    'adaptive' (a frame's change against the mean change around it) and 'content' (change against a fixed
    threshold) with its thresholds (scenedetect.com), 'transnetv2' (the net of that name: `transnet.TransNet`,
    needs torch and its weights), or 'none': one shot. Raises ValueError for any other name, WeightsError
    where the net's weights are missing.
    """

    def __init__(self, detector: str) -> None:
        if detector not in _KINDS:
            raise ValueError(f"source.detector={detector!r} is none of {', '.join(DETECTORS)}")
        self._new = _KINDS[detector]
        self._detector = self._new()
        self._starts: list[int] = []
        self._between: list[tuple[int, int]] = []
        self._first = self._seen = 0
        self._shape: tuple[int, ...] = ()

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height to scale a frame to before it is added: never larger than it is."""
        across = min(WIDTH, width)
        return across, max(1, round(height * across / width))

    def add(self, picture: np.ndarray) -> None:
        """The next frame, uint8 BGR of the size `size` gave. A change of size is a cut."""
        if self._shape and picture.shape != self._shape:
            self._close()
            self._detector = self._new()
        self._detector.add(picture)
        self._shape = picture.shape
        self._seen += 1

    def numbers(self) -> np.ndarray:
        """The shot of every frame, int64 [T], counted from 0. Nothing may be added afterwards."""
        if self._first < self._seen:
            self._close()
        starts = np.zeros(self._seen, np.int64)
        starts[[cut for cut in self._starts if 0 < cut < self._seen]] = 1
        return np.cumsum(starts)

    def between(self) -> np.ndarray:
        """Which frames lie between two shots, in a dissolve, a wipe or a fade, bool [T]; only after
        `numbers`, and only 'anime' tells.
        """
        found = np.zeros(self._seen, bool)
        for a, b in self._between:
            found[max(0, a) : b] = True
        return found

    def _close(self) -> None:
        self._starts += [self._first + cut for cut in self._detector.cuts()] + [self._seen]
        self._between += [
            (self._first + a, self._first + b) for a, b in getattr(self._detector, "between", ())
        ]
        self._first = self._seen


class PySceneDetect:
    """A detector of PySceneDetect, with its thresholds; ``kind`` is the name of its class."""

    def __init__(self, kind: str) -> None:
        import scenedetect

        logging.getLogger("pyscenedetect").setLevel(logging.WARNING)
        self._detector: Any = getattr(scenedetect, kind)(min_scene_len=SHORTEST)
        # The rate only gives seconds, which nothing here asks for: both detectors count frames.
        self._timecode: Any = partial(scenedetect.FrameTimecode, fps=25.0)
        self._found: set[int] = set()
        self._seen = 0

    def add(self, picture: np.ndarray) -> None:
        """As `Detector.add`."""
        self._found.update(
            cut.frame_num for cut in self._detector.process_frame(self._timecode(self._seen), picture)
        )
        self._seen += 1

    def cuts(self) -> list[int]:
        """As `Detector.cuts`."""
        self._found.update(cut.frame_num for cut in self._detector.post_process(self._timecode(self._seen)))
        return sorted(self._found)


class Whole:
    """A detector that finds no cut."""

    def add(self, picture: np.ndarray) -> None:
        """As `Detector.add`."""

    def cuts(self) -> list[int]:
        """As `Detector.cuts`."""
        return []


def _transnet() -> Detector:
    try:
        from animelayers.models.transnet import TransNet
    except ModuleNotFoundError as error:
        raise ValueError(
            f"source.detector=transnetv2 needs torch ({error}): pip install 'animelayers[models]', or use anime"
        ) from error
    return TransNet()


_KINDS: dict[str, Callable[[], Detector]] = {
    "anime": Anime,
    "adaptive": partial(PySceneDetect, "AdaptiveDetector"),
    "content": partial(PySceneDetect, "ContentDetector"),
    "transnetv2": _transnet,
    "none": Whole,
}

DETECTORS = tuple(_KINDS)
"""Names of the detectors."""
