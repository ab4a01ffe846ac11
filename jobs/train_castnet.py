"""Training of CastNet, the package's own net that knows people again. `animelayers train_castnet --help` tells
how.
"""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from animelayers import job
from animelayers.sinks.store import make_folder

if TYPE_CHECKING:  # torch takes seconds to come up
    from animelayers.training.castnet import Album

ALBUM = "album.npz"


def trained(cfg: DictConfig) -> int:
    """Show people as films do, train, judge by hands held back, write, tell."""
    try:
        from animelayers.training import castnet, start
    except ImportError as problem:
        raise job.ConfigError(
            f"training needs torch ({problem}): pip install 'animelayers[models]'"
        ) from None
    said: Any = OmegaConf.to_container(cfg.plan, resolve=True)
    try:
        plan = castnet.Plan(**{**said, "hold": tuple(said["hold"])})
        album = _album(cfg)
        net, facts = castnet.train(plan, album, _told)
    except (FileNotFoundError, TypeError, ValueError) as problem:
        raise job.ConfigError(str(problem)) from None
    weights = Path(cfg.output) / "castnet.safetensors"
    start.stored(net, weights, facts, "castnet")
    held = facts["held"]
    lines = [f"{facts['people']} people of {facts['hands']} hands, {facts['views']} views"]
    if held:
        lines.append(
            f"of {held['people']} people of hands held back: precision {held['precision']}, nearest {held['first']}"
        )
    sys.stdout.write("\n".join([*lines, f"  weights  {weights}"]) + "\n")
    return 0


def _album(cfg: DictConfig) -> Album:
    """What people are learned from: made now unless it lies there."""
    from animelayers.training import cels
    from animelayers.training.castnet import Album

    path = Path(cfg.output) / ALBUM
    folders = [str(folder) for folder in cfg.parts]
    about = f"{sorted(Path(folder).name for folder in folders)} {cfg.people} {cfg.seed}"
    if path.is_file():
        with np.load(path) as held:
            if str(held["about"]) != about:
                raise ValueError(
                    f"{path} was made of other parts, people or another seed: give another folder, or the same words as before"
                )
            return Album(held["views"], held["person"], held["hands"].tolist())
    make_folder(path.parent)
    made = cels.album(
        cels.people(folders, cfg.people, _show), cels.scenery(folders, cfg.seed), cfg.seed, _show
    )
    part = path.with_name(f".part.{path.name}")
    np.savez(part, views=made.views, person=made.person, hands=np.array(made.hands), about=np.array(about))
    part.replace(path)
    return made


def _show(steps: Sequence[Any], what: str) -> Iterable[Any]:
    return tqdm(steps, desc=what, dynamic_ncols=True, leave=False, disable=None)


def _told(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    job.launch("train_castnet", trained, "output")
