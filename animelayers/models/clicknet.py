"""ClickNet: the package's own net that finds all of what a person pointed at.

It is shown what was found of it before, and clicks on what is of it and on what is not (interactive segmentation with a
mask as an input: Sofiiuk et al., ICIP 2022).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.models.constants import MIDDLE
from animelayers.models.layernet import sized, stored
from animelayers.models.layernet_graph import Compiled
from animelayers.models.onnx import bf16_pays
from animelayers.options import Named, Side
from animelayers.weights import WeightsError, find

GIVEN = 6
"""Planes the net is shown, all of them its encoder too: the picture's three, what was found before, clicks on what
is of it, and on what is not.
"""
DOT = 3
"""Pixels around a click at the net's size."""
_POINT = 48  # pixels up to which what was pointed at is a click, and no stroke
_HALF = 0.5


class ClickNet:
    """The net, called on one picture at a time, by any number of threads.

    ``weights``: a registered name, or the path of a safetensors file that `animelayers train_clicknet` wrote.
    ``side``: pixels of the long side of what the net sees. Raises WeightsError for weights that are missing
    or another net's.
    """

    def __init__(self, weights: Named = "clicknet", *, side: Side = 320) -> None:
        path = find(weights)
        try:
            self._net = Compiled(stored(path), "bf16" if bf16_pays() else "fp32", GIVEN, "ClickNet")
        except WeightsError as problem:
            raise WeightsError(f"{path}: {problem}") from problem
        self._side, self._one = side, threading.Lock()  # a compiled graph answers one at a time

    def __call__(
        self,
        picture: np.ndarray,
        found: np.ndarray,
        of: Sequence[np.ndarray],
        other: Sequence[np.ndarray],
        window: tuple[slice, slice] | None = None,
    ) -> np.ndarray:
        """As `protocols.Pointing`."""
        rows, columns = window or (slice(0, found.shape[0]), slice(0, found.shape[1]))
        part = np.ascontiguousarray(picture[rows, columns])
        height, width = part.shape[:2]
        size, shrunk = sized(part.shape, self._side), self._side < max(height, width)
        clicks = np.stack([_drawn([mark[rows, columns] for mark in marks], size) for marks in (of, other)])
        small = cv2.resize(part, size, interpolation=cv2.INTER_AREA if shrunk else cv2.INTER_LINEAR)
        before = _resized(found[rows, columns], size) > _HALF
        with self._one:
            answer = self._net(planes(small, before, clicks)[None])[0, 0]
        how = cv2.INTER_LINEAR if shrunk else cv2.INTER_AREA
        return np.asarray(cv2.resize(answer, (width, height), interpolation=how))


def planes(picture: np.ndarray, found: np.ndarray, clicks: np.ndarray) -> np.ndarray:
    """What the net is shown, float32 (6, h, w): of a picture uint8 sRGB (h, w, 3), what was ``found`` bool (h, w),
    and ``clicks`` bool (2, h, w) on what is of it and on what is not.
    """
    colours = picture.transpose(2, 0, 1) * np.float32(1 / MIDDLE) - np.float32(1)
    return np.concatenate([colours, found[None], clicks], dtype=np.float32)


def _drawn(marks: Sequence[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """Where marks, bool (h, w), lie at `size`: a click is a dot of its own size there."""
    plane = np.zeros(size[::-1], np.uint8)
    for mark in marks:
        rows, columns = np.nonzero(mark)
        if not len(rows):
            continue
        if len(rows) > _POINT:
            plane |= (_resized(mark, size) > _HALF).view(np.uint8)
            continue
        middle = (np.array([columns.mean(), rows.mean()]) + 0.5) * size / np.array(mark.shape[::-1])
        cv2.circle(plane, (int(middle[0]), int(middle[1])), DOT, 1, -1)
    return plane > 0


def _resized(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
