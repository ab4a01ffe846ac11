"""Stage 1: the things of each drawing, each for itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from animelayers.engine.step import FrameStep
from animelayers.imaging.instances import label_map
from animelayers.models.protocols import Segmenter, Segments
from animelayers.options import Count
from animelayers.record.column import U8
from animelayers.record.values import Scored

_TOGETHER = 8  # drawings whose masks are held at once: a hundred of 1080p are 200 MB a drawing


class Made(NamedTuple):
    """What `Segment` writes."""

    segments: list[U8]
    segment_scores: list[list[Scored]]


class Segment(FrameStep):
    """A label map of each drawing and the scores of its segments, from any segmenter.

    ``segmenter``: the model. ``min_instance_size``: pixels below which a segment, or a piece of one that
    others overlap, is none. Where segments overlap the best score wins, see `imaging.instances.label_map`.
    """

    name = "segment"

    def __init__(self, segmenter: Segmenter, min_instance_size: Count = 64) -> None:
        """Raises ValueError for a size below one pixel."""
        if min_instance_size < 1:
            raise ValueError(f"min_instance_size must be 1 pixel at least, not {min_instance_size}")
        self.segmenter, self.min_area = segmenter, min_instance_size

    def frames(self, *, frames: list[U8]) -> Made:
        """Labels (H, W) and scores of N drawings."""
        labels, scores = [], []
        for start in range(0, len(frames), _TOGETHER):
            for each in self.segmenter(frames[start : start + _TOGETHER]):
                plane, kept = label_map(each.masks, each.scores, self.min_area)
                labels.append(plane)
                scores.append(described(each, kept))
        return Made(labels, scores)


def described(segments: Segments, kept: Sequence[int]) -> list[Scored]:
    """The labels and scores of the segments `kept`, in their order. Blanks and marks in a label become '_'."""
    words = ("".join("_" if c.isspace() or c in ",:" else c for c in segments.labels[k]) for k in kept)
    return [Scored(word, round(float(segments.scores[k]), 3)) for word, k in zip(words, kept, strict=True)]


def named(scores: Sequence[Scored]) -> list[int]:
    """The labels, counted from 1, of a drawing's `segment_scores` that the segmenter gave a name: figures,
    not just pieces of a picture.
    """
    return [k for k, each in enumerate(scores, 1) if each.label]
