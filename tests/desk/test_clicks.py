"""A simulated user at the desk: which drawings are corrected, and what clicks on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf

from animelayers import job
from animelayers.dataset.output import Output
from animelayers.desk.clicks import iou, shots, worst
from animelayers.truth import Recipe, compose


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory, ray_here: object) -> Output:
    """Two shots of one figure that dissolve."""
    stated: Any = OmegaConf.to_container(job.compose("compose", ["output=unused"]).truth)
    del stated["_target_"]
    small = {"size": [160, 96], "frames": [10, 10], "codec": "ffv1", "film": "clean", "blend": [4, 4]}
    odds = {"figures": {1: 1}, "transition": {"dissolve": 1}, "shots": {2: 1}, "exposure": {1: 1}}
    recipe = Recipe(**{**stated, **small, **odds})
    return compose(recipe, str(tmp_path_factory.mktemp("truth") / "set"), seed=3, shots=2, workers=1)


def test_what_two_shots_share_is_not_clicked(truth: Output) -> None:
    rows = truth.table.select(["transition", "scene_id"]).to_pylist()
    between = sum(row["transition"] == "dissolve" for row in rows)
    assert between, "the films dissolve"
    found = list(shots(truth, truth))
    assert sum(sum(shot.exposed) for shot in found) == len(rows) - between
    for shot in found:
        assert len(shot.pictures) == len(shot.true) == len(shot.found)
        assert iou(shot.found, shot.true, shot.exposed) == 1 and worst(shot.found, shot.true) is None


def test_a_click_goes_into_the_largest_error_and_says_what_is_there() -> None:
    true = [np.zeros((40, 60), np.uint8) for _ in range(2)]
    true[1][10:30, 20:40] = 1
    found = [plane.copy() for plane in true]
    found[0][5:10, 5:10] = 1
    mark = worst(found, true)
    assert mark is not None and (mark.drawing, mark.label) == (0, 0) and mark.where[7, 7]
    found[1][10:30, 20:30] = 0
    mark = worst(found, true)
    assert mark is not None and (mark.drawing, mark.label) == (1, 1)
    assert mark.where[10:30, 20:30].sum() == mark.where.sum()
    assert iou(found, true, [1, 3]) == pytest.approx((0 + 3 * 0.5) / 4)
