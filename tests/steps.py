"""Small real steps with faults on request, for the tests of the pipeline."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from animelayers.engine.step import ClipStep, FrameStep
from animelayers.record.column import F32, U8
from animelayers.record.schema import IDENTITY, Row
from animelayers.sources import PLAN, Files

DECODED = (
    *IDENTITY,
    "frame_index",
    "timestamp_s",
    "drawing",
    "frames",
    "context",
    "note",
    "seconds",
    "computed",
)
"""Columns a source of frames gives."""


class Mattes(NamedTuple):
    character: list[U8]
    matte_model: list[str]
    character_confidence: list[float]


class Brightness(FrameStep):
    """Alpha = the red channel."""

    name = "brightness"

    def __init__(self, label: str = "red") -> None:
        self.label = label

    def frames(self, *, frames: list[U8]) -> Mattes:
        return Mattes([p[..., 0] for p in frames], [self.label] * len(frames), [1.0] * len(frames))


class Behind(NamedTuple):
    background: U8
    background_seen: F32


class Inverted(ClipStep):
    """Background = 255 - frame, and the worker's process id in the confidence of what is behind."""

    name = "inverted"

    def clip(self, *, frames: U8, character: U8) -> Behind:
        return Behind(255 - frames, np.full(len(frames), os.getpid() % 10007, np.float32))


class Sure(NamedTuple):
    character_confidence: list[float]


class Faulty(FrameStep):
    """Fails in the way `fault` names on drawings whose first pixel is `at`."""

    name = "faulty"

    def __init__(self, fault: str, at: int = 7) -> None:
        self.fault, self.at = fault, at

    def frames(self, *, frames: list[U8]) -> Sure:
        values = [1.0] * len(frames)
        for i, picture in enumerate(frames):
            if picture[0, 0, 0] != self.at:
                continue
            if self.fault == "raise":
                raise ValueError("cannot bear a seven")
            if self.fault == "abort":
                os.abort()
            if self.fault == "hang":
                time.sleep(3600)
            if self.fault == "nan":
                values[i] = float("nan")
        return Sure(values)


def clip(number: int, drawings: int = 2, size: tuple[int, int] = (6, 8)) -> Row:
    """A clip whose pixels are all its number."""
    return {
        "clip_id": f"film/scene{number:04d}/000000",
        "source": "film.mkv",
        "episode": "film",
        "scene_id": f"scene{number:04d}",
        "error": "",
        "error_type": "",
        "attempt": np.int32(0),
        "frame_index": np.arange(drawings),
        "timestamp_s": np.arange(drawings) / 24,
        "drawing": np.arange(drawings, dtype=np.int32),
        "frames": np.full((drawings, *size, 3), number, np.uint8),
        "note": "",
        "seconds": np.zeros(1),
        "computed": "",
    }


class Listed:
    """A source of the clips whose numbers its plan names."""

    row_bytes = 1_000_000

    def read(self, rows: Sequence[Row]) -> list[Row]:
        return [{**clip(int(row["number"])), "error": row.get("error") or ""} for row in rows]


class Waits(Files):
    """A source that finds out about the film `late.mkv` only when another one's layers lie in `output`, and
    about `away.mkv` the second time.
    """

    def __init__(self, path: str, output: str, **options: Any) -> None:
        super().__init__(path, **options)
        self.output = Path(output)

    def scan(self, inputs: Sequence[Any]) -> pa.Table:
        names = {Path(item.source).name for item in inputs}
        until = time.monotonic() + 240
        while "late.mkv" in names and not list(self.output.rglob("metadata/*.parquet")):
            if time.monotonic() > until:
                return self.refuse(inputs[0], "nothing was committed while this one waited")
            time.sleep(0.05)
        if "away.mkv" in names and not (self.output / "asked").exists():
            (self.output / "asked").touch()
            return pa.Table.from_pylist([inputs[0].failed(FileNotFoundError(2, "not mounted here"))], PLAN)
        return super().scan(inputs)


class Stuck:
    """A source one of whose inputs holds the interpreter for ever while it is looked into."""

    def scan(self, inputs: Sequence[Any]) -> pa.Table:
        if any(item.source == "stuck" for item in inputs):
            ctypes.PyDLL(None).sleep(3600)  # native code that does not let go of the interpreter
        return pa.table({"source": [item.source for item in inputs], "error": [""] * len(inputs)})

    def refuse(self, item: Any, error: str) -> pa.Table:
        return pa.table({"source": [item.source], "error": [error]})
