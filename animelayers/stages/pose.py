"""Stage 4: where the joints of each character are, and how it holds itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from animelayers.engine.step import Step, each
from animelayers.imaging import skeleton
from animelayers.models.protocols import Poser
from animelayers.options import Share
from animelayers.record.column import F32, I32, U8
from animelayers.record.values import Box

_REACH = 0.03  # sides of its box that a joint may lie beside the character


class Made(NamedTuple):
    """What `Pose` writes of a clip."""

    keypoints: F32
    skeleton: str
    pose: list[str]


class Pose(Step):
    """The joints of each character, in the order of `instance_ids`, their skeleton, and each pose in words.

    ``poser``: the model. ``sure``: score from which a joint says something of the pose, 0..1. Characters are
    where `instance_boxes` says, or where nothing wrote that, in `character_bbox`. A joint that does not lie
    on the character has score 0. Drawings with fewer characters than others of the clip are filled up with
    zeros. The words of several characters are joined by '; '; where the joints of none tell, they are blank.
    """

    name = "pose"

    def __init__(self, poser: Poser, sure: Share = 0.5) -> None:
        """Raises ValueError for a score that is not 0..1."""
        if not 0 <= sure <= 1:
            raise ValueError(f"sure must be 0..1, not {sure}")
        self.poser, self.sure = poser, float(sure)

    def clips(
        self,
        *,
        frames: Sequence[U8],
        character: Sequence[U8] | None = None,
        instance_ids: Sequence[list[list[int]]] | None = None,
        instance_boxes: Sequence[list[list[Box]]] | None = None,
        character_bbox: Sequence[I32] | None = None,
    ) -> list[Made]:
        """Joints (D, M * K * 3), the skeleton's name and the words of each clip."""
        count = len(frames)
        told = zip(
            map(len, frames),
            each(instance_ids, count),
            each(instance_boxes, count),
            each(character_bbox, count),
            strict=True,
        )
        places = [boxes(*of) for of in told]
        found = iter(
            self.poser([frame for clip in frames for frame in clip], [of for clip in places for of in clip])
        )
        return [
            self._clip(alphas, of, [next(found) for _ in of])
            for alphas, of in zip(each(character, count), places, strict=True)
        ]

    def _clip(self, alphas: U8 | None, places: list[list[Box]], found: list[np.ndarray]) -> Made:
        if alphas is not None:
            found = [
                skeleton.lying_on(joints, alpha, round(_REACH * max(max(box[2:]) for box in those)))
                if those
                else joints
                for joints, alpha, those in zip(found, alphas, places, strict=True)
            ]
        most = max((len(joints) for joints in found), default=0)
        count = skeleton.COUNT[self.poser.skeleton]
        keypoints = np.zeros((len(found), most, count, 3), np.float32)
        for row, joints in zip(keypoints, found, strict=True):
            row[: len(joints)] = joints
        words = [self._words(joints) for joints in found]
        return Made(keypoints.reshape(len(found), most * count * 3), self.poser.skeleton, words)

    def _words(self, joints: np.ndarray) -> str:
        told = (skeleton.words(skeleton.named(person, self.poser.skeleton, self.sure)) for person in joints)
        return "; ".join(dict.fromkeys(word for word in told if word))


def boxes(
    drawings: int, ids: list[list[int]] | None, places: list[list[Box]] | None, bbox: np.ndarray | None
) -> list[list[Box]]:
    """Where the characters of each drawing are: those of `instance_boxes`, else the one of `character_bbox`,
    else none.
    """
    if ids and places is not None:
        return places
    if bbox is not None:
        return [[Box(int(x), int(y), int(w), int(h))] if w and h else [] for x, y, w, h in bbox]
    return [[] for _ in range(drawings)]
