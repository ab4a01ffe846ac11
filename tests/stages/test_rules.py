"""What a stage does without some of its rules, on drawn scenes whose layers are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from animelayers.engine.step import Step
from animelayers.models.inpaint import OpenCV
from animelayers.models.track import Linked
from animelayers.samples import Scene, scene
from animelayers.stages.background import Background
from animelayers.stages.layers import Layers
from animelayers.stages.track import Track

SIZE = (192, 108)


@pytest.fixture(scope="module")
def walk() -> dict[str, Any]:
    """A clip of somebody who walks, with mattes that flicker and miss a hand's breadth."""
    shot = scene("walk", 12, SIZE)
    row = clip(shot)
    row["character"] = row["character"].copy()
    row["character"][::2, :50] = 0
    return row


def clip(shot: Scene) -> dict[str, Any]:
    at = np.unique(shot.drawing, return_index=True)[1]
    cameras = np.tile(np.eye(3), (len(at), 1, 1))
    facts = {
        "clip_id": shot.name,
        "error": "",
        "matte_model": " ".join(["net"] * len(at)),
        "homography": cameras,
        "camera_motion": "still",
    }
    return {**facts, "frames": shot.frames[at], "character": shot.character[at]}


def run(step: Step, row: dict[str, Any]) -> dict[str, Any]:
    (made,) = step.run([row])
    assert made["error"] == ""
    return made


def test_steadying_without_all_its_rules_is_none(walk: dict[str, Any]) -> None:
    none = run(Track(Linked(), without=["resting", "traced"]), walk)
    assert np.array_equal(none["character"], run(Track(Linked(), smoothing=0), walk)["character"])
    assert not np.array_equal(run(Track(Linked()), walk)["character"], none["character"])


def test_a_background_without_the_plate_is_that_of_a_shot_without_one(walk: dict[str, Any]) -> None:
    plated = run(Layers(), walk)
    assert np.array_equal(plated["character"], walk["character"]) and plated["plate_trust"] > 0.8
    bare = {name: plated[name] for name in ("clip_id", "error", "frames", "character")}
    without = run(Background(OpenCV(), without=["plate"]), plated)
    assert np.array_equal(without["background"], run(Background(OpenCV()), bare)["background"])
    assert not np.array_equal(without["background"], run(Background(OpenCV()), plated)["background"])


@pytest.mark.parametrize(("kind", "models"), [(Layers, ()), (Track, (Linked(),)), (Background, (OpenCV(),))])
def test_unknown_rules_are_named(kind: type[Step], models: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=f"there is: {', '.join(kind.rules)}"):
        kind(*models, without=["wheels"])  # type: ignore[call-arg]
