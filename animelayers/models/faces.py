"""Finders of drawn faces: any YOLOv8 that was trained on them, and animeface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from animelayers.models.device import Device
from animelayers.models.onnx import Onnx
from animelayers.options import Part, Side, Weighted
from animelayers.record.values import Face
from animelayers.samples import scene
from animelayers.weights import WeightsError

_GREY = 114  # what these nets were trained to see around a picture
_STRIDE = 32  # pixels that their sides are multiples of
_BOX = 4  # numbers of a box, before the scores of the classes
_PORTRAIT = (320, 480)  # pixels of the drawing whose face a finder has to find


class YoloFaces:
    """A detector of the YOLOv8 family as an ONNX file of the user's: a `protocols.FaceFinder`.

    ``weights``: the file, exported without its own suppression of doubles: input (N, 3, S, S) RGB 0..1,
    output (N, 4 + C, A) of C classes, as Ultralytics writes it and the drawn-face detectors of the model hub
    are published. ``side``: S, pixels the picture is shrunk to. ``min_score``: score below which a box is no
    face, 0..1. ``overlap``: intersection over union from which two boxes are one face, 0..1. ``kind``: the
    class that is a face. Raises WeightsError for no file or one with another output, ValueError for a value
    out of range.
    """

    def __init__(
        self,
        weights: Weighted | None = None,
        side: Side = 640,
        min_score: Part = 0.3,
        overlap: Part = 0.5,
        kind: int = 0,
        device: Device = "auto",
    ) -> None:
        if weights is None:
            raise WeightsError(
                "this finder of faces needs a file of your own: stages.faces.step.finder.weights=PATH of an ONNX file"
            )
        if side < _STRIDE or side % _STRIDE or not 0 < min_score <= 1 or not 0 < overlap <= 1:
            raise ValueError(
                f"side must be a multiple of {_STRIDE}, min_score and overlap above 0 and up to 1, not {side}, {min_score} and {overlap}"
            )
        self._path, self._side, self._min_score, self._overlap, self._kind = (
            weights,
            side,
            min_score,
            overlap,
            kind,
        )
        self._net = Onnx(weights, precision="fp32", device=device)

    def __call__(self, pictures: Sequence[np.ndarray]) -> list[list[Face]]:
        """As `protocols.FaceFinder`."""
        return [self._faces(picture) for picture in pictures]

    def _faces(self, picture: np.ndarray) -> list[Face]:
        height, width = picture.shape[:2]
        scale = self._side / max(height, width)
        small = cv2.resize(
            picture,
            (max(1, round(width * scale)), max(1, round(height * scale))),
            interpolation=cv2.INTER_AREA,
        )
        canvas = np.full((self._side, self._side, 3), _GREY, np.uint8)
        canvas[: small.shape[0], : small.shape[1]] = small
        answer = self._net(np.ascontiguousarray(canvas.transpose(2, 0, 1)[None]) / np.float32(255))
        if answer.ndim != 3 or answer.shape[1] <= _BOX + self._kind:
            raise WeightsError(
                f"{self._path} answers {answer.shape}, wanted is (1, 4 + classes, boxes): export it as a YOLOv8 without nms"
            )
        x, y, w, h = answer[0, :_BOX].astype(np.float64) / scale
        boxes, scores = np.stack([x - w / 2, y - h / 2, w, h], 1), answer[0, _BOX + self._kind]
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), self._min_score, self._overlap)
        found = (_face(boxes[k], float(scores[k]), picture) for k in np.asarray(kept, int).reshape(-1))
        return sorted((face for face in found if face), key=lambda face: -face.score)


class AnimeFace:
    """The package animeface (Takahashi's binding of Nagisa Kawashima's detector, 2009): a
    `protocols.FaceFinder`.

    It reads Pillow's insides and with Pillow 12 and later finds nothing, without an error. So it is refused
    unless it finds the face of a drawn portrait. ``side``: pixels the long side of a picture is shrunk to.
    Raises RuntimeError where the package is missing or finds nothing.
    """

    def __init__(self, side: int = 640) -> None:
        try:
            import animeface
        except ImportError as error:
            raise RuntimeError(
                f"the package animeface is not installed: pip install animeface, with a Pillow older than 12 ({error})"
            ) from error
        self._detect: Any = animeface.detect
        self._side = side
        if not self._faces(scene("portrait", 1, _PORTRAIT).frames[0]):
            import PIL

            raise RuntimeError(
                f"animeface does not find the face of a known drawing: it does not work with Pillow {PIL.__version__}, "
                "only with one older than 12; take the faces of the pose, or model/faces=yolo with a file of your own"
            )

    def __call__(self, pictures: Sequence[np.ndarray]) -> list[list[Face]]:
        """As `protocols.FaceFinder`."""
        return [self._faces(picture) for picture in pictures]

    def _faces(self, picture: np.ndarray) -> list[Face]:
        from PIL import Image

        scale = min(1.0, self._side / max(picture.shape[:2]))
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        told = self._detect(Image.fromarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA)))
        places = ((one.face.pos, one.likelihood) for one in told)
        found = [_face(np.array([b.x, b.y, b.width, b.height]) / scale, sure, picture) for b, sure in places]
        return sorted((face for face in found if face), key=lambda face: -face.score)


def _face(box: np.ndarray, score: float, picture: np.ndarray) -> Face | None:
    """The part of a box, x, y, w, h, within the picture, or None where nothing is left of it."""
    x, y, w, h = (float(v) for v in box)
    left, top = max(0, round(x)), max(0, round(y))
    right, bottom = min(picture.shape[1], round(x + w)), min(picture.shape[0], round(y + h))
    return (
        Face(left, top, right - left, bottom - top, min(1.0, max(0.0, score)))
        if right > left and bottom > top
        else None
    )
