"""One run: plan the clips, leave out what is committed, stream the rest through the pipeline into the sink,
and tell what happened.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import uuid
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from operator import attrgetter
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tqdm import tqdm

from animelayers.dataset import products
from animelayers.dataset import verify as verifying
from animelayers.engine import cluster, leftout
from animelayers.engine.crew import Crew
from animelayers.engine.ledger import Ledger
from animelayers.engine.pipeline import Pipeline
from animelayers.engine.placement import Group, PipelineError, Resources
from animelayers.engine.plan import FACTS, RunPlan, in_order, lasting
from animelayers.engine.progress import Progress
from animelayers.engine.scan import gathered, scan
from animelayers.engine.worker import COMPUTED, Committer, Reader, Worker
from animelayers.private import published
from animelayers.record.schema import ANNOTATIONS, IDENTITY, Batch
from animelayers.sinks import metadata
from animelayers.sinks.store import SinkError
from animelayers.sources.layers import Layers
from animelayers.sources.plan import PLAN

log = logging.getLogger(__name__)

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
LAYERS = ("character", "mask", "background")
"""Layers the frame table always has columns for, so that a table of failures only has the columns of any
other.
"""
FRAMES_PER_TASK = 64
AHEAD = 8 << 20
"""Bytes of a plan that wait for the work at most, some 500,000 frames: Ray keeps some 30 kB of each task of a round,
so that neither what looks ahead nor what is done at a time fills memory.
"""
PROMISE = 48
"""Frames by which the rest of a run is judged."""
HASH = "hash"
LIGHT = 256_000_000
"""Bytes of inputs that are looked into without Ray where a run may do without it."""


@dataclass
class Summary:
    """What a run did. Times are seconds; `stages` maps a stage to the seconds all its workers spent in it,
    `lost` clips whose files were gone or cut short, and how, `fallbacks` a reason why another inpainter than
    the one asked for filled a background to the frames of the output for which it holds, `left_out` what lies
    under the input and is no part of it, each entry with the reason. `inputs` had clips to do; `groups` are
    the stages that share workers; `expected` frames/s is what the first clips promised.
    """

    output: str
    frames_planned: int = 0
    frames_before: int = 0
    frames_done: int = 0
    clips_done: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    removed: dict[str, str] = field(default_factory=dict)
    swept: int = 0
    seconds: float = 0
    start_seconds: float = 0
    stages: dict[str, float] = field(default_factory=dict)
    workers: dict[str, int] = field(default_factory=dict)
    spilled: int = 0
    fallbacks: dict[str, int] = field(default_factory=dict)
    left_out: list[dict[str, str]] = field(default_factory=list)
    inputs: int = 0
    groups: list[list[str]] = field(default_factory=list)
    expected: float = 0

    @property
    def bound(self) -> tuple[str, float]:
        """The stages whose workers have most to do, and the frames/s that they alone allow; of nothing 0."""
        return _bound(self.groups, self.stages, self.workers, self.frames_done)

    @property
    def exit_code(self) -> int:
        """0 all frames done, 3 some inputs failed, 1 nothing could be done."""
        if not self.failures:
            return 0 if self.frames_planned else 1
        return 3 if self.frames_before + self.frames_done else 1


def run(
    source: Any,
    pipeline: Pipeline,
    sink: Any,
    *,
    fingerprints: Mapping[str, Any],
    describe: Mapping[str, Any],
    address: str | None = None,
    cpus: int | None = None,
    retry_failed: bool = False,
    redo_changed: bool = False,
    take_over: bool = False,
    time_limit: float = 0,
    verify: bool | str = False,
    mend: bool = False,
    drop_removed: bool = False,
    small: int = 0,
    processes: int | None = None,
) -> Summary:
    """Run a pipeline from a source into a sink and return what happened.

    Without Ray where `address` is 'inline', or none is given and no more than `small` frames are to be done:
    in `processes` of this machine (None: as many as have work and CPUs; 0: in this one). ``verify`` True
    reads the whole output first and compares it with its checksums, 'hash' the inputs: they are known by
    their content then.

    Raises `PipelineError` for a configuration that cannot run, `SinkError` for an output that cannot be
    written.
    """
    # what a stage writes itself it is not given: else it could not be made anew
    if isinstance(source, Layers):
        source = source.knowing(pipeline.needs(ANNOTATIONS) - pipeline.writes(()))
    columns = (*source.columns, "seconds", "computed")
    unread = {*sink.needs} - pipeline.writes(columns)
    if unread:
        raise PipelineError(f"the sink reads {sorted(unread)}, which no stage writes: keep the encode stage")
    pipeline.check(columns)
    source = source.giving(pipeline.needs(columns, sink.takes))
    started, name = time.perf_counter(), uuid.uuid4().hex
    with sink.open(name, take_over=take_over) as swept:
        summary = Summary(str(sink.path), swept=swept)
        sink.check(fingerprints)
        if verify is True:
            _verified(sink, mend)
        stored = isinstance(source, Layers)
        lean = not stored and source.limit is None
        plan = (
            RunPlan.of_clips(source.plan(), sink, redo_changed)
            if stored
            else RunPlan.renew(source, sink, redo_changed, retry_failed, verify == HASH, facts=lean)
        )
        work = _Work(
            source,
            pipeline,
            sink,
            Ledger(_ledger_folder(sink), name, time_limit),
            name,
            fingerprints,
            address,
            cpus,
            small,
            processes,
        )
        sink.forget(plan.outdated)
        told = {**describe, "fingerprints": dict(fingerprints)}
        sink.describe(told | _computed(sink, anew=False))
        summary.changed = plan.changed
        summary.removed = _gone(sink, plan, drop_removed)
        before, planned = _Before(sink, retry_failed), set[str]()
        for grown, new in _rounds(source, sink, plan, time_limit, work.lookers(plan.unscanned)):
            plan, todo = grown, source.limited(new)
            planned.update(todo["source"].to_pylist())
            summary.lost |= before.lost(new)
            pending = before.pending(todo, new)
            summary.frames_planned += _frames(todo)
            summary.frames_before += _frames(todo) - _frames(pending)
            if pending.num_rows:
                summary.inputs += len(_sources(pending))
                receipts = work(pending, summary)
                summary.start_seconds = summary.start_seconds or time.perf_counter() - started
                _follow(receipts, summary, ["decode", *pipeline.stages], pending, work.ledger)
        if not stored:
            if lean:
                sink.settle_plan(plan.order)
            summary.left_out = leftout.of(source, plan.looked, planned)
            leftout.write(str(sink.path), summary.left_out)
        summary.spilled = cluster.spilled_bytes()
        summary.seconds = time.perf_counter() - started
        summary.failures = sink.failures()
        if summary.frames_done:
            sink.describe(told | _computed(sink, anew=True))
        sink.finish()
        if summary.frames_done + summary.frames_before and sink.needs:
            products.write(str(sink.path), anew=bool(summary.frames_done))
        if summary.frames_done and sink.needs:
            summary.fallbacks = _fallbacks(sink)
    return summary


@dataclass(frozen=True)
class _Work:
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

    def lookers(self, inputs: Sequence[Any]) -> int | None:
        """How many processes look into inputs without Ray; None with it, which is then up."""
        if self._may_do_without and (
            self.address == cluster.INLINE or sum(item.size for item in inputs) < LIGHT
        ):
            return _processes(self.processes, self.pipeline, cluster.machine(self.cpus), len(inputs))
        if inputs:
            cluster.connect(self.address, self.cpus)
        return None

    def __call__(self, pending: pa.Table, summary: Summary) -> Iterator[Batch]:
        """Start on some clips; the receipts of their commits."""
        if self.sink.needs:  # a run that dies from here on leaves end products that are of other commits
            products.forget(self.sink.store)
        alone = self._may_do_without and (self.address == cluster.INLINE or _frames(pending) <= self.small)
        have = cluster.machine(self.cpus) if alone else cluster.connect(self.address, self.cpus)
        fitted = self.pipeline.fit(have, self.source.row_bytes)
        groups = [replace(group, workers=min(group.workers, pending.num_rows)) for group in fitted]
        summary.workers = {stage: group.workers for group in groups for stage in group.stages}
        summary.groups = [["decode"], *(list(group.stages) for group in groups)]
        if not self.pipeline.readers:  # the first group's workers read their clips themselves
            summary.groups = [["decode", *summary.groups[1]], *summary.groups[2:]]
        summary.workers["decode"] = self.pipeline.readers or groups[0].workers
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


class _Before:
    """What an output held when the run began: no other run commits meanwhile, and this one plans each input
    once. It is asked for the inputs of a round, so that neither time nor memory of a round grows with the
    output.
    """

    def __init__(self, sink: Any, retry_failed: bool) -> None:
        self._sink, self._retry_failed, self._files = sink, retry_failed, metadata.names(sink.store)

    def lost(self, plan: pa.Table) -> dict[str, str]:
        """Forget planned clips whose files are gone or not of the size they were written with, so that they
        are made again; tell which.
        """
        planned = set(plan["clip_id"].to_pylist())
        lost = {
            clip: problem
            for clip, problem in self._sink.lost(_sources(plan), self._files).items()
            if clip in planned
        }
        for clip, problem in list(lost.items())[:5]:
            log.warning("%s is made again: %s", clip, problem)
        self._forget(lost)
        return lost

    def pending(self, todo: pa.Table, plan: pa.Table) -> pa.Table:
        """The clips to do that are not committed; one that `source.limit` cut short last time is done again,
        whole.
        """
        done = self._sink.committed(self._retry_failed, _sources(plan), self._files)
        ids, lengths = todo["clip_id"].to_pylist(), pc.list_value_length(todo["indices"]).to_pylist()
        short = {
            clip for clip, length in zip(ids, lengths, strict=True) if 0 < done.get(clip, length) < length
        }
        self._forget(short | _astray(done, plan))
        return todo.filter(pa.array([clip not in done or clip in short for clip in ids], pa.bool_()))

    def _forget(self, clips: Iterable[str]) -> None:
        if clips := set(clips):
            self._sink.forget(clips)
            there = set(metadata.names(self._sink.store))
            self._files = [name for name in self._files if name in there]


def _rounds(
    source: Any, sink: Any, plan: RunPlan, seconds: float, crew: int | None
) -> Iterator[tuple[RunPlan, pa.Table]]:
    """The plan as it grows, and the clips in it that are new: what is known already, then all that was looked
    into while that was done.

    Without Ray (`crew` processes) and where the source has a limit it comes whole, since nothing looks ahead
    there. What is looked into is kept at once: a run that dies looks into it no more. Where the plan has only
    `plan.FACTS` its clips are read back part by part.
    """
    lean = plan.table.column_names == list(FACTS)
    if not plan.unscanned and not lean:
        if isinstance(source, Layers) and source.limit is None:
            sink.save_plan(plan.table)
        elif isinstance(source, Layers):
            sink.expect(plan.table, ())
        yield plan, plan.table
        return
    known, asked = plan.table, plan.unscanned
    if lean:
        if asked:
            sink.keep_plan(set(known["source"].to_pylist()))
        sink.expect(known, asked)
        for part in sink.parts_of_plan(sources=known["source"].to_pylist()):
            yield plan, part
    if not asked:
        return
    looked = scan(source, asked, source.limit, seconds, crew)
    if crew is not None or source.limit is not None:
        looked_into: Iterable[list[pa.Table]] = [list(looked)]
    else:
        looked_into = gathered(looked, AHEAD, attrgetter("nbytes"))
    for tables in looked_into:
        plan = plan.with_rows(tables)
        new = in_order([PLAN.empty_table(), *tables], plan.order) if lean else plan.table
        if lean:
            sink.add_plan(lasting(new))
        # names are made of all inputs, those beyond a limit and those that nobody has looked into yet too
        sink.expect(plan.table, asked)
        yield plan, new


def _astray(done: Iterable[str], plan: pa.Table) -> set[str]:
    """Committed clips of a film that a run with other bounds cut elsewhere: their frames are planned in other
    clips.
    """
    planned, last = set(plan["clip_id"].to_pylist()), dict[str, int]()
    for clip, kind, indices in zip(
        *(plan[c].to_pylist() for c in ("clip_id", "kind", "indices")), strict=True
    ):
        if kind == "video" and indices:
            last[clip.split("/")[0]] = max(indices[-1], last.get(clip.split("/")[0], 0))
    return {
        clip
        for clip in done
        if clip not in planned and int(clip.split("/")[2]) <= last.get(clip.split("/")[0], -1)
    }


def _gone(sink: Any, plan: RunPlan, drop: bool) -> dict[str, str]:
    """Inputs whose layers are there and which themselves are not any more, and their new names; their clips
    are forgotten with `drop`.
    """
    if not plan.order:
        return {}
    gone = {
        source: plan.removed.get(source, "")
        for source in metadata.sources(sink.store)
        if source not in plan.order
    }
    if drop and gone:
        sink.forget(metadata.scan(sink.store, ["clip_id", "source"], list(gone))["clip_id"].to_pylist())
    return gone


def _verified(sink: Any, mend: bool) -> None:
    """Read the whole output; forget what is damaged, or refuse to go on."""
    found = verifying.verify(sink)
    if found and mend:
        verifying.mend(sink, found, held=True)
    elif found.clips or found.tables or found.products:
        said = "; ".join(list(found.lines())[:5])
        raise SinkError(
            str(sink.path), f"damaged: {said}", "mend=true forgets what is damaged and makes it again"
        )


def _computed(sink: Any, anew: bool) -> dict[str, dict[str, list[str]]]:
    """In which precision, on which device the nets of each stage computed what is in an output: as its
    description tells, or, `anew`, its tables.
    """
    found: dict[str, set[str]] = {}
    if anew:
        for data in metadata.footers(sink.store, COMPUTED):
            for word in json.loads(data):
                found.setdefault(word.partition(":")[0], set()).add(word.partition(":")[2])
        known = {stage: sorted(words) for stage, words in found.items()}
    else:
        known = sink.description().get(COMPUTED, {}) if metadata.names(sink.store) else {}
    return {COMPUTED: known} if known else {}


def _fallbacks(sink: Any) -> dict[str, int]:
    found: Counter[str] = Counter()
    for batch in metadata.batches(sink.store, ["inpainting_fallback"]):
        found.update(
            {
                pair["values"]: pair["counts"]
                for pair in pc.value_counts(batch["inpainting_fallback"]).to_pylist()
                if pair["values"]
            }
        )
    return dict(found)


def _bound(
    groups: Sequence[Sequence[str]], spent: Mapping[str, float], workers: Mapping[str, int], frames: int
) -> tuple[str, float]:
    """The stages that share workers and have most to do, and the frames/s these allow by the seconds they
    `spent` on some frames.
    """
    each = {
        "+".join(group): sum(spent.get(stage, 0) for stage in group) / max(1, workers.get(group[-1], 1))
        for group in groups
    }
    slowest = max(each, key=each.__getitem__, default="")
    return (slowest, frames / each[slowest]) if slowest and each[slowest] > 0 else ("", 0.0)


def _sources(plan: pa.Table) -> list[str]:
    return list(plan["source"].unique().to_pylist())


def _frames(plan: pa.Table) -> int:
    return int(pc.sum(pc.list_value_length(plan["indices"])).as_py() or 0)


def _ledger_folder(sink: Any) -> Path:
    """Beside the output where all workers reach it, else in this node's own temporary folder."""
    local = sink.local_path
    return local / "attempts" if local else Path(gettempdir()) / "animelayers-attempts"


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
        keep=(),
        ledger=ledger,
        threads=max(1, round(max(group.cpus for group in groups))),
        read=Reader(source, ledger, min(each) if each else None),
        write=write,
    )
    tasks = deque(_tasks(pending, max(1, count)))
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
    clips: Any = ray.data.from_blocks(list(_tasks(pending, width)))
    read = Reader(source, ledger, groups[0].clips_per_batch)
    if pipeline.readers:
        # As many readers as the models need and no more: what is read ahead of them only fills memory and
        # holds up the commits.
        readers = TaskPoolStrategy(size=pipeline.readers)
        task: dict[str, Any] = {"batch_size": None, "num_cpus": pipeline.task_cpus, "zero_copy_batch": True}
        clips = clips.map_batches(read.task, batch_format="pyarrow", compute=readers, **task)
    receipts = pipeline(
        clips, groups, source.columns, ledger, write.sink.takes, None if pipeline.readers else read, write
    )
    return iter(receipts.iter_batches(batch_size=None, batch_format="numpy", prefetch_batches=0))


def _tasks(pending: pa.Table, width: int) -> Iterator[pa.Table]:
    """Split the plan into decode tasks of neighbouring clips: few enough frames that all workers have work
    and little is redone.
    """
    lengths = pc.list_value_length(pending["indices"]).to_pylist()
    most = max(1, min(FRAMES_PER_TASK, -(-sum(lengths) // (3 * width))))
    sources = pending["source"].to_pylist()
    kinds = pending["kind"].to_pylist()
    start = count = 0
    for i, length in enumerate(lengths):
        elsewhere = i > start and kinds[i] == "video" and sources[i] != sources[i - 1]
        if i > start and (count + length > most or elsewhere):
            yield pending.slice(start, i - start).combine_chunks()
            start, count = i, 0
        count += max(1, length)
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
                summary.expected = _bound(
                    summary.groups, first, summary.workers, summary.frames_done - before
                )[1]
    summary.stages = dict(zip(stages, spent.tolist(), strict=True))
