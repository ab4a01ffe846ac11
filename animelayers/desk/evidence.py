"""How sure the shot's evidence is of what its drawings show by now."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from animelayers.models.layernet import LayerNet
from animelayers.shot.estimate import Given, estimate
from animelayers.shot.params import Params
from animelayers.weights import WeightsError

EFFECT = 255
"""The label of effects; 0 is background, figures have 1 to 250."""


def sureness(
    pictures: Sequence[np.ndarray], labels: Sequence[np.ndarray], cameras: Sequence[Sequence[float] | None], full: tuple[int, int]
) -> list[np.ndarray] | None:
    """How sure LayerNet, told what the shot knows, is of what each drawing shows, float32 (h, w), 0..1; None where its weights are not there."""
    try:
        net = _net()
    except WeightsError:
        return None
    height, width = pictures[0].shape[:2]
    scale = np.diag([width / full[1], height / full[0], 1.0])
    seats = None
    if all(camera is not None for camera in cameras):
        seats = np.stack([scale @ np.array(camera, np.float64).reshape(3, 3) @ np.linalg.inv(scale) for camera in cameras])
    alphas = np.stack([((plane > 0) & (plane != EFFECT)) * np.uint8(255) for plane in labels])
    nobody = (np.zeros((0, height, width, 3), np.uint8), np.zeros((0, height, width), np.uint8), np.zeros((0, 3, 3)))
    found = estimate(Given(np.stack(pictures), alphas, seats, *nobody), net, Params())
    sure = []
    for label, plane in zip(found.labels, labels, strict=True):
        figure, effect = (cv2.resize(label[k], (width, height), interpolation=cv2.INTER_LINEAR) for k in (0, 1))
        agreed = np.where(plane == EFFECT, effect, np.where(plane > 0, figure, 1 - np.maximum(figure, effect)))
        sure.append(np.clip(2 * agreed - 1, 0, 1).astype(np.float32))
    return sure


@cache
def _net() -> LayerNet:
    return LayerNet()
