"""Shots: where a film cuts, by PySceneDetect's detectors driven frame by frame."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import numpy as np

WIDTH = 256
"""Pixels the detectors see across; PySceneDetect scales to the same by default."""

SHORTEST = 8
"""Frames of the shortest shot. PySceneDetect's 15 lose cuts that animation makes: F1 0.85 against 0.88 on 17 cuts marked by hand."""

DETECTORS = ("adaptive", "content", "none")


class Shots:
    """Numbers the shots of one film, fed with all of its frames in order.

    ``detector`` is 'adaptive' (a frame's change against the mean change around it, the steadier under fast camera moves),
    'content' (change against a fixed threshold), both PySceneDetect's with its thresholds (scenedetect.com), or 'none': one shot.
    Raises ValueError for any other name.
    """

    def __init__(self, detector: str) -> None:
        from scenedetect import AdaptiveDetector, ContentDetector, FrameTimecode

        logging.getLogger("pyscenedetect").setLevel(logging.WARNING)
        kinds: dict[str, Any] = {"adaptive": AdaptiveDetector, "content": ContentDetector, "none": None}
        if detector not in kinds:
            raise ValueError(f"source.detector={detector!r} is none of {', '.join(DETECTORS)}")
        kind = kinds[detector]
        self._new = partial(kind, min_scene_len=SHORTEST) if kind else lambda: None
        self._detector = self._new()
        # The rate only gives seconds, which nothing here asks for: both detectors count frames.
        self._timecode: Any = partial(FrameTimecode, fps=25.0)
        self._cuts: set[int] = set()
        self._seen = 0
        self._shape: tuple[int, ...] = ()

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height to scale a frame to before it is added: never larger than it is."""
        across = min(WIDTH, width)
        return across, max(1, round(height * across / width))

    def add(self, picture: np.ndarray) -> None:
        """The next frame, uint8 BGR of the size `size` gave. A change of size is a cut."""
        if self._shape and picture.shape != self._shape:
            self._cuts.add(self._seen)
            self._detector = self._new()
        elif self._detector:
            self._cuts.update(cut.frame_num for cut in self._detector.process_frame(self._timecode(self._seen), picture))
        self._shape = picture.shape
        self._seen += 1

    def numbers(self) -> np.ndarray:
        """The shot of every frame, int64 [T], counted from 0."""
        if self._detector and self._seen:
            self._cuts.update(cut.frame_num for cut in self._detector.post_process(self._timecode(self._seen)))
        starts = np.zeros(self._seen, np.int64)
        starts[[cut for cut in self._cuts if 0 < cut < self._seen]] = 1
        return np.cumsum(starts)
