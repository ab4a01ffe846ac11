"""How far layers are from known ones. Alphas are uint8 (H, W) coverage, pictures uint8 sRGB (H, W, 3);
nothing is changed.

Where an effect of alpha e lies in front of a character of alpha c, both the whole figure and the part of it
that is seen are right: any alpha from c (1 - e) to c counts as no error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from animelayers.imaging.brush import disc, square
from animelayers.imaging.recompose import decibels

EMPTY = 1e-4
"""Share of the frame below which a character is taken for none, where there is none."""
Pair = tuple[np.ndarray, np.ndarray]
"""One array for each of two neighbouring frames."""
_SOFT = (6, 249)  # alphas between which an edge is soft
_SHOWN = 63  # alpha above which the colour of a layer is seen: a quarter
_OWNED = 4  # part of a figure that a label has to have
BAND = 10
"""Pixels around the true outline that count as its edge."""


def iou(alpha: np.ndarray, truth: np.ndarray, effect: np.ndarray | None = None) -> float:
    """Intersection over union of alpha above one half, with the whole figure or with the part of it that is seen,
    whichever is more alike; for an empty truth 1 if the alpha is as good as empty, else 0.
    """
    found, whole = alpha > 127, truth > 127
    if effect is None:
        return _overlap(found, whole, whole)
    seen = _interval(truth, effect)[0] > 0.5
    return max(_overlap(found, whole, whole), _overlap(found, seen, whole))


def _overlap(found: np.ndarray, true: np.ndarray, allowed: np.ndarray) -> float:
    """Intersection over union of masks; what is found of `allowed` beside `true` does not count."""
    union = np.count_nonzero(true | (found & ~allowed))
    if not true.any():
        return float(union <= EMPTY * true.size)
    return float(np.count_nonzero(found & true) / union)


def alpha_error(alpha: np.ndarray, truth: np.ndarray, effect: np.ndarray | None = None) -> np.ndarray:
    """Signed error of an alpha, float32 (H, W), -1..1; its mean magnitude is the MAE."""
    low, high = _interval(truth, effect)
    given = alpha.astype(np.float32) / 255
    return given - np.clip(given, low, high)


def band_error(error: np.ndarray, truth: np.ndarray) -> float | None:
    """Mean magnitude of an `alpha_error` within `BAND` pixels of the true outline, hard or soft; None without
    an outline.
    """
    hard = cv2.morphologyEx(cv2.inRange(truth, 128, 255), cv2.MORPH_GRADIENT, square(1))
    edge = cv2.bitwise_or(cv2.inRange(truth, *_SOFT), hard)
    if not edge.any():
        return None
    near = cv2.dilate(edge, disc(BAND))
    return float(np.abs(error[near > 0]).mean())


def squared_error(picture: np.ndarray, truth: np.ndarray, where: np.ndarray) -> tuple[float, int]:
    """Sum over the pixels of the mask `where` (bool (H, W)) of the squared error averaged over the channels,
    and their number.
    """
    return cv2.norm(picture, truth, cv2.NORM_L2SQR, where.view(np.uint8)) / picture.shape[2], int(
        np.count_nonzero(where)
    )


def decibel(mean_square: float) -> float:
    """PSNR in dB of a mean squared error in grey levels, at most 100."""
    return decibels(mean_square, 1)


def static_flicker(errors: Pair, truths: Pair, effects: Pair, seen: np.ndarray | None = None) -> float | None:
    """Mean change of the `alpha_error` between two frames of a shot where neither character nor effect moved;
    None if all did. ``seen``: where both frames show the place at all, bool (H, W), None for everywhere.
    """
    still = np.ones(truths[0].shape, bool) if seen is None else seen.copy()
    for before, after in (truths, effects):
        still &= cv2.absdiff(before, after) <= 1
    return float(np.abs(errors[1] - errors[0])[still].mean()) if still.any() else None


def _interval(truth: np.ndarray, effect: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    high = truth.astype(np.float32) / 255
    return (high if effect is None else high * (1 - effect.astype(np.float32) / 255)), high


def colour_error(layer: np.ndarray, truth: np.ndarray) -> float | None:
    """Mean error in grey levels of the straight colours of two RGBA layers where both alphas are above a
    quarter; None where none are.
    """
    where = (layer[..., 3] > _SHOWN) & (truth[..., 3] > _SHOWN)
    return float(cv2.absdiff(layer, truth)[..., :3][where].mean()) if where.any() else None


def owners(truth: np.ndarray, labels: np.ndarray, min_area: float) -> dict[int, int]:
    """Of each label of `truth` that covers the share `min_area` of the plane or more, the label that has most
    of it in the other plane.

    Planes of integers (H, W), 0 nobody; 0 too for one of which no label has a quarter.
    """
    found = {}
    for number in np.unique(truth[truth > 0]).tolist():
        own = truth == number
        if own.mean() >= min_area:
            values, counts = np.unique(labels[own], return_counts=True)
            counts = np.where((values > 0) & (counts >= own.sum() / _OWNED), counts, 0)
            found[number] = int(values[counts.argmax()]) if counts.any() else 0
    return found


def kept(seen: Sequence[Mapping[int, int]]) -> tuple[float, int] | None:
    """Whether figures keep their ids, from what `owners` says of each frame; None where nobody is.

    The share of all appearances under the id that is the figure's own (ids are dealt out so that it is
    largest: Kuhn 1955, as IDF1 does, Ristani et al. 2016), and how often a figure goes from one id to
    another.
    """
    told = [(figure, name) for frame in seen for figure, name in frame.items()]
    if not told:
        return None
    figures, names = (sorted(set(values)) for values in zip(*told, strict=True))
    counts = np.zeros((len(figures), len(names)))
    for figure, name in told:
        counts[figures.index(figure), names.index(name)] += name > 0
    rows, columns = linear_sum_assignment(-counts)
    ways = [[frame[figure] for frame in seen if frame.get(figure)] for figure in figures]
    switches = sum(a != b for way in ways for a, b in pairwise(way))
    return float(counts[rows, columns].sum() / len(told)), switches


def camera_error(cameras: np.ndarray, truth: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Mean distance in pixels of where the corners and the middle of a frame of `size` (width, height) lie,
    float64 (T,).

    Both are homographies float64 (T, 3, 3) to a plate; each plate has its own place and size, so that all is
    seen from the first frame.
    """
    (width, height), points = size, np.ones((3, 5))
    points[0], points[1] = (
        np.array([0, 1, 0, 1, 0.5]) * (width - 1),
        np.array([0, 0, 1, 1, 0.5]) * (height - 1),
    )
    places = []
    for each in (cameras, truth):
        lying = np.linalg.inv(each[0]) @ each @ points
        places.append(lying[:, :2] / lying[:, 2:])
    return np.asarray(np.linalg.norm(places[0] - places[1], axis=1).mean(axis=1))
