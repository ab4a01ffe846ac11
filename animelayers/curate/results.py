"""What became of every frame of a set: kept beside its pictures, so that a run goes on where the last one stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from animelayers.sinks import dataset, metadata
from animelayers.sinks.store import SinkError, Store

RESULTS, PROGRESS = "results.parquet", "progress"
RESULT = pa.schema(
    [
        pa.field("frame_id", pa.string()),
        pa.field("strategy", pa.string()),
        pa.field("outputs", pa.list_(pa.string())),
        pa.field("success", pa.bool_()),
        pa.field("error", pa.string()),
    ]
)
"""A row of results.parquet: the files made of a frame, below the set, or why there are none."""
_KIND = "curated"

Result = dict[str, Any]


def claim(store: Store, settings: Mapping[str, Any]) -> None:
    """Make a folder the set of these settings, by name: of the source, of strategies.

    Raises `SinkError` for the output of another job, `Changed` for a set where one of them was another.
    """
    fingerprints = {name: {"config": node, "fingerprint": _digest(node)} for name, node in settings.items()}
    found = dataset.description(store)
    if found and found.get("kind") != _KIND:
        raise SinkError(store.root, "the output of another job", "give a new output for the set")
    previous: dict[str, Any] = found.get("fingerprints", {})
    dataset.check_fingerprints(store.root, previous, {**previous, **{name: now for name, now in fingerprints.items() if name in previous}})
    dataset.describe(store, {"kind": _KIND, "fingerprints": {**previous, **fingerprints}})


def _digest(node: Any) -> str:
    return hashlib.sha256(json.dumps(node, sort_keys=True, default=str).encode()).hexdigest()[:16]


def gathered(store: Store) -> dict[str, Result]:
    """The results so far, by frame; those a killed run left are put to the others. Only under the lock."""
    kept = metadata.read(store, RESULTS).to_pylist() if store.exists(RESULTS) else []
    parts = [f"{PROGRESS}/{name}" for name in store.names(PROGRESS, ".parquet")]
    results: dict[str, Result] = {row["frame_id"]: row for row in kept}
    for part in parts:
        results.update((row["frame_id"], row) for row in metadata.read(store, part).to_pylist())
    if parts:
        save(store, results.values())
        for part in parts:
            store.remove(part)
    return results


def save(store: Store, results: Iterable[Result]) -> None:
    """Keep results, in order of their frames."""
    rows = sorted(results, key=lambda row: row["frame_id"])
    store.put(RESULTS, "results", metadata.to_bytes(pa.Table.from_pylist(rows, RESULT)))


def standing(store: Store, results: Mapping[str, Result], strategy: Mapping[str, str], strategies: Sequence[str], retry_failed: bool) -> set[str]:
    """Frames that need not be done again: their strategy is still the same, and what it made is still there, or it failed before."""
    there = {f"{name}/{kind}/{file}" for name in strategies for kind in ("images", "masks", "captions") for file in store.names(f"{name}/{kind}", "")}

    def stands(row: Result) -> bool:
        return row["strategy"] == strategy.get(row["frame_id"]) and (there.issuperset(row["outputs"]) if row["success"] else not retry_failed)

    return {frame for frame, row in results.items() if stands(row)}


def forget(store: Store, found: Mapping[str, Result], standing: set[str], names: Iterable[str], strategies: Sequence[str]) -> None:
    """Keep the `standing` results alone, and of the files of frames called `names`, or that a dropped result speaks of, theirs alone.

    Drafts of killed runs go, too. Whatever else lies in the set's folders stays.
    """
    kept = [row for frame, row in found.items() if frame in standing]
    spoken, names = {file for row in kept for file in row["outputs"]}, set(names)
    dropped = {file for row in found.values() for file in row["outputs"]} - spoken
    if len(kept) < len(found):
        save(store, kept)
    gone = dropped | set(store.temporaries())
    for name in strategies:
        for kind in ("images", "masks", "captions"):
            for file in store.names(f"{name}/{kind}", ""):
                if f"{name}/{kind}/{file}" not in spoken and _is_of(file.rpartition(".")[0], names):
                    gone.add(f"{name}/{kind}/{file}")
    for path in sorted(gone):
        store.remove(path)


def _is_of(stem: str, names: set[str]) -> bool:
    """Whether a file is named for one of these frames: its name alone, or with '_' and more."""
    return stem in names or any(stem[:i] in names for i, letter in enumerate(stem) if letter == "_")
