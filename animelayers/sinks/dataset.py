"""What an output says of itself: dataset.json, the plan of its clips, and the refusal to mix two configurations."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from animelayers.private import FULL, published
from animelayers.sinks import metadata
from animelayers.sinks.store import SinkError, Store

DATASET, PLAN = "dataset.json", "plan.parquet"
FORMAT = 2
"""2: boxes, ids, scores and words are lists in the frame table; 1: they are text, and are read as lists."""
FINGERPRINTS = b"fingerprints"
log = logging.getLogger(__name__)


class Changed(SinkError):
    """The output was made by stages that differ from those asked for now."""


def describe(store: Store, description: Mapping[str, Any]) -> None:
    """Write dataset.json: the format's version and `description`, plain JSON values only; of paths what `privacy` allows."""
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
        raise SinkError(store.path(DATASET), f"unreadable, {damaged}", "restore it or choose another output") from None
    if number > FORMAT:
        raise SinkError(store.path(DATASET), f"format {number}, this package knows {FORMAT}", "update the package")
    return found


def told(store: Store, path: str) -> str:
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
    """What made the output: as dataset.json says, and where that is lost or damaged as all its tables say with one voice.

    Never guessed: raises `SinkError` where the tables say nothing or differ, and for a dataset.json of a newer version.
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
    told = {metadata.footer(store, name).get(FINGERPRINTS, b"") for name in metadata.names(store)}
    if not told:
        return {}
    try:
        (only,) = told
        restored = json.loads(only)
        if not isinstance(restored, dict):
            raise ValueError("no mapping")
    except ValueError:
        remedy = "restore it, or give a new output: layers of two configurations are never mixed"
        raise SinkError(store.path(DATASET), f"{lost}, and its tables do not agree on what made them", remedy) from None
    log.warning("%s %s: what made the output is taken from its tables", store.path(DATASET), lost)
    return restored


def save_plan(store: Store, plan: pa.Table) -> None:
    """Keep the table of planned clips beside the output."""
    store.put(PLAN, "plan", metadata.to_bytes(plan))


def load_plan(store: Store) -> pa.Table | None:
    """The kept plan, or None; also where it is damaged or from elsewhere, since it can be made anew."""
    try:
        plan = metadata.read(store, PLAN) if store.exists(PLAN) else None
    except SinkError as damaged:
        log.warning("%s: made anew", damaged)
        return None
    return plan


def check_fingerprints(path: str, previous: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise `Changed` naming every stage and key that differs between two mappings {stage: {"fingerprint": hex, "config": {…}}}.

    A stage whose own values are the same but which reads from a changed one has another fingerprint, too; it is listed last.
    """
    if not previous:
        return
    previous, now = published(dict(previous)), published(dict(now))
    reasons, follow = [], []
    for stage in [*now, *(stage for stage in previous if stage not in now)]:  # dataset.json has them by the alphabet
        if stage not in now or stage not in previous:
            reasons.append(f"stage {stage} was {'left out' if stage in previous else 'added'}")
        elif previous[stage].get("fingerprint") != now[stage].get("fingerprint"):
            found = list(_differences(previous[stage].get("config"), now[stage].get("config"), ""))
            reasons += [f"stage {stage}: {difference}" for difference in found]
            follow += [] if found else [stage]
    if follow and not reasons:
        reasons = [f"stage {follow[0]}: its code or its weights"]
    if reasons:
        later = f" (and with it {', '.join(follow)})" if follow and not reasons[0].startswith(f"stage {follow[0]}:") else ""
        remedy = "put the old values back, or give a new output: layers of two configurations are never mixed"
        raise Changed(path, f"made with other settings: {'; '.join(reasons)}{later}", remedy)


def _differences(old: Any, new: Any, key: str) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}, key=str):
            yield from _differences(old.get(name, _ABSENT), new.get(name, _ABSENT), f"{key}.{name}".lstrip("."))
    elif old != new:
        yield f"{key or 'its settings'} was {_shown(old)}, is {_shown(new)}"


_ABSENT = object()


def _shown(value: Any) -> str:
    return "not set" if value is _ABSENT else json.dumps(value, default=str)
