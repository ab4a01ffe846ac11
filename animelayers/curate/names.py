"""Who is in each frame, as annotations of an output."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from animelayers.curate.roster import Member
from animelayers.curate.tracklets import members
from animelayers.dataset.output import Output
from animelayers.record.schema import RECORD, Row
from animelayers.sinks import Columns

NAMES = ("characters", "characters_confidence")


def write_names(
    output: Output, made: Mapping[str, Member], describe: Mapping[str, Any], name: str = "identity"
) -> int:
    """Write who is in each frame to annotation set `name` of an output; gives the number of frames."""
    sink = Columns(output.path, name, NAMES)
    clips = list(_clips(output.table, made))
    run = uuid.uuid4().hex
    with sink.open(run):
        sink.forget(sink.committed())
        sink.write(clips, run)
        sink.describe(describe)
    return sum(len(clip["drawing"]) for clip in clips)


def _clips(table: pa.Table, made: Mapping[str, Member]) -> Iterator[Row]:
    plain = table.select(
        ["clip_id", "source", "episode", "scene_id", "frame_index", "timestamp_s", "frame_id", "drawing_of"]
    ).to_pylist()
    clips: dict[str, list[tuple[Row, list[str]]]] = {}
    for row, (_, inside) in zip(plain, members(table), strict=True):
        clips.setdefault(row["clip_id"], []).append((row, inside))
    for rows in clips.values():
        numbers: dict[str, int] = {}
        drawing = [numbers.setdefault(row["drawing_of"] or row["frame_id"], len(numbers)) for row, _ in rows]
        shown = [rows[drawing.index(d)][1] for d in range(len(numbers))]
        sure = [min((made[track].confidence for track in inside), default=0.0) for inside in shown]
        first = rows[0][0]
        yield {
            **{name: first[name] for name in ("clip_id", "source", "episode", "scene_id")},
            "frame_index": np.array([row["frame_index"] for row, _ in rows]),
            "timestamp_s": np.array([np.nan if row["timestamp_s"] is None else row["timestamp_s"] for row, _ in rows]),
            "drawing": np.array(drawing, np.int32),
            "characters": RECORD["characters"].gather([[made[track].name for track in inside] for inside in shown]),
            "characters_confidence": np.array(sure, np.float32),
            "error": "", "error_type": "", "attempt": 0,
        }  # fmt: skip
