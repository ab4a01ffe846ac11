"""A set carried out: what is done stays, what another strategy made goes, the rest is made in Ray workers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pyarrow as pa
from tqdm import tqdm

from animelayers.curate.execute import built, clip_id, execute, execute_here, tasks
from animelayers.curate.strategies.base import Strategy
from animelayers.engine import cluster
from animelayers.engine.ledger import Ledger
from animelayers.engine.placement import PipelineError, Resources
from animelayers.record.schema import written
from animelayers.sinks import dataset, metadata, parquet
from animelayers.sinks.curated import KIND, Curated
from animelayers.sinks.store import SinkError, Store

_BLOCK = 16_000_000


@dataclass(frozen=True)
class Ways:
    """How a set is carried out: where Ray is ('inline': without it, in `processes`; 0: in this one),
    the workers (None: as many as fit) with their CPUs and GPUs, frames a task, seconds a frame."""

    address: str | None = None
    machine_cpus: int | None = None
    workers: int | None = None
    cpus: float = 1
    gpus: float = 0
    batch_size: int = 8
    time_limit: float = 0
    skip_existing: bool = True
    retry_failed: bool = False
    processes: int | None = None

    def fitting(self, have: Resources) -> int:
        """How many workers fit. Raises `PipelineError` where not one does."""
        count = int(
            min(have.cpus / self.cpus if self.cpus else inf, have.gpus / self.gpus if self.gpus else inf)
        )
        if count < 1:
            asked = f"one worker needs {self.cpus:g} CPUs and {self.gpus:g} GPUs"
            raise PipelineError(f"{asked}, there are {have.cpus:g} and {have.gpus:g}: lower cpus or gpus")
        return min(count, self.workers or count)


def claim(store: Store, source: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Make a folder the set of a source and of these settings of strategies, by name.

    ``source``: what made the layers of the output, which is known by that and by its frames, never by where
    it lies. Raises `SinkError` for the output of another job, `Changed` for a set where one of them was
    another.
    """
    found = dataset.description(store)
    if found and found.get("kind") != KIND:
        raise SinkError(store.root, "the output of another job", "give a new output for the set")
    now = {"source": {"config": source, "fingerprint": _digest(source)}}
    now |= {name: {"config": node, "fingerprint": _digest(node)} for name, node in settings.items()}
    previous: dict[str, Any] = found.get("fingerprints", {})
    dataset.check_fingerprints(
        store.root, previous, {**previous, **{name: value for name, value in now.items() if name in previous}}
    )
    dataset.describe(store, {"kind": KIND, "fingerprints": {**previous, **now}})


def _digest(node: Any) -> str:
    return hashlib.sha256(json.dumps(node, sort_keys=True, default=str).encode()).hexdigest()[:16]


_SPOKEN = (
    "characters",
    "instance_ids",
    "caption_given",
    "caption_frame",
    "caption_character",
    "caption_background",
)


def digests(table: pa.Table) -> list[str]:
    """What each row of a frame table is made of and said of, 16 hex digits: where the layers, who is who or
    the captions changed a set is made anew, and nowhere else."""
    layers = [
        name
        for name in table.column_names
        if name.endswith(("_xxh3", "_size")) and name != "shot_size" and not name.startswith("plate")
    ]
    columns = sorted({*layers, *_SPOKEN} & {*table.column_names})
    return (
        [_digest([*written(row).values()]) for row in table.select(columns).to_pylist()]
        if columns
        else [_digest([])] * len(table)
    )


def apply(
    target: str,
    run: str,
    source: str,
    table: pa.Table,
    strategies: Mapping[str, partial[Strategy]],
    ways: Ways,
) -> pa.Table:
    """Make what is not there yet, and give the rows of the set, failures among them. Only under the lock of
    `run`.

    ``target``: the set. ``source``: the output the layers are read from. ``table``: rows of its frame table,
    and in ``strategy`` who makes a frame's pictures (null: nobody), in ``confidence`` how well that fits, in
    ``digest`` what `digests` gives.
    """
    sink = Curated(target)
    for name in ("", metadata.FOLDER, *sink.folders):
        sink.store.folder(name)
    sink.sweep()
    wanted = {
        (f, s, d)
        for f, s, d in zip(
            *(table[name].to_pylist() for name in ("frame_id", "strategy", "digest")), strict=True
        )
        if s
    }
    standing = _standing(sink, wanted, ways.retry_failed) if ways.skip_existing else set[str]()
    sink.forget(sink.committed().keys() - {clip_id(frame) for frame in standing})
    todo = table.filter(
        pa.array(
            [
                s is not None and f not in standing
                for f, s in zip(*table.select(["frame_id", "strategy"]).to_pydict().values(), strict=True)
            ],
            pa.bool_(),
        )
    )
    if len(todo):
        have = cluster.connect(ways.address, ways.machine_cpus)
        workers = ways.fitting(have)
        here = ways.address == cluster.INLINE
        built(
            {name: strategies[name] for name in todo["strategy"].unique().to_pylist()},
            ways.cpus,
            ways.gpus,
            here,
        )
        if not here:
            cluster.calm(_BLOCK)
        folder = (
            Path(sink.store.root) / "attempts"
            if sink.store.local
            else Path(gettempdir()) / "animelayers-attempts"
        )
        blocks, errors = tasks(todo, ways.batch_size), 0
        ledger, workers = Ledger(folder, run, ways.time_limit), min(workers, len(blocks))
        if here:
            receipts = execute_here(
                blocks,
                strategies,
                source,
                target,
                ledger,
                workers if ways.processes is None else ways.processes,
                ways.cpus,
            )
        else:
            receipts = execute(blocks, strategies, source, target, ledger, workers, ways.cpus, ways.gpus)
        with tqdm(
            total=len(wanted),
            initial=len(standing),
            unit="frame",
            smoothing=0.05,
            dynamic_ncols=True,
            desc="set",
        ) as bar:
            for frames, failed in receipts:
                errors += failed
                bar.update(frames)
                bar.set_postfix(errors=errors)
    good, failed, _ = metadata.load(sink.store)
    return pa.concat_tables([good, failed], promote_options="permissive")


def _standing(sink: Curated, wanted: Set[tuple[str, str, str]], retry_failed: bool) -> set[str]:
    """Frames that need not be done again: made by the same strategy of the same layers, and still there; or
    failed before.
    """
    if not metadata.names(sink.store):
        return set()
    lost = sink.lost()
    good, failed, _ = metadata.load(
        sink.store, ["clip_id", "frame_id", "origin", "strategy", "origin_digest", "error"]
    )
    rows = good if retry_failed else pa.concat_tables([good, failed])
    made = zip(
        *(rows[name].to_pylist() for name in ("clip_id", "origin", "strategy", "origin_digest")), strict=True
    )
    return {
        origin
        for clip, origin, strategy, digest in made
        if (origin, strategy, digest) in wanted and clip not in lost
    }


def origins(store: Store) -> set[str]:
    """The frames a set has pictures of, or tried to."""
    found = (parquet.read(store, name, ["origin"])["origin"].to_pylist() for name in metadata.names(store))
    return {frame for frames in found for frame in frames}


def lasting(node: Any, places: frozenset[str]) -> Any:
    """Settings without those named `places`, which say where something runs, not what it makes."""
    if isinstance(node, dict):
        return {key: lasting(value, places) for key, value in node.items() if key not in places}
    return [lasting(value, places) for value in node] if isinstance(node, list) else node
