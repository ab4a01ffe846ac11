"""Expression by a model of faces, on a tiny file of FER+'s interface that tells where the face is bright. It
proves no quality.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from animelayers.imaging import skeleton
from animelayers.models.expression import FerPlus
from animelayers.record.schema import IDENTITY, RECORD, Row, blank
from animelayers.stages.expression import Expression
from animelayers.weights import WeightsError
from tests.lists import listed
from tests.models import tiny_onnx


@pytest.fixture(scope="module")
def teller(tmp_path_factory: pytest.TempPathFactory) -> FerPlus:
    return FerPlus(
        tiny_onnx.brightness_as_feeling(tmp_path_factory.mktemp("fer") / "tiny.onnx"), device="cpu"
    )


def row(**columns: Any) -> Row:
    return {**{name: blank(name) for name in IDENTITY}, "clip_id": "clip", **columns}


def faces() -> np.ndarray:
    """Three drawings: bright above, bright below, and bright above on the left."""
    made = np.zeros((3, 80, 80, 3), np.uint8)
    made[0, 20:40, 20:60] = made[1, 40:60, 20:60] = made[2, 20:40, 20:40] = 255
    return made


def told(*steps: Row) -> list[list[str]]:
    return [RECORD["expression"].per_drawing(step["expression"]) for step in steps]


def test_the_largest_face_is_looked_at_and_none_is_blank(teller: FerPlus) -> None:
    boxes = listed("face_boxes", "20:20:40:40:0.90,1:1:4:4:0.99 20:20:40:40:0.90 none")
    (made,) = Expression(teller).run([row(frames=faces(), face_boxes=boxes)])
    assert told(made) == [["sadness", "happiness", ""]]
    (unsure,) = Expression(teller, min_confidence=1.0).run([row(frames=faces(), face_boxes=boxes)])
    assert told(unsure) == [["", "", ""]]


def test_where_no_face_is_told_the_joints_tell_it_and_turn_it_upright(teller: FerPlus) -> None:
    joints = np.zeros((3, 17, 3), np.float32)
    upright = {
        "left_eye": (50, 34),
        "right_eye": (30, 34),
        "nose": (40, 40),
        "left_ear": (56, 36),
        "right_ear": (24, 36),
    }
    # its chin to the left
    leaning = {
        "left_eye": (49, 47),
        "right_eye": (43, 29),
        "nose": (40, 41),
        "left_ear": (51, 53),
        "right_ear": (41, 23),
    }
    for drawing, places in ((1, upright), (2, leaning)):
        for name, place in places.items():
            joints[drawing, skeleton.JOINTS["coco17"][name]] = (*place, 0.9)
    columns = {"frames": faces(), "keypoints": joints.reshape(3, -1), "skeleton": "coco17"}
    made, without = Expression(teller, min_confidence=0).run(
        [row(**columns, face_boxes=listed("face_boxes", "none none none")), row(**columns)]
    )
    assert told(made) == told(without) == [["", "happiness", "happiness"]]
    (as_it_is,) = Expression(teller, min_confidence=0).run(
        [row(frames=faces(), face_boxes=listed("face_boxes", "none none 20:20:40:40:0.90"))]
    )
    assert told(as_it_is) == [["", "", "sadness"]]


def test_what_is_needed_is_told(teller: FerPlus, tmp_path: Path) -> None:
    (lacking,) = Expression(teller).run([row(frames=faces())])
    assert "put the stage faces or pose before it" in lacking["error"]
    with pytest.raises(ValueError, match=r"must be 0\.\.1"):
        Expression(teller, min_confidence=2)
    with pytest.raises(WeightsError, match="no such file exists"):
        FerPlus(tmp_path / "nowhere.onnx")
    other = FerPlus(tiny_onnx.brightness_as_feeling(tmp_path / "seven.onnx", labels=7), device="cpu")
    (failed,) = Expression(other).run(
        [row(frames=faces(), face_boxes=listed("face_boxes", "20:20:40:40:0.90 none none"))]
    )
    assert "bring the file of FER+ again" in failed["error"]
