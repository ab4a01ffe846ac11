"""Who CastNet learns to know: people of the drawn hands and of folders of parts, each as a few drawings, and
what they are shown before.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from animelayers.training.disguise import Scenery
from animelayers.truth import kit
from animelayers.truth.effects import effects
from animelayers.truth.part import Figure, Place
from animelayers.truth.parts import Parts
from animelayers.truth.people import drawn_by

HIGH = 176
"""Pixels of an upright figure."""
_DRAWINGS = 8  # of a person who moves
_WIDEST = 5 * HIGH  # pixels: no figure of use is wider
_GROUND = (480, 270)
_PAINTINGS, _TILE, _LIT = 80, 128, 4  # paintings; pixels and drawings of an effect
Progress = Callable[[Iterable[Figure], int, str], Iterable[Figure]]


class Person(NamedTuple):
    """Somebody: a name, the hand it is from, its terms, and its drawings, straight RGBA uint8 (H, W, 4)."""

    name: str
    source: str
    licence: str
    credit: str
    cels: tuple[np.ndarray, ...]


def people(
    folders: Sequence[str] = (), each: int = 140, progress: Progress = lambda steps, total, what: steps
) -> list[Person]:
    """All people of split train: ``each`` of every drawn hand, and the figures of folders of parts.

    Raises FileNotFoundError and ValueError for a folder that is no kit.
    """
    given = [figure for folder in folders for figure in kit.load(folder, "train").parts["figures"]]
    usable = [figure for figure in given if not kit.examined(figure, _GROUND)]
    figures: list[Figure] = [*drawn_by("train", each), *usable]  # type: ignore[list-item]
    made = []
    for figure in progress(figures, len(figures), "drawing people"):
        if cels := _cels(figure):
            made.append(Person(figure.name, figure.source, figure.licence, figure.credit, cels))
    return made


def _cels(figure: Figure) -> tuple[np.ndarray, ...]:
    """Standing, and some drawings of what else it does."""
    rng, acts = np.random.default_rng(zlib.crc32(figure.name.encode())), dict(figure.actions)
    wanted = {("still", 0)}
    names = sorted(acts)
    for _ in range(4 * _DRAWINGS):
        if len(wanted) == min(_DRAWINGS, sum(acts.values())):
            break
        name = names[int(rng.integers(len(names)))]
        wanted.add((name, int(rng.integers(acts[name]))))
    drawn = [figure.draw(name, k, HIGH).rgba for name, k in sorted(wanted)]
    return tuple(cel for cel in drawn if max(cel.shape) <= _WIDEST and np.count_nonzero(cel[..., 3] > 127) > 200)


def scenery(parts: Parts, seed: int = 0) -> Scenery:
    """Paintings and effects of a set of parts of split train."""
    rng = np.random.default_rng([seed, 5])
    return Scenery([_painting(parts.choose(rng, parts.places), k) for k in range(_PAINTINGS)], _lights(parts))


def _painting(place: Place, seed: int) -> np.ndarray:
    planes = place.planes(_GROUND, seed)
    whole = planes[0][..., :3].astype(np.float32)
    for plane in planes[1:]:
        share = plane[..., 3:].astype(np.float32) / 255
        whole += (plane[..., :3] - whole) * share
    return np.rint(whole).astype(np.uint8)


def _lights(parts: Parts) -> list[np.ndarray]:
    found = []
    for effect in parts.effects:
        for k in np.unique(np.linspace(0, max(0, effect.count - 1), _LIT).astype(int)).tolist():
            tile = effect.draw(k, (_TILE, _TILE), k)
            if np.count_nonzero(tile[..., 3] > 40) > 0.01 * tile[..., 3].size:
                found.append(np.ascontiguousarray(tile))
    return found
