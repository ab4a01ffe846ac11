"""One run: plan the clips, leave out what is committed, stream the rest through the pipeline into the sink,
and tell what happened.
"""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from animelayers.dataset import products
from animelayers.dataset import verify as verifying
from animelayers.engine import cluster, leftout
from animelayers.engine.ledger import Ledger
from animelayers.engine.pipeline import Pipeline
from animelayers.engine.placement import PipelineError
from animelayers.engine.plan import RunPlan, frames, sources
from animelayers.engine.rounds import Before, rounds
from animelayers.engine.summary import Summary
from animelayers.engine.work import Work
from animelayers.engine.worker import COMPUTED
from animelayers.record.schema import ANNOTATIONS
from animelayers.sinks import metadata
from animelayers.sinks.store import SinkError
from animelayers.sources.layers import Layers

HASH = "hash"


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
    # what its own pool frees it keeps, 40 MB of it after a few films
    pa.set_memory_pool(pa.system_memory_pool())
    source, started, name = _giving(source, pipeline, sink), time.perf_counter(), uuid.uuid4().hex
    ledger = Ledger(_ledger_folder(sink), name, time_limit)
    work = Work(source, pipeline, sink, ledger, name, fingerprints, address, cpus, small, processes, started)
    told: dict[str, Any] = {**describe, "fingerprints": dict(fingerprints)}
    with sink.open(name, take_over=take_over) as swept:
        sink.check(fingerprints)
        if verify is True:
            _verified(sink, mend)
        plan = _planned(source, sink, redo_changed, retry_failed, verify == HASH)
        sink.forget(plan.outdated)
        sink.describe(told | _computed(sink, anew=False))
        removed = _gone(sink, plan, drop_removed)
        summary = Summary(str(sink.path), changed=plan.changed, removed=removed, swept=swept)
        before, planned = Before(sink, retry_failed), set[str]()
        for grown, new in rounds(source, sink, plan, time_limit, work.lookers(plan.unscanned)):
            plan, todo = grown, source.limited(new)
            planned.update(sources(todo))
            summary.lost |= before.lost(new)
            pending = before.pending(todo, new)
            summary.frames_planned += frames(todo)
            summary.frames_before += frames(todo) - frames(pending)
            if pending.num_rows:
                work(pending, summary)
        if not isinstance(source, Layers):
            if source.limit is None:
                sink.settle_plan(plan.order)
            summary.left_out = leftout.of(source, plan.looked, planned)
            leftout.write(str(sink.path), summary.left_out)
        summary.failures = sink.failures()
        summary.spilled = cluster.spilled_bytes()
        summary.seconds = time.perf_counter() - started
        _finish(sink, summary, told)
    return summary


def _giving(source: Any, pipeline: Pipeline, sink: Any) -> Any:
    """The source, told what is read of it. Raises `PipelineError` where something reads what nothing writes."""
    # what a stage writes itself it is not given: else it could not be made anew
    if isinstance(source, Layers):
        source = source.knowing(pipeline.needs(ANNOTATIONS) - pipeline.writes(()))
    columns = (*source.columns, "seconds", "computed")
    unread = {*sink.needs} - pipeline.writes(columns)
    if unread:
        raise PipelineError(f"the sink reads {sorted(unread)}, which no stage writes: keep the encode stage")
    pipeline.check(columns)
    return source.giving(pipeline.needs(columns, sink.takes))


def _planned(source: Any, sink: Any, redo_changed: bool, retry_failed: bool, hashed: bool) -> RunPlan:
    """What is known of the inputs as they are now."""
    if isinstance(source, Layers):
        return RunPlan.of_clips(source.plan(), sink, redo_changed)
    return RunPlan.renew(source, sink, redo_changed, retry_failed, hashed, facts=source.limit is None)


def _finish(sink: Any, summary: Summary, told: dict[str, Any]) -> None:
    """What needs all clips: how they were computed, and the end products."""
    if summary.frames_done:
        sink.describe(told | _computed(sink, anew=True))
    sink.finish()
    if sink.needs and summary.frames_done + summary.frames_before:
        products.write(str(sink.path), anew=bool(summary.frames_done), spread=cluster.spread)
    if sink.needs and summary.frames_done:
        summary.fallbacks = _fallbacks(sink)


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


def _ledger_folder(sink: Any) -> Path:
    """Beside the output where all workers reach it, else in this node's own temporary folder."""
    local = sink.local_path
    return local / "attempts" if local else Path(gettempdir()) / "animelayers-attempts"
