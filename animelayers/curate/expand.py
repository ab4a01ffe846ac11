"""Temporal context: the frames around curated ones, of the same scene, found by their names."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from animelayers.sources.names import Numbered, numbered

_LEADING = re.compile(r"scene\d{4,9}_frame\d{6,12}(?:_t\d{1,9}\.\d{2}s)?(?!\d)", re.ASCII)


class Neighbour(NamedTuple):
    """A frame to take: its ``path`` among those that there are, the curated one it is ``of``, and how many
    frames ``away`` (0: itself).
    """

    path: str
    of: str
    away: int


class Expansion(NamedTuple):
    """Frames in the order of their scenes, each once, and why curated names have none: name -> reason."""

    frames: list[Neighbour]
    missing: Mapping[str, str]


def number_of(path: str) -> Numbered | None:
    """Scene, frame and time in the name of a picture, scene0042_frame002156_t847.25s.png; what follows them
    (_character) is left aside.
    """
    found = _LEADING.match(PurePosixPath(path).name)
    return numbered(f"{found[0]}.png".encode()) if found else None


def expand(curated: Iterable[str], frames: Iterable[str], window: int) -> Expansion:
    """The curated frames and up to `window` neighbours on either side of each, as paths among `frames`, never
    across a scene.

    Neighbours are counted among the frames that there are, so a folder of every third frame gives every
    third. A scene is a folder and a number; a curated name without its folder is looked for in all, and is
    missing where two have it. A frame near two curated ones counts for the nearer one, or the earlier. Raises
    ValueError for a window below 0.
    """
    if window < 0:
        raise ValueError(f"window_size must be 0 or more, not {window}")
    scenes: dict[tuple[str, int], dict[int, str]] = {}
    for path in sorted(frames):
        if number := number_of(path):
            scenes.setdefault((str(PurePosixPath(path).parent), number.scene), {}).setdefault(
                number.frame, path
            )
    order = {key: sorted(inside) for key, inside in scenes.items()}
    taken: dict[str, Neighbour] = {}
    missing: dict[str, str] = {}
    for name in sorted(set(curated)):
        number = number_of(name)
        if number is None:
            missing[name] = "its name does not begin with sceneNNNN_frameNNNNNN"
            continue
        homes = [key for key in _homes(name, number, scenes) if number.frame in scenes[key]]
        if len(homes) != 1:
            missing[name] = (
                "no frame has its number"
                if not homes
                else f"{len(homes)} folders have such a frame: {', '.join(home for home, _ in homes[:3])}"
            )
            continue
        _take(taken, name, number.frame, order[homes[0]], scenes[homes[0]], window)
    return Expansion(sorted(taken.values(), key=lambda each: _place(each.path)), missing)


def _homes(
    name: str, number: Numbered, scenes: Mapping[tuple[str, int], Mapping[int, str]]
) -> list[tuple[str, int]]:
    own = (str(PurePosixPath(name).parent), number.scene)
    return [own] if number.frame in scenes.get(own, {}) else [key for key in scenes if key[1] == number.scene]


def _take(
    taken: dict[str, Neighbour],
    name: str,
    frame: int,
    order: Sequence[int],
    paths: Mapping[int, str],
    window: int,
) -> None:
    at = bisect_left(order, frame)
    for place in range(max(0, at - window), min(len(order), at + window + 1)):
        path = paths[order[place]]
        if path not in taken or abs(place - at) < abs(taken[path].away):
            taken[path] = Neighbour(path, name, place - at)


def _place(path: str) -> tuple[str, int, int]:
    number = number_of(path)
    return str(PurePosixPath(path).parent), number.scene if number else 0, number.frame if number else 0
