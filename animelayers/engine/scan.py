"""Looking into inputs: films one by one, pictures by the hundred, in Ray tasks or in processes of this
machine.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from tqdm import tqdm

from animelayers.engine.crew import Crew
from animelayers.engine.ledger import watched
from animelayers.engine.plan import unreached

PICTURES_PER_TASK = 256
TRIES = 3
T = TypeVar("T")


@dataclass(frozen=True)
class Scanner:
    """Looks into inputs with a source, each within `limit` seconds (0: any time), or its process ends."""

    source: Any
    limit: float = 0

    def __call__(self, chosen: Sequence[Any]) -> Iterator[pa.Table]:
        """The plan of some inputs."""
        with watched(self.limit * len(chosen), f"over the time limit with {chosen[0].source!r}"):
            yield self.source.scan(chosen)


def scan(
    source: Any,
    inputs: Sequence[Any],
    limit: int | None = None,
    seconds: float = 0,
    processes: int | None = None,
) -> Iterator[pa.Table]:
    """Look into inputs, in Ray tasks or, given their number, in `processes` without Ray; a plan table as each
    task ends, with a bar.

    With a limit they are looked into in order, and no more of them than hold so many frames. An input may
    take `seconds` (0: any time). One that kills its reader again and again becomes an error row; its
    neighbours are looked into without it.
    """
    with tqdm(
        total=len(inputs), unit="input", desc="plan", dynamic_ncols=True, leave=False, disable=None
    ) as bar:
        frames = 0
        for tasks in (
            [_tasks(inputs)] if limit is None else ([chosen] for chosen in _tasks(inputs, in_order=True))
        ):
            for table in _scan(source, tasks, seconds, processes):
                bar.update(pc.count_distinct(table["source"]).as_py())
                yield table
                if limit is not None:
                    frames += pc.sum(pc.list_value_length(table["indices"])).as_py() or 0
            if limit is not None and frames >= limit:
                return


def gathered(
    items: Iterator[T], ahead: int = 0, weigh: Callable[[T], int] = lambda item: 1
) -> Iterator[list[T]]:
    """What comes of an iterator that goes on in a thread of its own: each time all that there is by then, and
    one at least.

    ``ahead``: what those that wait may weigh before it stops for them; 0 for any weight.
    """
    come: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    room, waiting, stopped = threading.Condition(), 0, False

    def may_go_on() -> bool:
        return stopped or not ahead or waiting < ahead

    def go_on() -> None:
        nonlocal waiting
        try:
            for item in items:
                with room:
                    room.wait_for(may_go_on)
                    if stopped:
                        return
                    waiting += weigh(item)
                come.put(("item", item))
        except BaseException as problem:
            come.put(("problem", problem))
        else:
            come.put(("end", None))

    threading.Thread(target=go_on, name="ahead", daemon=True).start()
    ended = False
    try:
        while not ended:
            found: list[T] = []
            while not ended and (not found or not come.empty()):
                kind, value = come.get()
                if kind == "problem":
                    raise value
                if kind == "item":
                    found.append(value)
                    with room:
                        waiting -= weigh(value)
                        room.notify()
                ended = kind == "end"
            if found:
                yield found
    finally:
        with room:
            stopped = True
            room.notify()


def _scan(
    source: Any, tasks: Iterable[list[Any]], seconds: float, processes: int | None
) -> Iterator[pa.Table]:
    looking = Scanner(source, seconds)
    return (
        _scan_by_ray(source, looking, tasks)
        if processes is None
        else _scan_here(source, looking, tasks, processes)
    )


def _scan_by_ray(source: Any, looking: Scanner, tasks: Iterable[list[Any]]) -> Iterator[pa.Table]:
    """A few tasks at a time, beside the work on what was looked into before: they are not counted, as the
    models have the processors.
    """
    import ray
    from ray.exceptions import RayError, RayTaskError

    @ray.remote(num_cpus=0, max_retries=0)
    def look(chosen: list[Any]) -> pa.Table:
        return next(looking(chosen))

    todo: deque[tuple[list[Any], int]] = deque((chosen, 1) for chosen in tasks)
    waiting: dict[Any, tuple[list[Any], int]] = {}
    most = max(1, int(ray.cluster_resources().get("CPU", 1)) // 2)
    while todo or waiting:
        while todo and len(waiting) < most:
            chosen, tries = todo.popleft()
            waiting[look.remote(chosen)] = (chosen, tries)
        (ready,), _ = ray.wait(list(waiting), num_returns=1)
        chosen, tries = waiting.pop(ready)
        try:
            table = ray.get(ready)
        except RayTaskError:
            raise
        except RayError:  # its process, its memory or its node is gone
            if len(chosen) == 1 and tries >= TRIES:
                yield source.refuse(chosen[0], f"killed its reader {TRIES} times")
            else:
                todo.extend(([one], tries + (len(chosen) == 1)) for one in chosen)
            continue
        again = _unreached(table, chosen) if tries < TRIES else []
        todo.extend(([one], tries + 1) for one in again)
        table = _without(table, again)
        if table.num_rows:
            yield table


def _scan_here(
    source: Any, looking: Scanner, tasks: Iterable[list[Any]], processes: int
) -> Iterator[pa.Table]:
    """The same without Ray."""
    tries: Counter[str] = Counter()
    todo = deque(tasks)
    for event in Crew(partial(Scanner, source, looking.limit), min(processes, len(todo)))(todo):
        if event.part is not None:
            yield event.part
        elif event.died and len(event.task) > 1:
            todo.extend([one] for one in event.task)
        elif event.died:
            tries[event.task[0].source] += 1
            if tries[event.task[0].source] < TRIES:
                todo.append(event.task)
            else:
                yield source.refuse(event.task[0], f"killed its reader {TRIES} times")


def _unreached(table: pa.Table, chosen: Sequence[Any]) -> list[Any]:
    """Those of the inputs that could not be reached: another node may, or this one later."""
    if "error_type" not in table.column_names:
        return []
    names = {
        name
        for name, kind in zip(table["source"].to_pylist(), table["error_type"].to_pylist(), strict=True)
        if unreached(kind)
    }
    return [item for item in chosen if item.source in names]


def _without(table: pa.Table, inputs: Sequence[Any]) -> pa.Table:
    return (
        table.filter(
            pc.invert(pc.is_in(table["source"], pa.array([item.source for item in inputs], pa.string())))
        )
        if inputs
        else table
    )


def _tasks(inputs: Sequence[Any], in_order: bool = False) -> Iterator[list[Any]]:
    """Films alone, pictures together; where the order does not matter films first, because they take longest."""
    films = [] if in_order else [i for i in inputs if i.kind == "video"]
    yield from ([film] for film in films)
    some: list[Any] = []
    for item in inputs:
        if item.kind != "video":
            some.append(item)
        elif in_order:
            yield from filter(None, (some, [item]))
            some = []
        if len(some) == PICTURES_PER_TASK:
            yield some
            some = []
    yield from filter(None, (some,))
