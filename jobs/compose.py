"""Truth sets: animation composed from parts, with its layers known. `animelayers compose --help` tells how."""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import sys

from omegaconf import DictConfig, OmegaConf

from animelayers import job
from animelayers.truth.compose import FILMS, compose
from animelayers.truth.kit import PartsError


def composed(cfg: DictConfig) -> int:
    """Compose, tell where it lies."""
    if cfg.shots < 1:
        raise job.ConfigError(f"shots={cfg.shots}: at least 1")
    try:
        recipe = job.build(cfg.truth)
        recipe.film(cfg.seed, 0)  # what the parts cannot give is told before anything starts
        if recipe.chosen.refused:
            sys.stderr.write(f"note: {recipe.chosen.refused}\n")
        found = compose(recipe, cfg.output, cfg.seed, cfg.shots, cfg.cpus, OmegaConf.to_container(cfg.truth))
    except (PartsError, FileNotFoundError, ValueError) as problem:
        raise job.ConfigError(str(problem)) from None
    sys.stdout.write(
        f"{len(found)} frames of {cfg.shots} shots\n  films  {cfg.output}/{FILMS}\n  truth  {cfg.output}\n  card   {cfg.output}/README.md\n"
    )
    return 0


if __name__ == "__main__":
    job.launch("compose", composed, "output")
