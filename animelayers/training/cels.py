"""Who CastNet learns to know: people of the drawn hands and of folders of parts, each as a few drawings; what
they are shown before; and what films show of them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np

from animelayers.imaging.evenly import evenly
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
_PAINTS, _REPAINTED = (
    6,
    (1, 4),
)  # colours a person is told by; how many of them another one has otherwise: from, below
_FAR, _LIGHTER = (25, 70), 40  # how far a colour goes in a and b of CIELAB, and in L at most, both ways
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
            made.append(other(made[-1]))
    return made


def other(person: Person) -> Person:
    """Somebody of the same shape, of whom some colours are others, in all drawings alike: the hair, the coat.

    Who is told apart by little within a hand is what CastNet learns most from.
    """
    rng = np.random.default_rng([7, zlib.crc32(person.name.encode())])
    inside = np.concatenate([cel[cel[..., 3] > 200][:, :3] for cel in person.cels])
    shades = _lab(inside[rng.integers(len(inside), size=2000)])
    cv2.setRNGSeed(int(rng.integers(1 << 30)))
    kinds, at_most = (cv2.TERM_CRITERIA_MAX_ITER, 10, 0.0), np.zeros((0, 1), np.int32)
    _, which, middles = cv2.kmeans(shades, _PAINTS, at_most, kinds, 1, cv2.KMEANS_PP_CENTERS)
    count = np.bincount(which[:, 0], minlength=_PAINTS).astype(float)
    most = min(int(rng.integers(*_REPAINTED)), int(np.count_nonzero(count)))
    changed: np.ndarray = rng.choice(_PAINTS, size=(most,), replace=False, p=count / count.sum())
    shift = np.zeros((_PAINTS, 3), np.float32)
    for kind in changed:
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(*_FAR)
        shift[kind] = rng.uniform(-_LIGHTER, _LIGHTER), far * np.cos(angle), far * np.sin(angle)
    cels = tuple(_repainted(cel, middles, shift) for cel in person.cels)
    return person._replace(name=f"{person.name} (other)", cels=cels)


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


def _lab(colours: np.ndarray) -> np.ndarray:
    """CIELAB float32 (N, 3) of sRGB uint8 (N, 3)."""
    return np.asarray(cv2.cvtColor(colours[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0])


def _repainted(cel: np.ndarray, middles: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Each pixel's colour moved as that of the middles it is next to."""
    shades = _lab(cel[..., :3].reshape(-1, 3))
    nearest = ((shades[:, None] - middles) ** 2).sum(-1).argmin(1).astype(np.uint8).reshape(cel.shape[:2])
    moved = shift[cv2.medianBlur(nearest, 3).ravel()]  # no speckles where paper is rough
    colours = cv2.cvtColor((shades + moved)[None], cv2.COLOR_LAB2RGB)[0]
    made = np.rint(np.clip(colours, 0, 1) * 255).astype(np.uint8).reshape(cel[..., :3].shape)
    return np.dstack([made, cel[..., 3]])


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
        for k in evenly(max(1, effect.count), _LIT):
            tile = effect.draw(k, (_TILE, _TILE), k)
            if np.count_nonzero(tile[..., 3] > 40) > 0.01 * tile[..., 3].size:
                found.append(np.ascontiguousarray(tile))
    return found
