"""A set carried out: what is done stays, what another strategy made goes, the rest is made in Ray workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pyarrow as pa
from tqdm import tqdm

from animelayers import cluster
from animelayers.curate import results
from animelayers.curate.execute import built, execute, execute_here, tasks
from animelayers.curate.strategies.base import Strategy
from animelayers.ledger import Ledger
from animelayers.placement import PipelineError, Resources
from animelayers.sinks.store import Store

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
        count = int(min(have.cpus / self.cpus if self.cpus else inf, have.gpus / self.gpus if self.gpus else inf))
        if count < 1:
            asked = f"one worker needs {self.cpus:g} CPUs and {self.gpus:g} GPUs"
            raise PipelineError(f"{asked}, there are {have.cpus:g} and {have.gpus:g}: lower cpus or gpus")
        return min(count, self.workers or count)


def carry_out(
    target: str,
    run: str,
    source: str,
    table: pa.Table,
    strategies: Mapping[str, partial[Strategy]],
    known: Sequence[str],
    ways: Ways,
) -> dict[str, results.Result]:
    """Make what is not there yet, and give the results of all frames by their ids. Only under the lock of `run`.

    ``target``: the set. ``source``: the output the layers are read from. ``table``: rows of its frame table, and in ``name`` how the files of
    each are called and in ``strategy`` who makes them, null for nobody. ``known``: all strategies the set may hold files of.
    """
    store = Store(target)
    strategy = {f: s for f, s in zip(table["frame_id"].to_pylist(), table["strategy"].to_pylist(), strict=True) if s is not None}
    found = results.gathered(store)
    standing = results.standing(store, found, strategy, known, ways.retry_failed) if ways.skip_existing else set[str]()
    todo = table.filter(pa.array([frame in strategy and frame not in standing for frame in table["frame_id"].to_pylist()], pa.bool_()))
    if len(todo):
        have = cluster.connect(ways.address, ways.machine_cpus)
        workers = ways.fitting(have)
        here = ways.address == cluster.INLINE
        built({name: strategies[name] for name in todo["strategy"].unique().to_pylist()}, ways.cpus, ways.gpus, here)
    results.forget(store, found, standing, table["name"].to_pylist(), known)
    if len(todo):
        store.folder(results.PROGRESS)
        if not here:
            cluster.calm(_BLOCK)
        folder = Path(store.root) / "attempts" if store.local else Path(gettempdir()) / "animelayers-attempts"
        blocks, errors = tasks(todo, ways.batch_size), 0
        ledger, workers = Ledger(folder, run, ways.time_limit), min(workers, len(blocks))
        if here:
            receipts = execute_here(blocks, strategies, source, target, ledger, workers if ways.processes is None else ways.processes, ways.cpus)
        else:
            receipts = execute(blocks, strategies, source, target, ledger, workers, ways.cpus, ways.gpus)
        with tqdm(total=len(strategy), initial=len(standing), unit="frame", smoothing=0.05, dynamic_ncols=True, desc="set") as bar:
            for frames, failed in receipts:
                errors += failed
                bar.update(frames)
                bar.set_postfix(errors=errors)
    return results.gathered(store)


def strangers(store: Store, table: pa.Table) -> set[str]:
    """Frames of the set that are not in the table."""
    return results.gathered(store).keys() - set(table["frame_id"].to_pylist())


def lasting(node: Any, places: frozenset[str]) -> Any:
    """Settings without those named `places`, which say where something runs, not what it makes."""
    if isinstance(node, dict):
        return {key: lasting(value, places) for key, value in node.items() if key not in places}
    return [lasting(value, places) for value in node] if isinstance(node, list) else node
