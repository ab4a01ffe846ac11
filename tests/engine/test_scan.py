"""Looking into inputs: what is found is worked on while the rest is looked into, and what was only out of
reach is tried again.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from animelayers.engine.pipeline import Pipeline
from animelayers.engine.placement import Stage
from animelayers.engine.plan import RunPlan
from animelayers.engine.run import run
from animelayers.engine.scan import gathered, scan
from animelayers.engine.summary import Summary
from animelayers.sinks import Columns
from animelayers.sources import PLAN, Files
from tests.sources.films import pattern, write
from tests.steps import Brightness, Waits


class Item(NamedTuple):
    source: str
    kind: str = "video"
    size: int = 1


class Counted:
    """A source that counts how often it was asked about each input, and cannot reach those called away."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def scan(self, inputs: list[Item]) -> pa.Table:
        self.asked += [item.source for item in inputs]
        return pa.table(
            {
                "source": [item.source for item in inputs],
                "indices": [[0, 1]] * len(inputs),
                "error": [""] * len(inputs),
            }
        )


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    for number, name in enumerate(("early", "late", "away")):
        write(folder / f"{name}.mkv", [pattern(number)] * 4, codec="ffv1")
    return folder


def through(source: Any, output: Path, **how: Any) -> Summary:
    pipeline = Pipeline({"brightness": Stage(partial(Brightness), cpus=0.5)})
    sink = Columns(str(output), "own", ["matte_model"])
    return run(source, pipeline, sink, fingerprints={}, describe={}, **how)


def test_all_that_has_come_is_given_at_once_and_at_least_one() -> None:
    go, seen = threading.Event(), deque[int]()

    def numbers() -> Iterator[int]:
        yield 1
        go.wait(30)
        for number in (2, 3, 4):
            seen.append(number)
            yield number

    groups = gathered(numbers())
    assert next(groups) == [1]
    go.set()
    rest = [number for group in groups for number in group]
    assert rest == [2, 3, 4] == list(seen)


def test_what_looks_ahead_stops_where_enough_waits() -> None:
    seen = deque[int]()

    def numbers() -> Iterator[int]:
        for number in range(100):
            seen.append(number)
            yield number

    groups = gathered(numbers(), ahead=60, weigh=lambda _: 20)
    first = next(groups)
    time.sleep(0.2)  # the thread would long have come to the end
    assert len(seen) <= len(first) + 4
    assert first + [number for group in groups for number in group] == list(range(100))


def test_what_goes_wrong_ahead_is_raised_here() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    groups = gathered(broken())
    with pytest.raises(ValueError, match="no more"):
        list(groups)


def test_with_a_limit_no_more_is_looked_into_than_it_takes() -> None:
    source = Counted()
    tables = list(scan(source, [Item("a"), Item("b"), Item("c")], limit=3, processes=0))
    assert [table["source"][0].as_py() for table in tables] == ["a", "b"] == source.asked


@pytest.mark.usefixtures("ray_here")
def test_layers_of_the_first_film_are_there_before_the_last_is_looked_into(
    films: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    output.mkdir()
    source = Waits(str(films), str(output))
    summary = through(source, output)
    assert summary.failures == []
    assert summary.frames_planned == summary.frames_done == 12, "all films, each frame once"
    assert summary.left_out == []
    again = through(Files(str(films)), output)
    assert again.frames_before == again.frames_planned == 12 and again.frames_done == 0


def test_what_could_not_be_reached_is_looked_into_again_and_what_is_damaged_only_on_request(
    films: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    output.mkdir()
    (films / "late.mkv").write_bytes(b"no film at all")
    source = Waits(str(films), str(output))
    (output / "metadata").mkdir()
    (output / "metadata" / "of_another.parquet").touch()  # nobody waits here
    summary = through(source, output / "set", address="inline", processes=0)
    assert sorted(Path(row["source"]).name for row in summary.failures) == ["away.mkv", "late.mkv"]
    sink = Columns(str(output / "set"), "own", ["matte_model"])
    assert [Path(item.source).name for item in RunPlan.renew(source, sink).unscanned] == ["away.mkv"]
    assert {Path(item.source).name for item in RunPlan.renew(source, sink, retry_failed=True).unscanned} == {
        "away.mkv",
        "late.mkv",
    }
    write(films / "late.mkv", [pattern(1)] * 4, codec="ffv1")
    summary = through(
        source, output / "set", address="inline", processes=0, retry_failed=True, redo_changed=True
    )
    assert summary.failures == [] and summary.frames_done == 8 and summary.frames_before == 4


def test_the_plan_knows_what_nobody_has_looked_into_yet() -> None:
    rows = [{name: None for name in PLAN.names} | {"source": "b", "error_type": ""}]
    plan = RunPlan(PLAN.empty_table(), [Item("a"), Item("b")], {"a": 0, "b": 1}, [], [])
    grown = plan.with_rows([pa.Table.from_pylist(rows, PLAN)])
    assert grown.looked == ["b"] and [item.source for item in grown.unscanned] == ["a"] and plan.looked == []
