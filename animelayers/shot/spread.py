"""A correction spreads: what a person says of one drawing reaches whatever shows the same in all drawings of
the shot.

Drawings fall into small regions of one colour (waterpixels: Machairas et al., 2015). Regions that touch are
neighbours, and so are those that the optical flow takes into each other between two drawings. A mark reaches
a region along the cheapest way (geodesic segmentation: Bai and Sapiro, 2007): steps within one colour cost
little, steps over an outline much, and so does what goes against the layers as they are. Colours count
less where a net takes what they lead to for the same as what was marked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from scipy.ndimage import maximum, minimum_position
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import dijkstra

from animelayers.imaging.channels import largest
from animelayers.imaging.evenly import evenly
from animelayers.models.flow import DIS

SIDE = 480
"""Pixels of the long side of the drawings that regions are made of."""
BACKGROUND, EFFECT = 0, 255
"""The labels of what is behind and of effects; all others are figures' ids."""
Asked = Callable[[int], np.ndarray]
"""What a net says of a drawing, by its number: coverage by figures, effects and shadows, float32 (3, h, w) of
its small picture.
"""

_CELL = 7  # pixels between the seeds of regions
_OUTLINE = 24.0  # levels of Lab from which a step counts as one over an outline
_STEP = 0.02  # what a step within one colour costs
_DRIFT = 1.0  # what a region costs that is an outline's worth of colour away from what was marked
_AGAINST = 0.02  # what it costs to change what a region is
_COVERED = 0.5  # of a region that a mark covers so that it is about the region
_TIME = 0.05  # what a step to the next drawing costs
_DOUBT = 0.02  # of what a net says, which is never quite sure
_AGREED = 0.985  # of the cost of colours that a net saves which takes two regions for the same thing
_NEAR = 12  # drawings from a mark up to which a net is asked
_ONCE = 1.5  # power of the cost that is left: each region pays for its colour again, an outline is stepped over once
_LEEWAY = 2.0  # logits by which it may be less sure of the one
_COMPARED = 48  # regions of what was pointed at whose colours others are compared with
_LEAVE = 0.3  # what it costs to leave what is of the mark's label already
_SLIVER = 2.5  # pixels of depth up to which what is left beside a change goes with it
_REACH = 1.0  # ways that cost more are not gone


class Mark(NamedTuple):
    """What a person says of one drawing: ``where``, bool (h, w) of its small picture, it shows ``label``."""

    drawing: int
    where: np.ndarray
    label: int


class Spread(NamedTuple):
    """``labels``: of each drawing, uint8 (h, w); ``strength``: how sure each drawing's change is, 0..1, 0
    where nothing changed.
    """

    labels: list[np.ndarray]
    strength: np.ndarray


class Spreader:
    """The drawings of a shot, made ready for corrections.

    ``pictures``: uint8 sRGB (h, w, 3), all of one size; ``labels``: uint8 (h, w), what they show by now.
    ``linked`` False leaves every drawing for itself. ``asked``: what a net says of a drawing.
    """

    def __init__(
        self,
        pictures: Sequence[np.ndarray],
        labels: Sequence[np.ndarray],
        linked: bool = True,
        asked: Asked | None = None,
    ) -> None:
        self.labels = [np.ascontiguousarray(plane) for plane in labels]
        self._asked = asked
        self._answers: dict[int, np.ndarray] = {}
        self._regions: list[np.ndarray] = []
        bounds, colours = [0], list[np.ndarray]()
        for picture, plane in zip(pictures, self.labels, strict=True):
            lab = cv2.cvtColor(picture, cv2.COLOR_RGB2Lab).astype(np.float32)
            found, count = regions(picture, plane)
            colours.append(_means(found, lab.reshape(-1, 3), count))
            self._regions.append(found + bounds[-1])
            bounds.append(bounds[-1] + count)
        self.count, self._bounds = bounds[-1], bounds
        self._colours = np.concatenate(colours)
        self._sizes = np.bincount(
            np.concatenate([found.ravel() for found in self._regions]), minlength=self.count
        )
        self._own = np.zeros(self.count, np.uint8)
        for found, plane in zip(self._regions, self.labels, strict=True):
            self._own[found.ravel()] = plane.ravel()
        edges = [self._beside(found) for found in self._regions]
        beside = sum(len(one) for one, _, _ in edges)
        if linked and len(pictures) > 1:
            edges += self._followed(pictures)
        self._edges = tuple(np.concatenate(part) for part in zip(*edges, strict=True))
        self._later = np.arange(len(self._edges[0])) >= beside

    def __call__(self, marks: Sequence[Mark], within: tuple[int, int] | None = None) -> Spread:
        """What all drawings show with these marks; only drawings ``within`` (first, last) change. The later
        of two marks counts.
        """
        said = {int(region): mark.label for mark in marks for region in self._meant(mark)}
        best, new, opinion = np.full(self.count, np.inf), self._own.copy(), self._opinion(marks)
        for mark in marks:
            seeds = [region for region in self._meant(mark) if said[region] == mark.label]
            if seeds:
                far = self._ways(seeds, mark.label, opinion)
                nearer = far < np.minimum(best, _REACH)
                new[nearer], best[nearer] = mark.label, far[nearer]
        for region, label in said.items():
            new[region], best[region] = label, 0
        return self._told(new, best, marks, within)

    def _meant(self, mark: Mark) -> list[int]:
        """The regions a mark is about: that which has most of it, and all that it covers for the most part. A
        click beside an outline does not mean what lies beyond.
        """
        found, marked = np.unique(self._regions[mark.drawing][mark.where], return_counts=True)
        meant = marked >= _COVERED * self._sizes[found]
        meant[marked == marked.max(initial=0)] = True
        return [int(region) for region in found[meant]]

    def _opinion(self, marks: Sequence[Mark]) -> np.ndarray | None:
        """How sure a net is of figures and effects in each region, as logits float32 (regions, 2), not a number
        far from all marks, where hardly any way leads; None where there is no net.
        """
        if self._asked is None:
            return None
        made = []
        for number, found in enumerate(self._regions):
            first, end = self._bounds[number : number + 2]
            if not any(abs(mark.drawing - number) <= _NEAR for mark in marks):
                made.append(np.full((end - first, 2), np.nan, np.float32))
                continue
            if number not in self._answers:
                answer = np.moveaxis(self._asked(number)[:2], 0, -1).reshape(-1, 2)
                share = np.clip(_means(found - first, answer, end - first), _DOUBT, 1 - _DOUBT)
                self._answers[number] = np.log(share / (1 - share))
            made.append(self._answers[number])
        return np.concatenate(made)

    def _ways(self, seeds: Sequence[int], label: int, opinion: np.ndarray | None) -> np.ndarray:
        """What the cheapest way from the seeds costs, of each region."""
        one, other, cost = self._edges
        against = self._own != label
        compared = [seeds[i] for i in evenly(len(seeds), _COMPARED)]
        dear = 1.0 if opinion is None else self._dear(opinion, seeds, label)[other]
        drift = np.sqrt(np.square(self._colours[:, None] - self._colours[compared]).sum(2).min(1)) / _OUTLINE
        # what is of that label already is passed through for nothing, what is not pays for being changed, and
        # for another colour than the mark's
        inside = _STEP + (cost - _STEP) * np.where(self._later, 1, dear)
        paid = inside + np.where(
            against[other],
            _AGAINST + _DRIFT * drift[other] ** 2 * dear**_ONCE + np.where(against[one], 0, _LEAVE),
            0,
        )
        graph = csr_matrix((paid.astype(np.float64), (one, other)), (self.count, self.count))
        return np.asarray(dijkstra(graph, indices=list(seeds), min_only=True, limit=_REACH))

    def _dear(self, opinion: np.ndarray, seeds: Sequence[int], label: int) -> np.ndarray:
        """What part of the cost of colours each region has: what a net takes for a figure at least as much as
        what was called one is likely one with it, and what it takes for one less than what is none is none.
        """
        figure, effect = opinion[:, 0], opinion[:, 1]
        of = {BACKGROUND: -figure, EFFECT: effect}.get(label, figure)
        more = of - np.nanmedian(of[seeds])
        dear = 1 - _AGREED / (1 + np.exp(-(more + _LEEWAY)))
        return np.where(np.isfinite(dear), dear, 1)

    def _told(
        self, new: np.ndarray, best: np.ndarray, marks: Sequence[Mark], within: tuple[int, int] | None
    ) -> Spread:
        planes, strength = [], np.zeros(len(self.labels))
        for number, (found, plane) in enumerate(zip(self._regions, self.labels, strict=True)):
            if within is not None and not within[0] <= number <= within[1]:
                planes.append(plane.copy())
                continue
            made = _joined(new[found], plane)
            changed = made != plane
            for mark in marks:
                if mark.drawing == number:
                    changed |= mark.where
            if changed.any():
                strength[number] = float(1 - np.clip(best[found][changed], 0, 1).mean())
            planes.append(made)
        for mark in marks:  # where a hand painted it is as painted, regions or not
            if within is None or within[0] <= mark.drawing <= within[1]:
                planes[mark.drawing][mark.where] = mark.label
        return Spread(planes, strength)

    def _beside(self, found: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Regions of a drawing that touch, both ways, and what the step costs."""
        sides = ((found[:, :-1], found[:, 1:]), (found[:-1], found[1:]))
        one, other = (np.concatenate([pair[k][pair[0] != pair[1]] for pair in sides]) for k in (0, 1))
        one, other, _ = self._counted(one, other)
        one, other = np.concatenate([one, other]), np.concatenate([other, one])
        return one, other, _STEP + self._apart(one, other)

    def _counted(self, one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pairs of regions, each once, and how often each comes."""
        pairs, times = np.unique(one * self.count + other, return_counts=True)
        return pairs // self.count, pairs % self.count, times

    def _followed(self, pictures: Sequence[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Regions that the flow takes into each other, from each drawing to the next and to the one most like
        it elsewhere.
        """
        pairs = [(k, k + 1) for k in range(len(pictures) - 1)] + _alike(pictures)
        flows = DIS("fast", side=0)([(pictures[a], pictures[b]) for a, b in pairs])
        made = []
        for (a, b), flow in zip(pairs, flows, strict=True):
            height, width = flow.shape[:2]
            y, x = np.mgrid[:height, :width]
            x = np.rint(x + flow[..., 0]).astype(int)
            y = np.rint(y + flow[..., 1]).astype(int)
            inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
            one, other, shared = self._counted(
                self._regions[a][inside], self._regions[b][y[inside], x[inside]]
            )
            start = self._bounds[a]
            kept = shared >= 0.3 * np.bincount(self._regions[a].ravel() - start)[one - start]
            one, other = one[kept], other[kept]
            cost = _TIME + 1.5 * self._apart(one, other)
            made.append(
                (np.concatenate([one, other]), np.concatenate([other, one]), np.concatenate([cost, cost]))
            )
        return made

    def _apart(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """How unlike the colours of regions are, 0 for the same, 1 for an outline's worth."""
        return np.asarray((np.linalg.norm(self._colours[one] - self._colours[other], axis=1) / _OUTLINE) ** 2)


def regions(picture: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, int]:
    """The regions of a picture uint8 sRGB (h, w, 3), none across an edge of its labels uint8 (h, w): int64
    (h, w) from 0 on, and their number.
    """
    smooth = cv2.bilateralFilter(picture, 5, 20, 3)
    lab = cv2.cvtColor(smooth, cv2.COLOR_RGB2Lab)
    slope = largest(cv2.morphologyEx(lab, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
    height, width = labels.shape
    y, x = np.mgrid[:height, :width]
    cell = (y // _CELL) * (-(-width // _CELL)) + x // _CELL
    seeds = minimum_position(slope, cell, np.arange(cell.max() + 1))
    marks = np.zeros(labels.shape, np.int32)
    rows, columns = np.array(seeds).T
    marks[rows, columns] = np.arange(1, len(seeds) + 1)
    found = cv2.watershed(np.ascontiguousarray(smooth), marks)
    for _ in range(3):  # the lines between basins belong to the nearest basin
        found = np.where(
            found < 1, cv2.dilate(found.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32), found
        )
    split = np.maximum(found, 0).astype(np.int64) * 256 + labels
    values, numbered = np.unique(split, return_inverse=True)
    return numbered.reshape(labels.shape), len(values)


def small(picture: np.ndarray) -> np.ndarray:
    """A picture (H, W[, C]) at the size regions are made of."""
    scale = min(1.0, SIDE / max(picture.shape[:2]))
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _joined(made: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Labels uint8 (h, w) with the slivers that a change left beside it, soft rims and lines, changed like
    it.
    """
    changed = made != before
    if not changed.any():
        return made
    label = np.zeros_like(made)
    label[changed] = made[changed]
    around = cv2.dilate(changed.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    result = made.copy()
    for own in np.unique(before[changed]).tolist():
        left = (made == own) & ~changed
        count, pieces = cv2.connectedComponents(left.view(np.uint8), connectivity=8)
        if count < 2:
            continue
        depth = cv2.distanceTransform(np.pad(left.view(np.uint8), 1, constant_values=1), cv2.DIST_L2, 5)[
            1:-1, 1:-1
        ]
        deepest = maximum(depth, pieces, np.arange(count))
        beside = np.bincount(pieces[around & left], minlength=count) > 0
        for k in np.flatnonzero((np.asarray(deepest) <= _SLIVER) & beside).tolist():
            if k:
                near = changed & (cv2.dilate((pieces == k).view(np.uint8), np.ones((3, 3), np.uint8)) > 0)
                result[pieces == k] = np.bincount(label[near]).argmax()
    return result


def _means(found: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    size = np.maximum(np.bincount(found.ravel(), minlength=count), 1)
    sums = (
        coo_matrix(
            (np.ones(found.size, np.float32), (found.ravel(), np.arange(found.size))), (count, found.size)
        ).tocsr()
        @ values
    )
    return np.asarray(sums / size[:, None], np.float32)


def _alike(pictures: Sequence[np.ndarray]) -> list[tuple[int, int]]:
    """Of each drawing the one that is most like it and not beside it: cycles come back."""
    tiny = np.stack(
        [cv2.resize(p, (32, 18), interpolation=cv2.INTER_AREA).astype(np.float32).ravel() for p in pictures]
    )
    apart = (
        np.abs(tiny[:, None] - tiny[None]).mean(2) if len(tiny) < 200 else np.full((len(tiny),) * 2, np.inf)
    )
    near = np.abs(np.subtract.outer(np.arange(len(tiny)), np.arange(len(tiny)))) < 2
    apart[near] = np.inf
    found = {
        (min(a, int(b)), max(a, int(b))) for a, b in enumerate(apart.argmin(1)) if np.isfinite(apart[a, b])
    }
    return sorted(found)
