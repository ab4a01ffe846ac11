"""Stage 4: where the faces are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from animelayers.engine.step import ClipStep
from animelayers.imaging import skeleton as skeletons
from animelayers.models.protocols import FaceFinder
from animelayers.options import Share
from animelayers.record.column import F32, U8
from animelayers.record.values import Face

# intersection over union from which two characters' faces are one: their boxes hold the same person
_SAME = 0.5


class Made(NamedTuple):
    """What `Faces` writes."""

    face_boxes: list[list[Face]]


class Faces(ClipStep):
    """The faces of each drawing, best first: as the joints of the pose place them, or by a model of faces.

    ``finder``: the model; None: a square around eyes, nose and ears of each character whose pose tells where
    they are. Where the model finds no face, the pose is asked too, if anybody told it. ``sure``: score from
    which a joint tells where a face is, 0..1. Raises ValueError in a clip whose pose nobody told and for
    which there is no model.
    """

    name = "faces"

    def __init__(self, finder: FaceFinder | None = None, sure: Share = 0.5) -> None:
        """Raises ValueError for a score that is not 0..1."""
        if not 0 <= sure <= 1:
            raise ValueError(f"sure must be 0..1, not {sure}")
        self.finder, self.sure = finder, float(sure)

    def clip(self, *, frames: U8, keypoints: F32 | None = None, skeleton: str | None = None) -> Made:
        """The faces of each drawing."""
        found: Sequence[Sequence[Face]] = (
            self.finder(list(frames)) if self.finder is not None else [()] * len(frames)
        )
        if keypoints is None or not skeleton:
            if self.finder is None:
                raise ValueError(
                    "without a model of faces the pose is needed: put the stage pose before it, or choose model/faces=yolo"
                )
        else:
            people = [joints.reshape(-1, skeletons.COUNT[skeleton], 3) for joints in keypoints]
            found = [
                faces or heads(those, skeleton, frame.shape, self.sure)
                for faces, those, frame in zip(found, people, frames, strict=True)
            ]
        return Made([[face._replace(score=round(face.score, 2)) for face in faces] for faces in found])


def heads(people: Sequence[np.ndarray], skeleton: str, shape: tuple[int, ...], sure: float) -> list[Face]:
    """The faces of people, M times joints float (K, 3), in a picture of `shape` (H, W, …), best first.

    They are where the joints whose score is at least `sure` tell; of two that are the same the better is
    kept.
    """
    placed = (skeletons.head(person, skeleton, sure) for person in people)
    inside = (_within(head, shape) for head in placed if head is not None)
    kept: list[Face] = []
    for face in sorted((face for face in inside if face.w > 0 and face.h > 0), key=lambda face: -face.score):
        if all(_shared(face, other) < _SAME for other in kept):
            kept.append(face)
    return kept


def _shared(a: Face, b: Face) -> float:
    """Intersection over union of two boxes."""
    wide, high = min(a.x + a.w, b.x + b.w) - max(a.x, b.x), min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    common = max(0, wide) * max(0, high)
    return common / (a.w * a.h + b.w * b.h - common)


def _within(head: tuple[int, int, int, int, float], shape: tuple[int, ...]) -> Face:
    x, y, w, h, score = head
    left, top = max(0, x), max(0, y)
    return Face(left, top, min(shape[1], x + w) - left, min(shape[0], y + h) - top, score)
