"""Stage 4: where the joints of each character are, and how it holds itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from animelayers.imaging import skeleton
from animelayers.models.protocols import Poser
from animelayers.options import Share
from animelayers.schema import RECORD
from animelayers.step import Step

Box = tuple[int, int, int, int]

_REACH = 0.03  # sides of its box that a joint may lie beside the character


class Pose(Step):
    """The joints of each character, in the order of `instance_ids`, their skeleton, and each pose in words.

    ``poser``: the model. ``sure``: score from which a joint says something of the pose, 0..1. Characters are where `instance_boxes` says, or
    where nothing wrote that, in `character_bbox`. A joint that does not lie on the character has score 0. Drawings with fewer characters
    than others of the clip are filled up with zeros. The words of several characters are joined by '; '; where the joints of none tell,
    they are blank.
    """

    name = "pose"
    reads = ("frames",)
    wants = ("character", "instance_ids", "instance_boxes", "character_bbox")
    writes = ("keypoints", "skeleton", "pose")

    def __init__(self, poser: Poser, sure: Share = 0.5) -> None:
        """Raises ValueError for a score that is not 0..1."""
        if not 0 <= sure <= 1:
            raise ValueError(f"sure must be 0..1, not {sure}")
        self.poser, self.sure = poser, float(sure)

    def compute(self, clips: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
        """Joints float32 (D, M * K * 3), the skeleton's name and the words of each clip."""
        places = [boxes(len(clip[0]), *clip[2:]) for clip in clips]
        found = iter(self.poser([frame for clip in clips for frame in clip[0]], [of for clip in places for of in clip]))
        return [self._clip(clip[1], of, [next(found) for _ in of]) for clip, of in zip(clips, places, strict=True)]

    def _clip(self, alphas: np.ndarray | None, places: list[list[Box]], found: list[np.ndarray]) -> tuple[Any, ...]:
        if alphas is not None:
            found = [
                skeleton.lying_on(joints, alpha, round(_REACH * max(max(box[2:]) for box in those))) if those else joints
                for joints, alpha, those in zip(found, alphas, places, strict=True)
            ]
        most = max((len(joints) for joints in found), default=0)
        count = skeleton.COUNT[self.poser.skeleton]
        keypoints = np.zeros((len(found), most, count, 3), np.float32)
        for row, joints in zip(keypoints, found, strict=True):
            row[: len(joints)] = joints
        return keypoints.reshape(len(found), most * count * 3), self.poser.skeleton, RECORD["pose"].gather([self._words(joints) for joints in found])

    def _words(self, joints: np.ndarray) -> str:
        told = (skeleton.words(skeleton.named(person, self.poser.skeleton, self.sure)) for person in joints)
        return "; ".join(dict.fromkeys(word for word in told if word))


def boxes(drawings: int, ids: str | None, places: str | None, bbox: np.ndarray | None) -> list[list[Box]]:
    """Where the characters of each drawing are: those of `instance_boxes`, else the one of `character_bbox`, else none."""
    if ids is not None and places is not None and ids.split():
        return [[] if of == "none" else [_box(box) for box in of.split(",")] for of in places.split()]
    if bbox is not None:
        return [[(int(x), int(y), int(w), int(h))] if w and h else [] for x, y, w, h in bbox]
    return [[] for _ in range(drawings)]


def _box(text: str) -> Box:
    x, y, w, h = map(int, text.split(":"))
    return x, y, w, h
