"""The plan of a run: which clips there are. It is kept with the output, so an input is looked into once and only again if it changed."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tqdm import tqdm

from animelayers.crew import Crew
from animelayers.ledger import watched
from animelayers.placement import PipelineError

log = logging.getLogger(__name__)

PICTURES_PER_TASK = 256
TRIES = 3


@dataclass(frozen=True)
class Plan:
    """Clips of all inputs (``table``, schema `animelayers.sources.PLAN`) and the inputs still to be looked into.

    ``order`` ranks the inputs; ``changed`` names those whose size or time differs from what their layers were made of, and which
    are left as they are; ``removed`` names those that are gone, and as what each is there now, if it was only renamed;
    ``outdated`` holds the clips of those that are to be made again.
    """

    table: pa.Table
    unscanned: list[Any]
    order: Mapping[str, int]
    changed: list[str]
    outdated: list[str]
    removed: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def renew(cls, source: Any, sink: Any, redo_changed: bool = False) -> Plan:
        """The kept plan of an output, held against the inputs as they are now; inputs that are gone leave the plan."""
        from animelayers.sources import PLAN

        old = _kept(sink, PLAN.names)
        old = PLAN.empty_table() if old is None else old
        known = {name: facts for name, *facts in zip(*(old[c].to_pylist() for c in ("source", "size", "mtime_ns")), strict=True)}
        inputs = _listed(source)
        changed = {i.source for i in inputs if i.source in known and known[i.source] != [i.size, i.mtime_ns]}
        again = changed if redo_changed else set()
        keep = {i.source for i in inputs} - again
        return cls(
            table=old.filter(pc.is_in(old["source"], pa.array(sorted(keep), pa.string()))),
            unscanned=[i for i in inputs if i.source not in known or i.source in again],
            order={i.source: number for number, i in enumerate(inputs)},
            changed=sorted(changed - again),
            removed=_removed(known, inputs),
            outdated=old.filter(pc.is_in(old["source"], pa.array(sorted(again), pa.string())))["clip_id"].to_pylist(),
        )

    @classmethod
    def of_clips(cls, table: pa.Table, sink: Any, redo_changed: bool = False) -> Plan:
        """The plan of a source that knows its clips, held clip by clip against the kept one; `changed` and `outdated` name clips."""
        facts = ("clip_id", "size", "mtime_ns")
        old = _kept(sink, facts)
        known = {} if old is None else {clip: now for clip, *now in zip(*(old[c].to_pylist() for c in facts), strict=True)}
        rows = list(zip(*(table[c].to_pylist() for c in facts), strict=True))
        changed = [clip for clip, *now in rows if known.get(clip, now) != now]
        if changed and not redo_changed:  # what their layers were made of stays in the plan, so that they are told of again
            for place, name in enumerate(facts[1:]):
                kept = [known[row[0]][place] if row[0] in known else row[1 + place] for row in rows]
                table = table.set_column(table.schema.get_field_index(name), name, pa.array(kept, pa.int64()))
        return cls(table, [], {}, [] if redo_changed else changed, changed if redo_changed else [])

    def with_rows(self, tables: Sequence[pa.Table]) -> Plan:
        """The plan with the clips of newly scanned inputs, in the natural order of the inputs."""
        table = pa.concat_tables([self.table, *tables], promote_options="default")
        rank = np.array([self.order[name] for name in table["source"].to_pylist()], np.int64)
        return replace(self, table=table.take(np.argsort(rank, kind="stable")), unscanned=[])


def _removed(known: Mapping[str, list[int]], inputs: Sequence[Any]) -> dict[str, str]:
    """Inputs of the kept plan that are gone, and the new one of the same size and time, if there is just one."""
    there = {item.source for item in inputs}
    new: dict[tuple[int, int], list[str]] = {}
    for item in inputs:
        if item.source not in known:
            new.setdefault((item.size, item.mtime_ns), []).append(item.source)
    found = {source: new.get((facts[0], facts[1]), []) for source, facts in known.items() if source not in there}
    return {source: names[0] if len(names) == 1 else "" for source, names in found.items()}


def _kept(sink: Any, columns: Sequence[str]) -> pa.Table | None:
    """The kept plan; none where it is not one of ours, since it can be made anew."""
    old = sink.load_plan()
    if old is not None and (missing := [name for name in columns if name not in old.column_names]):
        log.warning("%s: the kept plan has no columns %s and is made anew", sink.path, missing)
        return None
    return old


def _listed(source: Any) -> list[Any]:
    try:
        return list(source.inputs())
    except OSError as problem:
        raise PipelineError(f"source.path={source.path}: {problem.strerror or problem}") from problem


@dataclass(frozen=True)
class Look:
    """Looks into inputs with a source, each within `limit` seconds (0: any time), or its process ends."""

    source: Any
    limit: float = 0

    def __call__(self, chosen: Sequence[Any]) -> Iterator[pa.Table]:
        """The plan of some inputs."""
        with watched(self.limit * len(chosen), f"over the time limit with {chosen[0].source!r}"):
            yield self.source.scan(chosen)


def scan(source: Any, inputs: Sequence[Any], limit: int | None = None, seconds: float = 0, processes: int | None = None) -> list[pa.Table]:
    """Look into inputs, pictures by the hundred and films one by one, in Ray tasks or, given their number, in `processes` without Ray;
    one plan table per task. An input may take `seconds` (0: any time).

    With a limit they are looked into in order, and no more of them than hold so many frames. An input that kills its reader
    again and again becomes an error row; its neighbours are looked into without it.
    """
    if limit is not None:
        tables: list[pa.Table] = []
        for chosen in _tasks(inputs, in_order=True):
            tables += scan(source, chosen, None, seconds, processes)
            if sum(pc.sum(pc.list_value_length(table["indices"])).as_py() or 0 for table in tables) >= limit:
                break
        return tables
    looking = Look(source, seconds)
    if processes is not None:
        return _scan_here(source, looking, inputs, processes)
    import ray
    from ray.exceptions import WorkerCrashedError

    @ray.remote(num_cpus=0.5, max_retries=0)
    def look(chosen: list[Any]) -> pa.Table:
        return next(looking(chosen))

    waiting = {look.remote(chosen): (chosen, 1) for chosen in _tasks(inputs)}
    tables = []
    with tqdm(total=len(inputs), unit="input", desc="plan", dynamic_ncols=True, leave=False, disable=None) as bar:
        while waiting:
            (ready,), _ = ray.wait(list(waiting), num_returns=1)
            chosen, tries = waiting.pop(ready)
            try:
                tables.append(ray.get(ready))
                bar.update(len(chosen))
            except WorkerCrashedError:
                if len(chosen) == 1 and tries >= TRIES:
                    tables.append(source.refuse(chosen[0], f"killed its reader {TRIES} times"))
                    bar.update(1)
                else:
                    waiting.update({look.remote([one]): ([one], tries + (len(chosen) == 1)) for one in chosen})
    return tables


def _scan_here(source: Any, looking: Look, inputs: Sequence[Any], processes: int) -> list[pa.Table]:
    """The same without Ray."""
    tables: list[pa.Table] = []
    tries: Counter[str] = Counter()
    tasks = deque(_tasks(inputs))
    with tqdm(total=len(inputs), unit="input", desc="plan", dynamic_ncols=True, leave=False, disable=None) as bar:
        for event in Crew(partial(Look, source, looking.limit), min(processes, len(tasks)))(tasks):
            if event.part is not None:
                tables.append(event.part)
                bar.update(len(event.task))
            elif event.died and len(event.task) > 1:
                tasks.extend([one] for one in event.task)
            elif event.died:
                tries[event.task[0].source] += 1
                if tries[event.task[0].source] < TRIES:
                    tasks.append(event.task)
                else:
                    tables.append(source.refuse(event.task[0], f"killed its reader {TRIES} times"))
                    bar.update(1)
    return tables


def _tasks(inputs: Sequence[Any], in_order: bool = False) -> Iterator[list[Any]]:
    """Films alone, and first because they take longest; pictures together."""
    films = [] if in_order else [i for i in inputs if i.kind == "video"]
    yield from ([film] for film in films)
    some: list[Any] = []
    for item in inputs:
        if item.kind != "video":
            some.append(item)
        elif in_order:
            yield from filter(None, (some, [item]))
            some = []
        if len(some) == PICTURES_PER_TASK:
            yield some
            some = []
    yield from filter(None, (some,))
