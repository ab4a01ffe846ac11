"""Who is who, and the crops of a training set, against a set that knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from animelayers import Output
from animelayers.quality import page, result
from animelayers.quality.score import score
from animelayers.quality.truth_set import TruthSet
from animelayers.quality.who import Who, described, plain, who
from animelayers.record.schema import RECORD
from tests.quality import sets

TRUE = (["akari"], ["akari", "ren"], [], ["sora"])
Named = Sequence[Sequence[str]]


def name(shots: list[sets.Clip], names: Named) -> list[sets.Clip]:
    """Clips whose figures are called so, shot after shot."""
    for shot, called in zip(shots, names, strict=True):
        shot["characters"] = RECORD["characters"].gather([called] * len(shot["character"]))
    return shots


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> TruthSet:
    return TruthSet(sets.store(name(sets.clips(), TRUE), tmp_path_factory.mktemp("truth") / "set"))


@pytest.fixture
def found(truth: TruthSet, tmp_path: Path) -> Callable[..., Who]:
    def call(names: Named, change: Callable[[list[sets.Clip]], object] = lambda shots: None) -> Who:
        shots = name(sets.clips(), names)
        change(shots)
        return who(truth, Output(str(sets.store(shots, tmp_path / "out"))))

    return call


def test_the_truth_is_right_by_any_names(found: Callable[..., Who]) -> None:
    made = found((["x"], ["x", "y"], [], ["z"]))
    assert [*made.figures] == ["precision", "recall", "f1", "pure", "crop_iou", "mask_iou"]
    assert all(round(figure.value, 2) == 1 for figure in made.figures.values())
    assert (made.tracks, made.strange, made.missed, made.mixed, made.left_out) == (4, 0, 0, {}, {}) and len(
        made.crops
    ) > 3
    assert "| pairwise F1 | 1.000 |" in described(made) and plain(made)["figures"]["f1"]["n"] == 1


def test_two_who_are_taken_for_one_another(found: Callable[..., Who]) -> None:
    made = found((["x"], ["y", "x"], [], ["z"]))
    assert [made.figures[key].value for key in ("precision", "recall", "f1")] == [0, 0, 0]
    assert made.mixed == {"x": {"akari": 1, "ren": 1}} and "x is akari (1), ren (1)" in described(made)
    assert made.crops[0].iou < 0.3 and made.crops[0].any > 0.9, "a crop of somebody else is none of hers"


def test_nobody_said_is_nobody_joined(found: Callable[..., Who]) -> None:
    made = found((["unknown"], ["unknown", "unknown"], [], ["unknown"]))
    assert made.figures["recall"].value == 0 and np.isnan(made.figures["precision"].value) and not made.crops


def test_who_is_not_there_and_who_is_not_found(found: Callable[..., Who]) -> None:
    def move(shots: list[sets.Clip]) -> None:
        for layer in ("character", "instances"):
            shots[3][layer] = np.roll(shots[3][layer], 30, axis=2)

    made = found((["x"], ["x", "y"], [], ["z"]), move)
    assert (made.tracks, made.strange) == (3, 1) and made.missed >= 2 and made.figures["f1"].value == 1


def test_sets_and_outputs_without_names_are_refused(truth: TruthSet, truth_set: Path, tmp_path: Path) -> None:
    bare = sets.store(sets.clips(), tmp_path / "bare")
    with pytest.raises(ValueError, match="run animelayers cluster_characters first"):
        who(truth, Output(str(bare)))
    with pytest.raises(ValueError, match="compose it again"):
        who(TruthSet(truth_set), Output(str(bare)))


def test_the_page_of_a_board_tells_it(
    truth_set: Path, truth: TruthSet, found: Callable[..., Who], tmp_path: Path
) -> None:
    people = found((["x"], ["x", "y"], [], ["z"]))
    rows, _ = score(partial(TruthSet, truth_set), {"animelayers": str(truth_set)})
    cost = {"cpu": 1.0, "wall": 1.0, "frames": 8, "drawings": 4, "overrides": []}
    made = result.Result(rows, {"shots": 4, "films": 2, "host": {}, "seed": 0}, {"animelayers": cost})
    page.write(made, result.write(made, tmp_path / "board"), tmp_path / "board", people=people)
    text = (tmp_path / "board" / "index.html").read_text()
    assert "Who is who" in text and "<td>f1</td>" in text and "1.000 to 1.000" in text
