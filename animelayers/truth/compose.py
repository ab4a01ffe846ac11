"""Truth sets: composed films with their layers known, streamed by Ray Data and stored by the package's own
sink.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from av.error import FFmpegError
from tqdm import tqdm

from animelayers.dataset.output import Output
from animelayers.engine import cluster
from animelayers.engine.worker import limit_threads
from animelayers.record.schema import Batch, Row, rebatch
from animelayers.samples.encoder import film
from animelayers.sinks.shards import Shards
from animelayers.truth import card
from animelayers.truth.film import developed
from animelayers.truth.plan import FilmPlan
from animelayers.truth.recipe import Recipe
from animelayers.truth.rows import pixels, stored

_TRIES = 4  # at writing a film
FILMS = "films"
"""Folder of a truth set that holds the films: what a job that is measured may see."""


def numbers(recipe: Recipe, seed: int, shots: int) -> list[tuple[int, int]]:
    """The films that make up a set of `shots` shots: their numbers, and how many shots of each are taken."""
    wanted: list[tuple[int, int]] = []
    while shots > 0:
        wanted.append((len(wanted), min(shots, recipe.count(seed, len(wanted)))))
        shots -= wanted[-1][1]
    return wanted


def dataset(recipe: Recipe, seed: int, shots: int, workers: int = 1) -> Any:
    """Composed shots as a Ray Dataset: a row is a clip of the record with frames, character, effect,
    background, plate, camera … as pixels.

    Films are composed as they are read, by `workers` processes, and never written; the frames are as before
    film and file touch them.
    """
    import ray.data

    films = ray.data.from_items(
        [{"number": number, "most": most} for number, most in numbers(recipe, seed, shots)]
    )
    return films.map_batches(
        _Pixels, fn_constructor_args=(recipe, seed), batch_size=1, concurrency=workers, num_cpus=1
    )


def compose(
    recipe: Recipe,
    output: str,
    seed: int,
    shots: int,
    workers: int | None = None,
    describe: Mapping[str, Any] | None = None,
) -> Output:
    """Compose a truth set of `shots` shots into the folder `output`, and return it; what is there already is
    not made again.

    `output`/films holds the films, the rest is an output of the package: a row per frame, layers in shards, a
    card with the credits. Raises `sinks.Changed` where the folder holds a set of another recipe or seed,
    `sinks.SinkError` where it cannot be written.
    """
    import ray.data

    sink, run = Shards(output), uuid.uuid4().hex
    folder = Path(output) / FILMS
    facts = {"truth": {"fingerprint": f"{seed}", "config": {**dict(describe or {}), "seed": seed}}}
    with sink.open(run):
        sink.check(facts)
        folder.mkdir(parents=True, exist_ok=True)
        done, wanted = sink.committed(), numbers(recipe, seed, shots)
        todo = [
            (number, most)
            for number, most in wanted
            if not _there(recipe.named(seed, number), most, done, folder)
        ]
        before = sum(most for _, most in wanted) - sum(most for _, most in todo)
        said = sink.description().get("left_out", [])
        sink.describe({"config": dict(describe or {}), "fingerprints": facts, "models": [], "left_out": said})
        if todo:
            have = cluster.connect(None, workers)
            cluster.calm(64_000_000)
            films = ray.data.from_items(
                [{"number": number, "most": most} for number, most in todo], override_num_blocks=len(todo)
            )
            width = max(1, min(int(have.cpus), len(todo)))
            made = films.map_batches(
                _Films,
                fn_constructor_args=(recipe, seed, sink, run, str(folder)),
                batch_size=1,
                concurrency=width,
                num_cpus=1,
            )
            new = _followed(
                made.iter_batches(batch_size=None, batch_format="numpy", prefetch_batches=0),
                sum(most for _, most in wanted),
                before,
            )
            said = sorted({*map(tuple, said), *new})
            sink.describe(
                {"config": dict(describe or {}), "fingerprints": facts, "models": [], "left_out": said}
            )
        found = Output(output)
        card.write(found, recipe, said)
    return found


def _there(name: str, most: int, done: Mapping[str, int], folder: Path) -> bool:
    """Whether a film and its shots are there."""
    mine = sum(clip.split("/")[0] == name.lower() for clip in done)
    return mine >= most and any((folder / f"{name}{suffix}").is_file() for suffix in (".mkv", ".mp4"))


def _followed(receipts: Iterable[Batch], shots: int, before: int) -> set[tuple[str, ...]]:
    """Draw the progress bar; returns the parts that were left out and why."""
    left_out: set[tuple[str, ...]] = set()
    with tqdm(
        total=shots, initial=before, unit="shot", dynamic_ncols=True, desc="composing", file=sys.stderr
    ) as bar:
        for batch in receipts:
            bar.update(int(np.sum(batch["shots"])))
            left_out |= {tuple(pair) for text in batch["left_out"] for pair in json.loads(text)}
    return left_out


class _Films:
    """Composes films, writes them, and commits their layers."""

    def __init__(self, recipe: Recipe, seed: int, sink: Shards, run: str, folder: str) -> None:
        limit_threads(1)
        self.recipe, self.seed, self.sink, self.run, self.folder = recipe, seed, sink, run, Path(folder)

    def __call__(self, batch: Batch) -> Batch:
        shots = frames = 0
        for number, most in zip(batch["number"].tolist(), batch["most"].tolist(), strict=True):
            rows = self._composed(self.recipe.film(self.seed, number, most))
            self.sink.write(rows, self.run)
            shots, frames = shots + len(rows), frames + sum(len(row["frame_index"]) for row in rows)
        return {
            "shots": np.array([shots]),
            "frames": np.array([frames]),
            "left_out": np.array([json.dumps(self.recipe.chosen.left_out)], object),
        }

    def _composed(self, plan: FilmPlan, tries: int = _TRIES) -> list[Row]:
        try:
            return self._written(plan)
        except FFmpegError:
            # now and then, and never twice, libx265 fails at the end of a film of a few frames
            if tries <= 1:
                raise
            return self._composed(plan, tries - 1)

    def _written(self, plan: FilmPlan) -> list[Row]:
        develop = developed(plan.look, plan.seed)
        with film(
            self.folder / f"{plan.name}{plan.suffix}", plan.fps, plan.look.codec, plan.look.quality
        ) as put:
            return list(stored(plan, lambda picture, number: put(develop(picture, number))))


class _Pixels:
    """Composes films as clips with pixels."""

    def __init__(self, recipe: Recipe, seed: int) -> None:
        limit_threads(1)
        self.recipe, self.seed = recipe, seed

    def __call__(self, batch: Batch) -> Iterator[Batch]:
        for number, most in zip(batch["number"].tolist(), batch["most"].tolist(), strict=True):
            for row in pixels(self.recipe.film(self.seed, number, most)):
                yield rebatch([row])
