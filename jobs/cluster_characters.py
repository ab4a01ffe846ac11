"""Who is who in a finished output, over shots and episodes. `animelayers cluster_characters --help` tells
how.
"""

from __future__ import annotations

import animelayers.early  # noqa: F401  (before what takes long)

# isort: split
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from animelayers import Output, job
from animelayers.curate import cluster
from animelayers.curate.cutouts import Cutouts, reference, references
from animelayers.curate.evidence import colours, embeddings, looks
from animelayers.curate.identity import UNKNOWN, Evidence, alike
from animelayers.curate.names import write_names
from animelayers.curate.outfits import proposed, worn
from animelayers.curate.roster import checked, groups
from animelayers.curate.tracklets import Tracklets, tracklets
from animelayers.dataset.search import STAGES
from animelayers.imaging.square import alone
from animelayers.sinks.store import Store

CAST = "cast"
"""The embedding that needs no columns: the package's own net looks at the drawings."""
LEAST = {CAST: 0.54}
"""How alike two of one character are at least, where nothing is said; of others 0.72."""


def cluster_characters(cfg: DictConfig) -> int:
    """Gather, decide, write, tell."""
    if not 0 <= cfg.colours <= 1:
        raise job.ConfigError(f"colours={cfg.colours}: it is a share, 0..1")
    if not cfg.colours and not cfg.embedding:
        raise job.ConfigError("nothing to go by: give an embedding, or colours above 0")
    if min(cfg.drawings, cfg.pictures) < 1:
        raise job.ConfigError("drawings and pictures must be 1 or more")
    if cfg.embedding not in (None, CAST, *STAGES):
        raise job.ConfigError(f"embedding={cfg.embedding}: there is {CAST}, {', '.join(STAGES)}, or null")
    try:
        return _run(cfg, Output(cfg.source.path), Store(cfg.output))
    except ValueError as problem:
        raise job.ConfigError(str(problem)) from problem


def _run(cfg: DictConfig, output: Output, store: Store) -> int:
    found = tracklets(output.table, cfg.drawings)
    names = [track.name for track in found.tracks]
    before, standing, by_hand = cluster.last(store, names)
    pictures = references(cfg.references) if cfg.references else []
    referred = [checked(name, f"references={cfg.references}") for name, _ in pictures]
    shown = [reference(path) for _, path in pictures]
    cutouts = Cutouts(output)
    evidence = []
    if cfg.embedding and cfg.colours < 1:
        known = (
            _recognised(cfg, cutouts, found, shown)
            if cfg.embedding == CAST
            else _embedded(cfg, output, found, shown)
        )
        evidence.append(Evidence(known, 1 - cfg.colours, across=True))
    if cfg.colours:
        seen = cluster.painted(cutouts, found.tracks, -(-cfg.drawings // 3), _show)
        evidence.append(Evidence(np.stack([*seen, *map(colours, shown)]), cfg.colours))
    least = LEAST.get(cfg.embedding, 0.72) if cfg.min_similarity is None else cfg.min_similarity
    how = {"min_similarity": least, "method": cfg.method, "count": cfg.count}
    made = cluster.assign(
        found, alike(evidence), standing, by_hand, referred, cfg.min_frames, cfg.min_height, **how
    )
    if cfg.outfits is not None:
        clothes = worn(cutouts, output.table, found)
        made = proposed(made, found, clothes, frozenset(standing.values()), cfg.outfits, cfg.min_frames)
    cluster.write(store, made, before, found, cutouts, cfg.pictures, _show)
    frames = write_names(output, made, {"config": OmegaConf.to_container(cfg, resolve=True)}, cfg.name)
    count = Counter(member.name for member in made.values())
    for name, group in groups(made):
        sys.stdout.write(
            f"{name}: {count[name]} tracks, {sum(member.frames for _, member in group)} frames\n"
        )
    told = f"{len(count) - (UNKNOWN in count)} characters in {frames} frames; edit {cfg.output}/characters.yaml and run it again to correct them\n"
    sys.stdout.write(told)
    return 0


def _recognised(
    cfg: DictConfig, cutouts: Cutouts, found: Tracklets, shown: Sequence[np.ndarray]
) -> np.ndarray:
    """What the package's own net says of the tracks and of the reference pictures."""
    net = job.build(cfg.model)
    return np.concatenate([cluster.recognised(cutouts, found.tracks, net, _show), looks(net, shown)])


def _embedded(cfg: DictConfig, output: Output, found: Tracklets, shown: Sequence[np.ndarray]) -> np.ndarray:
    """The embeddings of the tracks and of the reference pictures."""
    try:
        vectors = embeddings(output.table, found.tracks, cfg.embedding)
    except ValueError as problem:
        stage = STAGES[cfg.embedding]
        how = f"run animelayers annotate {cfg.source.path} +stage@stages.{stage}={stage}, or go by colours alone with embedding=null"
        raise job.ConfigError(f"{problem}: {how}") from problem
    figures = [
        alone(np.ascontiguousarray(picture[..., :3]), np.ascontiguousarray(picture[..., 3]))
        for picture in shown
    ]
    if not (pictures := [figure for figure in figures if figure is not None]):
        return np.concatenate([vectors, np.zeros((len(shown), vectors.shape[1]), np.float32)])
    known = job.build(cfg.reference_model)(pictures)
    if known.shape[1] != vectors.shape[1]:
        made = f"reference_model gives {known.shape[1]} numbers, the {cfg.embedding} embeddings of the output have {vectors.shape[1]}"
        raise job.ConfigError(f"{made}: choose the model that made them")
    referred = np.zeros((len(shown), vectors.shape[1]), np.float32)
    referred[[figure is not None for figure in figures]] = known
    return np.concatenate([vectors, referred])


def _show(steps: Iterable[Any], total: int, what: str) -> Iterable[Any]:
    return tqdm(steps, total=total, desc=what, dynamic_ncols=True, leave=False, disable=None)


if __name__ == "__main__":
    job.launch("cluster_characters", cluster_characters, "source.path", "output")
