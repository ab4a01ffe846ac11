"""DWPose: Yang et al., Effective whole-body pose estimation with two-stages distillation, 2023; and RTMPose,
Jiang et al., 2023, as ONNX files.

The package rtmlib runs the same files, but asks for opencv-contrib-python, which overwrites the files of
opencv-python-headless. Crops and coordinates here are those of its class RTMPose.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from animelayers.imaging.skeleton import COUNT
from animelayers.models.device import Device, pick_onnx
from animelayers.models.onnx import opened, providers
from animelayers.options import Batch, Weighted
from animelayers.weights import WeightsError, find

Box = tuple[int, int, int, int]

_PAD = 1.25  # sides of a box that are looked at
_PARTS = 2  # bins per pixel
_MEAN, _STD = np.array((123.675, 116.28, 103.53)), np.array((58.395, 57.12, 57.375))
_SKELETONS = {COUNT[name]: name for name in ("coco17", "coco133")}


class DwPose:
    """The joints of each person in a box, body alone or with feet, face and hands: a `protocols.Poser`,
    trained on photographs.

    ``weights``: a name of the table of weights, or an ONNX file of RTMPose's kind: input (N, 3, H, W),
    outputs simcc_x (N, K, 2 W) and simcc_y (N, K, 2 H) of 17 or 133 joints. Scores are the mean of both
    maxima, at most 1. ``batch``: people that go through the net at once. Raises WeightsError for a file that
    is missing or another net's, ValueError for a batch below 1.
    """

    def __init__(self, weights: Weighted = "dwpose-l", device: Device = "auto", batch: Batch = 8) -> None:
        if batch < 1:
            raise ValueError(f"batch must be 1 or more, not {batch}")
        path = str(find(str(weights)))
        self._net = opened(path, pick_onnx(device, providers() if device == "auto" else ()))
        asks = self._net.get_inputs()[0]
        self._input, shape = asks.name, list(asks.shape)
        if len(shape) != 4 or not all(isinstance(side, int) for side in shape[1:]):
            raise WeightsError(
                f"{path} is no net of DWPose's kind: it takes {shape}, wanted is one size of crops (N, 3, H, W)"
            )
        self._size = wide, high = shape[3], shape[2]
        gives = [
            value.shape for value in self._net.run(None, {self._input: np.zeros((1, *shape[1:]), np.float32)})
        ]
        joints = gives[0][1] if len(gives[0]) == 3 else 0
        if joints not in _SKELETONS or gives != [(1, joints, _PARTS * side) for side in (wide, high)]:
            raise WeightsError(
                f"{path} is no net of DWPose's kind of {' or '.join(map(str, _SKELETONS))} joints: of a crop {shape} it gives {gives}"
            )
        self.skeleton, self._joints = _SKELETONS[joints], joints
        self._batch = 1 if shape[0] == 1 else batch

    def __call__(self, pictures: Sequence[np.ndarray], boxes: Sequence[Sequence[Box]]) -> list[np.ndarray]:
        """As `protocols.Poser`."""
        people = [
            (picture, *_window(box, self._size))
            for picture, those in zip(pictures, boxes, strict=True)
            for box in those
        ]
        found = np.zeros((len(people), self._joints, 3), np.float32)
        for start in range(0, len(people), self._batch):
            some = people[start : start + self._batch]
            crops = np.stack([cropped(*person, self._size) for person in some])
            answer = self._net.run(None, {self._input: crops})
            for k, (_, middle, size) in enumerate(some):
                found[start + k] = decoded(answer[0][k], answer[1][k], middle, size)
        ends = np.cumsum([0, *(len(those) for those in boxes)])
        return [found[first:last] for first, last in pairwise(ends)]


def cropped(picture: np.ndarray, middle: np.ndarray, size: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The part of a picture uint8 (H, W, 3) around `middle` (x, y) of `size` (w, h) pixels, normalised,
    float32 (3, h, w) of `shape` (w, h).
    """
    step = shape[0] / size[0]
    matrix = np.array(
        [[step, 0, shape[0] / 2 - step * middle[0]], [0, step, shape[1] / 2 - step * middle[1]]]
    )
    crop = cv2.warpAffine(np.ascontiguousarray(picture), matrix, shape, flags=cv2.INTER_LINEAR)
    return np.asarray(((crop - _MEAN) / _STD).transpose(2, 0, 1), np.float32)


def decoded(along_x: np.ndarray, along_y: np.ndarray, middle: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Joints float32 (K, 3), x, y and score, from how likely each is in each bin along x (K, 2 w) and y (K, 2
    h) of a window.

    SimCC, Li et al., 2022. ``middle`` and ``size``: of the window in the picture, x and y in pixels.
    """
    place = np.stack([along_x.argmax(1) / along_x.shape[1], along_y.argmax(1) / along_y.shape[1]], 1)
    score = (along_x.max(1) + along_y.max(1)) / 2
    return np.concatenate([place * size + middle - size / 2, np.clip(score, 0, 1)[:, None]], 1).astype(
        np.float32
    )


def _window(box: Box, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Middle and size, each x and y in pixels, of what is looked at of a box: larger by a quarter, and of the
    net's proportions.
    """
    x, y, w, h = box
    wide, high = _PAD * max(1, w), _PAD * max(1, h)
    wide = max(wide, high * shape[0] / shape[1])
    return np.array([x + w / 2, y + h / 2]), np.array([wide, wide * shape[1] / shape[0]])
