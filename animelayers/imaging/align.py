"""Aligning two frames on their background, to a fraction of a pixel, whatever moves in front of it.

Inverse compositional image alignment (Baker and Matthews, "Lucas-Kanade 20 years on", 2004) on the best few
thousand pixels, with Tukey's weights, so that what a mask missed does not pull, and with gain and bias, so
that fades do not.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.brush import square
from animelayers.imaging.constants import SOBEL, TINY

# pixels of the long side that frames are aligned at: a twentieth of a pixel there is 0.15 px of 1080p
SIDE = 640
COARSE = 4
FREE = 0.98
"""Share of a pixel that shows background from which it counts as such."""
_LANDMARKS = 128 * 96  # pixels looked at: the plate of a shot needs no more, and more cost time
_FEWER = 4  # times fewer at coarse size, and until the last steps
# part of the width, and pixels at least, around a landmark that its strength is measured against
_AROUND = (12, 3)
_FEWEST = 50  # landmarks
_NORMAL = 1.4826  # standard deviation of normal errors against the median of their magnitudes
# standard deviations from which an error has no weight (Tukey's biweight, 95 % efficient on normal ones)
_TUKEY = 4.685
# share of the square matrix's diagonal, and of its trace, that is added so that it can be solved
_RIDGE = (1e-6, 1e-9)
_GAINS = (0.1, 20)  # between which the contrast of two frames may differ
_ARRIVED = 2e-3  # pixels of a step after which no other is taken
# steps at most: at coarse size, at full size, and by all landmarks where some have come that far already
_COARSELY, _STEPS, _AT_LAST = 10, 12, 4
_TILE = 32  # pixels; a tile is judged as a whole
_TILES = 5  # fewer tiles with something in them say nothing
_SLIPPED = 0.4  # pixels a tile may lie beside its place and still fit
_DOUBT = 3.0  # standard errors of that, as grain and blocks are larger than a pixel
# share of its slopes, and squared grey levels, added for a tile whose edges all run one way, or that has none
_DAMPED = (0.05, 1e-3)
_ALIKE = 0.6  # correlation of a tile with its counterpart
_LEAST = 0.25  # share of the tiles that show nothing but grain, where there is any
_HALF = 0.5  # share of a tile that shows background
_FINE = 2.0  # pixels; grain is finer
_ABOVE = 4.0  # times the grain's variance from which a tile shows something
# grey levels of deviation from which a tile counts no more: a cel's hard lines would outvote paint
_STRONG = 6.0
_CONTRAST = 1.5  # grey levels, standard deviation of a tile that shows something
_MASKED = 16  # alpha, 0..255, from which a pixel is not background
_MARGIN = 3  # pixels around it that are not looked at either
_BEYOND = 1e4  # pixels; farther off nothing is looked up
_ROWS = 32  # that places are looked up in, as a picture: one row would be out of any cache
_EYE = np.eye(3)
_UP = np.array([[COARSE, 0, (COARSE - 1) / 2], [0, COARSE, (COARSE - 1) / 2], [0, 0, 1]])
"""From coarse to full size."""

MODELS = {"none": 0, "shift": 2, "similarity": 4, "homography": 8}
"""Numbers of parameters; each model contains the ones before it."""
_GENERATORS = np.array(
    [
        [[0, 0, 1], [0, 0, 0], [0, 0, 0]],
        [[0, 0, 0], [0, 0, 1], [0, 0, 0]],
        [[1, 0, 0], [0, 1, 0], [0, 0, 0]],
        [[0, -1, 0], [1, 0, 0], [0, 0, 0]],
        [[1, 0, 0], [0, -1, 0], [0, 0, 0]],
        [[0, 1, 0], [1, 0, 0], [0, 0, 0]],
        [[0, 0, 0], [0, 0, 0], [1, 0, 0]],
        [[0, 0, 0], [0, 0, 0], [0, 1, 0]],
    ],
    np.float64,
)


class Plane(NamedTuple):
    """A frame made small: float32 grey (h, w), and float32 1 where it shows background, both at full and at
    coarse size.
    """

    grey: tuple[np.ndarray, np.ndarray]
    free: tuple[np.ndarray, np.ndarray]


class Landmarks(NamedTuple):
    """Pixels of a plane that tell of motion: places (N, 2), their grey, their gradients (N, 2) and what they
    feel of each generator (8, N), all float32; ``grain``: grey levels squared, the variance of what is finer than
    `_FINE` where the plane shows least.
    """

    place: np.ndarray
    grey: np.ndarray
    gradient: np.ndarray
    jacobian: np.ndarray
    frame: np.ndarray
    grain: float


class Key(NamedTuple):
    """The landmarks of a plane that others are aligned to: all, some of them, and those at coarse size."""

    every: Landmarks
    some: Landmarks
    coarse: Landmarks


class Fit(NamedTuple):
    """``homography``: (3, 3), key to plane, in pixels of the planes. ``share``: of the tiles in view, how
    many lie where they should, 0..1; 0 where the plane has too little to say. ``view``: share of the
    landmarks in view."""

    homography: np.ndarray
    share: float
    view: float


def plane(frame: np.ndarray, mask: np.ndarray | None) -> Plane:
    """A frame, uint8 sRGB (H, W, 3), made small; ``mask``: uint8 (H, W) alpha of what is no background, None
    where nobody knows.
    """
    height, width = frame.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.cvtColor(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    # Slightly blurred: sampling between pixels blurs too, and blur that changes with the shift would pull it
    # to whole pixels.
    grey = cv2.GaussianBlur(small.astype(np.float32), (0, 0), 1.0)
    free = np.ones(size[::-1], np.float32)
    if mask is not None:
        taken = (cv2.resize(mask, size, interpolation=cv2.INTER_AREA) > _MASKED).astype(np.uint8)
        free -= cv2.dilate(taken, square(_MARGIN))
    tiny = (max(1, size[0] // COARSE), max(1, size[1] // COARSE))
    return Plane(
        (grey, cv2.GaussianBlur(cv2.resize(grey, tiny, interpolation=cv2.INTER_AREA), (0, 0), 1.0)),
        (free, cv2.resize(free, tiny, interpolation=cv2.INTER_AREA)),
    )


def key(of: Plane) -> Key:
    """The landmarks of a plane."""
    every, coarse = (
        _landmarks(grey, free, count)
        for grey, free, count in zip(of.grey, of.free, (_LANDMARKS, _LANDMARKS // _FEWER), strict=True)
    )
    return Key(every, _some(every), coarse)


def _landmarks(grey: np.ndarray, free: np.ndarray, count: int) -> Landmarks:
    height, width = grey.shape
    gx, gy = (
        cv2.Sobel(grey, cv2.CV_32F, dx, 1 - dx, ksize=3, scale=SOBEL, borderType=cv2.BORDER_REPLICATE)
        for dx in (1, 0)
    )
    strength = cv2.magnitude(gx, gy)
    # Against the mean around: edges from all over the frame, not only those of its one signboard.
    reach = max(_AROUND[1], width // _AROUND[0])
    score = strength / (cv2.blur(strength, (reach, reach)) + 1)
    inside = cv2.erode(
        (free > FREE).astype(np.uint8), square(1), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    score[(inside == 0) | (strength < 0.5)] = 0
    best = np.argpartition(score.ravel(), -min(count, score.size))[-min(count, score.size) :]
    best = np.sort(best[score.ravel()[best] > 0])
    best = best[: len(best) // _ROWS * _ROWS]
    y, x = np.divmod(best, width)
    place = np.stack([x, y], 1).astype(np.float32)
    gradient = np.stack([gx.ravel()[best], gy.ravel()[best]], 1)
    radius = max(width, height) / 2
    frame = np.array([[radius, 0, (width - 1) / 2], [0, radius, (height - 1) / 2], [0, 0, 1]])
    unit = (place - frame[:2, 2]) / radius
    moved = _GENERATORS @ np.concatenate([unit, np.ones((len(unit), 1))], 1).T
    flow = moved[:, :2] - unit.T * moved[:, 2:]
    jacobian = ((flow * gradient.T).sum(1) * radius).astype(np.float32)
    return Landmarks(place, grey.ravel()[best], gradient, jacobian, frame, _grain(grey, free))


def _some(of: Landmarks) -> Landmarks:
    """One in `_FEWER` of the landmarks, from all over the plane; all of them where they are few."""
    if len(of.place) < _FEWER * (_FEWEST + _ROWS):
        return of
    kept = np.arange(0, len(of.place), _FEWER)
    kept = kept[: len(kept) // _ROWS * _ROWS]
    return Landmarks(
        of.place[kept],
        of.grey[kept],
        of.gradient[kept],
        np.ascontiguousarray(of.jacobian[:, kept]),
        of.frame,
        of.grain,
    )


def _grain(grey: np.ndarray, free: np.ndarray) -> float:
    """The variance of what is finer than `_FINE` in the tiles that show least."""
    fine = cv2.subtract(grey, cv2.GaussianBlur(grey, (0, 0), _FINE))
    size = tuple(max(1, side // _TILE) for side in grey.shape[::-1])
    tiles, there = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (fine * fine, free))
    tiles = tiles[there > _HALF]
    return float(np.quantile(tiles, _LEAST)) if tiles.size else 0.0


def align(to: Key, of: Plane, start: np.ndarray = _EYE, model: str = "shift", coarse: bool = True) -> Fit:
    """Where the landmarks of a key lie in a plane of the same size, from a first guess that is a few pixels
    off; ``coarse``: 20 pixels.
    """
    number = MODELS[model]
    homography = start / start[2, 2]
    if coarse and len(to.coarse.place) >= _FEWEST:
        small = np.linalg.inv(_UP) @ homography @ _UP
        far = _descend(to.coarse, of.grey[1], of.free[1], small, number, _COARSELY)
        if far.error is None:  # nothing of 875 that found their place began so
            return Fit(homography, 0.0, far.view)
        homography = _UP @ far.homography @ np.linalg.inv(_UP)
    steps = _STEPS
    if number and coarse:
        near = _descend(to.some, of.grey[0], of.free[0], homography, number, steps)
        if near.error is None:
            return Fit(homography, 0.0, near.view)
        homography, steps = near.homography, _AT_LAST
    met = _descend(to.every, of.grey[0], of.free[0], homography, number, steps)
    return Fit(met.homography, 0.0 if met.error is None else _share(to.every, met), met.view)


class _Met(NamedTuple):
    """How far a descent came; what the landmarks show there, how far that is off, and which are in view, None where
    it came to nothing.
    """

    homography: np.ndarray
    view: float
    value: np.ndarray | None = None
    error: np.ndarray | None = None
    seen: np.ndarray | None = None


def _descend(
    marks: Landmarks, grey: np.ndarray, free: np.ndarray, homography: np.ndarray, number: int, iterations: int
) -> _Met:
    if len(marks.place) < _FEWEST:
        return _Met(homography, 0.0)
    centre = marks.grey.mean()
    contrast = marks.grey - centre
    columns = np.stack([*marks.jacobian[:number], contrast, np.ones_like(contrast)])
    gain, bias = 1.0, 0.0
    for turn in range(iterations + 1):
        value, seen = _sample(marks.place, grey, free, homography)
        view = float(seen.mean())
        if seen.sum() < _FEWEST:
            return _Met(homography, view)
        error = value - (np.float32(gain) * contrast + np.float32(bias + centre))
        if turn == iterations:
            break
        off = np.abs(error[seen])
        spread = max(1.0, _NORMAL * float(np.partition(off, len(off) // 2)[len(off) // 2]))
        weight = np.square(np.maximum(1 - np.square(error * np.float32(1 / (_TUKEY * spread))), 0)) * seen
        weighted = columns * weight
        # A gain makes what is felt of each generator as much larger.
        felt = np.append(np.full(number, gain), (1.0, 1.0))
        square = (weighted @ columns.T).astype(float) * np.outer(felt, felt)
        square[np.diag_indices_from(square)] *= 1 + _RIDGE[0]
        square[np.diag_indices_from(square)] += _RIDGE[1] * np.trace(square) + _RIDGE[1]
        step = np.linalg.solve(square, (weighted @ error).astype(float) * felt)
        gain, bias = gain + step[-2], bias + step[-1]
        if not _GAINS[0] < gain < _GAINS[1] or not np.abs(step[:number]).max(initial=0) < 0.5:
            return _Met(homography, view)
        small = _EYE + np.tensordot(step[:number], _GENERATORS[:number], 1)
        change = marks.frame @ small @ np.linalg.inv(marks.frame)
        homography = homography @ np.linalg.inv(change)
        homography = homography / homography[2, 2]
        if np.abs(step[:number]).max(initial=0) * marks.frame[0, 0] < _ARRIVED and turn:
            iterations = turn + 1
    return _Met(homography, view, value, error / np.float32(gain), seen)


def _share(marks: Landmarks, met: _Met) -> float:
    """Of the tiles of the frame that show enough, how many have no motion left of their own and look the
    same.

    Over tiles and not landmarks, because a cel has harder lines than a painted background and would outvote
    it; and because grain, which moves single pixels, cancels out in a tile. A tile of nothing but grain is not
    asked, and one that shows little says less: shading that stays on the screen is faint everywhere.
    """
    where = (marks.place // _TILE).astype(int)
    seen = met.seen
    tile = (where[:, 1] * (where[:, 0].max() + 1) + where[:, 0])[seen]
    gx, gy, error, value, grey = (
        plane[seen].astype(float) for plane in (*marks.gradient.T, met.error, met.value, marks.grey)
    )

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(tile, values)

    number = np.maximum(np.bincount(tile), 1)
    xx, xy, yy, x, y = total(gx * gx), total(gx * gy), total(gy * gy), total(gx * error), total(gy * error)
    damp = _DAMPED[0] * (xx + yy) + _DAMPED[1]
    det = (xx + damp) * (yy + damp) - xy * xy
    slip = np.hypot(((yy + damp) * x - xy * y) / det, ((xx + damp) * y - xy * x) / det)
    means = total(value) / number, total(grey) / number
    varied = total(value * value) / number - means[0] ** 2, total(grey * grey) / number - means[1] ** 2
    alike = (total(value * grey) / number - means[0] * means[1]) / np.sqrt(
        np.maximum(varied[0] * varied[1], TINY)
    )
    doubt = _DOUBT * np.sqrt(total(error * error) / number / (xx + yy + _DAMPED[1]))
    counted = (number >= _TILE // 2) & (varied[1] > max(_CONTRAST**2, _ABOVE * marks.grain))
    if counted.sum() < _TILES:
        return 0.0
    right = ((slip < _SLIPPED + doubt) & (alike > _ALIKE))[counted]
    return float(np.average(right, weights=np.minimum(np.sqrt(varied[1][counted]), _STRONG)))


def _sample(
    place: np.ndarray, grey: np.ndarray, free: np.ndarray, homography: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What a plane shows at places (N, 2), float32 (N,), and where it shows background, bool (N,)."""
    at = np.clip(cv2.perspectiveTransform(place[:, None], homography), -_BEYOND, _BEYOND)
    x, y = (plane.reshape(_ROWS, -1) for plane in cv2.split(at))
    value = cv2.remap(grey, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    seen = cv2.remap(free, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return value.ravel(), seen.ravel() > FREE
