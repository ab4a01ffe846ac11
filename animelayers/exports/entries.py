"""What frame_annotations.json says of a frame, with the keys of the technical design that people wrote their
scripts against.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from animelayers.record.schema import Row

PLACES = {
    "character": ("character", "char", "png"),
    "effect": ("effects", "effect", "png"),
    "background": ("background", "bg", "jpg"),
}
"""Of each layer its folder, the end of its names, and their suffix."""


def path(row: Row, layer: str) -> str | None:
    """Where a layer of a frame lies below its episode's folder: its drawing's file; None where it has none."""
    folder, end, suffix = PLACES[layer]
    return (
        f"layers/{folder}/{name(row['drawing_of'] or row['frame_id'])}_{end}.{suffix}"
        if row.get(f"{layer}_file")
        else None
    )


def name(frame_id: str) -> str:
    """A frame id within its episode: scene0000_frame000000."""
    return frame_id.rpartition("/")[2]


def entry(row: Row, before: Row | None, after: Row | None) -> dict[str, Any]:
    """What is told of a frame between two others (None: there is none). Nothing is guessed: what no stage
    told is null.

    `has_transparent` is whether the character leaves any of the frame free. The quality of a background is
    the share of it that some frame showed, the rest being invented.
    """
    invented, coverage = _number(row, "background_invented"), _number(row, "character_coverage")
    return {
        "episode": row["episode"],
        "frame_id": name(row["frame_id"]),
        "timestamp": None if _number(row, "timestamp_s") is None else f"{row['timestamp_s']:.2f}s",
        "layers": {
            "character": {
                "path": path(row, "character"),
                "bbox": row.get("character_bbox"),
                "mask_quality": _number(row, "mask_quality"),
                "has_transparent": None if coverage is None else coverage < 1,
            },
            "effects": {
                "path": path(row, "effect"),
                "detected_types": _types(row),
                "intensity": _number(row, "effect_intensity"),
            },
            "background": {
                "path": path(row, "background"),
                "inpainted": None if invented is None else invented > 0,
                "quality": None if invented is None else 1 - invented,
            },
        },
        "annotations": {
            "scene_type": _text(row, "scene_type"),
            "scene_confidence": _number(row, "scene_confidence") if _text(row, "scene_type") else None,
            "mood": _text(row, "mood"),
            "visual_style": _text(row, "visual_style"),
            "character_caption": _text(row, "caption_character") or _text(row, "caption_given"),
            "action": _text(row, "action"),
            "pose": _text(row, "pose"),
            "expression": _text(row, "expression"),
            "clip_embedding": _embedding(row, "clip_frame"),
            "dinov2_embedding": _embedding(row, "dinov2_frame"),
        },
        "temporal": {
            "scene_id": row["scene_id"],
            "is_scene_start": not together(before, row),
            "prev_frame": name(before["frame_id"]) if before is not None and together(before, row) else None,
            "next_frame": name(after["frame_id"]) if after is not None and together(row, after) else None,
            "motion_magnitude": _number(row, "motion_magnitude"),
        },
    }


def together(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Whether two frames are of the same scene."""
    return (
        one is not None
        and other is not None
        and all(one[key] == other[key] for key in ("episode", "scene_id", "source"))
    )


def _number(row: Row, column: str) -> Any:
    value = row.get(column)
    return None if value is None or not math.isfinite(value) else value


def _text(row: Row, column: str) -> str | None:
    return row.get(column) or None


def _types(row: Row) -> list[str] | None:
    """The kinds of effect, by the words it was found with, or by what annotation says."""
    asked, told = row.get("effect_types"), row.get("effect_kind")
    return asked or ([word.strip() for word in told.split(",")] if told else asked)


def _embedding(row: Row, column: str) -> list[float] | None:
    value = row.get(column)
    return value if value and any(value) else None
