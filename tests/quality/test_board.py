from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from animelayers.quality.board import board, estimates, interval, markdown
from animelayers.quality.figures import FIGURES


def row(number: int, traits: tuple[str, ...] = ("people",), **figures: Any) -> dict[str, Any]:
    return {
        "system": "x",
        "film": f"{number}.mkv",
        "shot": 0,
        "traits": traits,
        "sources": ("figure:a",),
        **dict.fromkeys(FIGURES),
        **figures,
    }


def test_mean_worst_tenth_and_number_of_shots() -> None:
    rows = [row(k, character_iou=k / 20, edge_band=k / 20) for k in range(20)] + [row(20)]
    found = estimates(rows)
    assert found["character_iou"].n == 20 and found["character_iou"].mean == pytest.approx(0.475)
    assert found["character_iou"].worst == pytest.approx(0.025), "the mean of the two lowest"
    assert found["edge_band"].worst == pytest.approx(0.925), "where less is better, of the two highest"
    assert "effect_iou" not in found
    one = estimates(rows[:1])["character_iou"]
    assert (one.worst, one.low, one.high) == (0, 0, 0), "one shot is its own worst tenth"


def test_a_shot_counts_for_each_of_its_traits() -> None:
    rows = [
        row(0, ("people", "two"), character_iou=1.0),
        row(1, ("people",), character_iou=0.5),
        {**row(2, character_iou=0.0), "system": "y"},
    ]
    found = board(rows)
    assert (
        set(found) == {"x", "y"}
        and set(found["x"]["traits"]) == {"people", "two"}
        and set(found["x"]["sources"]) == {"figure:a"}
    )
    assert (
        found["x"]["traits"]["people"]["character_iou"].mean == 0.75
        and found["x"]["traits"]["two"]["character_iou"].n == 1
    )
    assert found["x"]["all"]["all"]["character_iou"].n == 2
    table = markdown(found["x"]["traits"], FIGURES, "trait").splitlines()
    assert table[0] == "| trait | n | character IoU |" and table[2:] == [
        "| people | 2 | 0.750 |",
        "| two | 1 | 1.000 |",
    ]


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    values = rng.beta(5, 2, (40, 300))
    low, high = interval(values, 0, "cover")
    covered = ((low <= 5 / 7) & (high >= 5 / 7)).mean()
    assert 0.9 <= covered <= 0.98
    assert np.array_equal(interval(values, 0, "cover")[0], low) and not np.array_equal(
        interval(values, 1, "cover")[0], low
    )
    wide, narrow = (np.subtract(*interval(values[:n], 0, "cover")[::-1]).mean() for n in (10, 40))
    assert wide == pytest.approx(2 * narrow, rel=0.15)


def test_what_a_shot_does_not_tell_is_left_out_of_the_interval() -> None:
    values = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan]])
    low, high = interval(values, 0, "gaps")
    assert (low[0], high[0]) == (1, 3) and np.isnan(low[1]) and np.isnan(high[1])
