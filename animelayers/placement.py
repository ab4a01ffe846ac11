"""Where and how wide a step runs: stages, the groups they are fused into, and what a machine has for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from animelayers.step import Step

GB = 1 << 30


class PipelineError(ValueError):
    """A pipeline that cannot run: the message names the stage, what is wrong and what to change."""


@dataclass(frozen=True)
class Resources:
    """What a machine or cluster has: CPUs, GPUs, bytes of memory."""

    cpus: float
    gpus: float
    memory: float


@dataclass(frozen=True)
class Stage:
    """A step and its placement.

    ``step``: the class with its constructor arguments. ``workers``: how many actors, or (fewest, most): as many as fit.
    ``cpus``, ``gpus``: of each actor. ``rows``: clips per call (None: whatever one block holds, about `source.row_bytes`).
    ``fuse``: neighbouring stages with the same non-empty name run in one actor, one after the other, so that pixels stay in its
    memory; the actor gets the largest of their demands. ``memory``: bytes a worker needs beside its clips (models, libraries).
    """

    step: partial[Step]
    workers: int | Sequence[int] = 1
    cpus: float = 1
    gpus: float = 0
    rows: int | None = None
    fuse: str = ""
    memory: float = 1.0 * GB

    @property
    def kind(self) -> type[Step]:
        """The class of the step."""
        return cast("type[Step]", self.step.func)

    @property
    def bounds(self) -> tuple[int, int]:
        """The fewest and the most workers."""
        if isinstance(self.workers, int):
            return self.workers, self.workers
        low, high = self.workers
        return int(low), int(high)


@dataclass(frozen=True)
class Group:
    """Stages that run in one actor, and how many such actors there are."""

    stages: Mapping[str, Stage]
    workers: int = 0

    @property
    def name(self) -> str:
        """The stages' names, joined by '+'."""
        return "+".join(self.stages)

    @property
    def place(self) -> str:
        """How many actors, and what each takes, for a person."""
        return f"{self.workers} x ({self.cpus:g} CPU, {self.gpus:g} GPU)"

    @property
    def cpus(self) -> float:
        """CPUs of one actor."""
        return max(stage.cpus for stage in self.stages.values())

    @property
    def gpus(self) -> float:
        """GPUs of one actor."""
        return max(stage.gpus for stage in self.stages.values())

    @property
    def memory(self) -> float:
        """Bytes one actor needs beside its clips."""
        return max(stage.memory for stage in self.stages.values())

    @property
    def rows(self) -> int | None:
        """Clips per call."""
        rows = [stage.rows for stage in self.stages.values() if stage.rows]
        return min(rows) if rows else None

    @property
    def bounds(self) -> tuple[int, int]:
        """The fewest and the most actors."""
        low, high = zip(*(stage.bounds for stage in self.stages.values()), strict=True)
        return max(low), max(high)
