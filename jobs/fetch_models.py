"""Brings the weights of models to this machine. `animelayers fetch_models --help` tells how."""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import logging
import sys
from collections.abc import Callable, Sequence

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from tqdm import tqdm

from animelayers import job, weights
from animelayers.weights import TABLE, Weights, WeightsError

log = logging.getLogger("fetch_models")


def fetch_models(cfg: DictConfig) -> int:
    """List, verify or fetch."""
    if not isinstance(cfg.verify, bool):
        raise job.ConfigError(f"verify={cfg.verify}: it is true or false")
    chosen = _chosen(cfg, HydraConfig.get().runtime.choices.get("preset"))
    if cfg.verify:
        return _each(chosen or [w for w in TABLE.values() if weights.locate(w)], _verify)
    if chosen:
        return _each(chosen, lambda w: _fetch(w, cfg.licenses))
    return _list()


def _chosen(cfg: DictConfig, preset: str | None) -> list[Weights]:
    """What is named, and what the main job needs in a preset or with some words, and annotation."""
    names = [cfg.names] if isinstance(cfg.names, str) else list(cfg.names or [])
    if preset or cfg.decompose is not None:
        words = [*([f"preset={preset}"] if preset else []), *(cfg.decompose or [])]
        main = job.compose("decompose", ["source.path=.", "output=.", *words])
        names += job.named(job.stages(main), main.source.detector)
    if cfg.annotate is not None:
        names += job.named(job.stages(job.compose("annotate", ["source.path=.", *cfg.annotate])))
    return [weights.lookup(name) for name in dict.fromkeys(map(str, names))]


def _each(chosen: Sequence[Weights], act: Callable[[Weights], None]) -> int:
    failed = 0
    for w in chosen:
        try:
            act(w)
        except WeightsError as error:
            failed += 1
            log.error("error: %s", error)
    return 0 if not failed else 1 if failed == len(chosen) else 3


def _fetch(w: Weights, licenses: DictConfig) -> None:
    weights.allowed(w.name, **licenses)
    with tqdm(desc=w.name, unit="B", unit_scale=True, leave=False, delay=0.2) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        path = weights.fetch(w.name, progress)
    _print(f"{w.name:30}{path}")


def _verify(w: Weights) -> None:
    path = weights.locate(w)
    if path is None:
        raise WeightsError(f"{w.name} is not on this machine")
    _print(f"{w.name:30}{weights.verify(path, w, again=True)}  {path}")


def _list() -> int:
    lines = [f"{'name':30}{'state':10}{'MB':>8}  {'licence':22}{'commercial':12}role"]
    for w in TABLE.values():
        size = weights.size(w)
        told = f"{size / 1e6:.1f}" if size else "?"
        gated = ", after consent" if w.gated else ""
        lines.append(
            f"{w.name:30}{_state(w):10}{told:>8}  {w.weights_license:22}{w.commercial:12}{w.role}{gated}"
        )
    lines += [
        "",
        f"folder of weights: {weights.directory()}   to fetch: animelayers fetch_models 'names=[NAME,…]' or preset=demo",
    ]
    _print(
        "\n".join(lines)
    )  # at once: it is longer than a screen, and whoever reads its head closes the pipe
    return 0


def _state(w: Weights) -> str:
    path = weights.locate(w)
    if path is None:
        return "missing"
    try:
        weights.verify(path, w)
    except WeightsError:
        return "broken"
    return "here" if weights.is_pinned(w) else "unpinned"


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    job.launch("fetch_models", fetch_models)
