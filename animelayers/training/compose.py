"""Packs composed by Ray Data: films one after the other, their shots as files that training reads without
Ray.
"""

from __future__ import annotations

import sys
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from animelayers.engine import cluster
from animelayers.engine.worker import limit_threads
from animelayers.record.schema import Batch
from animelayers.training import pack
from animelayers.truth.recipe import Recipe

_MB = 1_000_000


def composed(
    recipe: Recipe,
    folder: Path,
    seed: int,
    films: int,
    cpus: int | None = None,
    size: tuple[int, int] = pack.SIZE,
    most: int = pack.DRAWINGS,
    limit_mb: float | None = None,
) -> list[Path]:
    """Compose the first `films` films of a set into a pack, and return the files of their shots; what is
    there already is not made again.

    `limit_mb`: no more films than fit into so many megabytes (of a million bytes), with all that lies in
    `folder` and in the folders below it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    todo = [
        number
        for number in range(films)
        if not all(path.exists() for path in _files(recipe, folder, seed, number))
    ]
    limit = None if limit_mb is None else round(limit_mb * _MB)
    if todo and not _full(folder, limit):
        _compose(recipe, folder, seed, todo, films, cpus, size, most, limit)
    if limit is not None:
        _cut(recipe, folder, seed, films, limit)
    return [path for number in range(films) for path in _files(recipe, folder, seed, number) if path.exists()]


def _compose(
    recipe: Recipe,
    folder: Path,
    seed: int,
    todo: list[int],
    films: int,
    cpus: int | None,
    size: tuple[int, int],
    most: int,
    limit: int | None,
) -> None:
    """Compose films `todo` with a bar of all `films`; a Ray that was not there before is gone afterwards, as
    training needs the processors.
    """
    import ray.data

    mine = not cluster.is_up()
    have = cluster.connect(None, cpus)
    try:
        cluster.calm(_MB)
        rows: Any = ray.data.from_items(
            [{"number": number} for number in todo], override_num_blocks=len(todo)
        )
        width = max(1, min(int(have.cpus), len(todo)))
        given = (recipe, str(folder.absolute()), seed, size, most, limit)
        made = rows.map_batches(
            _Films, fn_constructor_args=given, batch_size=1, concurrency=width, num_cpus=1
        )
        with tqdm(
            total=films,
            initial=films - len(todo),
            unit="film",
            dynamic_ncols=True,
            desc="composing",
            file=sys.stderr,
        ) as bar:
            for batch in made.iter_batches(batch_size=None, batch_format="numpy", prefetch_batches=0):
                bar.update(int(np.sum(batch["films"])))
    finally:
        if mine:
            ray.shutdown()


def _files(recipe: Recipe, folder: Path, seed: int, number: int) -> list[Path]:
    """Where the shots of a film lie, or shall lie."""
    return [
        folder / f"{recipe.named(seed, number)}-{index:02d}.shot"
        for index in range(recipe.count(seed, number))
    ]


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.shot"))


def _full(folder: Path, limit: int | None) -> bool:
    return limit is not None and _bytes(folder) >= limit


def _cut(recipe: Recipe, folder: Path, seed: int, films: int, limit: int) -> None:
    """Keep the first films that fit, so that it does not depend on how fast each process was which of them
    make up the pack.
    """
    mine = [_files(recipe, folder, seed, number) for number in range(films)]
    whole = list(takewhile(lambda paths: all(path.exists() for path in paths), mine))
    room = (
        limit - _bytes(folder) + sum(path.stat().st_size for paths in mine for path in paths if path.exists())
    )
    sums = np.cumsum([sum(path.stat().st_size for path in paths) for paths in whole])
    for paths in mine[int(np.searchsorted(sums, room, side="right")) :]:
        for path in paths:
            path.unlink(missing_ok=True)


class _Films:
    """Composes films and writes their shots, while there is room."""

    def __init__(
        self, recipe: Recipe, folder: str, seed: int, size: tuple[int, int], most: int, limit: int | None
    ) -> None:
        limit_threads(1)
        self.recipe, self.folder, self.seed, self.size, self.most, self.limit = (
            recipe,
            Path(folder),
            seed,
            size,
            most,
            limit,
        )

    def __call__(self, batch: Batch) -> Batch:
        done = 0
        for number in batch["number"].tolist():
            if _full(self.folder, self.limit):
                continue
            shots = pack.shots(self.recipe, self.seed, number, self.size, self.most)
            for path, shot in zip(_files(self.recipe, self.folder, self.seed, number), shots, strict=True):
                pack.write(shot, path)
            done += 1
        return {"films": np.array([done])}
