"""The plan of a run: which clips there are. It is kept with the output, so an input is looked into once and only again if it changed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from tqdm import tqdm

log = logging.getLogger(__name__)

PICTURES_PER_TASK = 256
TRIES = 3


@dataclass(frozen=True)
class Plan:
    """Clips of all inputs (``table``, schema `animelayers.sources.PLAN`), the inputs still to be looked into, and those that changed.

    ``changed`` names inputs whose size or time differs from what their committed clips were made of.
    """

    table: pa.Table
    unscanned: list[Any]
    changed: list[str]

    @classmethod
    def renew(cls, source: Any, sink: Any) -> Plan:
        """The kept plan of an output, held against the inputs as they are now; inputs that are gone leave the plan."""
        from animelayers.sources import PLAN

        old = sink.load_plan()
        old = PLAN.empty_table() if old is None else old
        known = {source: (size, time) for source, size, time in zip(*(old[c].to_pylist() for c in ("source", "size", "mtime_ns")), strict=True)}
        inputs = source.inputs()
        same = [i.source for i in inputs if known.get(i.source) == (i.size, i.mtime_ns)]
        keep = old.filter(pc.is_in(old["source"], pa.array(same, pa.string())))
        changed = sorted(i.source for i in inputs if i.source in known and known[i.source] != (i.size, i.mtime_ns))
        return cls(keep, [i for i in inputs if known.get(i.source) != (i.size, i.mtime_ns)], changed)

    def with_rows(self, tables: Sequence[pa.Table]) -> Plan:
        """The plan with the clips of newly scanned inputs, in the natural order of the inputs."""
        return replace(self, table=pa.concat_tables([self.table, *tables]), unscanned=[])

    def clips_of(self, sources: Sequence[str]) -> list[str]:
        """Clip ids of some inputs."""
        return list(self.table.filter(pc.is_in(self.table["source"], pa.array(sources, pa.string())))["clip_id"].to_pylist())


def scan(source: Any, inputs: Sequence[Any]) -> list[pa.Table]:
    """Look into inputs in Ray tasks, pictures by the hundred and films one by one; one plan table per task.

    An input that kills its reader again and again becomes an error row; its neighbours are looked into without it.
    """
    import ray
    from ray.exceptions import WorkerCrashedError

    @ray.remote(num_cpus=0.5, max_retries=0)
    def look(chosen: list[Any]) -> pa.Table:
        return source.scan(chosen)

    waiting = {look.remote(chosen): (chosen, 1) for chosen in _tasks(inputs)}
    tables = []
    with tqdm(total=len(inputs), unit="input", desc="plan", dynamic_ncols=True, leave=False) as bar:
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


def _tasks(inputs: Sequence[Any]) -> Iterator[list[Any]]:
    pictures = [i for i in inputs if i.kind != "video"]
    yield from ([i] for i in inputs if i.kind == "video")
    for start in range(0, len(pictures), PICTURES_PER_TASK):
        yield pictures[start : start + PICTURES_PER_TASK]
