from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.models.action import VideoClassifier
from animelayers.record.schema import IDENTITY, RECORD, Row, blank
from animelayers.samples import scene
from animelayers.stages.action import Action, spread
from tests.models import tiny_people


def row(**columns: Any) -> Row:
    return {**{name: blank(name) for name in IDENTITY}, "clip_id": "ep/scene0000/000000", **columns}


@pytest.fixture(scope="module")
def teller(tmp_path_factory: pytest.TempPathFactory) -> VideoClassifier:
    pytest.importorskip("transformers")
    return VideoClassifier(str(tiny_people.videomae(tmp_path_factory.mktemp("videomae"))), device="cpu")


def test_all_drawings_of_a_clip_get_its_action_and_a_still_none(teller: VideoClassifier) -> None:
    frames = scene("walk", 5, (96, 54)).frames
    moving, still = (
        row(frames=frames, drawing=np.array([0, 0, 1, 2, 2, 3, 4, 4], np.int32)),
        row(frames=frames[:1], drawing=np.zeros(3, np.int32)),
    )
    made = Action(teller, min_confidence=0.0).run([moving, still])
    ((action, sure),) = teller([frames[[0, 2, 3, 4]]])  # frames 1, 3, 5 and 7
    assert RECORD["action"].per_drawing(made[0]["action"]) == [action] * 5
    assert made[0]["action_confidence"].tolist() == pytest.approx([sure] * 5, abs=1e-5) and 1 / 3 <= sure < 1
    assert RECORD["action"].per_drawing(made[1]["action"]) == [""] and made[1][
        "action_confidence"
    ].tolist() == [0.0]
    (unsure,) = Action(teller, min_confidence=1.0).run([moving])
    assert (
        set(RECORD["action"].per_drawing(unsure["action"])) == {""} and not unsure["action_confidence"].any()
    )
    with pytest.raises(ValueError, match=r"min_confidence must be 0\.\.1"):
        Action(teller, min_confidence=1.5)


@given(st.integers(1, 500), st.integers(1, 64))
def test_frames_are_spread_evenly(count: int, wanted: int) -> None:
    chosen = spread(count, wanted)
    assert len(chosen) == wanted and 0 <= chosen.min() <= chosen.max() < count
    assert (np.diff(chosen) >= 0).all() and np.ptp(np.diff(chosen)) <= 1 if wanted > 1 else True
    assert abs(chosen.mean() - (count - 1) / 2) <= 1
