"""The input of the benchmarks of the whole job: a drawn film with known layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path

from animelayers.samples import Scene, scene, write

SHOTS = ("portrait", "standing", "walk", "crossing")
LENGTH = 24
"""Frames of a shot."""


def draw(
    folder: Path, frames: int, size: tuple[int, int], truth: Path | None = None, shot: int = LENGTH
) -> Path:
    """An H.264 film of `frames` frames of `size` (width, height); its truth as `samples.write` leaves it.

    `shot`: frames of a shot. What is longer than `LENGTH` goes to and fro over as many drawings, and has no
    truth of its own.
    """
    drawn: dict[tuple[str, int], Scene] = {}

    def shots() -> Iterator[Scene]:
        left = frames
        for name in cycle(SHOTS):
            for turn in range(-(-shot // LENGTH)):
                length = min(LENGTH, left, shot - turn * LENGTH)
                if length <= 0:
                    break
                piece = drawn.setdefault((name, length), scene(name, length, size))
                yield replace(piece, frames=piece.frames[::-1]) if turn % 2 else piece
                left -= length
            if left <= 0:
                return

    return write(shots(), f"film_{frames}", folder, truth, form="h264")
