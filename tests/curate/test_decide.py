from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from animelayers import job
from animelayers.curate.analyse import Analysis
from animelayers.curate.assign import apportion, assign, counts
from animelayers.curate.decide import KNOWN, decide, limits, mix, rules, what_if
from animelayers.curate.goals import GoalError, Goals, goals
from animelayers.curate.reason import reasons

DEFAULT = yaml.safe_load((job.CONF / "decision" / "decision_thresholds.yaml").read_text())
GOALS = goals(DEFAULT, KNOWN)
TARGETS = np.array([GOALS.targets[name] for name in KNOWN])


def analysis(n: int, seed: int = 0, **given: object) -> Analysis:
    rng = np.random.default_rng(seed)
    made = {name: rng.random(n) for name in ("complexity", "lighting", "occlusion", "quality", "sharpness")}
    made |= {
        "instance_count": rng.integers(1, 4, n).astype(float),
        "shot_size": rng.choice(["long", "medium"], n),
    }
    return Analysis(
        [f"e/s_{i:06d}" for i in range(n)], **{**made, **{k: np.asarray(v) for k, v in given.items()}}
    )  # type: ignore[arg-type]


def everything(n: int) -> np.ndarray:
    return np.ones((n, len(KNOWN)), bool)


unit = st.floats(0, 1).flatmap(lambda x: st.sampled_from([x, 0.2, 0.3, 0.4, 0.5, 0.7]))


@settings(max_examples=150, deadline=None)
@given(unit, unit, unit, unit, unit, st.integers(0, 5), unit)
def test_the_rules_are_the_pseudo_code(
    complexity: float,
    lighting: float,
    occlusion: float,
    quality: float,
    sharp: float,
    count: int,
    need: float,
) -> None:
    if complexity < 0.3 and lighting > 0.7 and occlusion < 0.2:
        expected = "keep_full"
    elif count >= 2 or complexity > 0.3:
        expected = "segment"
    elif quality < 0.5 or sharp < 0.4:
        expected = "enhance_segment"
    elif need > 0.5:
        expected = "create_occlusion"
    else:
        expected = "segment"
    numbers = {
        "complexity": [complexity],
        "lighting": [lighting],
        "occlusion": [occlusion],
        "quality": [quality],
        "sharpness": [sharp],
    }
    one = analysis(1, instance_count=[float(count)], **numbers)
    wanted = replace(GOALS, needs={**GOALS.needs, "occlusion": need})
    made = decide(one, wanted, everything(1), whole=False)
    assert KNOWN[made.chosen[0]] == expected
    assert 0 <= made.confidence[0] <= 1


def test_the_reasoning_is_written_as_the_seed_writes_it() -> None:
    numbers = {
        "complexity": [0.18, 0.25],
        "lighting": [0.85, 0.9],
        "occlusion": [0.05, 0.3],
        "quality": [0.9, 0.41],
        "sharpness": [0.9, 0.32],
    }
    two = analysis(2, instance_count=[1.0, 1.0], **numbers)
    made = decide(two, GOALS, everything(2), whole=False)
    said = reasons(two, limits(two, GOALS, {}), GOALS.needs, made)
    assert (
        said[0]
        == "Simple background (complexity=0.18) | Good lighting (quality=0.85) | Low occlusion (level=0.05)"
    )
    assert said[1] == "Poor quality (score=0.41) | Low sharpness (level=0.32)"
    assert round(float(made.confidence[0]), 2) == 0.92


def test_a_forbidden_rule_gives_way_to_the_next_and_none_is_minus_one() -> None:
    one = analysis(1, complexity=[0.9], instance_count=[0.0])
    nobody = np.array([[True, False, False, False]])
    for whole in (True, False):
        assert decide(one, GOALS, nobody, whole=whole).chosen.tolist() == [0]
        assert decide(one, GOALS, np.zeros((1, 4), bool), whole=whole).chosen.tolist() == [-1]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(0, 2**32 - 1), st.floats(0.2, 1), st.booleans())
def test_an_assignment_is_the_best_there_is(n: int, seed: int, free: float, coarse: bool) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 4, (n, 4)) / 4 if coarse else rng.random((n, 4))
    allowed = rng.random((n, 4)) < free
    wanted = counts(allowed, rng.dirichlet(np.ones(4)))
    chosen = assign(scores, allowed, wanted)
    some = allowed.any(1)
    assert (chosen[~some] == -1).all() and allowed[some, chosen[some]].all()
    assert np.bincount(chosen[some], minlength=4).tolist() == wanted.tolist()
    columns = np.repeat(np.arange(4), wanted)
    table = np.where(allowed, scores, -1000.0)[some][:, columns]
    best = table[linear_sum_assignment(table, maximize=True)].sum()
    assert scores[some, chosen[some]].sum() == pytest.approx(best, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(34, 300),
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(0, 20), min_size=4, max_size=4).filter(any),
)
def test_the_mix_meets_its_targets_where_every_frame_allows_everything(
    n: int, seed: int, parts: list[int]
) -> None:
    targets = dict(zip(KNOWN, (np.array(parts) / sum(parts)).tolist(), strict=True))
    made = decide(analysis(n, seed), replace(GOALS, targets=targets), everything(n)).mix()
    assert sum(made.values()) == n
    assert all(abs(made[name] / n - targets[name]) <= 0.03 for name in KNOWN)


def test_targets_that_cannot_be_met_are_missed_as_little_as_can_be() -> None:
    allowed = everything(1000)
    allowed[:500, 1:] = False  # half of the frames show nobody
    made = counts(allowed, TARGETS)
    assert made[0] == 500 and made.sum() == 1000
    # what is left is shared as the targets share it
    assert np.allclose(made[1:] / 500, TARGETS[1:] / TARGETS[1:].sum(), atol=0.01)
    allowed[:, 1] = False
    assert counts(allowed, TARGETS)[1] == 0 and counts(allowed, TARGETS).sum() == 1000
    assert counts(np.zeros((5, 4), bool), TARGETS).tolist() == [0, 0, 0, 0]
    assert counts(allowed[:, :1], np.array([0.0])).tolist() == [1000]


def test_twenty_thousand_frames_exactly_and_always_the_same() -> None:
    many = analysis(20_000)
    made = decide(many, GOALS, everything(20_000))
    assert made.mix() == {
        "keep_full": 6000,
        "segment": 8000,
        "create_occlusion": 3000,
        "enhance_segment": 3000,
    }
    assert np.array_equal(made.chosen, decide(many, GOALS, everything(20_000)).chosen)
    by_rules = decide(many, GOALS, everything(20_000), whole=False)
    assert max(by_rules.mix().values()) > 12_000  # what the whole set is decided for
    assert made.confidence.mean() > 0.5
    fit_by_chance = made.fits[np.arange(20_000), np.random.default_rng(1).permutation(made.chosen)].mean()
    assert made.confidence.mean() > fit_by_chance + 0.1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_the_frames_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, order = rng.permutation(400 * 4).reshape(400, 4) * 1e-3, rng.permutation(400)
    scores += rng.random((400, 4)) * 4e-4  # sums of moves that are told apart
    allowed = everything(400)
    wanted = counts(allowed, TARGETS)
    one, other = assign(scores, allowed, wanted), assign(scores[order], allowed, wanted)
    total = np.take_along_axis(scores, one[:, None], 1).sum()
    assert np.take_along_axis(scores[order], other[:, None], 1).sum() == pytest.approx(total, abs=0.05)
    assert (one[order] == other).mean() > 0.98


def test_apportioned_numbers_sum_up() -> None:
    assert apportion(np.array([0.3, 0.4, 0.15, 0.15]), 7).sum() == 7
    assert apportion(np.array([1 / 3, 1 / 3, 1 / 3]), 10).tolist() == [4, 3, 3]


def test_needs_send_what_the_set_lacks_where_its_scene_stays() -> None:
    far = np.where(np.arange(400) % 2, "long", "medium")
    same = dict.fromkeys(("complexity", "lighting", "occlusion", "quality", "sharpness"), np.full(400, 0.5))
    half = analysis(400, shot_size=far, instance_count=np.ones(400), **same)
    wanted = replace(GOALS, needs={"occlusion": 0.5, "multi_character": 0, "long_shot": 1, "complex_bg": 0})
    chosen = decide(half, wanted, everything(400)).chosen
    assert (far[(chosen == 0) | (chosen == 2)] == "long").all()


def test_what_each_change_would_do() -> None:
    some = analysis(500)
    changes = what_if(some, GOALS, everything(500))
    assert len(changes) == 14 and all(sum(made.values()) == 500 for _, _, made in changes)
    by = {(key, value): made for key, value, made in changes}
    now = mix(rules(some, limits(some, GOALS, {}), GOALS.needs, everything(500)), KNOWN)
    assert (
        by["simple_background", 0.2]["keep_full"]
        < now["keep_full"]
        < by["simple_background", 0.4]["keep_full"]
    )
    assert by["poor_quality", 0.4]["enhance_segment"] < now["enhance_segment"]


def test_thresholds_of_a_character(tmp_path: Path) -> None:
    (tmp_path / "luca.yaml").write_text("thresholds: {simple_background: 0.1}")
    own = {"luca": GOALS.with_file(str(tmp_path / "luca.yaml"))}
    same = {
        "complexity": [0.2, 0.2],
        "lighting": [0.9, 0.9],
        "occlusion": [0.0, 0.0],
        "instance_count": [1.0, 1.0],
    }
    two = analysis(2, **same)
    with pytest.raises(GoalError, match="does not say who"):
        limits(two, GOALS, own)
    two = replace(two, who=[frozenset({"luca", "alberto"}), frozenset({"alberto"})])
    assert decide(two, GOALS, everything(2), own, whole=False).mix()["keep_full"] == 1
    with pytest.raises(GoalError, match="giulia, who is in no frame: there is alberto, luca"):
        limits(two, GOALS, {"giulia": GOALS})


@pytest.mark.parametrize(
    ("section", "key", "value", "said"),
    [
        ("strategy_targets", "segment", 0.5, "sum to 1.1, not to 1"),
        ("strategy_targets", "segmnt", 0.4, "did you mean segment"),
        ("thresholds", "simple_backgrond", 0.3, "did you mean simple_background"),
        ("thresholds", "poor_quality", 1.5, "poor_quality=1.5 is not between 0 and 1"),
        ("thresholds", "multi_character", 1.5, "no number of characters"),
        ("thresholds", "low_sharpness", "low", "low_sharpness='low' is no number"),
        ("thresholds", "low_sharpness", float("nan"), "not between 0 and 1"),
        ("dataset_needs", "occlusion", -0.1, "not between 0 and 1"),
        ("dataset_needs", "night", 0.1, "has no key 'night'"),
    ],
)
def test_wishes_that_make_no_sense_are_one_sentence(section: str, key: str, value: object, said: str) -> None:
    with pytest.raises(GoalError, match=said):
        goals({**DEFAULT, section: {**DEFAULT[section], key: value}}, KNOWN)


def test_files_of_wishes(tmp_path: Path) -> None:
    needs, broken = tmp_path / "dataset_needs.json", tmp_path / "ノート.json"
    needs.write_text(json.dumps({"occlusion": 0.1}))
    broken.write_text("{")
    made = GOALS.with_needs(str(needs))
    assert isinstance(made, Goals) and made.needs == {**GOALS.needs, "occlusion": 0.1}
    with pytest.raises(GoalError, match=r"ノート\.json is damaged"):
        GOALS.with_needs(str(broken))
    with pytest.raises(GoalError, match="cannot be read"):
        GOALS.with_file(str(tmp_path / "none.yaml"))
    needs.write_text("[1]")
    with pytest.raises(GoalError, match="no mapping"):
        GOALS.with_needs(str(needs))
    with pytest.raises(GoalError, match="lacks low_sharpness"):
        goals(
            {
                **DEFAULT,
                "thresholds": {k: v for k, v in DEFAULT["thresholds"].items() if k != "low_sharpness"},
            },
            KNOWN,
        )
