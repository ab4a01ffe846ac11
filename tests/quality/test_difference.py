from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from animelayers.quality.difference import benjamini_hochberg, chance, differences, farthest, holm, markdown
from animelayers.quality.figures import FIGURES

Row = dict[str, Any]


def rows(rng: np.random.Generator, count: int = 40, noise: float = 0.05) -> list[Row]:
    return [
        {
            "film": f"{k}.mkv",
            "shot": 0,
            "traits": ["people", *(["crossing"] if k % 4 == 0 else [])],
            "sources": [f"figure:{k % 3}"],
            **{name: float(rng.normal(0.5, noise)) for name in FIGURES},
        }
        for k in range(count)
    ]


def nudged(before: list[Row], rng: np.random.Generator, **by: float) -> list[Row]:
    """The same shots with noise of their own, some figures moved."""
    return [
        row | {name: row[name] + float(rng.normal(by.get(name, 0), 0.05)) for name in FIGURES}
        for row in before
    ]


def test_a_planted_difference_is_found_and_noise_is_called_noise() -> None:
    rng = np.random.default_rng(4)
    before = rows(rng)
    after = nudged(before, rng, character_iou=0.06, edge_band=0.06)
    found = {(each.word, each.figure): each for each in differences(before, after)}
    whole = found["all", "character_iou"]
    assert (
        whole.verdict == "better"
        and whole.low > 0
        and whole.change == pytest.approx(0.06, abs=0.03)
        and whole.n == 40
    )
    assert found["all", "edge_band"].verdict == "worse", "where less is better"
    verdicts = [
        each.verdict
        for each in found.values()
        if each.word == "all" and each.figure not in ("character_iou", "edge_band")
    ]
    assert verdicts == ["noise"] * (len(FIGURES) - 2)
    text = markdown(list(found.values()))
    assert (
        "| all | character IoU | 40 |" in text
        and "other differences are noise" in text
        and "effect IoU" not in text
    )


def test_chance_alone_is_seldom_called_a_difference() -> None:
    called = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        before = [row | {"traits": [], "sources": []} for row in rows(rng, 24)]
        called += any(each.verdict != "noise" for each in differences(before, nudged(before, rng)))
    assert called <= 2, "of 20 comparisons of 22 figures each"


def test_few_shots_tell_nothing_and_equal_ones_are_equal() -> None:
    rng = np.random.default_rng(0)
    before = rows(rng, 4)
    assert {each.verdict for each in differences(before, nudged(before, rng, character_iou=0.4))} == {"noise"}
    assert {each.verdict for each in differences(before, before)} == {"same"} and differences(
        before, []
    ) == []
    assert chance(np.array([[1.0, 0.0]] * 8), 0, "x").tolist() == [2 / 256, 1]
    assert 0 < chance(np.ones((30, 1)), 0, "x")[0] < 0.001
    assert (
        holm([0.001, 0.02, 0.03, 0.9]) == 0.001
        and benjamini_hochberg([0.001, 0.02, 0.03, 0.9]) == 0.03
        and holm([0.9]) == -1
    )


def test_the_shot_that_changed_most_comes_first() -> None:
    rng = np.random.default_rng(1)
    before = rows(rng, 10)
    after = [dict(row) for row in before]
    after[3]["hole_db"] += 9
    after[5]["effect_iou"] = None
    assert farthest(before, after, 5) == [("3.mkv", 0, "hole_db", pytest.approx(9))]
