"""What trainings of LayerNet and ClickNet share: batches made ahead, their sizes, and the moving average that is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import torch
from torch.nn import Module
from torch.utils.data import DataLoader, IterableDataset

_STEP = 16  # sides of batches are multiples of it
_AHEAD = 4  # batches that each process makes ahead

Batch = TypeVar("Batch")


def ahead(data: IterableDataset[Batch], workers: int) -> Iterator[Batch]:
    """Batches as `data` gives them, made ahead by `workers` other processes, where there are any."""
    # spawned, not forked: a process in which Ray, OpenVINO or OpenCV have run has threads that a fork does
    # not survive
    how: dict[str, Any] = {"prefetch_factor": _AHEAD, "multiprocessing_context": "spawn"} if workers else {}
    return iter(DataLoader(data, batch_size=None, num_workers=workers, **how))


def shaped(size: tuple[int, int], aspect: float) -> tuple[int, int]:
    """A size (width, height) of the same area, its proportions times `aspect`, sides multiples of 16."""
    wide, tall = size[0] * aspect**0.5, size[1] / aspect**0.5
    return max(_STEP, round(wide / _STEP) * _STEP), max(_STEP, round(tall / _STEP) * _STEP)


def follow(mean: Module, net: Module, keep: float) -> None:
    """The moving average of a net's weights, `keep` of it what it was."""
    with torch.no_grad():
        for kept, own in zip(mean.parameters(), net.parameters(), strict=True):
            kept.lerp_(own, 1 - keep)
