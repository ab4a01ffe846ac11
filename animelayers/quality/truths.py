"""Films whose layers are known, as both readers give them: shots, and the layers of a frame."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from animelayers.sources.asked import Asked
from animelayers.sources.film import Film
from animelayers.sources.listing import VIDEOS
from animelayers.sources.pictures import still
from animelayers.sources.showing import show

_ASKED = Asked()


@dataclass(frozen=True, eq=False)
class TrueShot:
    """A shot of a film: frames ``first`` to ``last`` of ``film`` (path below the folder of films), its
    ``number`` there, what it shows and whose hands it is from. Per frame: whether its layers are ``scored``
    (not in a transition), its ``drawings`` by number and its ``cameras``, homographies float64 (T, 3, 3) to
    one plane; None where they are not known. ``opens``: the frames at one of which a change of shot is right;
    None at the start of a film.
    """

    film: str
    number: int
    first: int
    last: int
    traits: tuple[str, ...]
    sources: tuple[str, ...]
    scored: tuple[bool, ...]
    drawings: tuple[int, ...] | None = None
    cameras: np.ndarray | None = None
    opens: tuple[int, int] | None = None

    def __len__(self) -> int:
        return self.last - self.first + 1


class TrueLayers(NamedTuple):
    """The layers of a frame.

    ``character``: alpha uint8 (H, W), the whole figure where only effects hide it. ``instances``: labels
    uint8 (H, W), None where not known. ``effect``: straight RGBA uint8 (H, W, 4), its colour right only where
    it is ``coloured``. ``overlay``: bool (H, W), where bars, subtitles or a logo lie over the picture.
    ``background``: uint8 (H, W, 3).
    """

    character: np.ndarray
    instances: np.ndarray | None
    effect: np.ndarray
    coloured: bool
    overlay: np.ndarray
    background: np.ndarray


class Truth(Protocol):
    """A set of films with known layers. ``films``: the folder that a job which is measured may see;
    ``shots``: in order of film and time.
    """

    films: Path
    shots: Sequence[TrueShot]

    def layers(self, shot: TrueShot, t: int) -> TrueLayers:
        """The layers of frame `t` of the shot's film."""
        ...

    def key(self, shot: TrueShot, t: int) -> Hashable:
        """Frames of a shot with equal keys have equal layers."""
        ...


def frames(path: Path) -> Iterator[np.ndarray]:
    """The pictures of a film, or of a still, uint8 sRGB (H, W, 3), as the main job reads them."""
    with path.open("rb") as file:
        if path.suffix.lower().encode() not in VIDEOS:
            yield still(file, _ASKED).pixels
            return
        with Film(file, _ASKED.max_pixels) as film:
            for frame in film.frames():
                yield show(frame, film.facts, _ASKED).pixels


def digest(truth: Truth) -> str:
    """A digest of the films of a set, names and bytes."""
    found = hashlib.sha256()
    for film in dict.fromkeys(shot.film for shot in truth.shots):
        found.update(f"{film}\0".encode() + hashlib.sha256((truth.films / film).read_bytes()).digest())
    return found.hexdigest()[:16]


BETWEEN = ("fade", "dissolve", "wipe")
"""What a frame may be part of that lies between two shots."""


def scored(row: Mapping[str, Any]) -> bool:
    """Whether the layers of a frame are to be scored: what lies in a transition shows two shots, and its truth is that
    of one.
    """
    return row["transition"] in ("none", "cut")


def opened(transitions: Sequence[str], boundary: int) -> tuple[int, int]:
    """Where a change of shot before frame `boundary` may be told: within the fade, dissolve or wipe around
    it, and a frame to either side.

    `transitions`: of every frame of the film, none, cut, or one of `BETWEEN`.
    """
    first = last = boundary
    while first > 0 and transitions[first - 1] in BETWEEN:
        first -= 1
    while last < len(transitions) and transitions[last] in BETWEEN:
        last += 1
    return first - 1, last + 1
