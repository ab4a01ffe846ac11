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
_SMALL = 64 << 20
"""Bytes of weights up to which a net is small: many workers hold it beside each other on one card."""
_AHEAD = 4
"""Tasks that read for stages with a large net on a card."""


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
        """Bytes one actor needs beside its clips; what CUDA keeps of it beside the card's memory, too."""
        return max(
            needs(stage.step) + (GB if stage.gpus else 0) if stage.memory is None else stage.memory
            for stage in self.stages.values()
        )

    @property
    def ahead(self) -> int:
        """Tasks that should read for it at least: some where a large net would wait for it on a card."""
        return _AHEAD if self.gpus and not all(_small(stage.step) for stage in self.stages.values()) else 0

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
    return GB + 3.0 * sum(_weights(made).values())


def _weights(made: partial[Any]) -> dict[str, int]:
    """Bytes of the weights that a step names, 0 where nobody knows."""
    given = (
        (hints(part.func).get(name, Any), value)
        for part in _parts(made)
        for name, value in part.keywords.items()
    )  # type: ignore[arg-type]
    named = {str(value) for hint, value in given if marked(hint, WEIGHTS)}
    return {name: weights.size(weights.TABLE[name]) if name in weights.TABLE else 0 for name in named}


def _small(made: partial[Any]) -> bool:
    """Whether a step holds no net, or small ones whose weights are known."""
    sizes = _weights(made).values()
    return not holds_net(made) or (bool(sizes) and min(sizes) > 0 and sum(sizes) <= _SMALL)


def spread(stages: Mapping[str, Stage], following: Sequence[str], share: int = 1) -> dict[str, Stage]:
    """Stages with the GPUs of their placement given to those that hold a net, and devices that follow from
    them.

    Of the stages `following` the common placement, neighbours with small nets or none run in one actor, of which
    `share` hold a card together, so that pixels never leave it and each core of the machine has its own; a
    neighbourhood with larger nets has an actor of its own. Each that holds a net gets its part of the card, all
    others run on CPUs. Without a GPU device=auto is the CPU, so that none is taken that was not given.
    """
    runs: list[list[str]] = []
    names = [*stages]
    for before, name in zip(["", *names], names, strict=False):
        if name not in following or not stages[name].gpus:
            continue
        joins = bool(runs) and runs[-1][-1] == before and stages[before].fuse == stages[name].fuse != ""
        if joins and _small(stages[before].step) == _small(stages[name].step):
            runs[-1].append(name)
        else:
            runs.append([name])
    parts = sum(any(holds_net(stages[name].step) for name in run) for run in runs)
    made = dict(stages)
    for run in runs:
        small = all(_small(stages[name].step) for name in run)
        for name in run:
            stage = stages[name]
            gpus = stage.gpus / parts / (share if small else 1) if holds_net(stage.step) else 0.0
            fuse = stage.fuse if small or not stage.fuse else f"{stage.fuse}, large nets"
            made[name] = replace(stage, gpus=gpus, fuse=fuse)
    return {
        name: stage if stage.gpus else replace(stage, step=_on_cpu(stage.step))
        for name, stage in made.items()
    }


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
