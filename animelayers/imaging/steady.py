"""Alphas that agree over time: pooled where the picture rests, compared along the optical flow where it moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

Flow = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Displacement in pixels, float32 (H, W, 2) in x and y, of each pixel of one uint8 sRGB picture (H, W, 3) to where it lies in the other."""

_SHORT = 360  # pixels of the short side that flow is computed at
_RESTS = 10  # grey levels a resting pixel may drift over its whole run: coding noise stays below, paint does not
_RUN = 3  # drawings from which a median means something
_SAME = 20  # grey levels between a pixel and where the flow says it comes from: a line off by half a pixel, not another paint
_TRACED = 0.3  # share of the frame that flow has to explain; below it is a cut or a flash, and nothing is taken over
_GONE = 0.2  # coverage, as a share of that of its neighbours, below which a drawing's matte dropped out
_GAP = 3  # drawings a dropped matte is carried over
_BAND = 64  # rows pooled at a time


def dis(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Dense inverse search (Kroeger et al., ECCV 2016) as a `Flow`; zeros for pictures too small for its patches."""
    if min(one.shape[:2]) < 16:
        return np.zeros((*one.shape[:2], 2), np.float32)
    grey = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in (one, other)]
    search: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    found: np.ndarray = search.calc(grey[0], grey[1], None)
    return found


def steady(pictures: Sequence[np.ndarray], alphas: np.ndarray, strength: float = 1.0, flow: Flow = dis) -> tuple[np.ndarray, list[int]]:
    """The alphas of D drawings of one shot without flicker, uint8 (D, H, W), and which drawings had lost theirs and were given one.

    `pictures` D uint8 sRGB (H, W, 3), `alphas` uint8 (D, H, W), 0..255 linear coverage; `strength` 0..1 is the share of the change
    that is made. Where a pixel keeps its colour for three drawings or more, its alpha is the median over that time. Elsewhere it is the
    median of its own and of those in the drawings before and after that the flow traces it to, where flow is consistent both ways
    (Sundaram, Brox, Keutzer, ECCV 2010) and leads to the same colour; where it leads to one drawing only the mean of the two;
    where to none, its own. So nothing crosses a cut or a new pose. A matte that drops out between two that agree is carried from them.
    """
    if len(alphas) < 2 or not alphas.any() or strength <= 0:
        return alphas, []
    traces = Traces(pictures, flow)
    carried, lost = _carry(alphas, traces)
    pooled, resting = pool(pictures, carried)
    made = np.stack([_along(t, pooled, resting[t], traces) for t in range(len(pooled))])
    if strength < 1:
        made = np.stack([cv2.addWeighted(new, strength, old, 1 - strength, 0) for new, old in zip(made, alphas, strict=True)])
    return made, lost


def pool(pictures: Sequence[np.ndarray], alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Alphas with each pixel's median over the time in which it keeps its colour, and where that time is long enough (bool), (D, H, W).

    Arguments as of `steady`. A run of rest ends where the pixel leaves the colour it began with, so a slow fade is no rest.
    """
    runs = _runs(pictures)
    pooled, resting = alphas.copy(), np.zeros(alphas.shape, bool)
    for top in range(0, alphas.shape[1], _BAND):
        rows = slice(top, top + _BAND)
        run = np.ascontiguousarray(runs[:, rows].reshape(len(runs), -1).T)
        first, length = _extents(run)
        resting[:, rows] = (length >= _RUN).T.reshape(resting[:, rows].shape)
        values = alphas[:, rows].reshape(len(alphas), -1).T
        busy = np.flatnonzero(values.min(axis=1) < values.max(axis=1))
        run, first, length, values = run[busy], first[busy], length[busy], values[busy]
        # Sorted by run and then by alpha, each run keeps its place in time and its middle is its median.
        ranked = np.sort(run.astype(np.uint16) << 8 | values, axis=1) & 255
        low, high = (np.take_along_axis(ranked, first + n, axis=1) for n in ((length - 1) // 2, length // 2))
        strip = pooled[:, rows].reshape(len(alphas), -1)
        strip[:, busy] = np.where(length >= _RUN, (low + high + 1) >> 1, values).T.astype(np.uint8)
        pooled[:, rows] = strip.reshape(pooled[:, rows].shape)
    return pooled, resting


def _runs(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Which of its runs of rest each pixel is in, counted from 0, uint8 (D, H, W)."""
    runs = np.zeros((len(pictures), *pictures[0].shape[:2]), np.uint8)
    anchor = cv2.blur(pictures[0], (3, 3))
    for t in range(1, len(pictures)):
        now = cv2.blur(pictures[t], (3, 3))
        left = _differ(now, anchor, _RESTS)
        cv2.add(runs[t - 1], left, dst=runs[t])
        cv2.copyTo(now, left, anchor)
    return runs


def _extents(run: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First drawing and length of the run at each place of (N, D) run numbers, both int16."""
    count = run.shape[1]
    begins = np.ones(run.shape, bool)
    begins[:, 1:] = run[:, 1:] != run[:, :-1]
    order = np.arange(count, dtype=np.int16)
    first = np.maximum.accumulate(np.where(begins, order, np.int16(0)), axis=1)
    after = np.full(run.shape, count, np.int16)
    after[:, :-1] = np.where(begins[:, 1:], order[1:], np.int16(count))
    after = np.minimum.accumulate(after[:, ::-1], axis=1)[:, ::-1]
    return first, after - first


def _differ(one: np.ndarray, other: np.ndarray, levels: int) -> np.ndarray:
    """uint8 (H, W), 1 where two pictures differ by more than `levels` in a channel."""
    red, green, blue = cv2.split(cv2.absdiff(one, other))
    return cv2.threshold(cv2.max(cv2.max(red, green), blue), levels, 1, cv2.THRESH_BINARY)[1]


class Traces:
    """Where the pixels of each drawing of a shot lie in others, found when asked for and kept."""

    def __init__(self, pictures: Sequence[np.ndarray], flow: Flow = dis, short: int = _SHORT):
        self._flow, self._flows = flow, dict[tuple[int, int], np.ndarray]()
        self.size = pictures[0].shape[1::-1]
        scale = min(1.0, short / max(1, min(self.size)))
        self._small = (max(1, round(self.size[0] * scale)), max(1, round(self.size[1] * scale)))
        self._pictures = [cv2.resize(p, self._small, interpolation=cv2.INTER_AREA) for p in pictures]
        self._soft = [cv2.blur(p, (3, 3)) for p in self._pictures]
        self._grid = np.stack(np.meshgrid(*(np.arange(n, dtype=np.float32) for n in self._small)), axis=-1)

    def __len__(self) -> int:
        return len(self._pictures)

    def fetch(self, plane: np.ndarray, at: int, other: int) -> tuple[np.ndarray, np.ndarray]:
        """A uint8 (H, W) plane of drawing `other` as seen from drawing `at`, and where that can be trusted (uint8 0 or 1 (H, W))."""
        known = self._consistent(at, other, self._between(at, other))
        return self.warp(plane, at, other), cv2.resize(known, self.size, interpolation=cv2.INTER_NEAREST)

    def warp(self, plane: np.ndarray, at: int, other: int) -> np.ndarray:
        """A uint8 (H, W) plane of drawing `other` as seen from drawing `at`, zero where it comes from outside the frame."""
        scale = np.array(self.size, np.float32) / np.array(self._small, np.float32)
        place = cv2.resize(self._between(at, other), self.size, interpolation=cv2.INTER_LINEAR) * scale
        place[..., 0] += np.arange(self.size[0], dtype=np.float32)
        place[..., 1] += np.arange(self.size[1], dtype=np.float32)[:, None]
        return _remap(plane, place.astype(np.float32, copy=False), cv2.BORDER_CONSTANT)

    def _consistent(self, at: int, other: int, there: np.ndarray) -> np.ndarray:
        place = self._grid + there
        back = _remap(self._between(other, at), place)
        off, length = (np.square(v).sum(axis=-1) for v in (there + back, np.concatenate((there, back), axis=-1)))
        seen = _remap(self._soft[other], place)
        inside = (place >= -0.5).all(axis=-1) & (place <= np.array(self._small, np.float32) - 0.5).all(axis=-1)
        known: np.ndarray = inside & (off <= 0.01 * length + 0.5) & (_differ(seen, self._soft[at], _SAME) == 0)
        return known.view(np.uint8) if known.mean() >= _TRACED else np.zeros(known.shape, np.uint8)

    def _between(self, at: int, other: int) -> np.ndarray:
        if (at, other) not in self._flows:
            self._flows[at, other] = self._flow(self._pictures[at], self._pictures[other])
        return self._flows[at, other]


def _remap(plane: np.ndarray, place: np.ndarray, border: int = cv2.BORDER_REPLICATE) -> np.ndarray:
    none: Any = None  # one map of pairs needs no second
    found: np.ndarray = cv2.remap(plane, place, none, cv2.INTER_LINEAR, borderMode=border)
    return found


def _along(t: int, alphas: np.ndarray, resting: np.ndarray, traces: Traces) -> np.ndarray:
    """The alpha of drawing `t` from its own and those its moving pixels are traced to."""
    own: np.ndarray = alphas[t]
    if resting.all():
        return own
    found = [traces.fetch(alphas[n], t, n) for n in (t - 1, t + 1) if 0 <= n < len(alphas)]
    result: np.ndarray = own
    for there, known in found:
        result = np.where(known > 0, cv2.addWeighted(own, 0.5, there, 0.5, 0), result)
    if len(found) == 2:
        (one, first), (two, second) = found
        middle = cv2.max(cv2.min(one, two), cv2.min(cv2.max(one, two), own))
        result = np.where((first & second) > 0, middle, result)
    settled: np.ndarray = np.where(resting, own, result)
    return settled


def _carry(alphas: np.ndarray, traces: Traces) -> tuple[np.ndarray, list[int]]:
    cover = alphas.reshape(len(alphas), -1).mean(axis=1)
    carried, lost = alphas, []
    for t in range(1, len(alphas) - 1):
        for gap in range(2, _GAP + 2):
            pairs = [(s, s + gap) for s in range(t - gap + 1, t) if s >= 0 and s + gap < len(alphas)]
            ends = next(((s, e) for s, e in pairs if cover[s : e + 1][1:-1].max() < _GONE * cover[[s, e]].min()), None)
            if ends is None:
                continue
            (one, first), (two, second) = (traces.fetch(alphas[n], t, n) for n in ends)
            union = np.count_nonzero((one > 127) | (two > 127))
            if union and np.count_nonzero((one > 127) & (two > 127) & ((first | second) > 0)) >= 0.5 * union:
                carried = alphas.copy() if carried is alphas else carried
                both = np.where(first == second, cv2.addWeighted(one, 0.5, two, 0.5, 0), np.where(first > 0, one, two))
                carried[t] = cv2.max(np.where((first | second) > 0, both, cv2.min(one, two)), alphas[t])
                lost.append(t)
            break
    return carried, lost
