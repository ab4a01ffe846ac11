"""Captions that need no model: what other columns measured, in words.

Nothing is guessed: what no stage measured is not spoken of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from animelayers.captions.guard import cleaned
from animelayers.captions.line import line

TOLD = (
    "instance_count", "shot_size", "character_coverage", "palette", "brightness", "lighting", "complexity", "camera_motion", "effect_mode",
    "effect_types", "scene_type", "place", "mood", "visual_style", "action", "expression", "pose",
)  # fmt: skip
"""Columns that templates speak of; each may be missing."""

_COUNTS = ("no", "a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SIZES = {
    "close_up": "close-up",
    "medium": "medium shot",
    "full_body": "full body",
    "long": "seen from far away",
}
_CAMERA = {
    "pan": "panning camera", "tilt": "tilting camera", "zoom": "zooming camera", "rotate": "rotating camera", "shake": "shaking camera",
}  # fmt: skip
_EFFECTS = {"over": "an effect in front", "add": "a glowing effect", "screen": "a glowing effect"}
_LARGE = 0.4  # share of the frame from which characters fill it
# mean luma below and above which a picture is dark or bright, lighting below which it is dim
_DARK, _BRIGHT, _DIM = 0.2, 0.7, 0.3
_PLAIN, _BUSY = 0.2, 0.6  # complexity
_COLOURS = 3  # that are named, at most
_NAMED = {
    "black": (12, 12, 12), "dark grey": (70, 70, 70), "grey": (128, 128, 128), "light grey": (195, 195, 195), "white": (248, 248, 248),
    "red": (205, 35, 35), "dark red": (110, 15, 20), "orange": (245, 140, 30), "brown": (115, 70, 35), "tan": (190, 150, 105),
    "beige": (240, 220, 190), "yellow": (245, 225, 60), "olive": (115, 115, 40), "green": (50, 150, 60), "dark green": (20, 70, 35),
    "light green": (160, 215, 140), "teal": (20, 130, 130), "light blue": (150, 200, 235), "blue": (45, 95, 205), "dark blue": (20, 30, 90),
    "purple": (120, 60, 160), "lavender": (195, 175, 225), "pink": (245, 165, 185), "magenta": (205, 45, 135),
}  # fmt: skip


def template(layer: str, facts: Mapping[str, Any]) -> str:
    """The caption of a layer from facts: values of one drawing, or of one row of the frame table, by the
    names of the columns in `TOLD`.

    What is missing, None or blank is not spoken of. ``palette``, ``brightness``, ``lighting`` and
    ``complexity`` must be those of the layer itself. A character layer with nobody in it (`instance_count` 0,
    `shot_size` 'none' or `character_coverage` 0) has no caption: ''. Raises ValueError for an unknown layer.
    """
    known = {name: value for name in TOLD if (value := facts.get(name)) is not None}
    nobody = (
        known.get("instance_count") == 0
        or known.get("shot_size") == "none"
        or known.get("character_coverage") == 0
    )
    if layer == "character" and nobody:
        return ""
    who, where, style = ([] if nobody else _who(known)), _where(known), _style(known)
    parts = {
        "frame": [
            *who,
            *([] if nobody else _size(known)),
            *where,
            *_effects(known),
            *_light(known),
            *_palette(known),
            *_camera(known),
            *style,
        ],
        "character": [*who, *_palette(known), *style],
        "background": [*where, *_light(known), *_palette(known), *style],
    }
    kept = [cleaned(layer, part) for part in parts.get(layer, [""])]
    return ", ".join(dict.fromkeys(part for part in kept if part)) or {
        "background": "a painted backdrop"
    }.get(layer, "a picture")


def colour_words(palette: Sequence[int] | np.ndarray) -> list[str]:
    """The names of the first colours of a palette, sRGB 0..255 flat (3 N), each once, at most three: the
    nearest by eye (CIE L*a*b*).
    """
    colours = np.asarray(palette, np.float32).reshape(-1, 3)
    if not len(colours):
        return []
    names, table = list(_NAMED), _lab(np.array(list(_NAMED.values()), np.float32))
    nearest = np.linalg.norm(_lab(colours)[:, None] - table[None], axis=2).argmin(1)
    return list(dict.fromkeys(names[i] for i in nearest))[:_COLOURS]


def _lab(colours: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.cvtColor(colours[None] / 255, cv2.COLOR_RGB2LAB)[0])


def _who(known: Mapping[str, Any]) -> list[str]:
    count = int(known.get("instance_count", -1))
    said = (
        "character"
        if count < 0
        else f"{_COUNTS[count] if count < len(_COUNTS) else count} character{'s' if count != 1 else ''}"
    )
    return [
        said,
        _SIZES.get(known.get("shot_size", ""), ""),
        _text(known, "action"),
        _text(known, "expression", "expression"),
        _text(known, "pose"),
    ]


def _size(known: Mapping[str, Any]) -> list[str]:
    return ["filling the frame"] if float(known.get("character_coverage", 0)) >= _LARGE else []


def _where(known: Mapping[str, Any]) -> list[str]:
    return [_text(known, "scene_type"), _text(known, "place")]


def _effects(known: Mapping[str, Any]) -> list[str]:
    if types := known.get("effect_types"):
        return [name.replace("_", " ") for name in types]
    return [_EFFECTS.get(known.get("effect_mode", "none"), "")]


def _light(known: Mapping[str, Any]) -> list[str]:
    brightness, lighting, complexity = (known.get(name) for name in ("brightness", "lighting", "complexity"))
    words = []
    if brightness is not None and not _DARK <= brightness <= _BRIGHT:
        words.append("dark" if brightness < _DARK else "bright")
    elif lighting is not None and lighting < _DIM:
        words.append("dimly lit")
    if complexity is not None and not _PLAIN <= complexity <= _BUSY:
        words.append("plain" if complexity < _PLAIN else "richly detailed")
    return words


def _palette(known: Mapping[str, Any]) -> list[str]:
    *first, last = colour_words(known.get("palette", ())) or [""]
    return [f"in {', '.join(first)} and {last}" if first else f"in {last}" if last else ""]


def _camera(known: Mapping[str, Any]) -> list[str]:
    return [_CAMERA.get(known.get("camera_motion", ""), "")]


def _style(known: Mapping[str, Any]) -> list[str]:
    return [_text(known, "mood", "mood"), _text(known, "visual_style", "style")]


def _text(known: Mapping[str, Any], name: str, kind: str = "") -> str:
    """A free text in one line, followed by what kind of thing it is where it does not say so itself."""
    said = line(str(known.get(name, ""))).replace("_", " ")
    return f"{said} {kind}" if said and kind and kind not in said.casefold() else said
