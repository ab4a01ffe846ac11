"""The scoreboard: the main job and its peers on films whose layers are known. `animelayers quality --help`
tells how.
"""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from annotate import annotate
from cluster_characters import cluster_characters
from compose import composed as compose
from decompose import decompose
from omegaconf import DictConfig, OmegaConf

from animelayers import Output, job
from animelayers.benchmark import host
from animelayers.engine import cluster
from animelayers.quality import ablate, page, peers, perturb, result
from animelayers.quality.board import markdown
from animelayers.quality.figures import HEAD
from animelayers.quality.runs import ANEW, KEEP, System, run
from animelayers.quality.score import score
from animelayers.quality.truth_folder import TruthFolder
from animelayers.quality.truth_set import TruthSet
from animelayers.quality.truths import Truth, digest
from animelayers.quality.who import Who, described, plain, who
from animelayers.samples import SCENES, scene, write

OURS = "animelayers"


def quality(cfg: DictConfig) -> int:
    """Compose or open the truth, run the systems on its films, score, write, print."""
    folder = Path(cfg.output)
    rules, tunables = _chosen(cfg.ablate, ablate.chosen), _chosen(cfg.perturb, perturb.chosen)
    nets = peers.here() if cfg.peers == "here" else list(cfg.peers or ())
    opened = _truth(cfg, folder)
    truth = opened()
    systems = [
        System(OURS, (), KEEP if rules or tunables else ANEW),
        *(System(net, tuple(peers.overrides(net))) for net in nets),
    ]
    systems += [System(str(name), tuple(words)) for name, words in (cfg.systems or {}).items()]
    rest = [*ablate.systems(rules), *perturb.systems(tunables)]
    outputs, costs = _outputs([*systems, *rest], truth, folder, list(cfg.decompose))
    rows, pictures = score(opened, outputs, cfg.workers or int(cluster.machine().cpus))
    shown = {key: data for key, data in pictures.items() if key[0] in {system.name for system in systems}}
    made = result.Result(rows, _about(cfg, truth), costs)
    board = result.write(made, folder, shown)
    worth = ablate.worth(rows, costs, rules, OURS, cfg.seed)
    if rules:
        (folder / "ablation.json").write_text(json.dumps(worth, indent=1))
    moved = perturb.changes(rows, tunables, cfg.seed)
    if moved:
        (folder / "perturbed.json").write_text(json.dumps(moved, indent=1))
    people = _who(cfg, truth, outputs[OURS], folder) if cfg.who else None
    page.write(made, board, folder, [system.name for system in rest], worth, people)
    sys.stdout.write(_described(board, [system.name for system in systems], worth, moved, folder, people))
    return 3 if board["failed"] else 0


def _who(cfg: DictConfig, truth: Truth, output: str, folder: Path) -> Who:
    """Measure the main job's output, tell who is who, and compare."""
    if not isinstance(truth, TruthSet):
        raise job.ConfigError("who=true needs a composed set, which knows who its figures are: truth=null")
    where = [word for word in cfg.decompose if word.startswith("cluster")]
    words = ["~stages.embed_visual", "model/pose=none", "model/faces=none", "model/caption=none", *where]
    if (code := annotate(job.compose("annotate", [f"source.path={output}", *words]))) not in (0, 3):
        raise job.ConfigError(f"{output} could not be annotated: exit code {code}")
    people = [f"source.path={output}", f"output={folder / 'people'}", *cfg.identify]
    if cluster_characters(job.compose("cluster_characters", people)):
        raise job.ConfigError(f"nobody was told apart in {output}")
    try:
        found = who(truth, Output(output), cfg.seed)
    except ValueError as problem:
        raise job.ConfigError(str(problem)) from None
    (folder / "who.json").write_text(json.dumps(plain(found), indent=1))
    return found


def _about(cfg: DictConfig, truth: Truth) -> dict[str, Any]:
    films = len({shot.film for shot in truth.shots})
    facts = {"shots": len(truth.shots), "films": films, "truth": digest(truth), "seed": cfg.seed}
    return {**facts, "host": host.describe(), "config": OmegaConf.to_container(cfg, resolve=True)}


def _chosen(names: Any, choose: Callable[[Any], list[str]]) -> list[str]:
    try:
        return choose(OmegaConf.to_container(names) if OmegaConf.is_config(names) else names or [])
    except ValueError as problem:
        raise job.ConfigError(str(problem)) from None


def _truth(cfg: DictConfig, folder: Path) -> Callable[[], Truth]:
    """Opens the truth: composed or drawn now, unless it is there already, or a folder that is given."""
    given = Path(cfg.truth) if cfg.truth and cfg.truth != "drawn" else folder / "truth"
    if cfg.truth == "drawn":
        _draw(cfg, given)
    elif not cfg.truth:
        words = [f"output={given}", f"shots={cfg.shots}", f"seed={cfg.seed}", *cfg.recipe, *cfg.compose]
        if compose(job.compose("compose", words)):
            raise job.ConfigError(f"no truth set could be composed in {given}")
    if (given / "metadata").is_dir():
        return partial(TruthSet, given)
    try:
        TruthFolder(given, folder / "inputs")
    except FileNotFoundError as problem:
        raise job.ConfigError(f"truth={given}: no truth set, and {problem}") from None
    return partial(TruthFolder, given, folder / "inputs")


def _draw(cfg: DictConfig, folder: Path) -> None:
    unknown = [name for name in cfg.drawn.scenes if name not in SCENES]
    if unknown:
        raise job.ConfigError(f"drawn.scenes={unknown}: there is {', '.join(SCENES)}")
    for name in cfg.drawn.scenes:
        write(
            [scene(name, cfg.drawn.frames, tuple(cfg.drawn.size))],
            name,
            folder,
            folder / name,
            cfg.drawn.form,
        )


def _outputs(
    systems: Sequence[System], truth: Truth, folder: Path, base: Sequence[str]
) -> tuple[dict[str, str], dict[str, Any]]:
    outputs, costs = {}, {}
    for number, system in enumerate(systems, 1):
        sys.stderr.write(f"{number}/{len(systems)} {system.name}\n")
        try:
            outputs[system.name], costs[system.name] = run(system, truth, folder / "systems", base, decompose)
        except RuntimeError as problem:
            raise job.ConfigError(str(problem)) from None
    return outputs, costs


def _described(
    board: Mapping[str, Any],
    systems: Sequence[str],
    worth: Sequence[Any],
    moved: Sequence[Any],
    folder: Path,
    people: Who | None = None,
) -> str:
    boards = board["systems"]
    parts = [markdown({system: boards[system]["all"]["all"] for system in systems}, HEAD, "system")]
    parts.append(markdown(boards[systems[0]]["traits"], HEAD, f"{systems[0]} by trait"))
    parts += [ablate.markdown(worth)] if worth else []
    parts += [perturb.markdown(moved)] if moved else []
    parts += [
        f"{row['system']}: {row['missing']} frames of {row['film']} are missing: {row['error'] or 'not read'}"
        for row in board["failed"]
    ]
    parts += [described(people)] if people else []
    return "\n\n".join([*parts, f"{folder}/index.html"]) + "\n"


if __name__ == "__main__":
    job.launch("quality", quality, "output")
