"""What an output says of itself: dataset.json, the plan of its clips, and the refusal to mix two
configurations.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from animelayers.private import FULL, published
from animelayers.sinks import metadata, parquet
from animelayers.sinks.store import SinkError, Store

DATASET, PLAN, PLANS = "dataset.json", "plan.parquet", "plan"
FORMAT = 3
"""3: columns are called as `animelayers.record.former` says; 2: boxes, ids, scores and words are lists in the frame
table; 1: they are text. Both are read as 3."""
FINGERPRINTS = b"fingerprints"
_PLAN_BYTES = 2 << 20  # of a file of planned clips, before it is compressed
_PLAN_ROWS = 1 << 10  # clips that are read together: their frames are listed one by one
log = logging.getLogger(__name__)


class Changed(SinkError):
    """The output was made by stages that differ from those asked for now."""


def describe(store: Store, description: Mapping[str, Any]) -> None:
    """Write dataset.json: the format's version and `description`, plain JSON values only; of paths what
    `privacy` allows.
    """
    told = published({**description, "format": FORMAT}, _whole(description))
    text = json.dumps(told, indent=2, ensure_ascii=False, sort_keys=True)
    store.put(DATASET, "dataset", text.encode() + b"\n")


def description(store: Store) -> dict[str, Any]:
    """What dataset.json says; empty without one. Raises `SinkError` if it is damaged or from a newer version."""
    data = store.read(DATASET)
    try:
        found = json.loads(data) if data is not None else {}
        if not isinstance(found, dict):
            raise ValueError("no mapping")
        number = int(found.get("format", FORMAT))
    except (ValueError, TypeError) as damaged:
        raise SinkError(
            store.path(DATASET), f"unreadable, {damaged}", "restore it or choose another output"
        ) from None
    if number > FORMAT:
        raise SinkError(
            store.path(DATASET), f"format {number}, this package knows {FORMAT}", "update the package"
        )
    return found


def public_path(store: Store, path: str) -> str:
    """A path as the output may tell it: see `animelayers.private`."""
    try:
        whole = _whole(description(store))
    except SinkError:
        whole = False
    return str(published(path, whole))


def _whole(description: Mapping[str, Any]) -> bool:
    config = description.get("config")
    return isinstance(config, Mapping) and config.get("privacy") == FULL


def fingerprints(store: Store) -> dict[str, Any]:
    """What made the output: as dataset.json says, and where that is lost or damaged as all its tables say
    with one voice.

    Never guessed: raises `SinkError` where the tables say nothing or differ, and for a dataset.json of a
    newer version.
    """
    try:
        found = description(store).get("fingerprints")
        if isinstance(found, dict):
            return found
        lost = "says nothing of what made it" if store.exists(DATASET) else "is lost"
    except SinkError as problem:
        if "this package knows" in problem.problem:
            raise
        lost = problem.problem
    told = {parquet.footer(store, name).get(FINGERPRINTS, b"") for name in metadata.names(store)}
    if not told:
        return {}
    try:
        (only,) = told
        restored = json.loads(only)
        if not isinstance(restored, dict):
            raise ValueError("no mapping")
    except ValueError:
        remedy = "restore it, or give a new output: layers of two configurations are never mixed"
        raise SinkError(
            store.path(DATASET), f"{lost}, and its tables do not agree on what made them", remedy
        ) from None
    log.warning("%s %s: what made the output is taken from its tables", store.path(DATASET), lost)
    return restored


def save_plan(store: Store, plan: pa.Table) -> None:
    """Keep the table of planned clips beside the output, in place of what was kept."""
    store.put(PLAN, "plan", parquet.to_bytes(plan, _PLAN_ROWS))
    if names := plans(store):
        for name in names:
            store.remove(name)
        if store.has_folders:
            with store.guard(PLANS), suppress(FileNotFoundError):
                store.fs.delete_dir(store.path(PLANS))


def add_plan(store: Store, plan: pa.Table) -> None:
    """Keep the clips of more inputs, beside what is kept: what it takes does not grow with the plan."""
    there = plans(store)
    number = int(there[-1].rpartition("/")[2].removesuffix(".parquet")) + 1 if there else 0
    if not there:
        store.folder(PLANS)
    store.put(f"{PLANS}/{number:08d}.parquet", "plan", parquet.to_bytes(plan, _PLAN_ROWS))


def plans(store: Store) -> list[str]:
    """The parts of the plan that are kept beside it."""
    return [f"{PLANS}/{name}" for name in store.names(PLANS, ".parquet")]


def plan_lacks(store: Store, columns: Sequence[str]) -> list[str]:
    """Those of some columns that a part of the kept plan has not. Raises `SinkError` for one that is damaged."""
    found = [
        parquet.columns(store, name) for name in [*([PLAN] if store.exists(PLAN) else []), *plans(store)]
    ]
    return [column for column in columns if any(column not in there for there in found)]


def parts_of_plan(
    store: Store, columns: Sequence[str] | None = None, sources: Collection[str] | None = None
) -> Iterator[pa.Table]:
    """The kept plan piece by piece, or some columns of it, or the clips of some inputs; all clips of an input
    come in one piece.

    Everything is read, whatever is asked for, so that damage shows; an input that two parts know is as the
    first tells. Raises `SinkError` for a part that is damaged.
    """
    seen: set[str] = set()
    wanted = None if sources is None else pa.array(sorted(sources), pa.string())
    for name in [*([PLAN] if store.exists(PLAN) else []), *plans(store)]:
        known, own = pa.array(sorted(seen), pa.string()), set[str]()
        for piece in _whole_inputs(parquet.pieces(store, name)):
            own.update(piece["source"].to_pylist())
            piece = piece.filter(pc.invert(pc.is_in(piece["source"], known))) if seen else piece
            piece = piece if wanted is None else piece.filter(pc.is_in(piece["source"], wanted))
            if piece.num_rows:
                yield piece if columns is None else piece.select(columns)
        seen |= own


def _whole_inputs(pieces: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows, cut where another input begins."""
    held: pa.Table | None = None
    for piece in pieces:
        if "source" not in piece.column_names:
            raise SinkError(PLAN, "is no plan", "it is made anew")
        if held is not None:
            names = held["source"].to_pylist()
            cut = next((i for i in range(len(names) - 1, -1, -1) if names[i] != names[-1]), -1) + 1
            if cut:
                yield held.slice(0, cut)
            piece = pa.concat_tables([held.slice(cut), piece]).combine_chunks()
        held = piece
    if held is not None:
        yield held


def keep_plan(store: Store, sources: Collection[str]) -> None:
    """Of the kept plan leave the clips of some inputs only; a part that holds no others is not touched."""
    for name in [*([PLAN] if store.exists(PLAN) else []), *plans(store)]:
        part = parquet.read(store, name) if sources else pa.table({"source": pa.array([], pa.string())})
        kept = part.filter(pc.is_in(part["source"], pa.array(sorted(sources), pa.string())))
        if not kept.num_rows:
            store.remove(name)
        elif kept.num_rows < part.num_rows:
            store.put(name, "plan", parquet.to_bytes(kept, _PLAN_ROWS))


def settle_plan(store: Store, order: Mapping[str, int]) -> None:
    """Put the parts of a plan together, inputs in their order where it is small enough for one file; parts of
    many clips stay as they are.
    """
    names = plans(store)
    if not names:
        return
    first = [PLAN] if store.exists(PLAN) else []
    weights = {name: parquet.weight(store, name) for name in [*first, *names]}
    if sum(weights.values()) <= _PLAN_BYTES:
        plan = pa.concat_tables(list(parts_of_plan(store)), promote_options="default")
        rank = np.array([order.get(source, len(order)) for source in plan["source"].to_pylist()], np.int64)
        save_plan(store, plan.take(np.argsort(rank, kind="stable")))
        return
    run: list[str] = []
    for name in [*names, ""]:
        if run and (not name or sum(weights[each] for each in [*run, name]) > _PLAN_BYTES):
            # the first takes all: who dies before the others go reads them twice, and the first counts
            if len(run) > 1:
                whole = pa.concat_tables(
                    [parquet.read(store, each) for each in run], promote_options="default"
                )
                store.put(run[0], "plan", parquet.to_bytes(whole, _PLAN_ROWS))
                for each in run[1:]:
                    store.remove(each)
            run = []
        run += [name] if name else []


def load_plan(store: Store) -> pa.Table | None:
    """The kept plan, or None; also where it is damaged or from elsewhere, since it can be made anew."""
    try:
        parts = [
            parquet.read(store, name) for name in [*([PLAN] if store.exists(PLAN) else []), *plans(store)]
        ]
        parts = parts if len(parts) < 2 else list(parts_of_plan(store))
    except SinkError as damaged:
        log.warning("%s: made anew", damaged)
        return None
    return pa.concat_tables(parts, promote_options="default") if parts else None


def check_fingerprints(path: str, previous: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise `Changed` naming every stage and key that differs between two mappings {stage: {"fingerprint":
    hex, "config": {…}}}.

    A stage whose own values are the same but which reads from a changed one has another fingerprint, too; it
    is listed last.
    """
    if not previous:
        return
    previous, now = published(dict(previous)), published(dict(now))
    reasons, follow = [], []
    # dataset.json has them by the alphabet
    for stage in [*now, *(stage for stage in previous if stage not in now)]:
        if stage not in now or stage not in previous:
            reasons.append(f"stage {stage} was {'left out' if stage in previous else 'added'}")
        elif previous[stage].get("fingerprint") != now[stage].get("fingerprint"):
            found = list(_differences(previous[stage].get("config"), now[stage].get("config"), ""))
            reasons += [f"stage {stage}: {difference}" for difference in found]
            follow += [] if found else [stage]
    if follow and not reasons:
        reasons = [f"stage {follow[0]}: its code or its weights"]
    if reasons:
        later = (
            f" (and with it {', '.join(follow)})"
            if follow and not reasons[0].startswith(f"stage {follow[0]}:")
            else ""
        )
        remedy = "put the old values back, or give a new output: layers of two configurations are never mixed"
        raise Changed(path, f"made with other settings: {'; '.join(reasons)}{later}", remedy)


def _differences(old: Any, new: Any, key: str) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}, key=str):
            yield from _differences(
                old.get(name, _ABSENT), new.get(name, _ABSENT), f"{key}.{name}".lstrip(".")
            )
    elif old != new:
        yield f"{key or 'its settings'} was {_shown(old)}, is {_shown(new)}"


_ABSENT = object()


def _shown(value: Any) -> str:
    return "not set" if value is _ABSENT else json.dumps(value, default=str)
