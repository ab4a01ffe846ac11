"""Who CastNet learns to know: people of the drawn hands and of folders of parts, each as a few drawings; what
they are shown before; and what films show of them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from animelayers.training.castnet import Album
from animelayers.training.disguise import Scenery, disguised
from animelayers.truth import kit
from animelayers.truth.effects import effects
from animelayers.truth.part import Effect, Figure, Place
from animelayers.truth.people import drawn_by
from animelayers.truth.places import places

HIGH = 96
"""Pixels of an upright figure."""
_DRAWINGS = 8  # of a person who moves
_WIDEST = 5 * HIGH  # pixels: no figure of use is wider
_LEAST = 60  # pixels of a figure
_GROUND = (480, 270)
_PAINTINGS, _TILE, _LIT = 80, 96, 4  # paintings; pixels and drawings of an effect
_VIEWS, _OF_FILES = (
    36,
    (8, 2, 14),
)  # of a drawn person; of one of files: so many, more for each drawing, at most
Progress = Callable[[Sequence[Any], str], Iterable[Any]]
"""Shows how far an iteration is, and what it does."""


class Person(NamedTuple):
    """Somebody: a name, the hand it is from, its terms, and its drawings, straight RGBA uint8 (H, W, 4)."""

    name: str
    source: str
    licence: str
    credit: str
    cels: tuple[np.ndarray, ...]


def people(folders: Sequence[str], each: int, progress: Progress) -> list[Person]:
    """All people of split train: ``each`` of every drawn hand, and the figures of folders of parts.

    Raises FileNotFoundError and ValueError for a folder that is no kit.
    """
    given = [figure for folder in folders for figure in kit.load(folder, "train").parts["figures"]]
    figures: list[Any] = [*drawn_by("train", each), *(f for f in given if not kit.examined(f, _GROUND))]
    made = []
    for figure in progress(figures, "drawing people"):
        if cels := _cels(figure):
            made.append(Person(figure.name, figure.source, figure.licence, figure.credit, cels))
    return made


def scenery(folders: Sequence[str], seed: int = 0) -> Scenery:
    """Paintings and effects of split train: the package's own and those of folders of parts."""
    kits = [kit.load(folder, "train").parts for folder in folders]
    rng, grounds = np.random.default_rng([seed, 5]), list[Place](places("train"))
    grounds += [place for parts in kits for place in parts["backgrounds"]]  # type: ignore[misc]
    lights: list[Effect] = [*effects("train")]
    lights += [effect for parts in kits for effect in parts["effects"]]  # type: ignore[misc]
    order = [grounds[i] for i in rng.permutation(len(grounds))]
    usable = (place for place in order if place in places("train") or not kit.examined(place, _GROUND))
    painted = [_painting(place, k) for k, place in zip(range(_PAINTINGS), usable, strict=False)]
    return Scenery(painted, _lights(lights))


def album(people: Sequence[Person], scenery: Scenery, seed: int, progress: Progress) -> Album:
    """Views of all people; equal seeds, equal views."""
    views, person = [], []
    least, more, most = _OF_FILES
    for number, somebody in enumerate(progress(people, "disguising them")):
        rng = np.random.default_rng([seed, zlib.crc32(somebody.name.encode())])
        drawn = somebody.source.startswith("animelayers-")
        for _ in range(_VIEWS if drawn else min(most, least + more * len(somebody.cels))):
            cel = somebody.cels[int(rng.integers(len(somebody.cels)))]
            views.append(disguised(cel, scenery, rng))
            person.append(number)
    shown = np.ascontiguousarray(np.stack(views).transpose(0, 3, 1, 2))
    return Album(shown, np.array(person), [somebody.source for somebody in people])


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
    return tuple(
        cel for cel in drawn if max(cel.shape) <= _WIDEST and np.count_nonzero(cel[..., 3] > 127) > _LEAST
    )


def _painting(place: Place, seed: int) -> np.ndarray:
    planes = place.planes(_GROUND, seed)
    whole = planes[0][..., :3].astype(np.float32)
    for plane in planes[1:]:
        share = plane[..., 3:].astype(np.float32) / 255
        whole += (plane[..., :3] - whole) * share
    return np.rint(whole).astype(np.uint8)


def _lights(lights: Sequence[Effect]) -> list[np.ndarray]:
    found = []
    for effect in lights:
        for k in np.unique(np.linspace(0, max(0, effect.count - 1), _LIT).astype(int)).tolist():
            tile = effect.draw(k, (_TILE, _TILE), k)
            if np.count_nonzero(tile[..., 3] > 40) > 0.01 * tile[..., 3].size:
                found.append(np.ascontiguousarray(tile))
    return found
