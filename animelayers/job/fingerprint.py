"""What the output of each stage depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from omegaconf import DictConfig, OmegaConf

from animelayers.engine.placement import Stage
from animelayers.job.weights import arguments, of_weights
from animelayers.options import PLACED, hints, marked
from animelayers.record.former import FIRST
from animelayers.weights import TABLE, digest, own

READ = ("aspect", "hdr", "deinterlace", "damaged", "alpha", "mattes", "sequence", "rate")
"""Options of a source that say how its pictures are read."""


def fingerprints(cfg: DictConfig, made: Mapping[str, Stage]) -> dict[str, Any]:
    """Per stage, and for the source's sampling, what its output depends on: class, version, options, weights,
    and the stages before.

    Placement is left out: where a stage runs never changes what it makes.
    """
    source = {
        key: cfg.source[key]
        for key in ("every", "fps", "start", "end", "detector", "held", "context", *READ)
        if key in cfg.source
    }
    prints: dict[str, Any] = {"source": {"config": source, "fingerprint": _digest(source)}}
    writers = {"frames": "source"}
    for name, stage in made.items():
        step = stage.kind
        config = OmegaConf.to_container(cfg.stages[name].step, resolve=False)
        upstream = sorted({writers[c] for c in step.reads + step.wants if c in writers})
        facts = [
            f"{step.__module__}.{step.__qualname__}",
            step.version,
            plain(stage.step),
            [prints[w]["fingerprint"] for w in upstream],
        ]
        prints[name] = {"config": config, "fingerprint": _digest(facts)}
        writers.update({column: name for column in step.writes})
    return prints


def plain(value: Any, hint: Any = Any) -> Any:
    """A partial as nested lists, weights by their digest, without the options that are marked as never
    changing what comes out.
    """
    if isinstance(value, partial):
        told = hints(value.func)  # type: ignore[arg-type]
        options = {
            FIRST.get(k, k): plain(v, told.get(k, Any))
            for k, v in sorted(arguments(value).items())
            if not marked(told.get(k, Any), PLACED)
        }
        return [f"{value.func.__module__}.{value.func.__qualname__}", options]
    if isinstance(value, dict):
        return {FIRST.get(key, key): plain(v) for key, v in sorted(value.items())}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if not isinstance(value, str) or not of_weights(hint):
        return value
    return (digest(value) if value in TABLE else own(value)) or value


def _digest(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:16]
