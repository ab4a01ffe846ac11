"""Who is who over the clips that a long shot was cut into: the ids of the clips joined, from the frame table
alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from animelayers.dataset.output import Output, Spread
from animelayers.imaging.seams import Boxes, merged
from animelayers.record.values import placed
from animelayers.sinks import parquet
from animelayers.sinks.store import Store

FILE = "tracks.parquet"
SCHEMA = pa.schema(
    {
        "episode": pa.string(),
        "scene_id": pa.string(),
        "clip_id": pa.string(),
        "instance_id": pa.int64(),  # in the clip: the value in its label map
        "track_id": pa.int64(),  # in the shot, from 1
    }
)


def tracks(table: pa.Table) -> pa.Table:
    """One row (`SCHEMA`) per character of each clip of a frame table; empty where no stage followed anybody.

    Characters of neighbouring clips of a shot are the same where their boxes overlap at the seam; see
    `imaging.seams.merged`.
    """
    rows = (
        [row for shot in _shots(table) for row in _merged(shot)]
        if "instance_boxes" in table.column_names
        else []
    )
    return pa.Table.from_pylist(rows, SCHEMA)


def write(output: Output, spread: Spread = map) -> int:
    """Write OUT/tracks.parquet, and give the number of its rows; nothing where no stage followed anybody."""
    return parquet.put(Store(output.path), FILE, "tracks", spread(_of_episode, output.episodes()), SCHEMA)


def _of_episode(part: Output) -> pa.Table:
    return tracks(part.table)


def _shots(table: pa.Table) -> Iterator[list[list[dict[str, Any]]]]:
    """The rows of each shot of a source, by clip, all in the order of time."""
    columns = ["episode", "scene_id", "source", "clip_id", "frame_index", "instance_ids", "instance_boxes"]
    order = [(name, "ascending") for name in ("episode", "scene_id", "source", "frame_index")]
    shots: dict[tuple[str, str, str], dict[str, list[dict[str, Any]]]] = {}
    for row in table.select(columns).sort_by(order).to_pylist():
        shots.setdefault((row["episode"], row["scene_id"], row["source"]), {}).setdefault(
            row["clip_id"], []
        ).append(row)
    yield from (list(clips.values()) for clips in shots.values())


def _merged(shot: list[list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    boxes: list[list[Boxes]] = [[{**placed(row)} for row in clip] for clip in shot]
    ids = [sorted(set().union(*clip)) for clip in boxes]
    names = merged([(own, clip[0], clip[-1]) for own, clip in zip(ids, boxes, strict=True)])
    for clip, known in zip(shot, names, strict=True):
        for number, track in known.items():
            yield {
                **{name: clip[0][name] for name in ("episode", "scene_id", "clip_id")},
                "instance_id": number,
                "track_id": track,
            }
