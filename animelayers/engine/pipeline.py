"""What stages promise one another and whether they fit a machine, and their folding into Ray Data operators."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from animelayers.engine.ledger import Ledger
from animelayers.engine.placement import GB, Group, PipelineError, Resources, Stage
from animelayers.engine.worker import Committer, Reader, Worker
from animelayers.record.schema import GIVEN, IDENTITY, RECORD

if TYPE_CHECKING:
    from ray.data import Dataset


@dataclass(frozen=True)
class Pipeline:
    """Stages by name, in order.

    ``readers``: tasks that decode clips ahead of the stages, each with ``task_cpus`` CPUs; with 0 the workers
    of the first stages read their clips themselves, so that no pixel crosses between processes, unless a large net would
    wait for it on a card.
    """

    stages: Mapping[str, Stage]
    task_cpus: float = 0.25
    readers: int = 1

    @property
    def reading(self) -> int:
        """Tasks that decode clips ahead of the stages; 0 where the first stages read theirs themselves."""
        groups = self.groups()
        return self.readers or (groups[0].ahead if groups else 0)

    def check(self, columns: Iterable[str], resources: Resources | None = None, row_bytes: float = 0) -> None:
        """Refuse a pipeline that cannot run, before any worker starts.

        Looks at the constructor arguments, at the columns each stage reads, and, given the resources, at
        CPUs, GPUs and memory for clips of `row_bytes` bytes. Raises `PipelineError`.
        """
        available = set(columns)
        for name, stage in self.stages.items():
            bind(stage.step, f"stage {name}")
            try:
                stage.kind.check(stage.step.keywords)
            except ValueError as problem:
                raise PipelineError(f"stage {name}: {problem}") from problem
            missing = [column for column in stage.kind.reads if column not in available]
            if missing:
                raise PipelineError(
                    f"stage {name} reads {missing}, which nothing before it writes (there is: {', '.join(sorted(available))})"
                )
            available |= set(stage.kind.writes)
        if resources is not None:
            self.fit(resources, row_bytes)

    def writes(self, columns: Iterable[str]) -> set[str]:
        """All columns a clip has after the last stage, dropped ones included."""
        return set(columns).union(*(stage.kind.writes for stage in self.stages.values()))

    def needs(self, columns: Iterable[str], keep: Iterable[str] = ()) -> set[str]:
        """Those of a source's columns that are read as they came: by a stage before any writes them, or, if
        none does, of `keep`.
        """
        read, made = set[str](), set[str]()
        for stage in self.stages.values():
            read |= {*stage.kind.reads, *stage.kind.wants} - made
            made |= {*stage.kind.writes}
        return (read | ({*keep} - made)) & {*columns}

    def groups(self) -> list[Group]:
        """The stages as they are fused."""
        groups: list[dict[str, Stage]] = []
        for name, stage in self.stages.items():
            if groups and stage.fuse and stage.fuse == list(groups[-1].values())[-1].fuse:
                groups[-1][name] = stage
            else:
                groups.append({name: stage})
        return [Group(stages) for stages in groups]

    def fit(self, resources: Resources, row_bytes: float = 0, commit_bytes: float = 0) -> list[Group]:
        """The groups with as many workers each as the resources allow, shared out evenly.

        Decoding keeps one task. A worker that reads and commits keeps `commit_bytes` of layers until they are
        sent. Raises `PipelineError` with the sums if the fewest workers do not fit: an engine that waits for a
        CPU that never comes hangs without a word.
        """
        groups = self.groups()
        counts = [group.bounds[0] for group in groups]
        kept = 2 * commit_bytes if len(groups) == 1 and not self.reading else 0
        if any(count < 1 for count in counts):
            raise PipelineError("every stage needs at least one worker")

        def over() -> str:
            reading = self.task_cpus if self.reading else 0
            cpus = sum(n * group.cpus for n, group in zip(counts, groups, strict=True)) + reading
            gpus = sum(n * group.gpus for n, group in zip(counts, groups, strict=True))
            memory = sum(
                n * (group.memory + 6 * row_bytes + kept) for n, group in zip(counts, groups, strict=True)
            )
            asked = ", ".join(
                f"{group.name} {n} x {group.cpus:g} CPU {group.gpus:g} GPU"
                for n, group in zip(counts, groups, strict=True)
            )
            asked += f", decoding {reading:g} CPU" if reading else ""
            if cpus > resources.cpus + 1e-6:
                return f"the stages need {cpus:g} CPUs and there are {resources.cpus:g} ({asked}): lower their cpus or workers, or fuse them"
            if gpus > resources.gpus + 1e-6:
                return f"the stages need {gpus:g} GPUs and there are {resources.gpus:g} ({asked}): lower their gpus or workers, or fuse them"
            if memory > resources.memory:
                return (
                    f"the stages need about {memory / GB:.1f} GB of memory and there are {resources.memory / GB:.1f} ({asked}, clips of "
                    f"{row_bytes / 1e6:.0f} MB{f', commits of {commit_bytes / 1e6:.0f} MB' if kept else ''}): "
                    f"lower workers{', sink.commit_bytes' if kept else ''} or source.row_bytes"
                )
            return ""

        if reason := over():
            raise PipelineError(reason)
        growing = True
        while growing:
            growing = False
            for i, group in enumerate(groups):
                if counts[i] < group.bounds[1]:
                    counts[i] += 1
                    if over():
                        counts[i] -= 1
                    else:
                        growing = True
        return [Group(group.stages, n) for group, n in zip(groups, counts, strict=True)]

    def __call__(
        self,
        clips: Dataset,
        groups: Sequence[Group],
        columns: Iterable[str],
        ledger: Ledger,
        keep: Iterable[str],
        read: Reader | None = None,
        write: Committer | None = None,
    ) -> Dataset:
        """Fold the stages over a dataset, one `map_batches` per group; `keep` names the columns that are read
        after the last.

        With `read` the dataset is one of plan rows, which the first group's workers read themselves; with
        `write` the last group's workers commit what they made, and the result is a dataset of receipts.
        """
        from ray.data import ActorPoolStrategy

        available = {*IDENTITY, "seconds", "computed", *columns}
        for i, group in enumerate(groups):
            available = available.union(*(stage.kind.writes for stage in group.stages.values()))
            later = [stage.kind for g in groups[i + 1 :] for stage in g.stages.values()]
            needed = {*IDENTITY, "seconds", "computed", *GIVEN, *keep}.union(
                *(step.reads + step.wants for step in later)
            )
            reads = read if i == 0 else None
            clips = clips.map_batches(
                Worker,
                fn_constructor_kwargs={
                    "steps": {name: stage.step for name, stage in group.stages.items()},
                    "keep": [name for name in RECORD if name in available & needed],
                    "ledger": ledger,
                    "threads": max(1, round(group.cpus)),
                    "gpus": group.gpus,
                    "read": reads,
                    "write": write if i == len(groups) - 1 else None,
                },
                batch_size=None if reads else group.clips_per_batch,
                batch_format="pyarrow" if reads else "numpy",
                compute=ActorPoolStrategy(size=group.workers),
                num_cpus=group.cpus,
                num_gpus=group.gpus or None,
                zero_copy_batch=True,
            )
        return clips


def bind(made: Any, what: str) -> None:
    """Refuse constructor arguments a class does not have, nested ones included, naming the nearest right
    name.

    Raises `PipelineError`.
    """
    if isinstance(made, list | dict):
        for value in made.values() if isinstance(made, dict) else made:
            bind(value, what)
    if not isinstance(made, partial):
        return
    takes, open_ = _parameters(made.func), _takes_any(made.func)
    for name, value in made.keywords.items():
        if name not in takes and not open_:
            near = difflib.get_close_matches(name, takes, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"it has: {', '.join(takes) or 'none'}"
            raise PipelineError(f"{what}: {made.func.__name__} has no option '{name}'; {hint}")
        bind(value, f"{what}, {name}")
    lacking = [name for name, needed in takes.items() if needed][len(made.args) :]
    if lacking := [name for name in lacking if name not in made.keywords]:
        raise PipelineError(f"{what}: {made.func.__name__} needs {', '.join(lacking)}")


def _takes_any(kind: Callable[..., Any]) -> bool:
    """Whether a constructor judges names that nobody lists, itself."""
    more = [
        each.name for each in inspect.signature(kind).parameters.values() if each.kind is each.VAR_KEYWORD
    ]
    return any(not get_args(get_type_hints(getattr(kind, "__init__", kind)).get(name)) for name in more)


def _parameters(kind: Callable[..., Any]) -> dict[str, bool]:
    """The constructor's parameters and whether they must be given; those of an `**options: Unpack[TypedDict]`
    by their own names.
    """
    takes = {}
    for name, parameter in inspect.signature(kind).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            hint = get_type_hints(getattr(kind, "__init__", kind)).get(name)
            takes.update(
                dict.fromkeys(getattr(next(iter(get_args(hint)), None), "__annotations__", {}), False)
            )
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            takes[name] = parameter.default is parameter.empty
    return takes
