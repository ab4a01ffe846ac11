"""Stage 4: text burnt into the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from animelayers.engine.step import FrameStep
from animelayers.models.protocols import Line, Reader
from animelayers.options import Part, Share
from animelayers.record.column import U8

_LETTERS = 2  # a lone sign is a pattern of the picture


class Made(NamedTuple):
    """What `Subtitle` writes."""

    subtitle: list[str]


class Subtitle(FrameStep):
    """The text in the lower part of each drawing, its lines joined by a blank; empty where there is none, or
    a single letter.

    ``reader``: the model. ``part``: share of the height that is read, from below, above 0 up to 1.
    ``min_score``: score below which a line is no text, 0..1.
    """

    name = "subtitle"

    def __init__(self, reader: Reader, part: Part = 1 / 3, min_score: Share = 0.7) -> None:
        """Raises ValueError for a share out of range."""
        if not 0 < part <= 1 or not 0 <= min_score <= 1:
            raise ValueError(f"part must be above 0 up to 1 and min_score 0..1, not {part} and {min_score}")
        self.reader, self.part, self.min_score = reader, part, min_score

    def frames(self, *, frames: list[U8]) -> Made:
        """The text of each drawing."""
        low = [picture[int(np.floor(picture.shape[0] * (1 - self.part))) :] for picture in frames]
        return Made([merged(lines, self.min_score) for lines in self.reader(low)])


def merged(lines: Sequence[Line], min_score: float) -> str:
    """The text of the lines whose score is at least `min_score`, or nothing where that is a single letter."""
    text = " ".join(word for line in lines if line.score >= min_score for word in line.text.split())
    return text if sum(letter.isalnum() for letter in text) >= _LETTERS else ""
