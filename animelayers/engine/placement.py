"""Where and how wide a step runs: stages, the groups they are fused into, and what a machine has for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from animelayers import weights
from animelayers.engine.step import Step
from animelayers.models.device import Device
from animelayers.options import WEIGHTS, Count, Positive, hints, marked

GB = 1 << 30
_WIDE = 4096
"""Workers of a stage without a net, at most."""


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

    ``step``: the class with its constructor arguments, which tell whether it holds a net (`holds_net`) and
    how much that `needs`. ``workers``: how many actors, or (fewest, most): as many as fit. ``cpus``,
    ``gpus``: of each actor. ``clips_per_batch``: clips per call (None: whatever one block holds, about
    `source.row_bytes`). ``fuse``: neighbouring stages with the same non-empty name run in one actor, one
    after the other, so that pixels stay in its memory; the actor gets the largest of their demands.
    ``memory``: bytes a worker needs beside its clips (models, libraries); None: what its step `needs`.
    """

    step: partial[Step]
    workers: Count | tuple[Count, Count] | Sequence[Count] = 1
    cpus: Positive = 1
    gpus: float = 0
    clips_per_batch: Count | None = None
    fuse: str = ""
    memory: Positive | None = None

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
        return max(
            needs(stage.step) if stage.memory is None else stage.memory for stage in self.stages.values()
        )

    @property
    def clips_per_batch(self) -> int | None:
        """Clips per call."""
        rows = [stage.clips_per_batch for stage in self.stages.values() if stage.clips_per_batch]
        return min(rows) if rows else None

    @property
    def bounds(self) -> tuple[int, int]:
        """The fewest and the most actors."""
        low, high = zip(*(stage.bounds for stage in self.stages.values()), strict=True)
        return max(low), max(high)


def holds_net(made: partial[Any]) -> bool:
    """Whether a step, or something it is made of, runs on a device: it has an option of the kind `Device`."""
    return any(Device in hints(part.func).values() for part in _parts(made))  # type: ignore[arg-type]


def needs(made: partial[Any]) -> float:
    """Bytes of memory that a worker with this step takes beside its clips: the libraries, and the weights
    thrice, for what they unpack to.
    """
    given = (
        (hints(part.func).get(name, Any), value)
        for part in _parts(made)
        for name, value in part.keywords.items()
    )  # type: ignore[arg-type]
    named = {str(value) for hint, value in given if marked(hint, WEIGHTS)}
    return GB + 3.0 * sum(weights.size(weights.TABLE[name]) for name in named if name in weights.TABLE)


def spread(stages: Mapping[str, Stage], following: Sequence[str]) -> dict[str, Stage]:
    """Stages with the GPUs of their placement given to those that hold a net, and devices that follow from
    them.

    Of the stages `following` the common placement, neighbours that hold a net share its GPUs in one actor,
    and each such group gets its part of them; all others get none and run as wide as there are CPUs. Without
    a GPU device=auto is the CPU, so that none is taken that was not given.
    """
    nets = {
        name for name, stage in stages.items() if name in following and stage.gpus and holds_net(stage.step)
    }
    names = [*stages]
    starts = [
        n
        for i, n in enumerate(names)
        if n in nets and not (i and names[i - 1] in nets and stages[n].fuse and stages[names[i - 1]].fuse)
    ]
    made = {}
    for name, stage in stages.items():
        if name in nets:
            stage = replace(stage, gpus=stage.gpus / len(starts))
        elif name in following and stage.gpus:
            stage = replace(
                stage, gpus=0, workers=(1, _WIDE), fuse=f"{stage.fuse} on CPUs" if stage.fuse else ""
            )
        made[name] = stage if stage.gpus else replace(stage, step=_on_cpu(stage.step))
    return made


def _parts(made: Any) -> Iterator[partial[Any]]:
    """A partial and those among its arguments."""
    if isinstance(made, partial):
        yield made
        made = made.keywords
    for value in (
        made.values() if isinstance(made, Mapping) else made if isinstance(made, list | tuple) else ()
    ):
        yield from _parts(value)


def _on_cpu(made: Any) -> Any:
    """The same, with the CPU wherever a device is left open."""
    if isinstance(made, list):
        return [_on_cpu(value) for value in made]
    if isinstance(made, dict):
        return {name: _on_cpu(value) for name, value in made.items()}
    if not isinstance(made, partial):
        return made
    open_ = {
        name: "cpu"
        for name, hint in hints(made.func).items()
        if hint == Device and made.keywords.get(name, "auto") == "auto"
    }  # type: ignore[arg-type]
    return partial(
        made.func, *made.args, **{name: _on_cpu(value) for name, value in made.keywords.items()} | open_
    )
