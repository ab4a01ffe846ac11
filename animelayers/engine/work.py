"""How pending clips are done: with Ray, or in processes of this machine."""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tqdm import tqdm

from animelayers.dataset import products
from animelayers.engine import cluster
from animelayers.engine.crew import Crew
from animelayers.engine.ledger import Ledger
from animelayers.engine.pipeline import Pipeline
from animelayers.engine.placement import Group, Resources
from animelayers.engine.plan import frames
from animelayers.engine.progress import Progress
from animelayers.engine.summary import Summary, bound_of
from animelayers.engine.worker import Committer, Reader, Worker, weights
from animelayers.private import published
from animelayers.record.schema import IDENTITY, Batch

LAYERS = ("character", "mask", "background")
"""Layers the frame table always has columns for, so that a table of failures only has the columns of any
other.
"""
FRAMES_PER_TASK = 512
"""At most, unless a clip has more, or a commit."""
PROMISE = 48
"""Frames by which the rest of a run is judged."""
LIGHT = 256_000_000
"""Bytes of inputs that are looked into without Ray where a run may do without it."""


@dataclass(frozen=True)
class Work:
    """How pending clips are done: with Ray, or without where little is to be done or the address is 'inline'."""

    source: Any
    pipeline: Pipeline
    sink: Any
    ledger: Ledger
    run: str
    fingerprints: Mapping[str, Any]
    address: str | None
    cpus: int | None
    small: int
    processes: int | None
    started: float

    def lookers(self, inputs: Sequence[Any]) -> int | None:
        """How many processes look into inputs without Ray; None with it, which is then up."""
        if self._may_do_without and (
            self.address == cluster.INLINE or sum(item.size for item in inputs) < LIGHT
        ):
            return _processes(self.processes, self.pipeline, cluster.machine(self.cpus), len(inputs))
        if inputs:
            cluster.connect(self.address, self.cpus)
        return None

    def __call__(self, pending: pa.Table, summary: Summary) -> None:
        """Do some clips and add to the summary what was done."""
        receipts = self._begun(pending, summary)
        summary.start_seconds = summary.start_seconds or time.perf_counter() - self.started
        _follow(receipts, summary, ["decode", *self.pipeline.stages], pending, self.ledger)

    def _begun(self, pending: pa.Table, summary: Summary) -> Iterator[Batch]:
        """Start on some clips; the receipts of their commits."""
        if self.sink.needs:  # a run that dies from here on leaves end products that are of other commits
            products.forget(self.sink.store)
        alone = self._may_do_without and (self.address == cluster.INLINE or frames(pending) <= self.small)
        have = cluster.machine(self.cpus) if alone else cluster.connect(self.address, self.cpus)
        fitted = self.pipeline.fit(have, self.source.row_bytes, self.sink.commit_bytes)
        groups = [replace(group, workers=min(group.workers, pending.num_rows)) for group in fitted]
        summary.workers = {stage: group.workers for group in groups for stage in group.stages}
        summary.groups = [["decode"], *(list(group.stages) for group in groups)]
        if not self.pipeline.reading:  # the first group's workers read their clips themselves
            summary.groups = [["decode", *summary.groups[1]], *summary.groups[2:]]
        summary.workers["decode"] = self.pipeline.reading or groups[0].workers
        write = Committer(
            self.sink, self.run, LAYERS, {"fingerprints": json.dumps(published(dict(self.fingerprints)))}
        )
        if alone:
            count = _processes(self.processes, self.pipeline, have, pending.num_rows)
            summary.workers = dict.fromkeys(summary.workers, max(1, count))
            summary.groups = [list(summary.workers)]
            return _stream_here(self.source, groups, pending, self.ledger, write, count)
        cluster.calm(self.source.row_bytes, ahead=2 * sum(group.workers for group in groups) + 4)
        tqdm.write(
            "\n".join(f"{group.place}: {group.name.replace('+', ', ')}" for group in groups), file=sys.stderr
        )
        return _stream(self.source, self.pipeline, groups, pending, self.ledger, write)

    @property
    def _may_do_without(self) -> bool:
        """Whether it is told to do without Ray, or nobody asks for a cluster or a GPU."""
        asked = bool(
            self.address or not self.small or cluster.is_up() or any(g.gpus for g in self.pipeline.groups())
        )
        return self.address == cluster.INLINE or not asked


def _processes(asked: int | None, pipeline: Pipeline, have: Resources, tasks: int) -> int:
    """How many processes do the work: each goes through all stages, so it needs what the largest of them
    needs.
    """
    if asked is not None:
        return min(asked, tasks)
    groups = pipeline.groups()
    widest = max((group.cpus for group in groups), default=1)
    most = min(
        max((group.bounds[1] for group in groups), default=1),
        int(have.memory // max((group.memory for group in groups), default=1)),
    )
    return max(1, min(int(have.cpus // max(widest, 0.5)), most, tasks))


def _stream_here(
    source: Any, groups: list[Group], pending: pa.Table, ledger: Ledger, write: Committer, count: int
) -> Iterator[Batch]:
    """The receipts of a run without Ray: each process reads, goes through all stages and commits."""
    each = [group.clips_per_batch for group in groups if group.clips_per_batch]
    make = partial(
        Worker,
        steps={name: stage.step for group in groups for name, stage in group.stages.items()},
        keep=(*IDENTITY, "seconds", "computed", *write.sink.takes),
        ledger=ledger,
        threads=max(1, round(max(group.cpus for group in groups))),
        read=Reader(source, ledger, min(each) if each else None),
        write=write,
    )
    tasks = deque(_tasks(pending, max(1, count), write.sink.commit_bytes))
    done: set[str] = set()
    for event in Crew(make, count)(tasks):
        if event.part is not None:
            done |= {str(clip) for clip in event.part["clip_id"]}
            yield event.part
        elif event.died:
            left = event.task.filter(
                pa.array([clip not in done for clip in event.task["clip_id"].to_pylist()], pa.bool_())
            )
            if left.num_rows:
                tasks.appendleft(left)


def _stream(
    source: Any, pipeline: Pipeline, groups: list[Group], pending: pa.Table, ledger: Ledger, write: Committer
) -> Iterator[Batch]:
    import ray.data
    from ray.data import TaskPoolStrategy

    width = max(group.workers for group in groups)
    # Blocks that are made here need no worker that looks into them first.
    clips: Any = ray.data.from_blocks(list(_tasks(pending, width, write.sink.commit_bytes)))
    read = Reader(source, ledger, groups[0].clips_per_batch)
    if pipeline.reading:
        # As many readers as the models need and no more: what is read ahead of them only fills memory and
        # holds up the commits.
        readers = TaskPoolStrategy(size=pipeline.reading)
        task: dict[str, Any] = {"batch_size": None, "num_cpus": pipeline.task_cpus, "zero_copy_batch": True}
        clips = clips.map_batches(read.task, batch_format="pyarrow", compute=readers, **task)
    receipts = pipeline(
        clips, groups, source.columns, ledger, write.sink.takes, None if pipeline.reading else read, write
    )
    return iter(receipts.iter_batches(batch_size=None, batch_format="numpy", prefetch_batches=0))


def _tasks(pending: pa.Table, width: int, commit_bytes: int = 0) -> Iterator[pa.Table]:
    """Split the plan into decode tasks of neighbouring clips, a share of what is left each (guided
    self-scheduling, Polychronopoulos and Kuck 1987): long ones first, since Ray remembers each, and short
    ones at the end, so that all workers have work to the last. A task may be as long as fills a commit.
    """
    lengths = [max(1, length) for length in pc.list_value_length(pending["indices"]).to_pylist()]
    sources = pending["source"].to_pylist()
    kinds = pending["kind"].to_pylist()
    left = sum(lengths)
    longest = FRAMES_PER_TASK
    if commit_bytes:
        heaviest = max(w / length for w, length in zip(weights(pending), lengths, strict=True))
        longest = max(longest, int(commit_bytes // max(heaviest, 1)))
    start = count = 0
    for i, length in enumerate(lengths):
        most = min(longest, -(-left // (3 * width)))
        elsewhere = i > start and kinds[i] == "video" and sources[i] != sources[i - 1]
        if i > start and (count + length > most or elsewhere):
            yield pending.slice(start, i - start).combine_chunks()
            left -= count
            start, count = i, 0
        count += length
    yield pending.slice(start).combine_chunks()


def _follow(
    receipts: Iterable[Batch], summary: Summary, stages: list[str], pending: pa.Table, ledger: Ledger
) -> None:
    """Tell the progress from the receipts and the ledger, and add up the stages' times."""
    spent = np.array([summary.stages.get(stage, 0.0) for stage in stages])
    clips = dict(
        zip(pending["clip_id"].to_pylist(), pc.list_value_length(pending["indices"]).to_pylist(), strict=True)
    )
    before = summary.frames_done
    with Progress(
        summary.frames_planned, summary.frames_before + summary.frames_done, stages, clips, ledger
    ) as progress:
        for batch in receipts:
            for clip, frames, error, seconds in zip(
                *(batch[name] for name in ("clip_id", "frames", "error", "seconds")), strict=True
            ):
                summary.frames_done += int(frames)
                summary.clips_done += not error
                spent[: len(seconds)] += seconds
                progress.committed(str(clip), int(frames), bool(error))
            if not summary.expected and summary.frames_done - before >= PROMISE:
                first = dict(zip(stages, spent.tolist(), strict=True))
                summary.expected = bound_of(
                    summary.groups, first, summary.workers, summary.frames_done - before
                )[1]
    summary.stages = dict(zip(stages, spent.tolist(), strict=True))
