"""The estimator: what each drawing of a shot shows, from the plate that the others show, from what each
drawing shows, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from animelayers.imaging.brush import disc
from animelayers.imaging.evenly import evenly
from animelayers.imaging.evidence import (
    MOST,
    PlateEvidence,
    changed,
    measured,
    median,
    nothing,
    resized,
    usual,
)
from animelayers.imaging.motion import canvas, placed
from animelayers.imaging.plate import lifted, lights_of
from animelayers.imaging.views import rescaled, view
from animelayers.models.portrait import shrink
from animelayers.models.protocols import Layering
from animelayers.shot.agree import Positions
from animelayers.shot.matte import coverage
from animelayers.shot.params import Params

_FIGURE = 0  # of the layers of a label


class Given(NamedTuple):
    """A clip and the context of its shot.

    ``frames``: uint8 sRGB (D, H, W, 3); ``cameras``: float64 (D, 3, 3), to the plate, None where nobody
    knows. ``context``, ``context_cameras``: the same of K frames from elsewhere in the shot, and
    ``context_alphas``, uint8 (K, H, W), the mattes of a first look at them.
    """

    frames: np.ndarray
    cameras: np.ndarray | None
    context: np.ndarray
    context_alphas: np.ndarray
    context_cameras: np.ndarray


class Labelled(NamedTuple):
    """``labels``: D float32 (3, h, w), coverage by figures, effects and shadows, 0..1; ``told``: the evidence
    they were found with; ``small``: the drawings at that size, uint8 (h, w, 3), in the light of the shot;
    ``positions``: where they lie on its plate, None where nobody knows."""

    labels: list[np.ndarray]
    told: list[PlateEvidence]
    small: list[np.ndarray]
    positions: Positions | None = None


def estimate(given: Given, net: Layering, params: Params) -> Labelled:
    """What each drawing of a clip shows, at the size the net looks at.

    The first plate is made of all that the drawings show, whoever stands there: it knows what moves and what
    stays, and asks no still for an opinion. Each further one is made without what was found before it. What
    is only hidden from the next plate is looked for at the smaller size alone.
    """
    size, coarse = (net.size(given.frames.shape[1:], share) for share in (1, params.coarse))
    small = [shrink(picture, size) for picture in given.frames]
    blank = [nothing(picture.shape) for picture in small]
    around = _around(given, size)
    if given.cameras is None or len(small) + len(around.pictures) < params.fewest:
        return Labelled(_looked(net, small, blank, coarse), blank, small)
    cameras, whole = _reduced([*given.cameras, *around.cameras], given.frames.shape[2:0:-1], size)
    lights = lights_of([*small, *around.pictures], cameras, whole)
    legible = [k for k, light in enumerate(lights) if light.usable]
    pictures = lifted([*small, *around.pictures], lights, params.dark)
    small = pictures[: len(small)]
    positions = Positions([view(camera, size, whole) for camera in cameras], whole)
    evidence, labels = blank, [np.zeros((3, *size[::-1]), np.float32)] * len(small)
    hidden = [np.zeros(size[::-1], bool)] * (len(small) + len(around.pictures))
    last = int(params.rounds) - 1
    for number in range(last + 1):
        if number:
            hidden = [_kept(mask, params) for mask in (*(label.max(0) for label in labels), *around.kept)]
        evidence = _evidence(pictures, hidden, positions, legible, len(small))
        labels = _looked(net, small, evidence, coarse, number == last)
    return Labelled(labels, evidence, small, positions._replace(views=positions.views[: len(small)]))


def _looked(
    net: Layering,
    pictures: Sequence[np.ndarray],
    told: Sequence[PlateEvidence],
    coarse: tuple[int, int],
    finely: bool = True,
) -> list[np.ndarray]:
    """What a net says of drawings that it sees `coarse`, and at their own size as well unless it is enough to
    hide it: a figure is the mean of both, as what fills the frame is known better where it is small, and what is
    small where it is large. Sparks are gone where they are small: effects and shadows are those of their own size.
    """
    own: tuple[int, int] = pictures[0].shape[1::-1]
    if coarse == own:
        return net.labels(pictures, told)
    smaller = [cv2.resize(picture, coarse, interpolation=cv2.INTER_AREA) for picture in pictures]
    found = [
        np.stack([cv2.resize(plane, own, interpolation=cv2.INTER_LINEAR) for plane in label])
        for label in net.labels(smaller, [resized(each, coarse) for each in told])
    ]
    if not finely:
        return found
    labels = net.labels(pictures, told)
    for label, other in zip(labels, found, strict=True):
        label[_FIGURE] = (label[_FIGURE] + other[_FIGURE]) / 2
    return labels


class _Around(NamedTuple):
    pictures: list[np.ndarray]
    kept: list[np.ndarray]
    cameras: list[np.ndarray]


def _around(given: Given, size: tuple[int, int]) -> _Around:
    there = (
        np.flatnonzero(placed(given.context_cameras)).tolist()
        if given.cameras is not None and len(given.context_cameras)
        else []
    )
    return _Around(
        [shrink(given.context[k], size) for k in there],
        [coverage(given.context_alphas[k], size) for k in there],
        [given.context_cameras[k] for k in there],
    )


def _kept(covered: np.ndarray, params: Params) -> np.ndarray:
    """What is no background when the plate is made, bool (h, w)."""
    brush = disc(int(params.grown))
    return cv2.dilate((covered > params.kept).astype(np.uint8), brush) > 0


def _reduced(
    cameras: Sequence[np.ndarray], full: tuple[int, int], size: tuple[int, int]
) -> tuple[list[np.ndarray], tuple[int, int]]:
    """The cameras of small drawings to a small plate, and its width and height."""
    small = [rescaled(camera, full, size) for camera in cameras]
    return small, canvas(np.stack(small), size)


def _evidence(
    pictures: Sequence[np.ndarray],
    hidden: Sequence[np.ndarray],
    positions: Positions,
    legible: Sequence[int],
    number: int,
) -> list[PlateEvidence]:
    """What the first `number` of the small pictures of a shot are told by all that are `legible`, with what is
    `hidden` in each left out.
    """
    views, (width, height) = positions
    asked = [legible[k] for k in evenly(len(legible), MOST)]
    stack = np.zeros((len(asked), height, width, 3), np.uint8)
    reached = np.zeros((len(asked), height, width), bool)
    shown = reached.copy()
    for n, k in enumerate(asked):
        where, registration = views[k].window, views[k]
        stack[n][where] = registration.onto(pictures[k])
        reached[n][where] = registration.reach() > 0
        clear = registration.onto((~hidden[k]).astype(np.uint8) * np.uint8(255), smooth=False) > 0
        shown[n][where] = reached[n][where] & clear
    plate, count = median(stack, shown)
    own, views = pictures[:number], views[:number]
    plates = [registration.back(plate) for registration in views]
    counts = [registration.back(count, smooth=False) for registration in views]
    noise = usual(own, plates, [(c > 0) & ~h for c, h in zip(counts, hidden, strict=False)])
    change = changed(stack, reached, noise)
    return [
        measured(picture, plate, count, noise, registration.back(change, smooth=False))
        for picture, plate, count, registration in zip(own, plates, counts, views, strict=True)
    ]
