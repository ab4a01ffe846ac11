"""The input of the benchmarks of the whole job: a drawn film with known layers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from animelayers.samples import Scene, scene, write

SHOTS = ("portrait", "standing", "walk", "crossing")
LENGTH = 24
"""Frames of a shot."""


def draw(folder: Path, frames: int, size: tuple[int, int], truth: Path | None = None) -> Path:
    """An H.264 film of `frames` frames of `size` (width, height), shots of one second; its truth as `samples.write` leaves it."""
    drawn: dict[tuple[str, int], Scene] = {}

    def shots() -> Iterator[Scene]:
        left = frames
        for name in cycle(SHOTS):
            if left <= 0:
                return
            length = min(LENGTH, left)
            drawn.setdefault((name, length), scene(name, length, size))
            yield drawn[name, length]
            left -= length

    return write(shots(), f"film_{frames}", folder, truth, form="h264")
