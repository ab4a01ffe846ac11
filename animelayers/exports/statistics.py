"""Statistics of an episode from its rows of the frame table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from animelayers.exports.entries import name
from animelayers.exports.select import unpacked

KINDS = (
    "scene_type",
    "place",
    "mood",
    "visual_style",
    "shot_size",
    "camera_motion",
    "action",
    "expression",
    "effect_mode",
)
MEASURES = (
    "recompose_psnr", "mask_quality", "character_confidence", "character_coverage", "sharpness", "noise", "contrast", "brightness", "complexity",
    "lighting", "occlusion", "quality", "background_seen", "background_borrowed", "background_invented", "effect_intensity", "motion_magnitude",
)  # fmt: skip


def temporal(episode: str, frames: pa.Table) -> dict[str, Any]:
    """The frames of each scene in the order of time, its seconds, and by drawing the frames that show it."""
    scenes: dict[str, dict[str, Any]] = {}
    for row in unpacked(frames):
        scene = scenes.setdefault(
            row["scene_id"], {"start_s": row["timestamp_s"], "end_s": None, "frames": [], "drawings": {}}
        )
        scene["end_s"] = row["timestamp_s"]
        scene["frames"].append(name(row["frame_id"]))
        scene["drawings"].setdefault(name(row["drawing_of"] or row["frame_id"]), []).append(
            name(row["frame_id"])
        )
    return {"episode": episode, "scenes": scenes}


def scenes(episode: str, frames: pa.Table) -> dict[str, Any]:
    """Frames by scene, and by each of `KINDS` that the frame table has."""
    counted = {
        kind: _counts(frames[kind].to_pylist()) if kind in frames.column_names else None for kind in KINDS
    }
    return {
        "episode": episode,
        "frames": len(frames),
        "scenes": _counts(frames["scene_id"].to_pylist()),
        **counted,
    }


def quality(episode: str, frames: pa.Table, failed: pa.Table) -> dict[str, Any]:
    """Mean, least, median and most of each of `MEASURES` that the frame table has, what is doubtful, and what
    failed.
    """
    flags = [flag for flags in _column(frames, "flags") or [] for flag in flags or ()]
    return {
        "episode": episode,
        "frames": len(frames),
        "drawings": frames["drawing_of"].null_count,
        "clips_failed": len(failed),
        "errors": _counts(failed["error"].to_pylist()),
        "measures": {measure: _summary(_column(frames, measure)) for measure in MEASURES},
        "flags": _counts(flags) if "flags" in frames.column_names else None,
    }


def _column(frames: pa.Table, column: str) -> list[Any] | None:
    return frames[column].to_pylist() if column in frames.column_names else None


def _counts(values: Iterable[str | None]) -> dict[str, int]:
    """By value, most first."""
    counted = Counter(value for value in values if value)
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _summary(values: list[Any] | None) -> dict[str, float] | None:
    known = np.array([value for value in values or [] if value is not None], np.float64)
    known = known[np.isfinite(known)]
    if not known.size:
        return None
    return {
        "mean": float(known.mean()),
        "min": float(known.min()),
        "median": float(np.median(known)),
        "max": float(known.max()),
    }
