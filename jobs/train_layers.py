"""Training of LayerNet, the package's own net: composed shots in, weights out. `animelayers train_layers
--help` tells how.
"""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import json
import math
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from animelayers import job
from animelayers.sinks.store import make_folder
from animelayers.truth.kit import PartsError

if TYPE_CHECKING:  # torch takes seconds to come up, and may be missing where only a pack is composed
    from animelayers.training.loop import Plan, State

PACK, VAL, ABOUT = "pack", "val", "pack.json"
LIMIT_MB = 50
"""Megabytes of a pack that is composed into a folder of its own, to be taken elsewhere."""


def trained(cfg: DictConfig) -> int:
    """Compose what there is not yet, train, judge, write, tell."""
    if cfg.compose_only:
        folder = _packed(cfg)
        sys.stdout.write(
            f"{len(_shots(folder))} shots to train on, {len(_shots(folder / VAL))} to judge by\n  pack  {folder}\n"
        )
        return 0
    output = Path(cfg.output)
    try:
        from animelayers.training import asked, loop, page, start
    except ImportError as problem:
        raise job.ConfigError(
            f"training needs torch ({problem}): pip install 'animelayers[models]'"
        ) from None
    plan, device, begin = (
        asked.plan(cfg.plan),
        asked.device(cfg.device),
        start.chosen(str(cfg.start), cfg.seed),
    )
    folder = _packed(cfg)
    make_folder(output)
    films = _films(cfg, output)
    try:
        state = loop.train(
            plan,
            [folder, *cfg.packs, *films],
            output,
            begin,
            _shots(folder / VAL),
            device,
            _progress,
            lambda: page.write(output),
        )
    except (FileNotFoundError, ValueError) as problem:
        raise job.ConfigError(_sentence(problem)) from None
    weights = output / "layernet.safetensors"
    start.stored(state.mean, weights, _facts(cfg, plan, state))
    sys.stdout.write(f"{_told(state)}\n  weights  {weights}\n  curves   {page.write(output)}\n")
    return 0


def _packed(cfg: DictConfig) -> Path:
    """The folder of the pack, composed now unless it is given and holds shots."""
    folder = Path(cfg.pack or Path(cfg.output) / PACK)
    if cfg.pack and not cfg.compose_only and _shots(folder):
        return folder
    if cfg.films < 1 or cfg.val_films < 0:
        raise job.ConfigError(f"films={cfg.films}, val_films={cfg.val_films}: at least 1 and 0")
    if cfg.truth.split != "train":
        raise job.ConfigError(
            f"truth.split={cfg.truth.split}: nothing is trained on but train, val is kept to judge by"
        )
    from animelayers.training.compose import composed  # Ray, which a pack that is there already does without

    limit = LIMIT_MB if cfg.pack else None
    try:
        recipe, held = job.build(cfg.truth), job.build(OmegaConf.merge(cfg.truth, {"split": "val"}))
        recipe.film(cfg.seed, 0)  # what the parts cannot give is told before anything starts
        if recipe.chosen.refused:
            sys.stderr.write(f"note: {recipe.chosen.refused}\n")
        _same(cfg, folder)
        half = (recipe.size[0] // 2, recipe.size[1] // 2)
        if cfg.val_films:
            composed(held, folder / VAL, cfg.seed, cfg.val_films, cfg.cpus, half, limit_mb=limit)
        composed(recipe, folder, cfg.seed, cfg.films, cfg.cpus, half, limit_mb=limit)
    except (PartsError, FileNotFoundError, ValueError) as problem:
        raise job.ConfigError(str(problem)) from None
    return folder


def _films(cfg: DictConfig, output: Path) -> list[Path]:
    """The packs of the outputs that teach something."""
    from animelayers.training import film

    found = []
    for number, path in enumerate(cfg.outputs):
        folder = output / "film" / f"{number:03d}"
        kept, shots = film.taught(str(path), folder)
        _progress(f"{path}: {kept} of {shots} shots teach")
        found += [folder] if kept else []
    return found


def _same(cfg: DictConfig, folder: Path) -> None:
    """Note what a pack is composed by. Raises ConfigError where shots of another recipe or seed lie there."""
    truth: Any = OmegaConf.to_container(cfg.truth, resolve=True)
    truth["parts"] = truth["parts"] and Path(truth["parts"]).name
    said = json.dumps({"truth": truth, "seed": cfg.seed}, indent=1)
    make_folder(folder)
    path = folder / ABOUT
    if path.exists() and path.read_text() != said:
        raise job.ConfigError(
            f"{folder} holds shots of another recipe or seed: give another folder, or the same words as before"
        )
    path.write_text(said)


def _shots(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.shot"))


def _sentence(problem: Exception) -> str:
    """What a problem says; of one in another process the last line, which is what it said there."""
    return str(problem).strip().splitlines()[-1].removeprefix(f"{type(problem).__name__}: ")


def _facts(cfg: DictConfig, plan: Plan, state: State) -> dict[str, Any]:
    """What the file of weights says of itself: without paths, and without numbers JSON has not."""
    begun = Path(str(cfg.start)).name
    said = {
        "samples": state.done,
        "start": begun,
        "plan": asdict(plan),
        "judged": state.judged[-1] if state.judged else None,
    }
    return {key: _plain(value) for key, value in said.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _progress(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _told(state: State) -> str:
    from animelayers.training.page import MEASURES, said

    lines = [f"{state.done} drawings in {state.seconds / 60:.1f} minutes"]
    if state.judged:
        lines += [f"  {title}: {said(state.judged[-1][name])}" for name, title in MEASURES.items()]
        lines += [
            f"  figures by {source}: {value:.3f}" for source, value in state.judged[-1]["sources"].items()
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    job.launch("train_layers", trained, "output")
