"""Stage 3: masks that hold still over time, and who is who in a shot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from animelayers.engine.rules import left_out
from animelayers.engine.step import ClipStep
from animelayers.imaging.instances import whose
from animelayers.imaging.seams import boxes
from animelayers.imaging.smoothing import dis, smoothed
from animelayers.models.protocols import Flow, Tracker
from animelayers.options import Share
from animelayers.record.column import U8
from animelayers.record.values import Box, Scored
from animelayers.stages.segment import named


class Made(NamedTuple):
    """What `Track` writes."""

    character: U8
    matte_model: list[str]
    instances: U8
    instance_ids: list[list[int]]
    instance_boxes: list[list[Box]]


class Track(ClipStep):
    """The characters' alpha without flicker, a label map of the characters of the clip and their ids.

    ``tracker``: what follows them. ``smoothing``: share of the flicker's correction that is made, 0 (leave
    the mattes) .. 1. ``flow``: the model of motion along which mattes are compared, on pictures of 360
    pixels; None: OpenCV's DIS in its fast preset. A drawing whose lost matte comes back from its neighbours has
    the name of their models. Where a segmenter ran, figures that touch are told apart by it. ``without``:
    rules left out. resting: the median where the picture rests; traced: the median along the flow.
    """

    name = "track"
    version = 3
    rules = ("resting", "traced")

    def __init__(
        self, tracker: Tracker, smoothing: Share = 1.0, flow: Flow | None = None, without: Sequence[str] = ()
    ) -> None:
        """Raises ValueError for a value out of range, and for an unknown rule."""
        if not 0 <= smoothing <= 1:
            raise ValueError(f"smoothing must be between 0 and 1, not {smoothing}")
        self.tracker, self.smoothing = tracker, float(smoothing)
        self.flow = flow
        gone = left_out(without, self.rules)
        self._rules = {"rest": "resting" not in gone, "trace": "traced" not in gone}

    def clip(
        self,
        *,
        frames: U8,
        character: U8,
        matte_model: list[str],
        segments: U8 | None = None,
        segment_scores: list[list[Scored]] | None = None,
    ) -> Made:
        """The alpha, the models' names, labels, ids and boxes of D drawings."""
        pictures = list(frames)
        alphas = smoothed(pictures, character, self.smoothing, self._between, **self._rules)
        figures = [alpha > 127 for alpha in alphas]
        if segments is not None and segment_scores is not None:
            figures = [_named_by(*each) for each in zip(figures, segments, segment_scores, strict=True)]
        labels = self.tracker(pictures, figures)
        found = [boxes(plane) for plane in labels]
        places = [[Box(*box) for box in each.values()] for each in found]
        return Made(alphas, _named(matte_model, alphas), labels, [[*each] for each in found], places)

    def _between(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return dis(one, other) if self.flow is None else self.flow([(one, other)])[0]


def _named_by(figures: np.ndarray, segments: np.ndarray, scores: Sequence[Scored]) -> np.ndarray:
    """The figures with the segment that each pixel is in; pieces that the segmenter gave no name are none."""
    table = np.zeros(256, np.uint8)
    table[named(scores)] = named(scores)
    return whose(figures, table[segments]) if table.any() else figures


def _named(names: list[str], alphas: np.ndarray) -> list[str]:
    """Whose mattes these are: of one that came back, whose its neighbour's is."""
    donors = [k for k, name in enumerate(names) if name != "none"]
    return [
        names[min(donors, key=lambda k: abs(k - t))]
        if name == "none" and donors and alphas[t].any()
        else name
        for t, name in enumerate(names)
    ]
