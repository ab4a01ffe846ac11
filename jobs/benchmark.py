"""Speed and memory beside what a user would write today. `animelayers benchmark --help` tells how."""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import difflib
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from decompose import decompose
from omegaconf import DictConfig, OmegaConf

from animelayers import job
from animelayers.benchmark import (
    again,
    composing,
    decide,
    encode,
    held,
    host,
    lama,
    masks,
    memory,
    metrics,
    nets,
    process,
    race,
    read,
    scale,
    track,
    trust,
)
from animelayers.benchmark.figures import Figure, markdown
from animelayers.benchmark.film import draw
from animelayers.curate.decide import KNOWN
from animelayers.curate.goals import goals
from animelayers.models.lama import trusted
from animelayers.samples import scene
from animelayers.sources import Files

Measured = tuple[list[Figure], dict[str, Any]]


def benchmark(cfg: DictConfig) -> int:
    """Measure the chosen parts one after the other, print the table and write the report."""
    for name in cfg.parts:
        if name not in PARTS:
            near = difflib.get_close_matches(name, PARTS, 1)
            raise job.ConfigError(
                f"parts={name}: {f'did you mean {near[0]}?' if near else f'there is {list(PARTS)}'}"
            )
    host.limit(cfg.cores)
    report: dict[str, Any] = {
        "host": host.describe(),
        "config": OmegaConf.to_container(cfg, resolve=True),
        "parts": {},
    }
    figures: list[Figure] = []
    for name in cfg.parts:
        with TemporaryDirectory(prefix=f"benchmark-{name}-", dir=cfg.scratch) as folder:
            load = host.load()
            try:
                found, rounds = PARTS[name](cfg, Path(folder))
            except process.Failed as problem:
                sys.stderr.write(f"error: {problem}\n")
                return 1
        figures += found
        report["parts"][name] = {
            "load": [load, host.load()],
            "figures": [figure.facts() for figure in found],
            **rounds,
        }
        Path(cfg.report).write_text(json.dumps(report, indent=1))
    sys.stdout.write(f"{host.title(report['host'])}\n\n{markdown(figures)}\n")
    return 0


def _encode(cfg: DictConfig, folder: Path) -> Measured:
    composed = job.compose("decompose", [f"source.path={folder}", f"output={folder}", *cfg.decompose])
    return encode.measure(job.stages(composed), folder, tuple(cfg.encode.size), cfg.encode.rounds)


def _race(cfg: DictConfig, folder: Path) -> Measured:
    truth = None if cfg.film else folder / "truth"
    film = Path(cfg.film) if cfg.film else draw(folder, cfg.frames, tuple(cfg.size), truth)
    return race.measure(film.resolve(), truth, cfg.models, folder, cfg.race.rounds, cfg.cores, cfg.decompose)


def _memory(cfg: DictConfig, folder: Path) -> Measured:
    return memory.measure(
        folder,
        cfg.memory.frames,
        tuple(cfg.size),
        cfg.memory.rounds,
        cfg.cores,
        cfg.memory.shot,
        cfg.decompose,
    )


def _held(cfg: DictConfig, folder: Path) -> Measured:
    film = Path(cfg.film) if cfg.film else draw(folder, cfg.held.frames, tuple(cfg.size))
    return held.measure(film.resolve(), cfg.models[0], folder, cfg.held.rounds, cfg.cores, cfg.decompose)


def _again(cfg: DictConfig, folder: Path) -> Measured:
    def compose(*words: str) -> again.Parts:
        composed = job.compose("decompose", list(words))
        return again.Parts(
            job.build(composed.source),
            job.build(composed.sink),
            job.fingerprints(composed, job.stages(composed)),
        )

    return again.measure(compose, folder, cfg.again.frames, cfg.again.rounds, cfg.decompose, cfg.again.warm)


def _read(cfg: DictConfig, folder: Path) -> Measured:
    return read.measure(folder, cfg.read.frames, cfg.read.rounds)


def _trust(cfg: DictConfig, folder: Path) -> Measured:
    film = draw(folder / "film", cfg.trust.frames, tuple(cfg.size))

    def run(output: Path) -> int:
        words = [
            f"source.path={film}",
            f"output={output}",
            "cluster=inline",
            "cluster.processes=0",
            *cfg.decompose,
        ]
        return decompose(job.compose("decompose", words))

    return trust.measure(run, folder, cfg.trust.rounds)


def _scale(cfg: DictConfig, folder: Path) -> Measured:
    size: Any = OmegaConf.to_container(cfg.scale)
    return scale.measure(folder, size.pop("frames"), size)


def _metrics(cfg: DictConfig, folder: Path) -> Measured:
    return metrics.measure(tuple(cfg.metrics.size), cfg.metrics.rounds)


def _decide(cfg: DictConfig, folder: Path) -> Measured:
    wanted: Any = OmegaConf.to_container(
        job.compose("curate", ["source.path=.", f"output={folder}"]).decision
    )
    return decide.measure(cfg.decide.frames, goals(wanted, KNOWN), cfg.decide.rounds)


def _lama(cfg: DictConfig, folder: Path) -> Measured:
    picture = Path(cfg.lama.picture) if cfg.lama.picture else None
    script = trusted(cfg.lama.weights) if cfg.lama.weights else lama.costly(folder / "lama.pt")
    return lama.measure(script, picture, tuple(cfg.lama.size), cfg.lama.rounds, cfg.cores)


def _masks(cfg: DictConfig, folder: Path) -> Measured:
    size, count = tuple(cfg.masks.size), cfg.masks.frames
    if cfg.masks.source:
        source = Files(cfg.masks.source, limit=count)
        pictures = [frame for row in source.read(source.scan(source.inputs())) for frame in row["frames"]]
    else:
        pictures = list(scene("crossing", count, size).frames)
    return masks.measure(pictures[:count], folder, cfg.masks.points_per_side, cfg.masks.rounds)


def _nets(cfg: DictConfig, folder: Path) -> Measured:
    try:
        return nets.measure(cfg.nets.names, cfg.nets.batches, tuple(cfg.nets.size), cfg.nets.rounds, folder)
    except ValueError as problem:
        raise job.ConfigError(str(problem)) from problem


def _track(cfg: DictConfig, folder: Path) -> Measured:
    def tracker(name: str) -> Any:
        return job.build(
            job.compose(
                "decompose", [f"source.path={folder}", f"output={folder}", f"model/track={name}"]
            ).stages.track.step.tracker
        )

    drawn = None if cfg.track.source else scene("walk", cfg.track.frames, tuple(cfg.size))
    try:
        shot = (
            track.folder(Path(cfg.track.source))
            if drawn is None
            else (list(drawn.frames), list(drawn.character > 127))
        )
    except ValueError as problem:
        raise job.ConfigError(str(problem)) from problem
    return track.measure(shot, {name: partial(tracker, name) for name in cfg.track.names})


def _desk(cfg: DictConfig, folder: Path) -> Measured:
    from animelayers.desk import load  # the desk's packages may be missing where something else is measured

    film = draw(folder / "film", 12, (320, 180))
    code = decompose(
        job.compose(
            "decompose",
            [
                f"source.path={film}",
                f"output={folder}/layers",
                "cluster=inline",
                "preset=demo",
                *cfg.decompose,
            ],
        )
    )
    if code:
        raise job.ConfigError(f"decompose ended with {code}")
    load.multiplied(f"{folder}/layers", cfg.desk.frames)
    return load.measure(f"{folder}/layers", folder, cfg.desk.tabs, cfg.desk.rounds)


def _compose(cfg: DictConfig, folder: Path) -> Measured:
    recipe = job.build(job.compose("compose", [f"output={folder}", *cfg.compose.overrides]).truth)
    return composing.measure(recipe, cfg.compose.films, cfg.compose.rounds, cfg.cores)


PARTS: dict[str, Callable[[DictConfig, Path], Measured]] = {
    "encode": _encode,
    "race": _race,
    "held": _held,
    "memory": _memory,
    "again": _again,
    "metrics": _metrics,
    "decide": _decide,
    "compose": _compose,
    "lama": _lama,
    "masks": _masks,
    "nets": _nets,
    "track": _track,
    "read": _read,
    "trust": _trust,
    "desk": _desk,
    "scale": _scale,
}


if __name__ == "__main__":
    job.launch("benchmark", benchmark)
