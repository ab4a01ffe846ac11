"""Dissolves, wipes and fades: one cut within, both sides their own shot, the frames between marked; what only
moves is none.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from animelayers.record.schema import Row
from animelayers.sources.shots import Shots
from tests.lists import words_of
from tests.sources import films

Read = Callable[..., list[Row]]
SIZE = (160, 96)


def place(seed: int) -> np.ndarray:
    """A painted place, with things in it."""
    rng = np.random.default_rng(seed)
    picture = cv2.resize(rng.integers(40, 220, (5, 8, 3), np.uint8), SIZE, interpolation=cv2.INTER_CUBIC)
    for _ in range(14):
        x, y, w, h = (int(rng.integers(0, most)) for most in (SIZE[0] - 20, SIZE[1] - 14, 26, 22))
        cv2.rectangle(
            picture, (x, y), (x + 6 + w, y + 6 + h), tuple(int(c) for c in rng.integers(0, 255, 3)), -1
        )
    return picture


def shot(seed: int, count: int, step: float = 1.0) -> list[np.ndarray]:
    """A place with somebody who walks by."""
    pictures = []
    for at in range(count):
        picture = place(seed).copy()
        cv2.circle(picture, (30 + round(step * at), 60), 12, (230, 60, 60), -1)
        pictures.append(picture)
    return pictures


def joined(
    kind: str, length: int, before: int = 24, after: int = 24, seeds: tuple[int, int] = (1, 2)
) -> list[np.ndarray]:
    """Two shots that go over into each other within so many frames."""
    one, two = shot(seeds[0], before + length), shot(seeds[1], length + after)
    made = one[:before]
    for at in range(length):
        a, b, share = one[before + at].astype(float), two[at].astype(float), (at + 1) / (length + 1)
        if kind == "dissolve":
            mixed = a * (1 - share) + b * share
        elif kind == "fade":
            mixed = a * max(0.0, 1 - 2.4 * share) + b * max(0.0, 2.4 * share - 1.4)
        else:
            y, x = np.mgrid[: SIZE[1], : SIZE[0]]
            edge = {"left": x / SIZE[0], "down": y / SIZE[1], "iris": np.hypot(x - 80, y - 48) / 94}[kind]
            mixed = np.where((edge < share)[..., None], b, a)
        made.append(mixed.astype(np.uint8))
    return made + two[length:]


@pytest.mark.parametrize(("kind", "length"), [
    ("dissolve", 8), ("dissolve", 12), ("dissolve", 24), ("dissolve", 40), ("left", 12), ("left", 24), ("down", 16), ("iris", 16), ("fade", 24),
])  # fmt: skip
@pytest.mark.parametrize("seeds", [(1, 2), (5, 9)])
def test_one_cut_inside(kind: str, length: int, seeds: tuple[int, int]) -> None:
    shots = Shots("anime")
    for picture in joined(kind, length, seeds=seeds):
        shots.add(picture)
    numbers = shots.numbers()
    starts = np.flatnonzero(np.diff(numbers)) + 1
    assert len(starts) == 1 and 24 <= starts[0] <= 24 + length, starts
    marked = np.flatnonzero(shots.between())
    assert len(marked) >= length // 3 and marked[0] >= 20 and marked[-1] <= 28 + length


@pytest.mark.parametrize("kind", ["pan", "zoom", "walk", "light", "still"])
def test_what_only_moves_is_no_transition(kind: str) -> None:
    shots, wide = Shots("anime"), np.hstack([place(3), place(4), place(5)])
    for at in range(72):
        picture = place(3)
        if kind == "pan":
            picture = wide[:, 3 * at : 3 * at + 160]
        elif kind == "zoom":
            matrix = cv2.getRotationMatrix2D((80, 48), 0, 1 + at / 60)
            picture = cv2.warpAffine(picture, matrix, SIZE, borderMode=cv2.BORDER_REFLECT)
        elif kind == "walk":
            picture = shot(3, 1)[0].copy()
            cv2.circle(picture, (4 * at - 60, 50), 24, (220, 190, 40), -1)
        elif kind == "light":
            picture = (picture * (1 - at / 120)).astype(np.uint8)
        shots.add(np.ascontiguousarray(picture))
    assert not shots.numbers().any() and not shots.between().any()


def test_frames_between_are_flagged(tmp_path: Path, read: Read) -> None:
    first, second = read(films.write(tmp_path / "a.mkv", joined("dissolve", 12), crf="12"))
    flags = [*words_of(first, "flags").split(), *words_of(second, "flags").split()]
    assert flags[:20] == ["ok"] * 20 and flags[-20:] == ["ok"] * 20
    assert all("transition" in words_of(clip, "flags") for clip in (first, second))
