"""Systems: the main job with some overrides, run on the films of a truth; what is there already is not run
again.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.compute as pc
from omegaconf import DictConfig, OmegaConf

import animelayers
from animelayers import job
from animelayers.benchmark.process import metered
from animelayers.dataset.output import Output
from animelayers.quality.memory import Remembered
from animelayers.quality.truths import Truth, digest

COST = "cost.json"
ANEW, KEEP, RECALL, ASK = "anew", "keep", "recall", "ask"
"""Whether the nets are asked anew; asked, and what they say kept; only what was kept is used; or the nets
asked where nothing was.
"""
_ROOMS = ("imaging", "models", "shot", "sources", "stages", "weights")
Decompose = Callable[[DictConfig], int]


class System(NamedTuple):
    """The main job with ``overrides``; ``nets``: one of the ways above."""

    name: str
    overrides: tuple[str, ...] = ()
    nets: str = ANEW


class Run(NamedTuple):
    """Where a system's output lies, and what it took: CPU seconds of all processes (``cpu``), ``wall``
    seconds, ``drawings``, ``overrides``.
    """

    output: str
    cost: dict[str, Any]


def run(system: System, truth: Truth, folder: Path, base: Sequence[str], decompose: Decompose) -> Run:
    """Run a system on the films of a truth, unless its output for them, of this code and configuration, is
    complete in `folder`.

    ``base``: overrides of all systems. Raises what the main job raises, and RuntimeError where it could do
    nothing.
    """
    films = digest(truth)
    cfg = job.compose(
        "decompose", [f"source.path={truth.films.resolve()}", "output=x", *base, *system.overrides]
    )
    if system.nets != ANEW:
        matte = cfg.stages.character.step.matte
        kept = folder / "mattes" / _digest(films, OmegaConf.to_container(matte, resolve=True), _code())
        target = f"{Remembered.__module__}.{Remembered.__qualname__}"
        node = {
            "_target_": target,
            "folder": str(kept.resolve()),
            "matte": None if system.nets == RECALL else matte,
        }
        cfg.stages.character.step.matte = OmegaConf.create(node)
    prints = job.fingerprints(cfg, job.stages(cfg))
    # a second run of the same layers, with what the nets said at hand, costs something else
    name = _digest(
        films, {stage: told["fingerprint"] for stage, told in prints.items()}, _code(), system.nets
    )
    place = folder / f"{system.name.replace(' ', '-')}-{name}"
    cfg.output = str(place)
    if (place / COST).is_file():
        return Run(str(place), json.loads((place / COST).read_text()))
    with metered() as spent:
        code = decompose(cfg)
    if code == 1:
        raise RuntimeError(f"{system.name}: the main job could do nothing, see {place}/report")
    table = Output(str(place)).table
    drawings = int(pc.sum(pc.is_null(table["drawing_of"])).as_py() or 0)
    overrides = [*base, *system.overrides]
    cost = {
        "cpu": round(spent.cpu, 2),
        "wall": round(spent.wall, 2),
        "frames": len(table),
        "drawings": drawings,
        "overrides": overrides,
    }
    (place / COST).write_text(json.dumps(cost, indent=1))
    return Run(str(place), cost)


def chosen(option: str, names: Sequence[str] | str, known: Sequence[str], thing: str) -> list[str]:
    """The names of a list that an option holds, or all that are `known` for 'all'. Raises ValueError for an
    unknown `thing`, with the nearest one.
    """
    wanted = [names] if isinstance(names, str) else list(names)
    if wanted == ["all"]:
        return list(known)
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise ValueError(
                f"{option}={name}: {f'did you mean {near[0]}?' if near else f'no such {thing};'} there is: {', '.join(known)}, or all"
            )
    return wanted


def _digest(*facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:12]


def _code() -> str:
    """A digest of the code that makes layers."""
    root, found = Path(animelayers.__file__).parent, hashlib.sha256()
    for room in _ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            found.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return found.hexdigest()[:12]
