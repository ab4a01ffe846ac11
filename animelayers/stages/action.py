"""Stage 4: what the characters do."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from animelayers.engine.step import ClipStep
from animelayers.models.protocols import ActionTeller
from animelayers.options import Share
from animelayers.record.column import F32, I32, U8


class Made(NamedTuple):
    """What `Action` writes."""

    action: list[str]
    action_confidence: F32


class Action(ClipStep):
    """The action of a clip and how sure it is, the same for all its drawings.

    ``teller``: the model; it is given its number of frames, evenly spread over the clip in time.
    ``min_confidence``: how sure it must be, 0..1; less sure, and in a clip of one drawing, where nothing
    moves, the action is blank.
    """

    name = "action"

    def __init__(self, teller: ActionTeller, min_confidence: Share = 0.3) -> None:
        """Raises ValueError for a confidence that is not 0..1."""
        if not 0 <= min_confidence <= 1:
            raise ValueError(f"min_confidence must be 0..1, not {min_confidence}")
        self.teller, self.min_confidence = teller, float(min_confidence)

    def clip(self, *, frames: U8, drawing: I32) -> Made:
        """The action, once per drawing, and its confidence."""
        text, confidence = "", 0.0
        if len(frames) > 1:
            ((text, confidence),) = self.teller([frames[drawing[spread(len(drawing), self.teller.frames)]]])
            if confidence < self.min_confidence:
                text, confidence = "", 0.0
        return Made([text] * len(frames), np.full(len(frames), confidence, np.float32))


def spread(count: int, wanted: int) -> np.ndarray:
    """The middles of `wanted` equal parts of `count` frames: int64 (wanted,), ascending; frames repeat where
    there are fewer.
    """
    return np.asarray(((np.arange(wanted) + 0.5) * count / wanted).astype(np.int64))
