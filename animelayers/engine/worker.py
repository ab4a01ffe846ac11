"""What runs inside an actor: reading, the steps of a group, committing, under the ledger and the clock."""

from __future__ import annotations

import ctypes
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from animelayers.engine.ledger import ATTEMPTS, Ledger, Poisonous
from animelayers.engine.step import Step, failed
from animelayers.models.device import computed, release, share
from animelayers.record.schema import Batch, Row, rebatch, unbatch

COMPUTED = "computed"
"""Under which the footer of a commit tells in which precision the nets of each stage computed its clips, and
on which device.
"""
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h
PER_PIXEL = 0.7
"""Bytes of layers by pixel of a frame: 0.66 to 0.87 of three films and of 70 composed shots."""


@dataclass(frozen=True)
class Reader:
    """Reads plan rows into clips: ``clips_per_batch`` at a time, or as many as stay below half the source's
    `row_bytes`.
    """

    source: Any
    ledger: Ledger
    clips_per_batch: int | None = None

    def __call__(self, plan: pa.Table) -> Iterator[list[Row]]:
        """The clips of some plan rows, in handfuls; `seconds` holds the time each took to read."""
        clips: list[Row] = []
        start = time.perf_counter()
        for row in self.ledger.guard("decode", self.source.read, plan.to_pylist()):
            clips.append({**row, "seconds": np.array([time.perf_counter() - start]), "computed": ""})
            if len(clips) == self.clips_per_batch or sum(map(_weight, clips)) > self.source.row_bytes // 2:
                yield clips
                clips = []
            start = time.perf_counter()
        if clips:
            yield clips

    def task(self, plan: pa.Table) -> Iterator[Batch]:
        """The same as a Ray task: one batch per handful."""
        limit_threads(1)
        keep_memory()
        for clips in self(plan):
            yield rebatch(clips)


@dataclass(frozen=True)
class Committer:
    """Commits clips to a sink, and gives a receipt per clip; ``layers`` and ``footer`` as `Sink.write` has
    them.
    """

    sink: Any
    run: str
    layers: Sequence[str] = ()
    footer: Mapping[str, str] = field(default_factory=dict)

    def gathered(self, plan: pa.Table) -> Iterator[pa.Table]:
        """Plan rows in commits of about the sink's `commit_bytes` of layers, which is guessed from their pixels: so a
        task that comes again is cut as before.
        """
        start, held = 0, 0.0
        for number, weight in enumerate(weights(plan)):
            if number > start and held + weight > self.sink.commit_bytes:
                yield plan.slice(start, number - start)
                start, held = number, 0.0
            held += weight
        yield plan.slice(start)

    def done(self, clips: Sequence[Row]) -> bool:
        """Whether these very clips are committed: their worker died after that, and they come again."""
        return bool(self.sink.holds(clips))

    def __call__(self, clips: Sequence[Row]) -> Batch:
        """Commit, unless that was done."""
        computed = sorted({word for clip in clips for word in clip["computed"].split()})
        self.sink.write(clips, self.run, self.layers, {**self.footer, COMPUTED: json.dumps(computed)})
        return {
            **{
                column: np.array([str(clip[column]) for clip in clips], object)
                for column in ("clip_id", "source", "error")
            },
            "frames": np.array([0 if clip["error"] else len(clip["frame_index"]) for clip in clips]),
            "seconds": rebatch([{"seconds": clip["seconds"]} for clip in clips])["seconds"],
        }


class Worker:
    """An actor's body: the steps of a group over batches, with ledger and clock; drops what nobody reads
    later.

    The first group may read its clips itself, the last may commit them; a worker that does both gathers what it
    commits, where the sink wants large commits. ``gpus``: its part of a card's memory.
    """

    def __init__(
        self,
        steps: Mapping[str, partial[Step]],
        keep: Sequence[str],
        ledger: Ledger,
        threads: int = 1,
        read: Reader | None = None,
        write: Committer | None = None,
        gpus: float = 0,
    ) -> None:
        limit_threads(threads)
        share(gpus)
        keep_memory()
        self.steps = {name: build(step) for name, step in steps.items()}
        self.keep, self.ledger, self.read, self.write = keep, ledger, read, write
        self._source = ""

    def __call__(self, batch: Batch | pa.Table) -> Iterator[Batch]:
        """Clips, or the plan rows to read them from, through all steps."""
        if self.read and self.write and self.write.sink.commit_bytes:
            for plan in self.write.gathered(batch):
                made = [
                    {column: clip[column] for column in self.keep if column in clip}
                    for clips in self.read(plan)
                    for clip in self._through_all(clips)
                ]
                yield self.write(made)
            return
        for clips in self.read(batch) if self.read else filter(None, [unbatch(batch)]):
            if self.write is None:
                yield rebatch(
                    [{column: clip[column] for column in self.keep} for clip in self._through_all(clips)]
                )
            else:
                yield self.write(clips if self.write.done(clips) else self._through_all(clips))

    def _through_all(self, clips: list[Row]) -> list[Row]:
        if clips and str(clips[0]["source"]) != self._source:
            if self._source:
                release()  # another film has other sizes: what was kept for the last one only takes room
            self._source = str(clips[0]["source"])
        for name, step in self.steps.items():
            start = time.perf_counter()
            clips = self._through(name, step, clips)
            spent = (time.perf_counter() - start) / max(1, len(clips))
            words = [f"{name}:{word}" for word in computed(step)]
            clips = [
                {
                    **clip,
                    "seconds": np.append(clip["seconds"], spent),
                    "computed": " ".join([*clip["computed"].split(), *words]),
                }
                for clip in clips
            ]
        return clips

    def _through(self, name: str, step: Step, rows: list[Row]) -> list[Row]:
        done: dict[int, Row] = {}
        together: list[int] = []
        alone: list[int] = []
        for i, row in enumerate(rows):
            if row["error"]:
                done[i] = failed(row, step.writes)
                continue
            try:
                (alone if self.ledger.check(name, row["clip_id"]) else together).append(i)
            except Poisonous as problem:
                done[i] = failed(row, step.writes, name, problem, ATTEMPTS)
        for indices in ([together] if together else []) + [[i] for i in alone]:
            group = [rows[i] for i in indices]
            with self.ledger.inside(name, [row["clip_id"] for row in group]):
                done.update(zip(indices, step.run(group), strict=True))
        return [done[i] for i in range(len(rows))]


def weights(plan: pa.Table) -> list[float]:
    """Bytes that the layers of each clip of a plan may take."""
    frames = pc.list_value_length(plan["indices"]).to_numpy(zero_copy_only=False)
    pixels = (plan[side].to_numpy(zero_copy_only=False) for side in ("width", "height"))
    return [float(each) for each in np.nan_to_num(PER_PIXEL * frames * np.prod([*pixels], 0))]


def _weight(clip: Row) -> int:
    return sum(
        value.nbytes if isinstance(value, np.ndarray) else len(value)
        for value in clip.values()
        if isinstance(value, np.ndarray | bytes)
    )


def limit_threads(threads: int) -> None:
    """Give this process `threads` threads for OpenCV and for every library that reads OMP_NUM_THREADS."""
    import cv2

    os.environ["OMP_NUM_THREADS"] = str(threads)
    cv2.setNumThreads(threads)


def keep_memory() -> None:
    """Let this process keep the memory of pixel arrays from one to the next, where the C library is GNU's.

    They come and go by the megabyte; handing them back to the kernel each time costs a page fault per 4 kB.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, 256 << 20)
        mallopt(_TRIM_THRESHOLD, 512 << 20)


def build(made: Any) -> Any:
    """Call a partial, and first every partial among its arguments: a step with its models, built where it
    runs.
    """
    if isinstance(made, partial):
        return made.func(*made.args, **{name: build(value) for name, value in made.keywords.items()})
    if isinstance(made, list):
        return [build(value) for value in made]
    return {name: build(value) for name, value in made.items()} if isinstance(made, dict) else made
