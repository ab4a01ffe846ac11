from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from animelayers.curate import aim
from animelayers.curate.analyse import Analysis
from animelayers.curate.decide import KNOWN
from animelayers.curate.goals import GoalError, Goals, goals

SEED = {
    "Close-up": "95%",
    "Medium": 20,
    "Full-body": 40,
    "Far shot": 15,
    "Complex bg": 20,
    "Occlusion": 10,
    "Multi-char": 10,
    "Overall Avg": 30,
}
"""As people write such a table."""


def asked() -> Goals:
    thresholds = {
        "simple_background": 0.3,
        "good_lighting": 0.7,
        "low_occlusion": 0.2,
        "multi_character": 2,
        "poor_quality": 0.5,
        "low_sharpness": 0.4,
    }
    targets = {"keep_full": 0.3, "segment": 0.4, "create_occlusion": 0.15, "enhance_segment": 0.15}
    needs = {"occlusion": 0.8, "multi_character": 0.9, "long_shot": 0.7, "complex_bg": 0.6}
    return goals({"thresholds": thresholds, "strategy_targets": targets, "dataset_needs": needs}, KNOWN)


def drawings(far: int = 5, count: int = 100) -> Analysis:
    sizes = np.array(["long"] * far + ["close_up"] * (count - far))
    one = np.ones(count)
    return Analysis([f"f{i}" for i in range(count)], 0.4 * one, one, 0.05 * one, one, one, one, sizes)


def test_what_scores_badly_is_needed_and_why_is_told() -> None:
    found = aim.aim(drawings(), asked(), aim.scores(SEED, "table"))
    needs, targets = found.goals.needs, found.goals.targets
    assert needs == {
        "occlusion": pytest.approx(0.89),
        "multi_character": pytest.approx(0.89),
        "long_shot": pytest.approx(0.84),
        "complex_bg": pytest.approx(0.79),
    }
    assert (
        targets["keep_full"] > 0.3
        and targets["create_occlusion"] > 0.15
        and targets["segment"] < 0.4
        and sum(targets.values()) == pytest.approx(1)
    )
    told = {trait.name: trait.reason for trait in found.traits}
    assert (
        "5 drawings show it, 5%: too few" in told["long"]
        and "there are none" in told["multi_character"]
        and "lacks nothing" in told["close_up"]
    )
    assert "more are made (create occlusion)" in told["occlusion"] and "enough" in told["complex_bg"]


def test_what_is_written_is_what_curate_reads(tmp_path: Path) -> None:
    (tmp_path / "scores.json").write_text(json.dumps(SEED))
    found = aim.aim(drawings(), asked(), aim.read(str(tmp_path / "scores.json")))
    (tmp_path / aim.FILE).write_text(found.text())
    assert asked().with_file(str(tmp_path / aim.FILE)) == found.goals
    assert (
        set(yaml.safe_load(found.text())) == {"strategy_targets", "dataset_needs"}
        and "# long: scores 15%" in found.text()
    )


def test_percent_and_shares_are_told_apart() -> None:
    assert aim.scores({"long": "0.5%", "Close up": "95 %", "medium": 20}, "table") == pytest.approx(
        {"long": 0.005, "close_up": 0.95, "medium": 0.2}
    )
    assert aim.scores({"long": 1, "medium": 0.5}, "table") == {"long": 1, "medium": 0.5}


@given(st.dictionaries(st.sampled_from(aim.TRAITS), st.floats(0.01, 1), min_size=2), st.integers(0, 100))
def test_whatever_the_scores_targets_are_shares_and_needs_in_order(
    scored: dict[str, float], far: int
) -> None:
    found = aim.aim(drawings(far), asked(), aim.scores(scored, "table"))
    assert sum(found.goals.targets.values()) == pytest.approx(1) and all(
        0 <= share <= 1 for share in found.goals.targets.values()
    )
    lacks = [trait.lacks for trait in found.traits]
    assert (
        lacks == sorted(lacks, reverse=True)
        and lacks[-1] == 0
        and all(0 <= need <= 1 for need in found.goals.needs.values())
    )


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"long": 0.5, "colour": 0.2}, "'colour' is no trait"),
        ({"long": 0.5}, "two traits"),
        ({"long": 0.5, "occlusion": "bad"}, "no score"),
        ({"long": 0.5, "occlusion": -1}, "no score"),
        ({"long": 0.5, "long shot": 0.2, "occlusion": 0.1}, "two scores"),
        ({"long": 0, "occlusion": 0}, "shares from 0 to 1"),
        ({"long": 200, "occlusion": 20}, "shares from 0 to 1"),
        ({"long": None, "occlusion": 20}, "no score"),
    ],
)
def test_a_table_without_sense_is_told(table: dict, why: str) -> None:
    with pytest.raises(GoalError, match=why):
        aim.scores(table, "table")
