"""Work without Ray: what dies costs its task only, what hangs is ended, and nothing is lost, twice or under
another's name.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil
import pyarrow as pa
import pytest

from animelayers.engine.crew import Crew
from animelayers.engine.ledger import Ledger
from animelayers.engine.placement import Group, PipelineError, Stage
from animelayers.engine.scan import scan
from animelayers.engine.work import _stream_here
from animelayers.engine.worker import Committer
from animelayers.sinks import Columns, Shards, SinkError
from animelayers.sinks import metadata as commits
from tests.sinks.clips import clip
from tests.steps import Brightness, Faulty, Listed, Stuck


def doubling() -> Any:
    def work(task: int) -> Iterator[int]:
        if task == 7:
            os.abort()
        if task == 9:
            raise SinkError("/out", "the disk is full", "free some space")
        yield task
        yield 2 * task

    return work


@pytest.mark.parametrize("count", [0, 2])
def test_tasks_and_the_parts_of_their_results(count: int) -> None:
    events = list(Crew(doubling, count)(deque([1, 2, 3])))
    assert sorted(event.part for event in events if not event.ended) == [1, 2, 2, 3, 4, 6]
    assert sorted(event.task for event in events if event.ended) == [1, 2, 3]


def test_a_process_that_dies_costs_its_task_only_and_leaves_nobody_behind() -> None:
    events = list(Crew(doubling, 2)(deque([1, 7, 2, 3])))
    assert [event.task for event in events if event.died] == [7]
    assert sorted(event.task for event in events if event.ended and not event.died) == [1, 2, 3]
    assert not [
        p
        for p in psutil.Process().children(recursive=True)
        if "animelayers.engine.crew" in " ".join(p.cmdline())
    ]


def test_what_the_work_raises_is_raised_here() -> None:
    with pytest.raises(SinkError, match="the disk is full; free some space"):
        list(Crew(doubling, 1)(deque([1, 9, 2])))


def test_processes_that_cannot_start_end_the_run() -> None:
    with pytest.raises(PipelineError, match="a worker process cannot start"):
        list(Crew(partial(os._exit, 3), 1)(deque([1])))


def test_a_clip_that_kills_or_hangs_its_process_is_quarantined(tmp_path: Path) -> None:
    (tmp_path / "metadata").mkdir()
    sink, ledger = Columns(str(tmp_path), "own", ["matte_model"]), Ledger(tmp_path / "attempts", "run", 1)
    plan = pa.Table.from_pylist(
        [
            {
                "clip_id": f"film/scene{n:04d}/000000",
                "number": n,
                "indices": [0, 1],
                "kind": "image",
                "source": str(n),
            }
            for n in (1, 2, 7, 5, 3, 4)
        ]
    )
    faults = {
        name: Stage(partial(Faulty, name, at)) for name, at in (("abort", 7), ("hang", 5), ("raise", 3))
    }
    groups = [Group({**faults, "good": Stage(partial(Brightness))}, 1)]
    with sink.open("run"):
        receipts = list(_stream_here(Listed(), groups, plan, ledger, Committer(sink, "run"), 2))
    assert sorted(clip_id for receipt in receipts for clip_id in receipt["clip_id"]) == sorted(
        plan["clip_id"].to_pylist()
    ), "none lost, none twice"
    assert {row["clip_id"]: row["error"] for row in commits.failures(sink.store)} == {
        "film/scene0007/000000": "abort: killed its worker 3 times",
        "film/scene0005/000000": "hang: killed its worker 3 times",
        "film/scene0003/000000": "faulty: cannot bear a seven",
    }
    assert not list((tmp_path / "attempts").iterdir()), "no mark stays"


class Item(NamedTuple):
    source: str
    kind: str = "video"


def test_an_input_that_never_comes_back_is_refused_and_the_others_are_planned() -> None:
    tables = scan(Stuck(), [Item("a"), Item("stuck"), Item("b")], seconds=0.3, processes=1)
    errors = {row["source"]: row["error"] for table in tables for row in table.to_pylist()}
    assert errors == {"a": "", "b": "", "stuck": "killed its reader 3 times"}


def test_files_that_are_gone_or_cut_short_are_found_by_their_sizes(tmp_path: Path) -> None:
    sink = Shards(str(tmp_path))
    with sink.open("run"):
        sink.write([clip("e/scene0000/000000", [0, 1])], "run")
        sink.write([clip("f/scene0000/000000", [0])], "run")
    first, second = sorted((tmp_path / "shards").iterdir())
    first.write_bytes(first.read_bytes()[:-1])
    assert list(sink.lost()) == ["e/scene0000/000000"] and "of" in sink.lost()["e/scene0000/000000"]
    second.unlink()
    assert set(sink.lost()) == {"e/scene0000/000000", "f/scene0000/000000"}
    assert np.size(list(sink.lost())) == 2
