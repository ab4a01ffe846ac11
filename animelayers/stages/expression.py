"""Stage 4: the expression of the largest face, by a model of faces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from animelayers.engine.step import ClipStep
from animelayers.imaging import skeleton as skeletons
from animelayers.imaging.faces import aligned
from animelayers.models.protocols import ExpressionTeller
from animelayers.options import Share
from animelayers.record.column import F32, U8
from animelayers.record.values import Face
from animelayers.stages.faces import heads

Eyes = tuple[tuple[float, float], tuple[float, float]]


class Made(NamedTuple):
    """What `Expression` writes."""

    expression: list[str]


class Expression(ClipStep):
    """The expression of the largest face of each drawing; blank where there is no face or the model is not
    sure.

    ``teller``: the model. It is shown the face upright where the pose tells the eyes. Faces are those of
    `face_boxes`, else where the joints of the pose say. ``min_confidence``: how sure it must be, 0..1.
    ``sure``: score from which a joint tells where the face and the eyes are, 0..1. Raises ValueError in a
    clip of which neither faces nor pose are known.
    """

    name = "expression"

    def __init__(self, teller: ExpressionTeller, min_confidence: Share = 0.5, sure: Share = 0.5) -> None:
        """Raises ValueError for a value that is not 0..1."""
        if not (0 <= min_confidence <= 1 and 0 <= sure <= 1):
            raise ValueError(f"min_confidence and sure must be 0..1, not {min_confidence} and {sure}")
        self.teller, self.min_confidence, self.sure = teller, float(min_confidence), float(sure)

    def clip(
        self,
        *,
        frames: U8,
        face_boxes: list[list[Face]] | None = None,
        keypoints: F32 | None = None,
        skeleton: str | None = None,
    ) -> Made:
        """A text per drawing."""
        people: Sequence[Sequence[np.ndarray]] = [()] * len(frames)
        if keypoints is not None and skeleton:
            people = [[*joints.reshape(-1, skeletons.COUNT[skeleton], 3)] for joints in keypoints]
        elif face_boxes is None:
            raise ValueError("the face is needed: put the stage faces or pose before it")
        known: Sequence[Sequence[Face]] = [()] * len(frames) if face_boxes is None else face_boxes
        crops = [self._crop(*of, skeleton or "") for of in zip(frames, known, people, strict=True)]
        answers = iter(self.teller([crop for crop in crops if crop is not None]))
        found = [("", 0.0) if crop is None else next(answers) for crop in crops]
        return Made([text if sure >= self.min_confidence else "" for text, sure in found])

    def _crop(
        self, frame: np.ndarray, faces: Sequence[Face], people: Sequence[np.ndarray], skeleton: str
    ) -> np.ndarray | None:
        faces = faces or heads(people, skeleton, frame.shape, self.sure)
        if not faces:
            return None
        face = max(faces, key=lambda face: face.w * face.h)
        eyes = next((pair for person in people if (pair := self._eyes(person, skeleton, face))), None)
        return aligned(frame, face[:4], self.teller.side, eyes)

    def _eyes(self, person: np.ndarray, skeleton: str, face: Face) -> Eyes | None:
        """Both eyes of a person, if they lie in a face."""
        points = skeletons.named(person, skeleton, self.sure)
        if not {"left_eye", "right_eye"} <= set(points):
            return None
        (ax, ay), (bx, by) = (map(float, points[name]) for name in ("left_eye", "right_eye"))
        inside = all(
            face.x <= x <= face.x + face.w and face.y <= y <= face.y + face.h for x, y in ((ax, ay), (bx, by))
        )
        return ((ax, ay), (bx, by)) if inside and (ax, ay) != (bx, by) else None
