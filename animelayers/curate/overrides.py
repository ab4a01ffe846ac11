"""What a person decided about single frames of a set: kept beside it, and followed by every later run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from animelayers.curate.decide import Decisions
from animelayers.sinks.store import SinkError, Store

FILE = "overrides.json"
NONE = "none"
"""The strategy of a frame that was rejected."""


def read(store: Store) -> dict[str, str]:
    """The strategy a person gave to frames, by id; empty without a file. Raises `SinkError` for a file that
    is damaged.
    """
    try:
        found = json.loads(store.read(FILE) or b"{}")
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise ValueError("it is no mapping of frames to strategies")
        return {str(frame): strategy for frame, strategy in found.items()}
    except ValueError as damaged:
        raise SinkError(
            store.path(FILE), f"damaged, {damaged}", "restore it, or delete it to decide anew"
        ) from None


def write(store: Store, said: Mapping[str, str]) -> None:
    """Keep what a person decided."""
    store.put(
        FILE,
        "overrides",
        json.dumps(dict(said), indent=1, ensure_ascii=False, sort_keys=True).encode() + b"\n",
    )


def followed(decisions: Decisions, frames: Sequence[str], said: Mapping[str, str]) -> Decisions:
    """The decisions with those of a person in the place of what was decided; a strategy that is disabled or
    cannot be is not followed.
    """
    if not said:
        return decisions
    number = {name: s for s, name in enumerate(decisions.strategies)}
    chosen = decisions.chosen.copy()
    for i, frame in enumerate(frames):
        wanted = said.get(frame)
        if wanted == NONE:
            chosen[i] = -1
        elif wanted in number and decisions.allowed[i, number[wanted]]:
            chosen[i] = number[wanted]
    return replace(decisions, chosen=np.asarray(chosen))
