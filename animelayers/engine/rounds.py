"""The rounds of a run: the clips that are known, then those of what was looked into meanwhile, each without what is
committed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from animelayers.engine.plan import FACTS, RunPlan, in_order, lasting, sources
from animelayers.engine.scan import gathered, scan
from animelayers.sinks import metadata
from animelayers.sources.layers import Layers
from animelayers.sources.plan import PLAN

log = logging.getLogger(__name__)

AHEAD = 8 << 20
"""Bytes of a plan that wait for the work at most, some 500,000 frames: Ray keeps some 30 kB of each task of a round,
so that neither what looks ahead nor what is done at a time fills memory.
"""
_COLUMN = 4096
"""Bytes that a column of a table takes beside what is in it: a film's plan is six times as heavy as its rows."""


class Before:
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
            for clip, problem in self._sink.lost(sources(plan), self._files).items()
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
        done = self._sink.committed(self._retry_failed, sources(plan), self._files)
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


def rounds(
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
        for part in _together(sink.parts_of_plan(sources=known["source"].to_pylist()), AHEAD):
            yield plan, part
    if not asked:
        return
    looked = scan(source, asked, source.limit, seconds, crew)
    if crew is not None or source.limit is not None:
        looked_into: Iterable[list[pa.Table]] = [list(looked)]
    else:
        looked_into = gathered(looked, AHEAD, _weight)
    for tables in looked_into:
        plan = plan.with_rows(tables)
        new = in_order([PLAN.empty_table(), *tables], plan.order) if lean else plan.table
        if lean:
            sink.add_plan(lasting(new))
        # names are made of all inputs, those beyond a limit and those that nobody has looked into yet too
        sink.expect(plan.table, asked)
        yield plan, new


def _weight(table: pa.Table) -> int:
    """Bytes that a table takes."""
    return int(table.nbytes + _COLUMN * table.num_columns)


def _together(tables: Iterable[pa.Table], most: int) -> Iterator[pa.Table]:
    """The same rows in tables of about so many bytes."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(map(_weight, held)) >= most:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


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
