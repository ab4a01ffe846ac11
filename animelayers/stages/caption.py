"""Stage 4: what the frame and its layers show, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypedDict, Unpack

import cv2
import numpy as np

from animelayers.captions import LAYERS, cleaned, decorated, template
from animelayers.engine.step import FrameStep
from animelayers.imaging import content, outline
from animelayers.models.protocols import Captioner
from animelayers.options import Side
from animelayers.record.column import U8

INSTRUCTIONS = {
    "frame": "Describe this frame of an animation in one sentence: who is in it, what they do, where they are.",
    "character": "Describe the character in this picture in one sentence: hair, face, clothes, what they do. Leave out what is behind them.",
    "background": "Describe the place in this picture in one sentence. It is a painted backdrop with nobody in it.",
}
"""What models are asked of each layer."""

_GREY = 128
_SMALLEST = 32  # pixels of a side that a captioner is shown
_MARGIN = 0.08  # of the character's longer side, around it

Words = str | Mapping[str, str]


class Facts(TypedDict, total=False):
    """What stages before told of each drawing, see `animelayers.captions.TOLD`."""

    instance_count: list[np.int32]
    shot_size: list[str]
    character_coverage: list[np.float32]
    palette: list[U8]
    brightness: list[np.float32]
    lighting: list[np.float32]
    complexity: list[np.float32]
    camera_motion: list[str]
    effect_mode: list[str]
    effect_types: list[list[str]]
    scene_type: list[str]
    place: list[str]
    mood: list[str]
    visual_style: list[str]
    action: list[str]
    expression: list[str]
    pose: list[str]


class Made(NamedTuple):
    """What `Caption` writes."""

    caption_frame: list[str]
    caption_character: list[str]
    caption_background: list[str]


class Caption(FrameStep):
    """A caption of the frame, of the character layer and of the background, each in one line, none naming
    what its layer does not hold.

    ``captioner``: the model that is asked; without one templates put in words what stages before this one
    measured. ``layers``: those that get a caption, of frame, character and background; the others stay blank,
    as do a character layer with nobody in it and layers that are not there. ``trigger``, ``prefix``,
    ``suffix``: text before and behind each caption, one for all layers or one per layer; they are the user's
    own words and not looked at. ``instructions``: what a model is asked of each layer. ``side``: pixels of
    the longer side of what it is shown; the character is cut out and stands on grey in a square. Clauses of a
    model's answer that name what the layer does not hold are dropped, and where nothing is left the
    template's caption is taken. What a model raises makes the clip one that failed. Raises ValueError for a
    layer that there is not, and for a side below 32.
    """

    name = "caption"

    def __init__(
        self,
        captioner: Captioner | None = None,
        layers: Sequence[Literal["frame", "character", "background"]] = LAYERS,
        trigger: Words = "",
        prefix: Words = "",
        suffix: Words = "",
        instructions: Mapping[str, str] | None = None,
        side: Side = 768,
    ) -> None:
        named = {
            *layers,
            *(
                layer
                for words in (trigger, prefix, suffix, instructions)
                if isinstance(words, Mapping)
                for layer in words
            ),
        }
        if unknown := sorted(named - {*LAYERS}):
            raise ValueError(
                f"no layer with a caption is called {', '.join(unknown)}: {', '.join(LAYERS)} are"
            )
        if side < _SMALLEST:
            raise ValueError(f"side must be {_SMALLEST} pixels or more, not {side}")
        self._captioner, self._layers, self._side = captioner, tuple(layers), side
        self._around = [_per_layer(words) for words in (trigger, prefix, suffix)]
        self._instructions = {**INSTRUCTIONS, **(instructions or {})}

    def frames(
        self,
        *,
        frames: list[U8],
        character: list[U8] | None = None,
        background: list[U8] | None = None,
        **told: Unpack[Facts],
    ) -> Made:
        """One caption of each layer per drawing."""
        facts = [dict(zip(told, values, strict=True)) for values in zip(*told.values(), strict=True)] or [
            {}
        ] * len(frames)
        there: dict[str, list[tuple[int, Any]]] = {
            "frame": [*enumerate(frames)],
            "character": [
                (i, (frames[i], alpha))
                for i, alpha in enumerate(character or ())
                if outline.framing(content.reduced(alpha)) != "none"
            ],
            "background": [*enumerate(background or ())],
        }
        made = {layer: [""] * len(frames) for layer in LAYERS}
        for layer in self._layers:
            said = self._said(layer, [shown for _, shown in there[layer]])
            for (i, shown), text in zip(there[layer], said, strict=True):
                text = cleaned(layer, text) or template(layer, seen(layer, shown, facts[i]))
                made[layer][i] = decorated(text, *(words[layer] for words in self._around))
        return Made(*(made[layer] for layer in LAYERS))

    def _said(self, layer: str, shown: Sequence[Any]) -> list[str]:
        """What the model says of a layer's pictures; '' each without a model."""
        if self._captioner is None or not shown:
            return [""] * len(shown)
        pictures = [
            on_grey(what[0], what[1], self._side) if layer == "character" else at_most(what, self._side)
            for what in shown
        ]
        return self._captioner(pictures, self._instructions[layer])


def seen(layer: str, shown: Any, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts with what is measured on the layer itself: ``shown`` is a picture uint8 (H, W, 3), of the
    character layer the frame and its alpha.
    """
    if layer == "character":
        picture, alpha = shown
        inside = picture[alpha > 127][:, None]
        return {**facts, "palette": content.colours(inside)[1] if inside.size else None}
    measured = {name: facts.get(name) for name in ("palette", "brightness", "lighting", "complexity")}
    if layer == "background" or any(value is None for value in measured.values()):
        planes = content.prepared(shown)
        count, palette = content.colours(planes.small)
        luma = planes.small_luma
        own = (palette, float(luma.mean()) / 255, content.lighting(luma), content.complexity(planes, count))
        measured = dict(zip(measured, own, strict=True))
    return {**facts, **measured}


def on_grey(picture: np.ndarray, alpha: np.ndarray, side: int) -> np.ndarray:
    """The character of a picture uint8 (H, W, 3) by its alpha uint8 (H, W), on grey in the middle of a
    square: uint8 (side, side, 3).
    """
    x, y, w, h = cv2.boundingRect(cv2.inRange(alpha, 1, 255))
    margin = round(_MARGIN * max(w, h))
    rows, columns = slice(max(0, y - margin), y + h + margin), slice(max(0, x - margin), x + w + margin)
    weight = alpha[rows, columns, None].astype(np.float32) / 255
    cut = np.uint8(_GREY) + np.rint(weight * (picture[rows, columns].astype(np.float32) - _GREY))
    scaled = _scaled(cut.astype(np.uint8), side / max(cut.shape[:2]))
    square = np.full((side, side, 3), _GREY, np.uint8)
    top, left = (side - scaled.shape[0]) // 2, (side - scaled.shape[1]) // 2
    square[top : top + scaled.shape[0], left : left + scaled.shape[1]] = scaled
    return square


def at_most(picture: np.ndarray, side: int) -> np.ndarray:
    """A picture uint8 (H, W, 3) whose longer side has at most so many pixels."""
    return _scaled(picture, min(1.0, side / max(picture.shape[:2])))


def _scaled(picture: np.ndarray, scale: float) -> np.ndarray:
    if scale == 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def _per_layer(words: Words) -> dict[str, str]:
    return (
        dict.fromkeys(LAYERS, words)
        if isinstance(words, str)
        else {layer: words.get(layer, "") for layer in LAYERS}
    )
