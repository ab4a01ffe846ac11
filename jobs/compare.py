"""What got better and what got worse between two results or two outputs. `animelayers compare --help` tells
how.
"""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import sys
from functools import partial
from pathlib import Path

from omegaconf import DictConfig

from animelayers import job
from animelayers.dataset.output import Output
from animelayers.quality import compare, result
from animelayers.quality.agreement import agreement
from animelayers.quality.difference import differences, markdown
from animelayers.quality.score import score
from animelayers.quality.truth_folder import TruthFolder
from animelayers.quality.truth_set import TruthSet


def compared(cfg: DictConfig) -> int:
    """Read both sides, score them where a truth is given, print what differs and write a page."""
    sides = {name: Path(cfg[name]) for name in ("a", "b")}
    folder = Path(cfg.output or sides["b"] / "compare")
    if not cfg.truth and not all(map(result.is_result, sides.values())):
        told = agreement(*(Output(str(path)) for path in sides.values()))
        if not told["frames"]:
            raise job.ConfigError(f"{cfg.a} and {cfg.b} have no frame of a film in common")
        compare.write_outputs(told, sides, folder)
        sys.stdout.write(f"{compare.agreed(told)}\n\n{folder}/index.html\n")
        return 0
    try:
        rows, pictures = (
            _scored(cfg, sides, folder)
            if cfg.truth
            else compare.sides(sides, {"a": cfg.system_a, "b": cfg.system_b})
        )
    except (FileNotFoundError, KeyError) as problem:
        raise job.ConfigError(str(problem.args[0] if isinstance(problem, KeyError) else problem)) from None
    found = differences(rows["a"], rows["b"], cfg.seed)
    if not found:
        raise job.ConfigError(
            f"{cfg.a} and {cfg.b} have no shot in common: score both on one truth, truth=FOLDER"
        )
    compare.write(found, rows, pictures, sides, folder)
    sys.stdout.write(f"{markdown(found)}\n\n{folder}/index.html\n")
    return 0


def _scored(cfg: DictConfig, sides: dict[str, Path], folder: Path) -> tuple[compare.Sides, compare.Pictures]:
    """Both outputs against a truth."""
    truth = Path(cfg.truth)
    opened = (
        partial(TruthSet, truth)
        if (truth / "metadata").is_dir()
        else partial(TruthFolder, truth, folder / "inputs")
    )
    rows, pictures = score(opened, {name: str(path) for name, path in sides.items()}, cfg.workers)
    return {name: result.only(rows, name) for name in sides}, pictures


if __name__ == "__main__":
    job.launch("compare", compared, "a", "b")
