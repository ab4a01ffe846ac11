"""Whether this machine's GPU works with the package, and how fast. `animelayers gpu_check --help` tells how."""

from __future__ import annotations

import difflib
import json
import sys
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from animelayers import job
from animelayers.benchmark import card, host


def checked(cfg: DictConfig) -> int:
    """Go through the steps, a line for each as it ends, and write the report."""
    if cfg.device not in ("cuda", "cpu"):
        raise job.ConfigError(f"device={cfg.device}: cuda, or cpu to try the check itself")
    for name in cfg.steps:
        if name not in card.STEPS:
            near = difflib.get_close_matches(name, card.STEPS, 1)
            raise job.ConfigError(
                f"steps={name}: {f'did you mean {near[0]}?' if near else f'there is {list(card.STEPS)}'}"
            )
    tried = OmegaConf.to_container(cfg.sizes[cfg.device], resolve=True)
    assert isinstance(tried, dict)
    size = card.Size(
        **{str(key): tuple(value) if isinstance(value, list) else value for key, value in tried.items()}
    )
    machine = host.describe()
    sys.stdout.write(f"{host.title(machine)}\n")
    results = []
    for result in card.check(cfg.device, size, {name: cfg.limits[name] for name in cfg.steps}, cfg.seconds):
        results.append(result)
        sys.stdout.write(f"{result.state:<8}  {result.step:<9} {result.seconds:6.1f} s  {result.told}\n")
        sys.stdout.flush()
        if cfg.report:
            Path(cfg.report).write_text(
                json.dumps(
                    {"host": machine, "device": cfg.device, "steps": [r._asdict() for r in results]}, indent=1
                )
            )
    return 3 if any(result.state == "failed" for result in results) else 0


if __name__ == "__main__":
    job.launch("gpu_check", checked)
