"""Temporal context: curated frames and their neighbours in one folder. `animelayers expand_frames --help`
tells how.
"""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import json
import shutil
from pathlib import Path

from omegaconf import DictConfig

from animelayers import job
from animelayers.curate.expand import Neighbour, expand
from animelayers.sources.listing import PICTURES


def expand_frames(cfg: DictConfig) -> int:
    """List, choose, copy, report."""
    curated, frames = (
        _listed(path, option) for path, option in ((cfg.curated, "curated"), (cfg.source.path, "source.path"))
    )
    try:
        found = expand(curated, frames, cfg.window_size)
    except ValueError as problem:
        raise job.ConfigError(str(problem)) from None
    output = Path(cfg.output)
    output.mkdir(parents=True, exist_ok=True)
    for each in found.frames:
        _copy(each, Path(cfg.source.path), Path(cfg.curated), output)
    said = {
        "window_size": cfg.window_size,
        "curated": len(curated),
        "frames": {_name(each.path): {"of": each.of, "away": each.away} for each in found.frames},
        "missing": found.missing,
    }
    (output / "expansion.json").write_text(
        json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print(
        f"{len(curated)} curated frames, {len(found.frames)} with their neighbours in {output}; {len(found.missing)} without: see expansion.json"
    )
    return 1 if not found.frames else 3 if found.missing else 0


def _listed(path: str, option: str) -> list[str]:
    folder = Path(path)
    if not folder.is_dir():
        raise job.ConfigError(f"{option}={path} is no folder")
    return [
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.suffix.lower().encode() in PICTURES
    ]


def _copy(each: Neighbour, frames: Path, curated: Path, output: Path) -> None:
    """The picture, and the caption of the curated frame it is near; what is there stays."""
    copies = {output / _name(each.path): frames / each.path}
    caption = (curated / each.of).with_suffix(".txt")
    if caption.is_file():
        copies[(output / _name(each.path)).with_suffix(".txt")] = caption
    for there, source in copies.items():
        if not there.exists():
            part = there.with_name(f".{there.name}.part")
            shutil.copyfile(source, part)
            part.replace(there)


def _name(path: str) -> str:
    return path.replace("/", "-")


if __name__ == "__main__":
    job.launch("expand_frames", expand_frames, "curated", "source.path", "output")
