"""The tracker that needs no weights: islands of the matte linked over the drawings by flow, pace and colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from animelayers.imaging import masks
from animelayers.imaging.figures import Appearance, cells, centre, lift, share_out
from animelayers.imaging.follow import follow as found_again
from animelayers.imaging.instances import pieces, sharpened
from animelayers.imaging.smoothing import Flow, Traces, dis
from animelayers.options import Share, Within

MOST = 255
"""Characters a label map can hold."""
_SMALLEST = 16  # pixels of the short side that figures can be followed at
_PLACE, _LOOKS = 0.6, 0.4  # what each of them is of a score
# score from which an island may be a figure: half its place right, or its colours alone nearly the same
_LINK = 0.3
_INSIDE = 0.3  # share of a figure that lies in an island that others fill too
_WHOLE = 0.6  # share of its size below which a figure is hidden in part

Labels = np.ndarray


class Linked:
    """Follows characters by where flow and pace lead, and what colours they wear at which height.

    From the drawing that shows the most figures apart, both ways: each figure is linked to the island of the
    next drawing that overlaps it most and looks most like it (Hungarian assignment). Figures that merge into
    one island are told apart pixel by pixel until they part again; a figure that enters gets the next id, one
    that comes back keeps its own. Where the mask of a drawing is not known the figure is found again by flow,
    colours and motion that is not the camera's. Where a label map tells figures apart, each label is an
    island.

    ``min_area``: share of the frame below which an island is no figure of its own. ``short``: pixels of the
    short side it works at.
    """

    def __init__(
        self, min_area: Share = 1 / 500, short: Annotated[int, Within(_SMALLEST)] = 240, flow: Flow = dis
    ):
        """Raises ValueError for a value out of range."""
        if not 0 < min_area < 1 or short < _SMALLEST:
            raise ValueError(
                f"min_area must be between 0 and 1 and short at least {_SMALLEST}, not {min_area} and {short}"
            )
        self._min_area, self._short, self._flow = min_area, short, flow

    def __call__(self, pictures: Sequence[np.ndarray], figures: Sequence[np.ndarray | None]) -> Labels:
        """As `protocols.Tracker`."""
        return follow(pictures, figures, self._short, self._min_area, self._all)

    def _all(
        self, pictures: Sequence[np.ndarray], figures: Sequence[np.ndarray | None], start: int
    ) -> Labels:
        walk = _Walk(pictures, figures, self._min_area, self._flow)
        walk.begin(start)
        backwards = {k: look.turned() for k, look in walk.looks.items()}
        for t in range(start + 1, len(pictures)):
            walk.step(t - 1, t)
        walk.looks = backwards
        for t in range(start - 1, -1, -1):
            walk.step(t + 1, t)
        return walk.labels


Follow = Callable[[Sequence[np.ndarray], Sequence[np.ndarray | None], int], Labels]
"""Small pictures, small masks and the drawing to begin with, to small label maps."""


def follow(
    pictures: Sequence[np.ndarray],
    figures: Sequence[np.ndarray | None],
    short: int,
    min_area: float,
    by: Follow,
) -> Labels:
    """What every tracker does around its own work: shrinks drawings to `short`, chooses where to begin,
    brings labels to full size.

    Arguments and result as of `protocols.Tracker`; ids are counted in the order of their first drawing.
    """
    made = np.zeros((len(pictures), *(pictures[0].shape[:2] if len(pictures) else (0, 0))), np.uint8)
    if not any(mask is not None and mask.any() for mask in figures):
        return made
    height, width = made.shape[1:]
    scale = min(1.0, short / min(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    known = [
        m
        if m is None
        else cv2.resize(m.view(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(m.dtype)
        for m in figures
    ]
    if len(pictures) == 1 and known[0] is not None:
        labels = apart(known[0], min_area)[None]
        # one figure, and nothing beside it
        if labels.max(initial=0) == 1 and np.array_equal(labels[0] > 0, known[0] > 0):
            return (np.asarray(figures[0])[None] > 0).view(np.uint8)
    else:
        small = [cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in pictures]
        labels = ordered(by(small, known, best(known, min_area)))
    for t, mask in enumerate(figures):
        made[t] = lift(labels[t], (height, width), mask if mask is None else mask > 0)
        if mask is not None and mask.dtype != bool:
            made[t] = sharpened(made[t], mask)
    return made


def apart(mask: np.ndarray, min_area: float) -> np.ndarray:
    """The labels of a drawing nobody is followed to: each piece of its mask is a figure, or all of it where
    every one is too small.
    """
    labels = np.zeros(mask.shape, np.uint8)
    for k, island in enumerate((pieces(mask, min_area) or [mask > 0])[:MOST], 1):
        labels[island] = k
    return labels


def best(figures: Sequence[np.ndarray | None], min_area: float) -> int:
    """The drawing that shows the most figures apart, the largest of those where several do."""
    counts = [(0, 0) if m is None else (len(pieces(m, min_area)), np.count_nonzero(m)) for m in figures]
    return max(range(len(counts)), key=lambda t: counts[t])


def ordered(labels: Labels) -> Labels:
    """Labels without figures seen in one drawing alone, amid others, and counted in the order of their first
    drawing.
    """
    shown = np.stack([np.bincount(plane.ravel(), minlength=MOST + 1) > 0 for plane in labels])
    count = shown.sum(axis=0)
    blip = (count == 1) & ~shown[0] & ~shown[-1]
    ids = [k for k in range(1, MOST + 1) if count[k] and not blip[k]]
    table = np.zeros(MOST + 1, np.uint8)
    for number, k in enumerate(sorted(ids, key=lambda k: int(np.argmax(shown[:, k]))), 1):
        table[k] = number
    found: Labels = table[labels]
    return found


def _within(one: np.ndarray, other: np.ndarray) -> float:
    """Share of the one bool mask that lies in the other."""
    return float(np.count_nonzero(one & other)) / max(1.0, float(np.count_nonzero(one)))


class _Walk:
    """The figures known so far and the labels given, one drawing after the other."""

    def __init__(
        self,
        pictures: Sequence[np.ndarray],
        figures: Sequence[np.ndarray | None],
        min_area: float,
        flow: Flow,
    ):
        self.pictures, self.figures, self.min_area = pictures, figures, min_area
        self.cells = [cells(p) for p in pictures]
        self.traces = Traces(pictures, flow)
        self.labels = np.zeros((len(pictures), *pictures[0].shape[:2]), np.uint8)
        self.looks: dict[int, Appearance] = {}
        self.given = 0

    def begin(self, t: int) -> None:
        mask = self.figures[t]
        if mask is not None:  # or whoever there is, be they ever so small
            for island in pieces(mask, self.min_area) or [mask > 0]:
                self._enter(t, island)

    def step(self, before: int, t: int) -> None:
        mask = self.figures[t]
        carried = {
            k: self.traces.warp((self.labels[before] == k).astype(np.uint8) * 255, t, before) > 127
            for k in self.looks
        }
        if mask is None:
            for k in self.looks:
                self._guess(before, t, k)
            return
        islands = pieces(mask, self.min_area)
        inside = self._link(t, islands, carried, told=mask.dtype != bool)
        for island, owners in zip(islands, inside, strict=True):
            if not owners:
                self._enter(t, island)
            elif len(owners) == 1:
                self._give(t, owners[0], island)
            else:
                self._share(t, island, owners)

    def _link(
        self, t: int, islands: list[np.ndarray], carried: dict[int, np.ndarray], told: bool
    ) -> list[list[int]]:
        """The figures in each island; where a segmenter `told` them apart, one that has its own is in no
        other.
        """
        owners: list[list[int]] = [[] for _ in islands]
        ids = list(self.looks)
        if not islands or not ids:
            return owners
        guesses = {k: (carried[k], self.looks[k].expected() & carried[k].any()) for k in ids}
        score = np.array([[self._score(t, k, island, guesses[k]) for island in islands] for k in ids])
        for row, column in zip(*linear_sum_assignment(-score), strict=True):
            if score[row, column] >= _LINK:
                owners[column].append(ids[row])
        for k in ids:
            size = np.count_nonzero(self.looks[k].mask)
            own = sum(np.count_nonzero(i) for i, who in zip(islands, owners, strict=True) if k in who)
            shares = [max(_within(g, i) for g in guesses[k]) for i in islands]
            home = int(np.argmax(shares))
            if own < (1 if told else _WHOLE * size) and shares[home] >= _INSIDE and k not in owners[home]:
                owners[home].append(k)
        for island, who in zip(islands, owners, strict=True):
            if not who:  # a part that came off, or somebody new
                covers = {k: max(_within(island, g) for g in guesses[k]) for k in ids}
                near = max(covers, key=lambda k: covers[k])
                who += [near] if covers[near] >= _INSIDE else []
        return owners

    def _score(self, t: int, k: int, island: np.ndarray, guesses: tuple[np.ndarray, ...]) -> float:
        return _PLACE * max(masks.overlap(g, island) for g in guesses) + _LOOKS * self.looks[k].alike(
            self.cells[t], island
        )

    def _share(self, t: int, island: np.ndarray, owners: list[int]) -> None:
        looks = [self.looks[k] for k in owners]
        whose, places = share_out(self.cells[t], island, looks)
        for n, (k, look) in enumerate(zip(owners, looks, strict=True)):
            self.labels[t][whose == n] = k
            look.hidden(places[n])

    def _enter(self, t: int, island: np.ndarray) -> None:
        if self.given < MOST:
            self.given += 1
            self.looks[self.given] = Appearance.of(self.cells[t], island)
            self.labels[t][island] = self.given

    def _guess(self, before: int, t: int, k: int) -> None:
        """The figure in a drawing whose mask is not known; its look stays, so that no mistake is learnt."""
        was = self.labels[before] == k
        warped, known = self.traces.fetch(was.astype(np.uint8) * 255, t, before)
        mask = found_again((self.pictures[before], self.pictures[t]), was, self.looks[k], warped, known) & (
            self.labels[t] == 0
        )
        self.labels[t][mask] = k
        self.looks[k].hidden(centre(mask) if mask.any() else self.looks[k].centre)

    def _give(self, t: int, k: int, mask: np.ndarray) -> None:
        self.labels[t][mask & (self.labels[t] == 0)] = k
        now = self.labels[t] == k
        if np.count_nonzero(mask) >= _WHOLE * np.count_nonzero(self.looks[k].mask):
            self.looks[k].seen(self.cells[t], now)
        elif now.any():
            self.looks[k].hidden(self.looks[k].centre + self.looks[k].pace)
