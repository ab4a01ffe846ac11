"""Frames of a shot placed one after the other against few key frames, so that errors add up per key and not
per frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np

from animelayers.imaging.align import FREE, Fit, Key, Plane, align, key

_CV2: Any = cv2  # whose type stubs lack SIFT
GOOD = 0.8
"""Share of the tiles in place from which no other guess is tried."""
FOUND = 0.35
"""Share from which a frame has found its place: another picture stays below 0.1, a figure nobody masked
leaves 0.4 and more.
"""
_SHARED = 0.6  # of a frame that has to lie on a key; below it the frame becomes a key itself
_KEYS = 24
_AS_GOOD = 0.95  # of the share of its neighbour with which a frame is as well placed
_VIEW = 0.1  # share of the landmarks in view below which a fit says nothing
_NEARER = 0.1  # share of the tiles that a nearer key may cost
_DEPTH = 1e-3  # of the depth of the first pixel, below which a corner flies off
_SMALLEST = 4  # pixels of a side that can be correlated
_TRIED = 6  # placed frames that features are matched with
# features of a frame at most, and how much they stand out at least (OpenCV's own 0.04 is for photographs)
_FEATURES, _CONTRAST = 600, 0.02
_FEWEST = (12, 10, 8)  # features of a frame, those with a counterpart, and those that agree on a motion
_HALVED = 2  # times smaller than the plane, in which features are looked for
_DISTINCT = 0.8  # distance to the best counterpart against that to the second best (Lowe 2004)
_ENLARGED, _SQUASHED = 3, 1.5  # times between a frame and its key, and one way against the other


class Strip(Sequence[Plane]):
    """The planes of a shot, and what was found in each of them, once it was asked for."""

    def __init__(self, planes: Sequence[Plane]) -> None:
        self._planes = list(planes)
        self._keys: dict[int, Key] = {}
        self._features: dict[int, tuple[np.ndarray, np.ndarray | None]] = {}
        self._levelled: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self._planes)

    def __getitem__(self, number: Any) -> Any:
        return self._planes[number]

    def key(self, number: int) -> Key:
        """The landmarks of a plane."""
        if number not in self._keys:
            self._keys[number] = key(self._planes[number])
        return self._keys[number]

    def features(self, number: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Places, float32 (N, 2), of what stands out of a plane's background, and what each looks like (SIFT, Lowe
        2004).
        """
        if number not in self._features:
            grey, free = self._planes[number].grey[0], self._planes[number].free[0]
            size = tuple(max(1, side // _HALVED) for side in grey.shape[::-1])
            # SIFT enlarges what it is given to twice its size first
            small, shown = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (grey, free))
            points, looks = _CV2.SIFT_create(_FEATURES, contrastThreshold=_CONTRAST).detectAndCompute(
                np.clip(small, 0, 255).astype(np.uint8), (shown > FREE).astype(np.uint8)
            )
            places = np.array([p.pt for p in points], np.float32).reshape(-1, 2)
            scale = np.array(grey.shape[::-1], np.float32) / size
            self._features[number] = (places + 0.5) * scale - 0.5, looks
        return self._features[number]

    def levelled(self, number: int) -> np.ndarray:
        """A plane at coarse size, float32 (h, w), from its background's mean, which figures are as well."""
        if number not in self._levelled:
            grey, free = self._planes[number].grey[1], self._planes[number].free[1]
            middle = float((grey * free).sum() / max(float(free.sum()), 1.0))
            self._levelled[number] = (grey - np.float32(middle)) * free
        return self._levelled[number]


class Chain:
    """Places planes in the coordinates of the plane `start`; ``places`` maps a frame's number to its
    homography (3, 3) to that plane.

    ``shares`` maps it to the share of its tiles in place.
    """

    def __init__(self, planes: Strip, start: int) -> None:
        self.planes = planes
        self.places: dict[int, np.ndarray] = {start: np.eye(3)}
        self.shares: dict[int, float] = {start: 1.0}
        self.keys: dict[int, Key] = {start: planes.key(start)}
        self.via: dict[int, int] = {start: start}

    def follow(self, number: int, model: str) -> None:
        """Place a frame next to one that is placed."""
        self._place(number, model, self._predicted(number))

    def search(self, numbers: Sequence[int], model: str) -> None:
        """Place frames from anywhere in the shot, as long as one brings the next into reach."""
        left = [n for n in numbers if n not in self.places]
        while left:
            for number in left:
                self._place(number, model, [*self.places.values()][-1:])
            still = [n for n in left if n not in self.places]
            if len(still) == len(left):
                return
            left = still

    def settle(self, model: str) -> Chain:
        """The same frames against the same keys, by another model, from the places found so far."""
        other = Chain(self.planes, next(iter(self.places)))
        for number, place in self.places.items():
            via = self.via[number]
            if number == via or via not in other.places:
                continue
            fit = align(
                other.keys[via],
                self.planes[number],
                _nearest(np.linalg.inv(place) @ self.places[via], self.planes[number], model),
                model,
                False,
            )
            other._accept(number, via, fit)
            if number in self.keys and number in other.places:
                other.keys[number] = self.keys[number]
        return other

    def _predicted(self, number: int) -> list[np.ndarray]:
        """Moving on as before, and standing."""
        step = 1 if number - 1 in self.places else -1
        last, before = self.places.get(number - step), self.places.get(number - 2 * step)
        if last is None:
            return [self.places[min(self.places, key=lambda n: abs(n - number))]]
        return [last] if before is None else [last @ np.linalg.inv(before) @ last, last]

    def _place(self, number: int, model: str, guesses: Sequence[np.ndarray]) -> None:
        best: tuple[Fit, int] | None = None
        # Where no mask says who moves, all frames of a shot lack the same share.
        usual = max((self.shares.get(number + step, 1.0) for step in (-1, 1)), key=lambda s: s < 1)
        enough = min(GOOD, max(FOUND, _AS_GOOD * usual))
        for place in self._guesses(number, guesses):
            via = self._key(number, place)
            fit = align(self.keys[via], self.planes[number], np.linalg.inv(place) @ self.places[via], model)
            if fit.view > _VIEW and _sane(fit.homography) and (best is None or fit.share > best[0].share):
                best = fit, via
            if fit.share >= enough and fit.view > _VIEW:
                break
        if best is None or best[0].share < FOUND:
            return
        fit, via = best
        nearer = self._key(number, self.places[via] @ np.linalg.inv(fit.homography))
        if nearer != via:
            place = self.places[via] @ np.linalg.inv(fit.homography)
            again = align(
                self.keys[nearer], self.planes[number], np.linalg.inv(place) @ self.places[nearer], model
            )
            fit, via = (again, nearer) if again.share >= fit.share - _NEARER else (fit, via)
        self._accept(number, via, fit)
        if self._overlap(self.places[number], self.places[via], number) < _SHARED and len(self.keys) < _KEYS:
            self.keys[number] = self.planes.key(number)

    def _accept(self, number: int, via: int, fit: Fit) -> None:
        if fit.share >= FOUND and _sane(fit.homography):
            place = self.places[via] @ np.linalg.inv(fit.homography)
            self.places[number], self.shares[number], self.via[number] = place / place[2, 2], fit.share, via

    def _guesses(self, number: int, guesses: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
        yield from guesses
        last = min(self.places, key=lambda n: abs(n - number))
        near = list(dict.fromkeys([last, *reversed(self.keys)]))
        shift = self._correlated(last, number)
        yield self.places[last] @ np.linalg.inv(shift)
        for other in near[:_TRIED]:
            found = self._matched(other, number)
            if found is not None:
                yield self.places[other] @ np.linalg.inv(found)

    def _key(self, number: int, place: np.ndarray) -> int:
        """The first key that shares enough with a frame at a place, else the one that shares most."""
        shared = {n: self._overlap(place, self.places[n], number) for n in self.keys}
        return next((n for n, s in shared.items() if s >= _SHARED), max(shared, key=lambda n: shared[n]))

    def _overlap(self, one: np.ndarray, other: np.ndarray, number: int) -> float:
        height, width = self.planes[number].grey[0].shape
        corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], np.float64)
        both = corners @ (np.linalg.inv(other) @ one).T
        if (both[:, 2] < _DEPTH).any():
            return 0.0
        low, high = (both[:, :2] / both[:, 2:]).min(0), (both[:, :2] / both[:, 2:]).max(0)
        inner = np.clip(np.minimum(high, (width, height)) - np.maximum(low, 0), 0, None)
        return float(inner.prod() / max((high - low).prod(), width * height))

    def _correlated(self, one: int, other: int) -> np.ndarray:
        """The shift between two planes by phase correlation at coarse size."""
        pictures = [self.planes.levelled(number) for number in (one, other)]
        height, width = pictures[0].shape
        if min(height, width) < _SMALLEST:
            return np.eye(3)
        (x, y), _ = cv2.phaseCorrelate(
            pictures[0], pictures[1], cv2.createHanningWindow((width, height), cv2.CV_32F)
        )
        result = np.eye(3)
        result[:2, 2] = np.array([x, y]) * self.planes[one].grey[0].shape[1] / width
        return result

    def _matched(self, one: int, other: int) -> np.ndarray | None:
        """The similarity that most of the features that look alike agree on (RANSAC)."""
        (places, looks), (others, others_look) = (self.planes.features(n) for n in (one, other))
        if looks is None or others_look is None or min(len(looks), len(others_look)) < _FEWEST[0]:
            return None
        pairs = cv2.BFMatcher().knnMatch(looks, others_look, 2)
        kept = [p[0] for p in pairs if len(p) == 2 and p[0].distance < _DISTINCT * p[1].distance]
        if len(kept) < _FEWEST[1]:
            return None
        source, target = places[[m.queryIdx for m in kept]], others[[m.trainIdx for m in kept]]
        found, inliers = cv2.estimateAffinePartial2D(
            source, target, method=cv2.RANSAC, ransacReprojThreshold=2
        )
        if found is None or int(inliers.sum()) < _FEWEST[2]:
            return None
        similarity = np.vstack([found, [0, 0, 1]])
        return similarity if _sane(similarity) else None


def _nearest(homography: np.ndarray, plane: Plane, model: str) -> np.ndarray:
    """The homography, or for 'shift' the shift that does the same to the middle of the frame."""
    if model != "shift":
        return homography
    height, width = plane.grey[0].shape
    middle = np.array([(width - 1) / 2, (height - 1) / 2, 1])
    moved = homography @ middle
    result = np.eye(3)
    result[:2, 2] = moved[:2] / moved[2] - middle[:2]
    return result


def _sane(homography: np.ndarray) -> bool:
    """No camera of a shot mirrors, squashes or enlarges threefold between a frame and its key."""
    sizes = np.linalg.svd(homography[:2, :2], compute_uv=False)
    return bool(
        np.linalg.det(homography[:2, :2]) > 0
        and sizes[0] < _ENLARGED
        and sizes[1] > 1 / _ENLARGED
        and sizes[0] / sizes[1] < _SQUASHED
    )
