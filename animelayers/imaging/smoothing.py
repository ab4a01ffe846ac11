"""Alphas that agree over time: pooled where the picture rests, compared along the optical flow where it
moves.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.imaging.constants import LEVELS
from animelayers.imaging.masks import pieces
from animelayers.imaging.traces import Flow, Traces, differ, dis
from animelayers.imaging.window import Window, window

__all__ = ["Flow", "Traces", "dis", "pool", "smoothed"]


# grey levels a resting pixel may drift over its whole run: coding noise stays below, paint does not
_RESTS = 10
_RUN = 3  # drawings from which a median means something
_CRUMB = 1 / 1000  # share of the frame below which a piece, or a hole, that only pooling made is none
# coverage, as a share of that of the next figure, from which a drawing without a matte shows it too
_WHOLE = 0.5
_BAND = 64  # rows pooled at a time


def smoothed(
    pictures: Sequence[np.ndarray],
    alphas: np.ndarray,
    strength: float = 1.0,
    flow: Flow = dis,
    *,
    rest: bool = True,
    trace: bool = True,
) -> np.ndarray:
    """The alphas of D drawings of one shot without flicker, uint8 (D, H, W).

    `pictures` D uint8 sRGB (H, W, 3), `alphas` uint8 (D, H, W), 0..255 linear coverage; `strength` 0..1 is
    the share of the change that is made. Where a pixel keeps its colour for three drawings or more, its alpha
    is the median over that time. Elsewhere it is the median of its own and of those in the drawings before
    and after that the flow traces it to, where flow is consistent both ways (Sundaram, Brox, Keutzer, ECCV
    2010) and leads to the same colour; where it leads to one drawing only the mean of the two; where to none,
    its own. So nothing crosses a cut or a new pose, and a matte that drops out of one drawing between two that
    agree comes back. Either may be left out: `rest`, `trace`.
    """
    if len(alphas) < 2 or not alphas.any() or strength <= 0:
        return alphas
    traces = Traces(pictures, flow)
    pooled, resting = pool(pictures, alphas) if rest else (alphas, np.zeros(alphas.shape, bool))
    made = np.stack(
        [
            _tidy(_along(t, pooled, resting[t], traces) if trace else pooled[t], alphas[t])
            for t in range(len(pooled))
        ]
    )
    _drop_scraps(made, alphas)
    if strength < 1:
        made = np.stack(
            [
                cv2.addWeighted(new, strength, old, 1 - strength, 0)
                for new, old in zip(made, alphas, strict=True)
            ]
        )
    return made


def pool(pictures: Sequence[np.ndarray], alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Alphas with each pixel's median over the time in which it keeps its colour, and where that time is long
    enough (bool), (D, H, W).

    Arguments as of `smoothed`. A run of rest ends where the pixel leaves the colour it began with, so a slow
    fade is no rest.
    """
    runs = _runs(pictures)
    pooled, resting = alphas.copy(), np.zeros(alphas.shape, bool)
    for top in range(0, alphas.shape[1], _BAND):
        rows = slice(top, top + _BAND)
        resting[:, rows] = _rests(runs[:, rows])
        planes = alphas[:, rows].reshape(len(alphas), -1)
        busy = np.flatnonzero((planes != planes[0]).any(axis=0))
        if not busy.size:
            continue
        run, values = (
            np.ascontiguousarray(p[:, busy].T) for p in (runs[:, rows].reshape(len(runs), -1), planes)
        )
        first, length = _extents(run)
        # Sorted by run and then by alpha, each run keeps its place in time and its middle is its median.
        wide = run.astype(np.uint16 if run.dtype == np.uint8 else np.uint32)
        ranked = np.sort(wide * LEVELS + values, axis=1) & 255
        low, high = (np.take_along_axis(ranked, first + n, axis=1) for n in ((length - 1) // 2, length // 2))
        strip = pooled[:, rows].reshape(len(alphas), -1)
        strip[:, busy] = np.where(length >= _RUN, (low + high + 1) >> 1, values).T.astype(np.uint8)
        pooled[:, rows] = strip.reshape(pooled[:, rows].shape)
    return pooled, resting


def _runs(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Which of its runs of rest each pixel is in, counted from 0, uint8 or, where that is too small to count
    all, uint16 (D, H, W).
    """
    runs = np.zeros(
        (len(pictures), *pictures[0].shape[:2]), np.uint8 if len(pictures) <= LEVELS else np.uint16
    )
    anchor = cv2.blur(pictures[0], (3, 3))
    for t in range(1, len(pictures)):
        now = cv2.blur(pictures[t], (3, 3))
        left = differ(now, anchor, _RESTS)
        np.add(runs[t - 1], left, out=runs[t])
        cv2.copyTo(now, left, anchor)
    return runs


def _rests(runs: np.ndarray) -> np.ndarray:
    """Where runs (D, h, w) are `_RUN` drawings long or longer, bool."""
    rests = np.zeros(runs.shape, bool)
    long = runs[_RUN - 1 :] == runs[: 1 - _RUN]  # runs are counted upwards: equal ends are one run
    for step in range(_RUN):
        rests[step : step + len(long)] |= long
    return rests


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


def _along(t: int, alphas: np.ndarray, resting: np.ndarray, traces: Traces) -> np.ndarray:
    """The alpha of drawing `t` from its own and those its moving pixels are traced to."""
    made: np.ndarray = alphas[t].copy()
    near = [n for n in (t - 1, t + 1) if 0 <= n < len(alphas)]
    moving = (~resting).view(np.uint8)
    where = None
    if moving.any():
        where = _around(
            [window(made, 0), *(traces.reached(window(alphas[n], 0), t, n) for n in near)], window(moving, 0)
        )
    if where is None:
        return made
    own = made[where]
    found = [traces.fetch(alphas[n], t, n, where) for n in near]
    result = own.copy()
    for there, known in found:
        cv2.copyTo(cv2.addWeighted(own, 0.5, there, 0.5, 0), known, result)
    if len(found) == 2:
        (one, first), (two, second) = found
        middle = cv2.max(cv2.min(one, two), cv2.min(cv2.max(one, two), own))
        cv2.copyTo(middle, cv2.bitwise_and(first, second), result)
    made[where] = cv2.copyTo(result, moving[where], own.copy())
    return made


def _tidy(made: np.ndarray, own: np.ndarray) -> np.ndarray:
    """`made` without the crumbs that come where mattes flip on and off and each pixel is decided by itself:
    there the drawing's `own` counts.
    """
    for on, before, settled in (
        (made > 127, own > 127, np.minimum(made, own)),
        (made <= 127, own <= 127, np.maximum(made, own)),
    ):
        new = np.flatnonzero(on & ~before)
        if not new.size:
            continue
        labels, areas = pieces(on)
        fresh = np.bincount(labels.ravel()[new], minlength=len(areas))
        crumbs = (areas < _CRUMB * on.size) & (fresh > areas / 2)
        crumbs[0] = False
        if crumbs.any():
            where = cv2.dilate(crumbs[labels].view(np.uint8), square(2)) > 0
            made[where] = settled[where]
    return made


def _drop_scraps(made: np.ndarray, own: np.ndarray) -> None:
    """Empty, in place, the drawings of `made` whose `own` matte is empty and that got no more than scraps of
    the next figure: it is all or none.
    """
    there = own.reshape(len(own), -1).max(axis=1) > 127
    cover = made.reshape(len(made), -1).mean(axis=1)
    figures = np.flatnonzero(there)
    for t in np.flatnonzero(~there):
        if figures.size and cover[t] < _WHOLE * cover[figures[np.abs(figures - t).argmin()]]:
            made[t] = 0


def _around(parts: Sequence[Window | None], bounds: Window | None) -> Window | None:
    """What of `bounds` the smallest window that holds all `parts` covers."""
    there = [part for part in parts if part is not None]
    if not there or bounds is None:
        return None
    spans = [
        slice(
            max(min(p[k].start for p in there), bounds[k].start),
            min(max(p[k].stop for p in there), bounds[k].stop),
        )
        for k in (0, 1)
    ]
    return (spans[0], spans[1]) if all(span.start < span.stop for span in spans) else None
