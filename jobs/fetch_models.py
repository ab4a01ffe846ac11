"""Brings the weights of models to this machine. `python jobs/fetch_models.py --help` tells how."""

from __future__ import annotations

import difflib
import logging
import sys
from collections.abc import Callable, Sequence

import hydra
from omegaconf import DictConfig
from tqdm import tqdm

from animelayers import weights
from animelayers.weights import TABLE, Weights, WeightsError

log = logging.getLogger("fetch_models")

DONE, NOTHING, BAD_CONFIGURATION, SOME_FAILED = 0, 1, 2, 3


class Exit(SystemExit):
    """Ends the job with its own exit code; any other end is Hydra's refusal of the command line."""


@hydra.main(version_base=None, config_path="../conf", config_name="fetch_models")
def main(cfg: DictConfig) -> None:
    """List, verify or fetch."""
    try:
        chosen = _chosen(cfg)
        if not isinstance(cfg.verify, bool):
            raise WeightsError(f"verify={cfg.verify}: it is true or false")
    except WeightsError as error:
        log.error("%s", error)
        raise Exit(BAD_CONFIGURATION) from None
    if cfg.verify:
        raise Exit(_each(chosen or [w for w in TABLE.values() if weights.locate(w)], _verify))
    if chosen:
        raise Exit(_each(chosen, _fetch))
    _list()
    raise Exit(DONE)


def _chosen(cfg: DictConfig) -> list[Weights]:
    names = [cfg.names] if isinstance(cfg.names, str) else list(cfg.names or [])
    presets = {preset: None for w in TABLE.values() for preset in w.presets}
    if cfg.preset is not None and cfg.preset not in presets:
        near = difflib.get_close_matches(str(cfg.preset), presets, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise WeightsError(f"preset={cfg.preset}: there is no such preset: {hint}known are {', '.join(presets)}")
    chosen = [weights.lookup(str(name)) for name in names] + [w for w in TABLE.values() if cfg.preset in w.presets]
    return list(dict.fromkeys(chosen))


def _each(chosen: Sequence[Weights], act: Callable[[Weights], None]) -> int:
    failed = 0
    for w in chosen:
        try:
            act(w)
        except WeightsError as error:
            failed += 1
            log.error("%s", error)
    return DONE if not failed else NOTHING if failed == len(chosen) else SOME_FAILED


def _fetch(w: Weights) -> None:
    if w.licence.commercial != "yes":
        log.warning("%s: licence of the weights %s, commercial use: %s", w.name, w.licence.weights, w.licence.commercial)
    with tqdm(desc=w.name, unit="B", unit_scale=True, unit_divisor=1000, leave=False, disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        path = weights.fetch(w.name, progress)
    _say(f"{w.name}  {path}")


def _verify(w: Weights) -> None:
    path = weights.locate(w)
    if path is None:
        raise WeightsError(f"{w.name} is not here")
    weights.verify(path, w, again=True)
    _say(f"{w.name}  {w.digest}  {path}")


def _list() -> None:
    _say(f"{'name':22}{'state':9}{'MB':>7}  {'licence':14}{'commercial':12}presets")
    for w in TABLE.values():
        size = f"{w.size / 1e6:.1f}" if w.size else "?"
        licence = w.licence
        _say(f"{w.name:22}{_state(w):9}{size:>7}  {licence.weights:14}{licence.commercial:12}{' '.join(w.presets)}".rstrip())
    _say(f"\nfolder of weights: {weights.directory()}   fetch: python jobs/fetch_models.py 'names=[NAME,…]' or preset=demo")


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
    try:
        main()
    except KeyboardInterrupt:
        log.error("interrupted; nothing half fetched was left")
        raise SystemExit(130) from None
    except Exit:
        raise
    except SystemExit as end:
        raise SystemExit(BAD_CONFIGURATION if end.code else DONE) from None
