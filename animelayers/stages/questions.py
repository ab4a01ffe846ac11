"""Stage 4: questions about a drawing, each answered with the label whose words fit best."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict, Unpack

import numpy as np

from animelayers.engine.step import FrameStep, each
from animelayers.imaging.square import alone, around
from animelayers.imaging.vectors import unit
from animelayers.models.protocols import WordEmbedder
from animelayers.options import Share
from animelayers.record import former
from animelayers.record.column import F32, U8
from animelayers.record.values import Face

LAYERS = ("frame", "character", "background", "effect", "face")
"""What a question may be asked of: the frame; the character or the effect on grey; the background; the
largest face.
"""

CONFIDENCE: Mapping[str, str] = {"scene_type": "scene_confidence", "action": "action_confidence"}
"""Columns that say how sure the answer of another is."""
_LEAST = 0.3  # confidence of an answer, where nothing else is asked

Labels = Sequence[str | Mapping[str, str | Sequence[str] | None]]
"""Labels, or label: the words, one or several, that stand for it in the templates."""


class Facts(TypedDict, total=False):
    """What stages before made and told of each drawing."""

    character: list[U8]
    background: list[U8]
    effect: list[U8]
    face_boxes: list[list[Face]]
    clip_frame: list[F32]
    clip_character: list[F32]
    clip_background: list[F32]
    scene_type: list[str]
    scene_confidence: list[np.float32]
    place: list[str]
    mood: list[str]
    visual_style: list[str]
    action: list[str]
    action_confidence: list[np.float32]
    expression: list[str]
    effect_kind: list[str]


class Made(NamedTuple):
    """What `Questions` writes."""

    scene_type: list[str]
    scene_confidence: list[float]
    place: list[str]
    mood: list[str]
    visual_style: list[str]
    action: list[str]
    action_confidence: list[float]
    expression: list[str]
    effect_kind: list[str]


class Questions(FrameStep):
    """Answers by CLIP's zero-shot way (Radford et al., 2021): the softmax, at the model's own scale, over the
    labels of a question.

    ``embedder``: a model of pictures and words. ``questions``: by column, each with ``layer`` (one of
    `LAYERS`), ``labels``, which are free text, and ``templates``, in which {} stands for the label; a label
    may instead be given with other words, or several, for {}. A label's embedding is the mean over all its
    prompts. ``min_confidence``: confidence, 0..1, below which the answer stays blank, unless the question has
    its own. Blank, too, is what is asked of a layer that is empty or that nothing made. An answer that a
    stage before gave stays. Embeddings that EmbedClip gave before are used again: give both the same weights.
    """

    name = "questions"

    def __init__(
        self,
        embedder: WordEmbedder,
        questions: Mapping[str, Mapping[str, Any]],
        min_confidence: Share = _LEAST,
    ) -> None:
        """Raises ValueError as `check` does."""
        self.embedder = embedder
        self.questions = self.asked(questions, min_confidence)
        self._words = {column: self._embedded(asked) for column, asked in self.questions.items()}

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """As `Step.check`."""
        cls.asked(**options)

    @classmethod
    def asked(
        cls, questions: Mapping[str, Mapping[str, Any]], min_confidence: float = _LEAST, **_: Any
    ) -> dict[str, Question]:
        """The questions of some options, without a model. Raises ValueError for one that has no column or
        cannot be asked: see `question`.
        """
        columns = [column for column in cls.writes if column not in CONFIDENCE.values()]
        for column in questions:
            if column not in columns:
                near = difflib.get_close_matches(column, columns, 1)
                raise ValueError(
                    f"no question is called {column!r}: {f'did you mean {near[0]!r}?' if near else ', '.join(columns)}"
                )
        made = {}
        for column, options in questions.items():
            try:
                made[column] = question(
                    column,
                    **{
                        "min_confidence": min_confidence,
                        **former.options(options, ["min_confidence"], column),
                    },
                )
            except TypeError as wrong:  # an option that there is not, or one that is missing
                raise ValueError(
                    f"question {column}: {str(wrong).removeprefix('question() ')}; it has layer, labels, templates and min_confidence"
                ) from wrong
        return made

    def frames(self, *, frames: list[U8], **told: Unpack[Facts]) -> Made:
        """One value of each column per drawing."""
        known: dict[str, Any] = {**told}
        given = {"frames": frames, **{name: each(known.get(name), len(frames)) for name in self.wants}}
        blank = {name: 0.0 if name in CONFIDENCE.values() else "" for name in Made._fields}
        rows = [
            {name: known[name][i] if name in known else blank[name] for name in Made._fields}
            for i in range(len(frames))
        ]
        embedded = {
            layer: self._layer(layer, given)
            for layer in dict.fromkeys(asked.layer for asked in self.questions.values())
        }
        for column, asked in self.questions.items():
            vectors, words = embedded[asked.layer], self._words[column]
            for row, vector in zip(rows, vectors, strict=True):
                if row[column] or not vector.any():
                    continue
                chances = softmax(self.embedder.scale * words @ vector)
                best = int(chances.argmax())
                if chances[best] >= asked.min_confidence:
                    row |= {column: asked.labels[best]} | (
                        {CONFIDENCE[column]: float(chances[best])} if column in CONFIDENCE else {}
                    )
        columns: list[Any] = [[row[name] for row in rows] for name in Made._fields]
        return Made(*columns)

    def _embedded(self, asked: Question) -> np.ndarray:
        """The embedding of each label, float32 (L, E)."""
        return unit(np.stack([self.embedder.text(prompts).mean(0) for prompts in asked.prompts]))

    def _layer(self, layer: str, given: Mapping[str, Sequence[Any]]) -> np.ndarray:
        """The embeddings float32 (N, E) of a layer, zeros where there is nothing: those in the row, else the
        model's.
        """
        known = given.get(f"clip_{layer}", [None])
        if all(vector is not None and len(vector) == self.embedder.width for vector in known):
            return np.stack(known) if known else np.zeros((0, self.embedder.width), np.float32)
        pictures = [_shown(layer, *values) for values in zip(*(given[name] for name in _SEEN), strict=True)]
        found = np.zeros((len(pictures), self.embedder.width), np.float32)
        found[[i for i, picture in enumerate(pictures) if picture is not None]] = self.embedder(
            [p for p in pictures if p is not None]
        )
        return found


@dataclass(frozen=True)
class Question:
    """A question: the ``layer`` it is asked of, its ``labels``, the ``prompts`` of each, and the
    ``min_confidence`` confidence of an answer.
    """

    layer: str
    labels: tuple[str, ...]
    prompts: tuple[tuple[str, ...], ...]
    min_confidence: float


def question(
    column: str,
    layer: str,
    labels: Labels,
    templates: Sequence[str] = ("{}",),
    min_confidence: float = _LEAST,
) -> Question:
    """The question of a column from its options in YAML.

    Raises ValueError for fewer than two labels, a label without text or given twice, a template without {}, a
    layer that is none, and a `min_confidence` that is not 0..1.
    """
    worded = [
        pair
        for label in labels
        for pair in (label.items() if isinstance(label, Mapping) else [(label, None)])
    ]
    names = [str(label).strip() for label, _ in worded]
    plain = [name.casefold() for name in names]
    if len(names) < 2:
        raise ValueError(
            f"question {column} has {len(names)} label{'s' if not names else ''}: an answer is chosen among at least two"
        )
    if twice := sorted({name for name in names if plain.count(name.casefold()) > 1}):
        raise ValueError(f"question {column} has labels twice: {', '.join(twice)}")
    if "" in names:
        raise ValueError(f"question {column} has a label without text")
    if layer not in LAYERS:
        raise ValueError(f"question {column} is asked of {layer!r}, which is none of {', '.join(LAYERS)}")
    if not templates or any("{}" not in template for template in templates):
        raise ValueError(
            f"question {column} needs templates with {{}} where the label goes, not {list(templates)}"
        )
    if not 0 <= min_confidence <= 1:
        raise ValueError(f"question {column} has min_confidence={min_confidence}, which must be 0..1")
    each = [
        (text,) if isinstance(text, str) else tuple(text or [name])
        for name, (_, text) in zip(names, worded, strict=True)
    ]
    return Question(
        layer,
        tuple(names),
        tuple(tuple(t.replace("{}", w) for w in texts for t in templates) for texts in each),
        min_confidence,
    )


def softmax(logits: np.ndarray) -> np.ndarray:
    """Chances float64 (L,) that sum to 1."""
    powers = np.exp(np.asarray(logits, np.float64) - np.max(logits))
    return np.asarray(powers / powers.sum())


_SEEN = ("frames", "character", "background", "effect", "face_boxes")


def _shown(
    layer: str,
    frame: np.ndarray,
    character: np.ndarray | None,
    background: np.ndarray | None,
    effect: np.ndarray | None,
    faces: list[Face] | None,
) -> np.ndarray | None:
    """The picture a question is asked of, or None."""
    if layer == "frame":
        return frame
    if layer == "character":
        return None if character is None else alone(frame, character)
    if layer == "background":
        return background
    if layer == "effect":
        return None if effect is None else alone(effect[..., :3], effect[..., 3])
    return around(frame, max(faces, key=lambda face: face.w * face.h)[:4]) if faces else None
