"""Stage 2a: the character matte of each drawing."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Annotated, NamedTuple

import numpy as np

from animelayers.engine.step import Step, each
from animelayers.imaging.agree import agree
from animelayers.imaging.alpha import finished
from animelayers.models.protocols import Matte
from animelayers.options import Within
from animelayers.record.column import F32, U8
from animelayers.record.schema import blank
from animelayers.record.values import Scored
from animelayers.stages.segment import named

_SHOTS = 8  # whose context is remembered
_EVERY = 8  # so manyth pixel of a context tells it from others


class Made(NamedTuple):
    """What `Character` writes of a clip."""

    character: U8
    matte_model: list[str]
    character_confidence: F32
    context_character: U8


class Character(Step):
    """The characters' alpha from a matting model, with the outline drawn to the picture's own edges.

    ``matte``: the model. ``radius``: pixels around the outline that refinement may change (0: leave the
    model's matte). ``alpha_floor``: alpha below it is noise and becomes 0, above 1 - alpha_floor it becomes
    1; 0..0.5. The model sees the drawings of all clips of a batch as one list, and the context frames of a
    shot once for all its clips. Where a segmenter ran, the matte is brought to agree with its segments, see
    `imaging.agree`.
    """

    name = "character"
    version = 4

    def __init__(
        self, matte: Matte, radius: int = 8, alpha_floor: Annotated[float, Within(0, 0.5, below=True)] = 0.02
    ) -> None:
        self.matte, self.radius, self.alpha_floor = matte, radius, alpha_floor
        self._shots: dict[int, np.ndarray] = {}

    def clips(
        self,
        *,
        frames: Sequence[U8],
        context: Sequence[U8] | None = None,
        segments: Sequence[U8] | None = None,
        segment_scores: Sequence[list[list[Scored]]] | None = None,
    ) -> list[Made]:
        """The alpha, the models' names, their confidences, and the alpha of the context, of each clip."""
        contexts = [blank("context")] * len(frames) if context is None else context
        keys = [zlib.crc32(context[:, ::_EVERY, ::_EVERY].tobytes()) for context in contexts]
        new = {key: context for key, context in zip(keys, contexts, strict=True) if key not in self._shots}
        found = self.matte([picture for clip in (*frames, *new.values()) for picture in clip])
        answers = iter(zip(found.alpha, found.model, found.confidence, strict=True))
        others = (each(values, len(frames)) for values in (segments, segment_scores))
        made = [self._clip(pictures, answers, *of) for pictures, *of in zip(frames, *others, strict=True)]
        made_of = {key: self._clip(context, answers)[0] for key, context in new.items()}
        of_context = [made_of[key] if key in made_of else self._shots[key] for key in keys]
        self._shots = dict([*self._shots.items(), *made_of.items()][-_SHOTS:])
        return [Made(*columns, alpha) for columns, alpha in zip(made, of_context, strict=True)]

    def _clip(
        self,
        pictures: U8,
        answers: Iterator[tuple[np.ndarray, str, float]],
        segments: U8 | None = None,
        scores: Sequence[Sequence[Scored]] | None = None,
    ) -> tuple[U8, list[str], F32]:
        found = list(islice(answers, len(pictures)))
        alpha = np.zeros(pictures.shape[:3], np.uint8)
        figures = [named(of) for of in scores or ()]
        for i, (picture, (claim, _, _)) in enumerate(zip(pictures, found, strict=True)):
            claim = claim if segments is None else agree(claim, segments[i], figures[i], self.radius)
            alpha[i] = finished(picture, claim, self.radius, self.alpha_floor)
        return alpha, [model for _, model, _ in found], np.array([sure for *_, sure in found], np.float32)
