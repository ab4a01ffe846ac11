"""The stages of a configuration, and how a run goes about them."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf

from animelayers.engine.cluster import INLINE
from animelayers.engine.placement import Stage, holds_net, spread
from animelayers.job.building import make
from animelayers.job.errors import ConfigError
from animelayers.job.order import in_order


def stages(cfg: DictConfig, only: Sequence[str] | None = None) -> dict[str, Stage]:
    """The stages of a configuration, between `start_stage` and `end_stage` or `only` those named, as
    `order.in_order` has them.

    Steps and their models are built in the workers.
    """
    names = list(cfg.stages)
    for option in ("start_stage", "end_stage"):
        if cfg.get(option) and cfg[option] not in names:
            near = difflib.get_close_matches(cfg[option], names, 1)
            raise ConfigError(
                f"{option}={cfg[option]} is no stage; {f'did you mean {near[0]}?' if near else f'there is: {names}'}"
            )
    first = names.index(cfg.start_stage) if cfg.get("start_stage") else 0
    last = names.index(cfg.end_stage) if cfg.get("end_stage") else len(names)
    chosen = (
        [name for i, name in enumerate(names) if first <= i <= last or name == "encode"]
        if only is None
        else only
    )
    made = {}
    for name in chosen:
        node = OmegaConf.to_container(cfg.stages[name], resolve=True)
        assert isinstance(node, dict)
        if "step" not in node:
            raise ConfigError(f"stage {name} has no step: choose one with stage@stages.{name}=NAME")
        made[name] = Stage(
            **{str(key): make(value, lazily=True) for key, value in node.items() if key != "_target_"}
        )
    following = [name for name in made if OmegaConf.is_interpolation(cfg.stages[name], "gpus")]
    placed = spread(in_order(made), following, int(OmegaConf.select(cfg, "placement.share", default=1)))
    _given(cfg, placed)
    return placed


def _given(cfg: DictConfig, made: Mapping[str, Stage]) -> None:
    """Refuse a device that a stage was not given, or that is not there. Without Ray a process may take what
    the machine has.
    """
    for name, stage in made.items():
        asked = str(OmegaConf.select(cfg, "device", default="auto"))
        if (
            asked == "cuda"
            and holds_net(stage.step)
            and not stage.gpus
            and OmegaConf.select(cfg, "cluster.address", default=INLINE) != INLINE
        ):
            raise ConfigError(
                f"device=cuda, and stage {name} is given no GPU: choose preset=one_gpu, or give it one with stages.{name}.gpus=1"
            )
        if asked == "mps" and sys.platform != "darwin":
            raise ConfigError("device=mps: only Macs have it; auto takes what there is")


def conduct(cfg: DictConfig) -> dict[str, Any]:
    """How `run.run` goes about it, from a configuration: the cluster, what is done again, and how long one
    stage may take for one clip.
    """
    again: dict[str, Any] = {
        name: bool(cfg.get(name, False))
        for name in ("retry_failed", "redo_changed", "take_over", "mend", "drop_removed")
    }
    again |= {"time_limit": cfg.time_limit, "verify": cfg.get("verify", False)}
    if again["verify"] not in (True, False, "hash"):
        raise ConfigError(f"verify={again['verify']}: it is true (the output), hash (the inputs) or false")
    place = {name: cfg.cluster.get(name) for name in ("address", "cpus", "processes")}
    return {**place, "small": cfg.cluster.get("small") or 0, **again}
