"""How good a background reprocessing is, from the rows of its two frame tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from animelayers.record.schema import Row


def instances(rows: Sequence[Row], failed: Sequence[Row], speed: Mapping[str, float]) -> dict[str, Any]:
    """Figures of a segmentation. Shares are 0..1; a failed clip counts as one frame, since its frames could
    not be counted.
    """
    counts = [len(row["segment_scores"]) for row in rows]
    return {
        **_counted(rows, failed),
        "failed_share": _share(len(failed), len(rows) + len(failed)),
        "instances": sum(counts),
        "instances_per_frame": _share(sum(counts), len(counts)),
        "frames_with_several_share": _share(sum(count > 1 for count in counts), len(counts)),
        "frames_without_share": _share(counts.count(0), len(counts)),
        "mask_coverage": _mean(rows, "character_coverage"),
        "images_per_second": _share(speed["images"], speed["seconds"]),
    }


def backgrounds(rows: Sequence[Row], failed: Sequence[Row], speed: Mapping[str, float]) -> dict[str, Any]:
    """Figures of an inpainting; `mask_coverage` is of the masks as dilated. Shares are 0..1."""
    return {
        **_counted(rows, failed),
        "success_rate": _share(len(rows), len(rows) + len(failed)),
        "mask_coverage": _mean(rows, "background_invented"),
        "images_per_second": _share(speed["images"], speed["seconds"]),
    }


def _counted(rows: Sequence[Row], failed: Sequence[Row]) -> dict[str, int]:
    return {
        "total_frames": len(rows) + len(failed),
        "processed_frames": len(rows),
        "failed_frames": len(failed),
    }


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def _mean(rows: Sequence[Row], column: str) -> float:
    return _share(sum(row[column] for row in rows), len(rows))
