"""LayerNet learns from a show's corrections. `animelayers adapt --help` tells how."""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import shutil
import sys
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from animelayers import Output, job
from animelayers.sinks.store import make_folder
from animelayers.weights import find

NOTHING_GAINED = 3


def adapted(cfg: DictConfig) -> int:
    """Learn from the corrected shots, judge by those held back, keep the weights if they are better."""
    try:
        from animelayers.desk import adapt
        from animelayers.training import asked, loop, start
    except ImportError as problem:
        raise job.ConfigError(f"adapt needs torch ({problem}): pip install 'animelayers[models]'") from None
    plan, folder, begun = (
        asked.plan(cfg.plan),
        Path(cfg.weights or f"{str(cfg.output).rstrip('/')}-adapted"),
        find(str(cfg.start)),
    )
    first, device = start.from_file(begun), asked.device(cfg.device)
    output = Output(cfg.output)
    show = adapt.taught(output, cfg.trusted)
    if not show.held:
        told = "one corrected shot" if show.corrected else "no corrected shots"
        sys.stderr.write(
            f"{cfg.output} has {told}: correct two or more at the desk (animelayers desk {cfg.output}), one of them is held back to judge by\n"
        )
        return 1
    held = adapt.looks(output, show.held)
    before = loop.judged(first.to(device), held, device)
    work = folder / "training"
    make_folder(folder, "give a folder that can be written: weights=FOLDER")
    work.mkdir(exist_ok=True)
    taught = adapt.write(output, [*show.corrected, *show.trusted], work / "pack")
    # what was begun with other corrections is begun anew
    where = work / f"{taught}-{adapt.digest(begun)[:8]}"
    for old in work.iterdir():
        if old.is_dir() and old not in (where, work / "pack"):
            shutil.rmtree(old)
    sys.stderr.write(
        f"{len(show.corrected)} corrected and {len(show.trusted)} trusted shots to learn from, {len(show.held)} held back\n"
    )
    try:
        state = loop.train(
            plan, [work / "pack", *cfg.packs], where, lambda: start.from_file(begun), (), device, _progress
        )
    except (FileNotFoundError, ValueError) as problem:
        raise job.ConfigError(str(problem).strip().splitlines()[-1]) from None
    judged = adapt.Judgement(before, loop.judged(state.mean, held, device))
    sys.stdout.write("".join(f"{line}\n" for line in judged.lines()))
    weights = folder / adapt.WEIGHTS
    shutil.rmtree(work)
    if not judged.better:
        sys.stdout.write("not better on the shots held back: the weights are not taken\n")
        return NOTHING_GAINED
    start.stored(
        state.mean,
        weights,
        {
            "samples": state.done,
            "start": begun.name,
            "before": _numbers(before),
            "after": _numbers(judged.after),
        },
    )
    how = adapt.command(str(cfg.output), weights.absolute(), "NEW")
    (folder / adapt.CARD).write_text(
        adapt.card(show, judged, adapt.digest(weights), begun.name, how), encoding="utf-8"
    )
    sys.stdout.write(
        f"  weights  {weights}\n  card     {folder / adapt.CARD}\nUse them, for this show's films:\n  {how}\n"
    )
    return 0


def _numbers(judged: Any) -> dict[str, float | None]:
    return {
        name: None if value != value else value
        for name, value in judged._asdict().items()
        if isinstance(value, float)
    }


def _progress(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    job.launch("adapt", adapted, "output")
