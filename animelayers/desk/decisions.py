"""Decisions of a curated set: each frame's strategy with its reasons, accepted, changed or rejected by a
person, and thresholds fitted to that.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import OmegaConf

from animelayers.curate import aim, overrides
from animelayers.curate.aim import Aimed
from animelayers.curate.analyse import METRICS, analyse
from animelayers.curate.decide import KNOWN
from animelayers.curate.goals import Goals, goals
from animelayers.curate.tune import Tuned, tune
from animelayers.desk.form import composed
from animelayers.sinks import dataset, parquet
from animelayers.sinks.store import SinkError, Store

FILE = "decisions.parquet"

_SAYING = threading.Lock()  # a decision is read, changed and written


def is_set(path: str) -> bool:
    """Whether a folder holds a curated set with decisions."""
    store = Store(path)
    try:
        return store.exists(FILE) and dataset.description(store).get("kind") == "curated"
    except SinkError:
        return False


def described(path: str) -> dict[str, Any]:
    """The decisions of a set, the least sure first, and what a person said of them. Raises `SinkError` where
    they cannot be read.
    """
    store = Store(path)
    rows = parquet.read(store, FILE).to_pylist()
    said = overrides.read(store)
    found = [
        {
            "frame_id": row["frame_id"],
            "strategy": row["strategy"],
            "confidence": row.get("confidence"),
            "reasoning": row.get("reasoning") or "",
            "said": said.get(row["frame_id"], ""),
            **{name: row.get(name) for name in METRICS},
        }
        for row in rows
    ]
    found.sort(key=lambda row: (row["confidence"] if row["confidence"] is not None else 0, row["frame_id"]))
    counts = {
        name: sum((row["said"] or row["strategy"]) == name for row in found)
        for name in [*KNOWN, overrides.NONE]
    }
    return {"rows": found, "strategies": [*KNOWN], "counts": counts, "said": len(said)}


def say(path: str, frame_id: str, strategy: str) -> None:
    """Keep what a person decided of a frame; '' takes it back. Raises ValueError for a strategy or a frame
    that there is not.
    """
    store = Store(path)
    if strategy not in ("", overrides.NONE, *KNOWN):
        raise ValueError(
            f"{strategy!r} is no strategy: {', '.join(KNOWN)}, or {overrides.NONE} to reject the frame"
        )
    frames = set(parquet.read(store, FILE, ["frame_id"])["frame_id"].to_pylist())
    if frame_id not in frames:
        raise ValueError(f"frame {frame_id!r} is not in the set")
    with _SAYING:
        said = overrides.read(store)
        said.pop(frame_id, None)
        overrides.write(store, {**said, **({frame_id: strategy} if strategy else {})})


def tuned(path: str) -> tuple[Tuned, Path]:
    """Thresholds fitted to what was decided in a set, written to SET/tuned_thresholds.yaml. Raises ValueError
    for too few decisions.
    """
    store = Store(path)
    analysis = analyse(parquet.read(store, FILE))
    somebody = analysis.instance_count > 0
    allowed = np.stack([np.ones(len(analysis), bool), somebody, somebody, somebody], 1)
    found = tune(analysis, _goals(), allowed, overrides.read(store))
    store.put("tuned_thresholds.yaml", "tune", found.text().encode())
    return found, Path(store.path("tuned_thresholds.yaml"))


def aimed(path: str, scored: Mapping[str, Any]) -> tuple[Aimed, Path]:
    """Needs and targets that follow a validation result, by trait, written to SET/aimed.yaml. Raises
    ValueError for scores that are none.
    """
    store = Store(path)
    found = aim.aim(analyse(parquet.read(store, FILE)), _goals(), aim.scores(scored, "the result"))
    store.put(aim.FILE, "aim", found.text().encode())
    return found, Path(store.path(aim.FILE))


def _goals() -> Goals:
    plain: Any = OmegaConf.to_container(composed("curate").decision, resolve=True)
    return goals(plain, KNOWN)
