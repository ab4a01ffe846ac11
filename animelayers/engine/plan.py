"""The plan of a run: which clips there are. It is kept with the output, so an input is looked into once and
only again if it changed.
"""

from __future__ import annotations

import builtins
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from animelayers.engine.placement import PipelineError
from animelayers.sinks.store import SinkError

log = logging.getLogger(__name__)

FACTS = ("source", "episode", "kind", "size", "mtime_ns", "digest", "error", "error_type")
"""What is known of an input as a whole: the driver of a run holds this much of a plan, whose clips are read
back film by film.
"""
_READERS = 4


@dataclass(frozen=True)
class RunPlan:
    """Clips of all inputs (``table``, schema `animelayers.sources.PLAN`, or a row an input with `FACTS`) and
    the inputs still to be looked into.

    ``order`` ranks the inputs; ``changed`` names those whose size or time, or where it was asked for whose
    content, differs from what their layers were made of, and which are left as they are; ``removed`` names
    those that are gone, and as what each is there now, if it was only renamed; ``outdated`` holds the clips
    of those that are to be made again.
    """

    table: pa.Table
    unscanned: list[Any]
    order: Mapping[str, int]
    changed: list[str]
    outdated: list[str]
    removed: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def renew(
        cls,
        source: Any,
        sink: Any,
        redo_changed: bool = False,
        retry_failed: bool = False,
        hashed: bool = False,
        facts: bool = False,
    ) -> RunPlan:
        """The kept plan of an output, held against the inputs as they are now; inputs that are gone leave the
        plan. With `facts` its clips are not loaded: its table has a row an input.

        With `retry_failed` those that could not be looked into are looked into again. With `hashed` inputs
        are read and compared by their content, wherever a digest of it is known, whatever their times say.
        """
        from animelayers.sources import PLAN

        old = _films(sink, PLAN) if facts else _kept(sink, PLAN.names)
        old = PLAN.empty_table() if old is None else old
        known = {
            name: facts
            for name, *facts in zip(
                *(old[c].to_pylist() for c in ("source", "size", "mtime_ns", "digest")), strict=True
            )
        }
        inputs = _listed(source)
        changed = {
            i.source for i in inputs if i.source in known and known[i.source][:2] != [i.size, i.mtime_ns]
        }
        touched = set[str]()
        if hashed:
            source.hashed = True
            changed, touched = _by_content(source, [i for i in inputs if i.source in known], known, changed)
        again = set(changed if redo_changed else ())
        if retry_failed:
            again |= set(old.filter(pc.not_equal(old["error"], ""))["source"].to_pylist()) & {
                i.source for i in inputs
            }
        keep = {i.source for i in inputs} - again - touched
        return cls(
            table=old.filter(pc.is_in(old["source"], pa.array(sorted(keep), pa.string()))),
            unscanned=[i for i in inputs if i.source not in known or i.source in again | touched],
            order={i.source: number for number, i in enumerate(inputs)},
            changed=sorted(changed - again),
            removed=_removed(known, inputs),
            outdated=[
                clip
                for part in sink.parts_of_plan(["clip_id", "source"], again)
                for clip in part["clip_id"].to_pylist()
            ]
            if again
            else [],
        )

    @classmethod
    def of_clips(cls, table: pa.Table, sink: Any, redo_changed: bool = False) -> RunPlan:
        """The plan of a source that knows its clips, held clip by clip against the kept one; `changed` and
        `outdated` name clips.
        """
        facts = ("clip_id", "size", "mtime_ns")
        old = _kept(sink, facts)
        known = (
            {}
            if old is None
            else {clip: now for clip, *now in zip(*(old[c].to_pylist() for c in facts), strict=True)}
        )
        rows = list(zip(*(table[c].to_pylist() for c in facts), strict=True))
        changed = [clip for clip, *now in rows if known.get(clip, now) != now]
        # what their layers were made of stays in the plan, so that they are told of again
        if changed and not redo_changed:
            for place, name in enumerate(facts[1:]):
                kept = [known[row[0]][place] if row[0] in known else row[1 + place] for row in rows]
                table = table.set_column(table.schema.get_field_index(name), name, pa.array(kept, pa.int64()))
        return cls(table, [], {}, [] if redo_changed else changed, changed if redo_changed else [])

    def with_rows(self, tables: Sequence[pa.Table]) -> RunPlan:
        """The plan with the clips of newly scanned inputs, in the natural order of the inputs."""
        if self.table.column_names == list(FACTS):
            tables = [films(table) for table in tables]
        looked = {name for each in tables for name in each["source"].to_pylist()}
        table = in_order([self.table, *tables], self.order)
        return replace(
            self, table=table, unscanned=[item for item in self.unscanned if item.source not in looked]
        )

    @property
    def looked(self) -> list[str]:
        """The inputs that were looked into, in order."""
        waiting = {item.source for item in self.unscanned}
        return [name for name in self.order if name not in waiting]


def in_order(tables: Sequence[pa.Table], order: Mapping[str, int]) -> pa.Table:
    """The rows of several tables by the rank of their inputs."""
    table = pa.concat_tables(tables, promote_options="default")
    return table.take(
        np.argsort(np.array([order[name] for name in table["source"].to_pylist()], np.int64), kind="stable")
    )


def lasting(table: pa.Table) -> pa.Table:
    """Planned clips without inputs that only could not be reached: they are looked into again next time."""
    return table.filter(
        pa.array([not unreached(kind) for kind in table["error_type"].to_pylist()], pa.bool_())
    )


def films(table: pa.Table) -> pa.Table:
    """The inputs of planned clips: a row each, with `FACTS` and of several errors the first."""
    first = pa.array(np.unique(np.array(table["source"].to_pylist(), object), return_index=True)[1])
    found = table.select(FACTS).take(first)
    wrong = table.filter(pc.not_equal(table["error"], ""))
    said = {
        source: words
        for source, *words in zip(
            *(reversed(wrong[c].to_pylist()) for c in ("source", "error", "error_type")), strict=True
        )
    }
    for place, name in enumerate(("error", "error_type")):
        words = [said.get(source, ("", ""))[place] for source in found["source"].to_pylist()]
        found = found.set_column(found.schema.get_field_index(name), name, pa.array(words, pa.string()))
    return found


def sources(plan: pa.Table) -> list[str]:
    """The inputs of planned clips, each once."""
    return list(plan["source"].unique().to_pylist())


def frames(plan: pa.Table) -> int:
    """How many frames planned clips have."""
    return int(pc.sum(pc.list_value_length(plan["indices"])).as_py() or 0)


def unreached(kind: str) -> bool:
    """Whether an error of this class says that an input could not be reached, rather than what is wrong with
    it.
    """
    named = getattr(builtins, kind, None)
    return isinstance(named, type) and issubclass(named, OSError)


def _by_content(
    source: Any, inputs: Sequence[Any], known: Mapping[str, Sequence[Any]], changed: set[str]
) -> tuple[set[str], set[str]]:
    """Those of known inputs whose content is another than their layers were made of, and those to be noted
    anew: touched, or never read before.

    ``changed``: those whose size or time is another.
    """
    with ThreadPoolExecutor(_READERS) as pool:
        digests = dict(zip((i.source for i in inputs), pool.map(source.digest, inputs), strict=True))
    told = {name for name in digests if known[name][2]}
    touched = changed & {name for name in told if digests[name] == known[name][2]}
    changed = (changed - touched) | {name for name in told if digests[name] != known[name][2]}
    return changed, touched | (digests.keys() - told - changed)


def _removed(known: Mapping[str, list[int]], inputs: Sequence[Any]) -> dict[str, str]:
    """Inputs of the kept plan that are gone, and the new one of the same size and time, if there is just one."""
    there = {item.source for item in inputs}
    new: dict[tuple[int, int], list[str]] = {}
    for item in inputs:
        if item.source not in known:
            new.setdefault((item.size, item.mtime_ns), []).append(item.source)
    found = {
        source: new.get((facts[0], facts[1]), []) for source, facts in known.items() if source not in there
    }
    return {source: names[0] if len(names) == 1 else "" for source, names in found.items()}


def _kept(sink: Any, columns: Sequence[str]) -> pa.Table | None:
    """The kept plan; none where it is not one of ours, since it can be made anew."""
    old = sink.load_plan()
    if old is not None and (missing := [name for name in columns if name not in old.column_names]):
        log.warning("%s: the kept plan has no columns %s and is made anew", sink.path, missing)
        return None
    return old


def _films(sink: Any, schema: pa.Schema) -> pa.Table:
    """The inputs of the kept plan; none where it is damaged or not one of ours, since it can be made anew."""
    empty = pa.schema([schema.field(name) for name in FACTS]).empty_table()
    try:
        missing = sink.plan_lacks(schema.names)
        if not missing:
            return pa.concat_tables(
                [empty, *(films(part) for part in sink.parts_of_plan(FACTS))]
            ).combine_chunks()
        log.warning("%s: the kept plan has no columns %s and is made anew", sink.path, missing)
    except SinkError as damaged:
        log.warning("%s: made anew", damaged)
    return empty


def _listed(source: Any) -> list[Any]:
    try:
        return list(source.inputs())
    except OSError as problem:
        raise PipelineError(f"source.path={source.path}: {problem.strerror or problem}") from problem
