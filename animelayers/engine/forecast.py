"""What a run will take: its first clip goes through all stages in this process, timed, before any worker
starts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from animelayers.engine.pipeline import Pipeline
from animelayers.engine.placement import GB, Group, PipelineError
from animelayers.engine.worker import build, limit_threads
from animelayers.record.schema import Row
from animelayers.sources.layers import Layers
from animelayers.sources.plan import limited

_FRAMES = 24  # of the first clip at most: a plan is wanted in less than a minute
_HOUR, _DAY = 3600, 86400  # seconds
_DEEP = 5  # attributes of attributes in which a model is looked for


@dataclass(frozen=True)
class Cost:
    """What a group of stages takes: seconds per frame of each stage, bytes that its process and the GPU
    needed, and its torch nets.
    """

    group: Group
    stages: Mapping[str, float]
    memory: int
    gpu: int
    nets: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """Seconds per frame that one worker takes."""
        return max(sum(self.stages.values()), 1e-9)


def plan(
    source: Any, pipeline: Pipeline, groups: Sequence[Group], keep: Sequence[str] = ()
) -> tuple[Row, float, list[Cost]]:
    """The first good clip of a source, the seconds that reading a frame of it takes, and the cost of each
    group on it.

    Nothing is written. The second of two passes counts, so that batch sizes are found and kernels chosen.
    ``keep``: columns that are read after the last stage. Raises `PipelineError` where there is no clip that
    can be read, or a stage fails on it.
    """
    columns = (*source.columns, "seconds", "computed")
    pipeline.check(columns)
    source = source.giving(pipeline.needs(columns, keep))
    clip, reading = _first(source)
    frames = len(clip["frame_index"])
    costs = []
    for group in groups:
        clip, cost = _through(group, clip, frames)
        costs.append(cost)
    return clip, reading / frames, costs


def _first(source: Any) -> tuple[Row, float]:
    """The first clip of the first input whose first clip can be read, and the seconds that took."""
    tables = (
        [source.plan()] if isinstance(source, Layers) else (source.scan([item]) for item in source.inputs())
    )
    for table in tables:
        start = time.perf_counter()
        for clip in source.read(limited(source.limited(table).slice(0, 1), _FRAMES)):
            if not clip["error"]:
                return dict(clip), time.perf_counter() - start
    raise PipelineError(f"source.path={source.path}: there is no clip that can be read")


def _through(group: Group, clip: Row, frames: int) -> tuple[Row, Cost]:
    """The clip after a group's stages, and what they took."""
    limit_threads(max(1, round(group.cpus)))
    before, cuda = psutil.Process().memory_info().rss, _cuda()
    if cuda:
        cuda.empty_cache()
        cuda.reset_peak_memory_stats()
    spent, most, nets = dict[str, float](), before, []
    for name, stage in group.stages.items():
        step = build(stage.step)
        step.run([clip])
        start = time.perf_counter()
        (made,) = step.run([clip])
        spent[name] = (time.perf_counter() - start) / frames
        if made["error"]:
            raise PipelineError(f"stage {name} fails on the first clip, {clip['clip_id']}: {made['error']}")
        clip, most = made, max(most, psutil.Process().memory_info().rss)
        nets += list(dict.fromkeys(_nets(step)))
        cuda = cuda or _cuda()
    return clip, Cost(
        group, spent, most - before, int(cuda.max_memory_allocated()) if cuda else 0, tuple(nets)
    )


def _cuda() -> Any:
    """torch.cuda where a model has brought torch and there is a GPU."""
    torch: Any = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_available() else None


def _nets(owner: Any, deep: int = _DEEP) -> Iterator[str]:
    """The torch nets among the attributes of a step and of its models: whose, on which device, how many items
    go through at once.
    """
    from animelayers.models.net import Net

    for value in vars(owner).values():
        if isinstance(value, Net):
            yield f"{type(owner).__name__} on {value.device}, {value.batch} at once"
        elif (
            deep
            and hasattr(value, "__dict__")
            and type(value).__module__.split(".")[0] not in ("torch", "transformers", "builtins")
        ):
            yield from _nets(value, deep - 1)


def described(
    clip: Row,
    reading: float,
    costs: Sequence[Cost],
    readers: int,
    models: Sequence[str] = (),
    whole: tuple[int, float] = (0, 0.0),
    price: float | None = None,
) -> str:
    """The plan in lines for a person: each group with its place, nets, time and memory, and what bounds the
    run; `models` are the weights' names. Of a `whole` source, so many inputs of about so many frames, how
    long it takes, and at the ``price`` of an hour of all machines what it costs.
    """
    lines = [
        f"models  {', '.join(models) or 'none'}",
        f"first clip  {clip['clip_id']}: {len(clip['frame_index'])} frames",
    ]
    for cost in costs:
        group = cost.group
        gpu = f", {cost.gpu / GB:.2f} GB of the GPU" if cost.gpu else ""
        each = ", ".join(f"{name} {1000 * seconds:.1f}" for name, seconds in cost.stages.items())
        lines.append(f"{group.name}")
        lines.append(
            f"    {group.place}, each {cost.memory / GB:.2f} GB{gpu}: {group.workers / cost.seconds:.2f} frames/s; ms a frame: {each}"
        )
        lines += [f"    {net}" for net in cost.nets]
    # without readers the workers of the first group read their clips themselves
    rates = {
        cost.group.name: cost.group.workers / (cost.seconds + (reading if not readers and not k else 0))
        for k, cost in enumerate(costs)
    }
    if readers:
        rates["reading"] = readers / max(reading, 1e-9)
    slowest = min(rates, key=rates.__getitem__)
    lines.append(f"reading  {1000 * reading:.1f} ms a frame")
    lines.append(
        f"expected  {rates[slowest]:.2f} frames/s, bound by {slowest}, drawings that differ as they do in the first clip"
    )
    inputs, frames = whole
    if frames:
        hours = frames / rates[slowest] / _HOUR
        lasts = f"{hours:.1f} hours" if hours >= 1 else f"{60 * hours:.0f} minutes"
        lines.append(
            f"whole source  {inputs:,} inputs of about {frames:,.0f} frames: {lasts}, {_DAY * rates[slowest]:,.0f} frames a day"
        )
        if price:
            lines.append(
                f"cost  {price * hours:.2f} at {price:g} an hour: {price * hours / inputs:.3g} for each input"
            )
    return "\n".join(lines)
