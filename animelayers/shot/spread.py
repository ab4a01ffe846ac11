"""A correction spreads: what a person says of one drawing reaches whatever shows the same in all drawings of
the shot.

In its own drawing a click takes what a net says it was meant for. From there it goes on to the next drawings, and to
those that are most alike: the optical flow takes it along, and the net settles what of it is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.models.flow import DIS
from animelayers.models.protocols import Pointing

SIDE = 480
"""Pixels of the long side of the drawings that are corrected."""
BACKGROUND, EFFECT = 0, 255
"""The labels of what is behind and of effects; all others are figures' ids."""

_SURE = 0.5
_BESIDE = 8  # pixels around what the flow brings in which it is settled
_POINT = 2  # pixels around a click that it is about
_ALL = 0.8  # share of a figure that is taken away from which it is no figure anywhere
_TOUCH = 1  # pixels that pieces may lie apart and be one
_AROUND = 1.6  # times its size that is looked at
_CLOSE = 0.3  # share of the drawing's width that is looked at, at least
_WHOLE = 0.85  # from which all of it is
_FEW = 12  # pixels of a change below which it goes no further
_NEWS = 0.1  # share of what the flow brings that has to be news, so that it goes further
_COMPARED = (32, 18)  # pixels of the pictures by which the most alike is found
_MANY = 200  # drawings up to which it is looked for


class Mark(NamedTuple):
    """What a person says of one drawing: ``where``, bool (h, w) of its small picture, it shows ``label``.
    ``exact``: that alone, and nothing more of it in this drawing.
    """

    drawing: int
    where: np.ndarray
    label: int
    exact: bool = False


class Spread(NamedTuple):
    """``labels``: of each drawing, uint8 (h, w); ``strength``: how sure each drawing's change is, 0..1, 0
    where nothing changed.
    """

    labels: list[np.ndarray]
    strength: np.ndarray


class Spreader:
    """The drawings of a shot, made ready for corrections.

    ``pictures``: uint8 sRGB (h, w, 3), all of one size; ``labels``: uint8 (h, w), what they show by now.
    ``net``: says what was meant. ``linked`` False leaves every drawing for itself.
    """

    def __init__(
        self,
        pictures: Sequence[np.ndarray],
        labels: Sequence[np.ndarray],
        net: Pointing,
        linked: bool = True,
    ) -> None:
        self.labels = [np.ascontiguousarray(plane) for plane in labels]
        self._pictures, self._net = pictures, net
        self._links = _links(pictures) if linked else {}
        self._flows: dict[tuple[int, int], np.ndarray] = {}
        # what was said, and what came of each: who says one thing more waits for that alone
        self._said: list[Mark] = []
        self._come: list[Spread] = []

    def __call__(self, marks: Sequence[Mark], within: tuple[int, int] | None = None) -> Spread:
        """What all drawings show with these marks; only drawings ``within`` (first, last) change. The later
        of two marks counts.
        """
        kept = 0
        while kept < min(len(marks), len(self._said)) and _same(marks[kept], self._said[kept]):
            kept += 1
        del self._said[kept:], self._come[kept:]
        for mark in marks[kept:]:
            self._said.append(mark)
            self._come.append(self._heard(mark))
        labels, strength = self._come[-1] if marks else self._begun()
        first, last = within or (0, len(labels) - 1)
        here = [first <= number <= last for number in range(len(labels))]
        return Spread(
            [plane if own else begun for plane, own, begun in zip(labels, here, self.labels, strict=True)],
            np.where(here, strength, 0),
        )

    def _begun(self) -> Spread:
        return Spread(self.labels, np.zeros(len(self.labels)))

    def _heard(self, mark: Mark) -> Spread:
        """What becomes of what all earlier marks came to, with the last of them."""
        labels, strength = self._come[-1] if self._come else self._begun()
        change = _Change(mark, labels[mark.drawing])
        labels, strength = list(labels), strength.copy()
        todo = [(mark.drawing, self._meant(labels, change, strength))]
        reached = {mark.drawing}
        while todo:
            number, moved = todo.pop(0)
            for other in self._links.get(number, ()):
                if other not in reached:
                    gone = self._gone(labels, change, number, other, moved, strength)
                    if gone is not None:
                        reached.add(other)
                        todo.append((other, gone))
        for said in self._said:
            if said.drawing in reached:
                labels[said.drawing] = np.where(said.where, said.label, labels[said.drawing])
        for number in reached:
            strength[number] *= bool((labels[number] != self.labels[number]).any())
        return Spread(labels, strength)

    def _meant(self, labels: list[np.ndarray], change: _Change, strength: np.ndarray) -> np.ndarray:
        """Change the drawing that was pointed at; gives where, bool (h, w)."""
        mark, number = change.mark, change.mark.drawing
        moved = mark.where
        strength[number] = 1
        if not mark.exact and change.label is not None:
            found = labels[number] == change.label
            answer = self._settled(number, found, change)
            piece = _touching(change.by(answer, found), mark.where)
            window = _window(piece, found.shape)
            if window is not None:  # small things once more from near
                answer[window] = self._settled(number, found, change, window)
                piece = _touching(change.by(answer, found), mark.where)
            strength[number] = _sureness(answer[piece])
            moved = piece
            own = _touching(found, mark.where)
            change.all = bool(
                not change.adds and np.count_nonzero(piece & own) > _ALL * np.count_nonzero(own)
            )
        labels[number] = np.where(moved, mark.label, labels[number])
        return moved

    def _gone(
        self,
        labels: list[np.ndarray],
        change: _Change,
        number: int,
        other: int,
        moved: np.ndarray,
        strength: np.ndarray,
    ) -> np.ndarray | None:
        """Change another drawing where what was `moved` in one is found there; gives where, None where nothing
        is new.
        """
        if change.label is None:
            return None
        found = labels[other] == change.label
        brought, whole = (
            self._brought(number, other, plane) for plane in (moved, labels[number] == change.label)
        )
        news = np.count_nonzero(brought & (found != change.adds))
        if news < max(_FEW, _NEWS * np.count_nonzero(brought)):
            return None
        near = cv2.dilate(brought.view(np.uint8), square(_BESIDE)) > 0
        window = _window(near, found.shape) or (slice(0, found.shape[0]), slice(0, found.shape[1]))
        answer = np.full(found.shape, float(not change.adds), np.float32)
        gone = [dot(middle(brought), brought.shape)] if change.all else []
        answer[window] = self._settled(other, np.where(near, whole, found), change, window, gone)
        piece = near & change.by(answer, found)
        if np.count_nonzero(piece) < _FEW:
            return None
        strength[other] = _sureness(answer[piece])
        labels[other] = np.where(piece, change.mark.label, labels[other])
        return np.asarray(piece | (brought & ((answer > _SURE) == change.adds)))

    def _settled(
        self,
        number: int,
        found: np.ndarray,
        change: _Change,
        window: tuple[slice, slice] | None = None,
        gone: Sequence[np.ndarray] = (),
    ) -> np.ndarray:
        """What the net says of a drawing, with all that was said of it; ``gone``: what else is not of it."""
        said = [mark for mark in self._said if mark.drawing == number]
        of, other = ([m.where for m in said if (m.label == change.label) == same] for same in (True, False))
        return self._net(self._pictures[number], found, of, [*other, *gone], window)

    def _brought(self, number: int, other: int, plane: np.ndarray) -> np.ndarray:
        """A mask bool (h, w) of one drawing where it lies in another."""
        key = (other, number)
        if key not in self._flows:
            (self._flows[key],) = DIS("fast", side=0)([(self._pictures[other], self._pictures[number])])
        flow = self._flows[key]
        y, x = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
        seen = cv2.remap(plane.astype(np.float32), x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)
        return np.asarray(seen > _SURE)


class _Change:
    """What a mark does: ``label`` is what the net is asked of, None where nothing is taken away; ``adds``: whether
    there comes more of it, or less; ``all``: whether nothing of the figure is left that was pointed at.
    """

    def __init__(self, mark: Mark, plane: np.ndarray) -> None:
        self.mark, self.adds, self.all = mark, mark.label != BACKGROUND, False
        taken = plane[mark.where & (plane != BACKGROUND)]
        self.label: int | None = mark.label
        if not self.adds:
            self.label = int(np.bincount(taken).argmax()) if len(taken) else None

    def by(self, answer: np.ndarray, found: np.ndarray) -> np.ndarray:
        """Where an answer changes what was found, bool (h, w)."""
        return np.asarray(((answer > _SURE) == self.adds) & (found != self.adds))


def small(picture: np.ndarray) -> np.ndarray:
    """A picture (H, W[, C]) at the size it is corrected at."""
    scale = min(1.0, SIDE / max(picture.shape[:2]))
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def middle(piece: np.ndarray) -> tuple[int, int]:
    """Where a mask bool (h, w) is deepest, (x, y)."""
    depth = cv2.distanceTransform(np.pad(piece.view(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(x), int(y)


def dot(at: tuple[int, int], shape: tuple[int, ...]) -> np.ndarray:
    """What a click at (x, y) is about, bool (h, w)."""
    return cv2.circle(np.zeros(shape[:2], np.uint8), at, _POINT, 1, -1) > 0


def _sureness(answers: np.ndarray) -> float:
    """How far answers are from undecided, in the mean, 0..1."""
    return float(np.abs(2 * answers - 1).mean())


def _touching(piece: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The parts of a mask that what was pointed at touches, and that itself."""
    whole = cv2.dilate((piece | where).view(np.uint8), square(_TOUCH))
    _, numbers = cv2.connectedComponents(whole)
    return where | (piece & np.isin(numbers, np.unique(numbers[where])))


def _window(piece: np.ndarray, shape: tuple[int, ...]) -> tuple[slice, slice] | None:
    """Rows and columns around a part of a drawing, with its proportions; None where that is nearly all of it."""
    height, width = shape[:2]
    x, y, across, down = cv2.boundingRect(piece.view(np.uint8))
    wide = max(across * _AROUND, down * _AROUND * width / height, _CLOSE * width)
    if wide >= _WHOLE * width:
        return None
    tall = wide * height / width
    left = int(np.clip(x + (across - wide) / 2, 0, width - wide))
    top = int(np.clip(y + (down - tall) / 2, 0, height - tall))
    return slice(top, top + max(1, int(tall))), slice(left, left + max(1, int(wide)))


def _links(pictures: Sequence[np.ndarray]) -> dict[int, list[int]]:
    """Of each drawing those that it goes on to: its neighbours, and whatever is most like it or it is most like
    elsewhere, as cycles come back.
    """
    pairs = {(k, k + 1) for k in range(len(pictures) - 1)}
    if 2 < len(pictures) < _MANY:
        tiny = np.stack(
            [
                cv2.resize(p, _COMPARED, interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
                for p in pictures
            ]
        )
        apart = np.stack([np.abs(tiny - own).mean(1) for own in tiny])
        apart[np.abs(np.subtract.outer(np.arange(len(tiny)), np.arange(len(tiny)))) < 2] = np.inf
        pairs |= {
            (min(k, int(like)), max(k, int(like)))
            for k, like in enumerate(apart.argmin(1))
            if np.isfinite(apart[k, like])
        }
    found: dict[int, list[int]] = {}
    for one, other in [*sorted(pairs), *sorted((b, a) for a, b in pairs)]:
        found.setdefault(one, []).append(other)
    return found


def _same(one: Mark, other: Mark) -> bool:
    same = (one.drawing, one.label, one.exact) == (other.drawing, other.label, other.exact)
    return same and np.array_equal(one.where, other.where)
