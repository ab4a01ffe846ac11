"""What a stage does without some of its rules, on drawn scenes whose layers are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from animelayers.models.inpaint import OpenCV
from animelayers.models.track import Linked
from animelayers.samples import Scene, scene
from animelayers.stages.background import Background
from animelayers.stages.cels import Cels
from animelayers.stages.effect import Effect
from animelayers.stages.track import Track
from animelayers.step import Step

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
    facts = {"clip_id": shot.name, "error": "", "matte": " ".join(["net"] * len(at)), "camera": cameras, "camera_motion": "still"}
    return {**facts, "frames": shot.frames[at], "character": shot.character[at]}


def run(step: Step, row: dict[str, Any]) -> dict[str, Any]:
    (made,) = step.run([row])
    assert made["error"] == ""
    return made


def test_mattes_that_nothing_settles_stay_and_the_plate_is_the_same(walk: dict[str, Any]) -> None:
    whole, less = run(Cels(), walk), run(Cels(without=["settling", "regained"]), walk)
    assert np.array_equal(less["character"], walk["character"]) and not np.array_equal(whole["character"], walk["character"])
    assert less["plate"].shape == whole["plate"].shape and less["plate_trust"] > 0.8
    still = run(Cels(without=["moving"]), walk)
    assert (still["moving"] == 128).all() and not np.array_equal(still["character"], whole["character"])


def test_steadying_without_all_its_rules_is_none(walk: dict[str, Any]) -> None:
    none = run(Track(Linked(), without=["carried", "resting", "traced"]), walk)
    assert np.array_equal(none["character"], run(Track(Linked(), steady=0), walk)["character"])
    assert not np.array_equal(run(Track(Linked()), walk)["character"], none["character"])


def test_a_background_without_the_plate_is_that_of_a_shot_without_one(walk: dict[str, Any]) -> None:
    plated = run(Cels(), walk)
    bare = {name: plated[name] for name in ("clip_id", "error", "frames", "character")}
    without = run(Background(OpenCV(), without=["plate"]), plated)
    assert np.array_equal(without["background"], run(Background(OpenCV()), bare)["background"])
    assert not np.array_equal(without["background"], run(Background(OpenCV()), plated)["background"])


def test_an_afterglow_is_even_as_a_veil_alone() -> None:
    shot = scene("impact", 10, SIZE)
    row = clip(shot) | {"plate": shot.background[0], "plate_seen": np.full(SIZE[::-1], 255, np.uint8), "plate_trust": np.float32(1)}
    veiled, searched = (run(Effect(without=words), row)["effect"][..., 3].reshape(len(row["frames"]), -1) for words in ((), ("veils",)))
    even = [(effect.any(axis=1) & (effect.min(axis=1) == effect.max(axis=1))).sum() for effect in (veiled, searched)]
    assert even[0] > even[1]


@pytest.mark.parametrize("kind", [Cels, Effect])
def test_unknown_rules_are_named(kind: type[Step]) -> None:
    with pytest.raises(ValueError, match=f"there is: {', '.join(kind.rules)}"):
        kind(without=["wheels"])  # type: ignore[call-arg]
