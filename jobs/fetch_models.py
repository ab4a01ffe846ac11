"""Brings the weights of models to this machine. `python jobs/fetch_models.py --help` tells how."""

from __future__ import annotations

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
    preset = HydraConfig.get().runtime.choices.get("preset")
    names = [cfg.names] if isinstance(cfg.names, str) else list(cfg.names or [])
    chosen = [weights.lookup(str(name)) for name in names] + [w for w in TABLE.values() if preset in w.presets]
    if cfg.verify:
        return _each(chosen or [w for w in TABLE.values() if weights.locate(w)], _verify)
    if chosen:
        return _each(list(dict.fromkeys(chosen)), _fetch)
    return _list()


def _each(chosen: Sequence[Weights], act: Callable[[Weights], None]) -> int:
    failed = 0
    for w in chosen:
        try:
            act(w)
        except WeightsError as error:
            failed += 1
            log.error("error: %s", error)
    return 0 if not failed else 1 if failed == len(chosen) else 3


def _fetch(w: Weights) -> None:
    if w.commercial != "yes":
        log.warning("%s: licence of the weights: %s, free for commercial use: %s", w.name, w.weights_license, w.commercial)
    with tqdm(desc=w.name, unit="B", unit_scale=True, leave=False, delay=0.2) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        path = weights.fetch(w.name, progress)
    _say(f"{w.name:22}{path}")


def _verify(w: Weights) -> None:
    path = weights.locate(w)
    if path is None:
        raise WeightsError(f"{w.name} is not on this machine")
    weights.verify(path, w, again=True)
    _say(f"{w.name:22}{w.digest}  {path}")


def _list() -> int:
    _say(f"{'name':22}{'state':9}{'MB':>6}  {'licence':14}{'commercial':12}presets")
    for w in TABLE.values():
        size = f"{w.size / 1e6:.1f}" if w.size else "?"
        _say(f"{w.name:22}{_state(w):9}{size:>6}  {w.weights_license:14}{w.commercial:12}{' '.join(w.presets)}".rstrip())
    _say(f"\nfolder of weights: {weights.directory()}   to fetch: python jobs/fetch_models.py 'names=[NAME,…]' or preset=demo")
    return 0


def _state(w: Weights) -> str:
    path = weights.locate(w)
    if path is None:
        return "missing"
    try:
        weights.verify(path, w)
    except WeightsError:
        return "broken"
    return "here"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    job.launch("fetch_models", fetch_models)
