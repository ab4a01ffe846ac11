"""What a run says of its speed: reached, promised, and what the slowest stages alone would allow."""

from __future__ import annotations

from pathlib import Path

import pytest

from animelayers.benchmark.scale import Size, once
from animelayers.engine.summary import Summary
from animelayers.report.page import speed
from animelayers.sinks import Shards, dataset, metadata, parquet


def test_the_slowest_stages_bound_a_run_by_their_own_workers() -> None:
    summary = Summary(
        "out",
        frames_done=100,
        seconds=30,
        start_seconds=10,
        stages={"decode": 2, "character": 30, "cels": 10, "encode": 12},
        workers={"decode": 1, "character": 4, "cels": 4, "encode": 1},
        groups=[["decode"], ["character", "cels"], ["encode"]],
        expected=10,
        inputs=4,
    )
    slowest, rate = summary.bound
    assert slowest == "encode" and rate == pytest.approx(100 / 12)
    told = speed(summary, price=3.6)
    assert "60% of the 8.33 frames/s that encode alone allow; 432,000 frames a day" in told[0]
    assert "expected after the first clips: 10.00 frames/s, reached 50% of it" in told[1]
    assert "cost 0.03 at 3.6 an hour: 0.0075 for each of 4 inputs, 0.3 for 1,000 frames" in told[2]
    assert speed(Summary("out")) == [] == speed(Summary("out", frames_done=5, seconds=1))


def test_hundreds_of_pretended_films_are_planned_committed_gathered_and_found_again(tmp_path: Path) -> None:
    size = Size(films=300, frames=3000, clip=10, hold=5, look=0, deaths=0.01)
    made = once(size, tmp_path, "inline", 2)
    assert (
        (made["done"], made["before"], made["failed"]) == (3000, 0, 0)
        and made["died"] > 0
        and made["commits"] > metadata.MANY
    )
    again = once(size, tmp_path, "inline", 2)
    assert (again["done"], again["before"]) == (0, 3000)
    store = Shards(str(tmp_path / "out")).store
    assert again["commits"] < 10 and metadata.gathered(store), (
        "the next run finds a few tables where there were hundreds"
    )
    assert store.exists(dataset.PLAN) and not dataset.plans(store)


def test_a_run_that_dies_goes_on_from_the_parts_of_its_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = Size(films=4, frames=80, clip=10, hold=5, look=0, deaths=0)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("animelayers.engine.work._follow", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        once(size, tmp_path, "inline", 0)
    store = Shards(str(tmp_path / "out")).store
    assert dataset.plans(store) and not store.exists(dataset.PLAN)
    looked = {path: path.stat().st_mtime_ns for path in (tmp_path / "looked").iterdir()}
    made = once(size, tmp_path, "inline", 0)
    assert (
        made["done"] == 80
        and {path: path.stat().st_mtime_ns for path in (tmp_path / "looked").iterdir()} == looked
    ), "no film is looked into twice"
    assert store.exists(dataset.PLAN) and not dataset.plans(store)


def test_a_plan_too_large_for_one_file_stays_in_few_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = Size(films=5, frames=2000, clip=100, hold=50, look=0, deaths=0)
    once(size, tmp_path, "inline", 0)
    store = Shards(str(tmp_path / "out")).store
    whole = dataset.load_plan(store)
    assert whole is not None and whole.num_rows == 20
    monkeypatch.setattr(dataset, "_PLAN_BYTES", 3 * parquet.weight(store, dataset.PLAN) // 2)
    for films in range(6, 9):  # films come, and each run adds what is new
        grown = Size(films=films, frames=400 * films, clip=100, hold=50, look=0, deaths=0)
        once(grown, tmp_path, "inline", 0)
    parts = [len(part) for part in dataset.parts_of_plan(store)]
    assert sum(parts) == 32 and max(parts) <= 20 and len(dataset.plans(store)) < 3
    again = once(grown, tmp_path, "inline", 0)
    assert again["before"] == 3200 and again["done"] == 0
