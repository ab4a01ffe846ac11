"""Doing nothing again: how fast a finished output is recognised, as a film and as a folder of pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from animelayers.benchmark import process
from animelayers.benchmark.figures import Figure, interleave, middle
from animelayers.dataset import products
from animelayers.engine.plan import RunPlan
from animelayers.record.schema import ANNOTATIONS, RECORD, Row
from animelayers.samples import Scene, scene, write

SIZE = (64, 36)
GOAL = 2000
PER_COMMIT = 64
"""Frames of one Parquet, as the job makes them."""


class Parts(NamedTuple):
    """What the main job is made of for given overrides: its source, sink, and the fingerprints its output is
    checked against.
    """

    source: Any
    sink: Any
    fingerprints: dict[str, Any]


def measure(
    compose: Callable[..., Parts],
    folder: Path,
    frames: int,
    rounds: int,
    overrides: Sequence[str] = (),
    warm: int = 1,
) -> tuple[list[Figure], dict[str, Any]]:
    """Frames a second of a second run over `frames` frames, the whole process, and beyond what a run over one
    frame costs.

    `compose` makes the main job's parts from overrides; `warm` rounds come before and count for nothing.
    The output is a real one but for its layers, which nobody computed.
    """
    inputs = {
        "film": film(folder / "film", frames),
        "pictures": pictures(folder / "pictures", frames),
        "one frame": pictures(folder / "one", 1),
    }
    sides = {}
    for name, path in inputs.items():
        words = [f"source.path={path}", f"output={folder / 'layers' / name.replace(' ', '_')}", *overrides]
        finish(*compose(*words))
        sides[name] = partial(_again, words, 1 if name == "one frame" else frames)
    interleave(sides, warm)
    made = interleave(sides, rounds)
    start = middle(made["one frame"])["wall"]
    figures = [Figure("again", "start: a run over one finished frame", start, "s", start)]
    for name in ("film", "pictures"):
        wall = middle(made[name])["wall"]
        figures.append(
            Figure("again", f"{name}: whole process", frames / wall, "frames/s", frames / wall, goal=GOAL)
        )
        if wall > start:
            figures.append(
                Figure(
                    "again",
                    f"{name}: without the start",
                    frames / (wall - start),
                    "frames/s",
                    frames / (wall - start),
                )
            )
    return figures, {"frames": frames, "rounds": made}


def film(folder: Path, frames: int) -> Path:
    """A folder with one tiny drawn film of `frames` frames."""
    shot = scene("pan", 24, SIZE)
    write(
        (_first(shot, min(24, frames - done)) for done in range(0, frames, 24)), "film", folder, form="h264"
    )
    return folder


def pictures(folder: Path, frames: int) -> Path:
    """A folder of `frames` tiny numbered pictures."""
    folder.mkdir(parents=True)
    data = cv2.imencode(".png", scene("pan", 1, SIZE).frames[0])[1].tobytes()
    for t in range(frames):
        (folder / f"scene{t // 24:04d}_frame{t:06d}_t{t / 24:.2f}s.png").write_bytes(data)
    return folder


def finish(source: Any, sink: Any, fingerprints: dict[str, Any]) -> None:
    """Write the output of a whole run into the sink: the real plan, and for each of its clips layers of one
    byte.
    """
    with sink.open("benchmark"):
        plan = RunPlan.renew(source, sink)
        plan = plan.with_rows([source.scan(plan.unscanned)])
        sink.save_plan(plan.table)
        sink.describe({"fingerprints": fingerprints})
        rows: list[Row] = []
        for clip in plan.table.to_pylist():
            rows.append(_row(clip))
            if sum(len(row["frame_index"]) for row in rows) >= PER_COMMIT:
                sink.write(rows, "benchmark")
                rows = []
        sink.write(rows, "benchmark")
        for name in products.PLACES:  # what a run adds at its end is there, too
            products.note(sink.store, name)


def _row(clip: Row) -> Row:
    """A clip as the last stage leaves it, every column of the frame table in it."""
    count = len(clip["indices"])
    row: Row = {
        name: clip[name] for name in ("clip_id", "source", "episode", "scene_id", "error", "error_type")
    }
    for name, column in RECORD.items():
        if column.table and name not in row and name not in ANNOTATIONS:
            lengths = [count if axis in ("T", "D") else int(axis) for axis in column.axes.split()]
            row[name] = column.blank()
            if column.axes and not column.array:
                row[name] = column.gather([[] if column.dtype == "list" else "none"] * count)
            row[name] = np.zeros(lengths, column.dtype) if column.ndim else row[name]
    names = ["character.png", "mask.png", "background.jpg"]
    sizes = np.ones((count, len(names)), np.int64)
    times = {
        "frame_index": np.array(clip["indices"]),
        "timestamp_s": np.array(clip["times"]),
        "drawing": np.arange(count, dtype=np.int32),
    }
    return {
        **row,
        **times,
        "layers": b"." * sizes.size,
        "layer_names": RECORD["layer_names"].packed(names),
        "layer_sizes": sizes,
    }


def _again(words: Sequence[str], frames: int) -> dict[str, float]:
    ended = process.run(process.decompose(*words))
    if f"{frames} of {frames} frames were there already" not in ended.said:
        raise process.Failed(f"the output was not recognised: {ended.said}")
    return {"wall": ended.wall, "cpu": ended.cpu}


def _first(shot: Scene, frames: int) -> Scene:
    return shot if frames == len(shot) else scene(shot.name, frames, SIZE)
