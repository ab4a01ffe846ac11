"""BlazePose: Bazarevsky et al., On-device real-time body pose tracking, 2020; MediaPipe's files, run by
OpenVINO.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from animelayers.imaging.faces import square
from animelayers.models.constants import BYTE, LOGIT, MIDDLE
from animelayers.models.device import core
from animelayers.models.onnx import threads
from animelayers.options import Weighted
from animelayers.weights import WeightsError, find

Box = tuple[int, int, int, int]

_VIEWS = (1.1, 1.5)  # sides of the squares looked at, in sides of the box
_PERSON = 1.3  # sides of the box that the detector looks at
_AGREE = 0.06  # sides of the box by which views may differ
_FOUND = 0.5  # score from which the detector's person is looked at too
_SIDE, _LARGE, _COLOURS = 256, 224, 3  # pixels the landmark net and the detector want, and their colours
# joints, all points of the landmark net, and x, y, depth, seen and within the square of each of them
_JOINTS, _POINTS, _FACTS = 33, 39, 5
_BOX, _REGION = 4, 12  # numbers of a box of the detector, and with its four points
_GRIDS = ((28, 2), (14, 2), (7, 6))  # cells of a side of the detector's grids, and its anchors in each
_AROUND = 2.5  # times the radius of the circle around a body that its square is wide
_LEAST = 1e-9  # weight of a view that is sure of nothing


class BlazePose:
    """33 joints of each person in a box: a `protocols.Poser` whose weights ship inside a package.

    It was trained on photographs. So each person is looked at in several squares, two around the box and one
    as the detector places it (turned upright); joints are the mean of the two views that agree best, weighted
    by what each is sure of, and their score falls with the distance between the two, and where one finds
    nobody. ``landmarks`` and ``detection``: names of the table of weights, or paths of MediaPipe's
    `pose_landmark_full.tflite` (or its lite or heavy one) and `pose_detection.tflite`. It runs on the CPU.
    Raises WeightsError for files that are missing or another net's.
    """

    skeleton = "blazepose33"

    def __init__(
        self, landmarks: Weighted = "blazepose-landmarks", detection: Weighted = "blazepose-detection"
    ) -> None:
        self._landmarks = _opened(find(str(landmarks)), (1, _SIDE, _SIDE, _COLOURS), (1, _FACTS * _POINTS))
        self._detection = _opened(
            find(str(detection)), (1, _LARGE, _LARGE, _COLOURS), (1, len(_anchors()), _REGION)
        )
        self._anchors = _anchors()

    def __call__(self, pictures: Sequence[np.ndarray], boxes: Sequence[Sequence[Box]]) -> list[np.ndarray]:
        """As `protocols.Poser`."""
        found = [
            [self._person(picture, box) for box in those]
            for picture, those in zip(pictures, boxes, strict=True)
        ]
        return [np.stack(people) if people else np.zeros((0, _JOINTS, 3), np.float32) for people in found]

    def _person(self, picture: np.ndarray, box: Box) -> np.ndarray:
        middle = np.array([box[0] + box[2] / 2, box[1] + box[3] / 2])
        side = float(max(1, box[2], box[3]))
        views = [(middle, side * times, 0.0) for times in _VIEWS]
        if (placed := self._placed(picture, box, middle, _PERSON * side)) is not None:
            views.append(placed)
        told = [self._look(picture, *view) for view in views]
        points, scores = np.stack([points for points, _ in told]), np.stack([scores for _, scores in told])
        chosen = [list(pair) for pair in combinations(range(len(told)), 2)]
        return max(
            (consensus(points[pair], scores[pair], _AGREE * side) for pair in chosen),
            key=lambda joints: float(joints[:, 2].mean()),
        )

    def _look(
        self, picture: np.ndarray, middle: np.ndarray, side: float, turn: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Joints float64 (33, 2) in pixels of the picture, and their scores float64 (33,)."""
        crop, matrix = square(picture, middle, np.full(2, _SIDE / 2), side / _SIDE, turn, _SIDE)
        points, person, *_ = self._landmarks([crop[None] * np.float32(BYTE)]).values()
        rows = points.reshape(_POINTS, _FACTS)[:_JOINTS].astype(np.float64)
        scores = np.minimum(_sigmoid(rows[:, 3]), _sigmoid(rows[:, 4]))  # seen, and within the square
        return rows[:, :2] @ matrix[:, :2].T + matrix[:, 2], scores * float(person.reshape(-1)[0])

    def _placed(
        self, picture: np.ndarray, box: Box, middle: np.ndarray, side: float
    ) -> tuple[np.ndarray, float, float] | None:
        """Middle, side and turn of the square around the person of a box that the detector finds in a square;
        None where it finds none.
        """
        crop, matrix = square(
            picture, middle, np.full(2, _LARGE / 2), side / _LARGE, 0, _LARGE, cv2.BORDER_CONSTANT
        )
        regions, logits = (
            value[0] for value in self._detection([crop[None] * np.float32(1 / MIDDLE) - 1]).values()
        )
        # Of a person it tells the middle of the hips, and a point on the circle around the whole body, above
        # the head.
        points = (
            regions[:, _BOX : 2 * _BOX].reshape(-1, 2, 2).astype(np.float64) + self._anchors[:, None] * _LARGE
        )
        points = points @ matrix[:, :2].T + matrix[:, 2]
        inside = ((points[:, 0] >= box[:2]) & (points[:, 0] <= np.add(box[:2], box[2:]))).all(1)
        scores = np.where(inside, _sigmoid(logits[:, 0]), 0)
        best = int(scores.argmax())
        if scores[best] < _FOUND:
            return None
        hips, top = points[best]
        up = top - hips
        return hips, max(1.0, _AROUND * float(np.hypot(*up))), float(np.pi / 2 - np.arctan2(-up[1], up[0]))


def consensus(points: np.ndarray, scores: np.ndarray, tolerance: float) -> np.ndarray:
    """What V views say of K joints together: float32 (K, 3), x, y and score.

    ``points``: float (V, K, 2), pixels. ``scores``: float (V, K), 0..1. The score is the mean of the views'
    and falls to a third where they lie `tolerance` pixels apart.
    """
    weights = scores[..., None] + _LEAST
    total = weights.sum(0)
    mean = (weights * points).sum(0) / total
    spread = np.sqrt((weights[..., 0] * ((points - mean) ** 2).sum(-1)).sum(0) / total[:, 0])
    score = scores.mean(0) * np.exp(-((spread / tolerance) ** 2))
    return np.concatenate([mean, score[:, None]], 1).astype(np.float32)


def _opened(path: Path, wants: tuple[int, ...], gives: tuple[int, ...]) -> Any:
    """A net whose input and first output have these shapes. Raises WeightsError for any other file."""
    try:
        settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads(),
            "PERFORMANCE_HINT": "LATENCY",
        }
        net: Any = core().compile_model(core().read_model(str(path)), "CPU", settings)
        shapes = tuple(net.inputs[0].shape), tuple(net.outputs[0].shape)
    except RuntimeError as error:
        raise WeightsError(
            f"{path} cannot be read as a TFLite net ({str(error).strip().splitlines()[-1]}): bring it again"
        ) from error
    if shapes != (wants, gives):
        raise WeightsError(
            f"{path} is another net than BlazePose's: it takes {shapes[0]} and gives {shapes[1]}, wanted are {wants} and {gives}"
        )
    return net


def _anchors() -> np.ndarray:
    """Middles of the detector's anchors, float64 (2254, 2), 0..1: grids of 28, 14 and 7 cells with 2, 2 and 6
    of them in each.
    """
    grids = []
    for cells, each in _GRIDS:
        y, x = np.mgrid[0:cells, 0:cells]
        grids.append(np.repeat(np.stack([x, y], -1).reshape(-1, 2), each, 0) / cells + 0.5 / cells)
    return np.concatenate(grids)


def _sigmoid(logits: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(logits, -LOGIT, LOGIT)))
