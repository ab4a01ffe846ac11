"""What the configuration of a job asks of a training."""

from __future__ import annotations

import math
from typing import Any

from omegaconf import DictConfig, OmegaConf

from animelayers.job import ConfigError
from animelayers.models.device import pick
from animelayers.training.loop import Plan


def plan(asked: DictConfig) -> Plan:
    """The plan of a training. Raises `ConfigError` for one that makes no sense."""
    said: Any = OmegaConf.to_container(asked, resolve=True)
    said["minutes"] = math.inf if said["minutes"] is None else said["minutes"]
    said["hold"] = tuple(said.get("hold", ()))
    try:
        return Plan(**{**said, "sizes": tuple(map(tuple, said["sizes"]))})
    except (TypeError, ValueError) as problem:
        raise ConfigError(f"plan: {problem}") from None


def device(name: str) -> str:
    """The device that is trained on. Raises `ConfigError` for one that is not there."""
    try:
        return pick(name)  # type: ignore[arg-type]
    except (RuntimeError, ValueError) as problem:
        raise ConfigError(str(problem)) from None
