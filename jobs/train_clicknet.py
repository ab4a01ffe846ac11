"""Training of ClickNet, the package's own net that finds all of what was pointed at. `animelayers train_clicknet
--help` tells how.
"""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import math
import sys
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from animelayers import job
from animelayers.sinks.store import make_folder
from animelayers.weights import WeightsError, find


def trained(cfg: DictConfig) -> int:
    """Train on packed shots, judge by others, write, tell."""
    try:
        from animelayers.training import clicknet, pack, start
    except ImportError as problem:
        raise job.ConfigError(
            f"training needs torch ({problem}): pip install 'animelayers[models]'"
        ) from None
    said: Any = OmegaConf.to_container(cfg.plan, resolve=True)
    said["minutes"] = math.inf if said["minutes"] is None else said["minutes"]
    output = Path(cfg.output)
    if not cfg.packs:
        raise job.ConfigError(
            "packs=[]: give folders of packed shots, which `animelayers train_layers compose_only=true pack=FOLDER` composes"
        )
    try:
        plan = clicknet.Plan(**{**said, "size": tuple(said["size"])})
        held = pack.listed(cfg.judge) if cfg.judge else []
        make_folder(output)
        net, facts = clicknet.train(
            plan, list(cfg.packs), list(cfg.parts), find(str(cfg.start)), output, held, _told
        )
    except (FileNotFoundError, TypeError, ValueError, WeightsError) as problem:
        raise job.ConfigError(str(problem).strip().splitlines()[-1]) from None
    weights = output / "clicknet.safetensors"
    start.stored(net, weights, facts, "clicknet")
    lines = [f"{facts['scenes']} scenes"]
    if facts["judged"]:
        each = ", ".join(f"{value:.3f}" for value in facts["judged"]["iou"])
        lines.append(
            f"of {facts['judged']['shots']} shots held back: IoU {each} after one, two and three clicks"
        )
    sys.stdout.write("\n".join([*lines, f"  weights  {weights}"]) + "\n")
    return 0


def _told(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    job.launch("train_clicknet", trained, "output")
