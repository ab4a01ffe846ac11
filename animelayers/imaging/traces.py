"""Where the pixels of each drawing of a shot lie in others: optical flow, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from animelayers.imaging.channels import apart
from animelayers.imaging.constants import ASTRAY
from animelayers.imaging.window import Window, window

ALL: Window = (slice(None), slice(None))
"""All of a plane."""
Flow = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Displacement in pixels, float32 (H, W, 2) in x and y, of each pixel of one uint8 sRGB picture (H, W, 3) to
where it lies in the other.
"""

_SHORT = 360  # pixels of the short side that flow is computed at
# grey levels between a pixel and where the flow says it comes from: a line off by half a pixel, not another
# paint
_SAME = 20
# share of the frame that flow has to explain; below it is a cut or a flash, and nothing is taken over
_TRACED = 0.3
_SMALLEST = 16  # pixels of a side that a patch of the flow fits into
_KEPT = 8  # flows that are kept: those between a drawing and its neighbours, both ways, and a few more


def dis(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Dense inverse search (Kroeger et al., ECCV 2016) as a `Flow`; zeros for pictures too small for its
    patches.
    """
    if min(one.shape[:2]) < _SMALLEST:
        return np.zeros((*one.shape[:2], 2), np.float32)
    grey = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in (one, other)]
    search: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    found: np.ndarray = search.calc(grey[0], grey[1], None)
    return found


def differ(one: np.ndarray, other: np.ndarray, levels: int) -> np.ndarray:
    """uint8 (H, W), 1 where two pictures differ by more than `levels` in a channel."""
    return cv2.threshold(apart(one, other), levels, 1, cv2.THRESH_BINARY)[1]


class Traces:
    """Where the pixels of each drawing of a shot lie in others, found when asked for; the last few are kept."""

    def __init__(self, pictures: Sequence[np.ndarray], flow: Flow = dis, short: int = _SHORT):
        self._flow, self._flows = flow, dict[tuple[int, int], np.ndarray]()
        self.size = pictures[0].shape[1::-1]
        scale = min(1.0, short / max(1, min(self.size)))
        self._small = (max(1, round(self.size[0] * scale)), max(1, round(self.size[1] * scale)))
        self._pictures = [cv2.resize(p, self._small, interpolation=cv2.INTER_AREA) for p in pictures]
        self._soft = [cv2.blur(p, (3, 3)) for p in self._pictures]
        self._scale = np.array(self.size, np.float32) / np.array(self._small, np.float32)
        self._rim = int(np.ceil(self._scale.max()))
        self._grid, self._full = _grid(self._small), _grid(self.size) + np.float32(self._rim)

    def __len__(self) -> int:
        return len(self._pictures)

    def fetch(
        self, plane: np.ndarray, at: int, other: int, where: Window = ALL
    ) -> tuple[np.ndarray, np.ndarray]:
        """The window `where` of a uint8 (H, W) plane of drawing `other` as seen from drawing `at`; and where
        that can be trusted, uint8 0 or 1.
        """
        known = self._consistent(at, other, self._between(at, other))
        return self.warp(plane, at, other, where), cv2.resize(
            known, self.size, interpolation=cv2.INTER_NEAREST
        )[where]

    def warp(self, plane: np.ndarray, at: int, other: int, where: Window = ALL) -> np.ndarray:
        """The window `where` of a uint8 (H, W) plane of drawing `other` as seen from drawing `at`, zero where
        it comes from outside the frame.
        """
        flow: np.ndarray = self._between(at, other) * self._scale
        place = cv2.resize(flow, self.size, interpolation=cv2.INTER_LINEAR)
        # The edge is repeated as far as a pixel of the flow is wide: who is cut by the frame has no soft edge
        # there.
        wide = cv2.copyMakeBorder(plane, self._rim, self._rim, self._rim, self._rim, cv2.BORDER_REPLICATE)
        return _remap(wide, cv2.add(place[where], self._full[where]), cv2.BORDER_CONSTANT)

    def reached(self, where: Window | None, at: int, other: int) -> Window | None:
        """What of drawing `at` comes from the window `where` of drawing `other`: a window that holds it, None
        if nothing does.
        """
        if where is None:
            return None
        x, y = cv2.split(self._grid + self._between(at, other))
        hit = np.ones(x.shape, bool)
        for place, span, scale in ((x, where[1], self._scale[0]), (y, where[0], self._scale[1])):
            hit &= (place >= span.start / scale - 2) & (place <= span.stop / scale + 1)
        found = window(hit.view(np.uint8), 1)
        if found is None:
            return None
        rows, columns = (
            slice(int(s.start * k), int(np.ceil(s.stop * k)))
            for s, k in zip(found, self._scale[::-1], strict=True)
        )
        return rows, columns

    def _consistent(self, at: int, other: int, there: np.ndarray) -> np.ndarray:
        place = cv2.add(self._grid, there)
        back = _remap(self._between(other, at), place)
        off, length = _squared(cv2.add(there, back)), _squared(there) + _squared(back)
        seen = _remap(self._soft[other], place)
        known: np.ndarray = (off <= ASTRAY * length + 0.5) & (differ(seen, self._soft[at], _SAME) == 0)
        for way, size in zip(cv2.split(place), self._small, strict=True):
            known &= (way >= -0.5) & (way <= size - 0.5)
        return known.view(np.uint8) if known.mean() >= _TRACED else np.zeros(known.shape, np.uint8)

    def _between(self, at: int, other: int) -> np.ndarray:
        if (at, other) not in self._flows:
            while len(self._flows) >= _KEPT:
                del self._flows[next(iter(self._flows))]
            self._flows[at, other] = self._flow(self._pictures[at], self._pictures[other])
        return self._flows[at, other]


def _grid(size: tuple[int, int]) -> np.ndarray:
    """x and y of every pixel of a plane of `size` (width, height), float32 (H, W, 2)."""
    return np.stack(np.meshgrid(*(np.arange(n, dtype=np.float32) for n in size)), axis=-1)


def _squared(field: np.ndarray) -> np.ndarray:
    x, y = cv2.split(field)
    return np.asarray(x * x + y * y)


def _remap(plane: np.ndarray, place: np.ndarray, border: int = cv2.BORDER_REPLICATE) -> np.ndarray:
    none: Any = None  # one map of pairs needs no second
    found: np.ndarray = cv2.remap(plane, place, none, cv2.INTER_LINEAR, borderMode=border)
    return found
