"""What two outputs say of the same frames where nobody knows the truth: how far they agree, and what each
says of itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from animelayers.dataset.output import Output
from animelayers.imaging import measures
from animelayers.imaging.evenly import evenly
from animelayers.quality.candidate import Candidate

SELF: Mapping[str, bool] = {
    "recompose_psnr": True,
    "character_confidence": True,
    "plate_trust": True,
    "background_seen": True,
    "background_borrowed": True,
    "background_invented": False,
}
"""Columns in which an output speaks of its own quality, and whether more is better: signs, not figures."""


def agreement(a: Output, b: Output, limit: int = 400) -> dict[str, Any]:
    """Over at most `limit` frames that both have: their number, the mean overlap of the characters and of the
    effects, the PSNR between the backgrounds, the share of frames in which the camera's kind is the same, the
    means of `SELF` of each, and the frames that differ most."""
    one, other = Candidate(a), Candidate(b)
    pairs = [
        (row, there)
        for row in a.table.to_pylist()
        if (there := other.film(row["source"]).get(row["frame_index"])) is not None
    ]
    chosen = [pairs[i] for i in evenly(len(pairs), limit)]
    values: dict[str, list[float]] = {"character": [], "effect": [], "background": [], "camera": []}
    far: list[tuple[float, str, str]] = []
    for row, there in chosen:
        shape = (int(row["height"]), int(row["width"]))
        x, y = one.layers(row, shape), other.layers(there, shape)
        values["character"].append(measures.iou(x.character[..., 3], y.character[..., 3]))
        if x.effect[..., 3].any() or y.effect[..., 3].any():
            values["effect"].append(measures.iou(x.effect[..., 3], y.effect[..., 3]))
        square, count = measures.squared_error(x.background, y.background, np.ones(shape, bool))
        values["background"].append(square / count)
        values["camera"].append(float(row.get("camera_motion") == there.get("camera_motion")))
        apart = np.abs(x.character[..., 3].astype(int) - y.character[..., 3]) + np.abs(
            x.effect[..., 3].astype(int) - y.effect[..., 3]
        )
        far.append((float(apart.mean()), row["frame_id"], there["frame_id"]))
    found: dict[str, Any] = {name: float(np.mean(each)) for name, each in values.items() if each}
    if "background" in found:
        found["background"] = measures.decibel(found["background"])
    said = {name: [_mean(rows, name) for rows in zip(*pairs, strict=True)] for name in SELF} if pairs else {}
    said = {name: means for name, means in said.items() if None not in means}
    return {
        "frames": len(pairs),
        "looked_at": len(chosen),
        "agree": found,
        "say": said,
        "far": sorted(far, reverse=True),
    }


def _mean(rows: Any, name: str) -> float | None:
    there = [row[name] for row in rows if row.get(name) is not None]
    return float(np.mean(there)) if there else None
