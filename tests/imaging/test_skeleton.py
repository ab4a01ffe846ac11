from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.imaging import skeleton

UPRIGHT = {
    "nose": (0, -80), "left_eye": (6, -86), "right_eye": (-6, -86), "left_ear": (14, -82), "right_ear": (-14, -82),
    "left_shoulder": (30, -50), "right_shoulder": (-30, -50), "left_elbow": (36, -10), "right_elbow": (-36, -10),
    "left_wrist": (38, 30), "right_wrist": (-38, 30), "left_hip": (18, 40), "right_hip": (-18, 40),
    "left_knee": (20, 95), "right_knee": (-20, 95), "left_ankle": (20, 150), "right_ankle": (-20, 150),
}  # fmt: skip
POSES = {
    "standing": {},
    "standing, arms raised": {
        "left_elbow": (40, -80),
        "left_wrist": (40, -120),
        "right_elbow": (-40, -80),
        "right_wrist": (-40, -120),
    },
    "standing, one arm raised": {"left_elbow": (40, -80), "left_wrist": (40, -120)},
    "standing, arms spread": {
        "left_elbow": (70, -50),
        "left_wrist": (110, -50),
        "right_elbow": (-70, -50),
        "right_wrist": (-110, -50),
    },
    "standing, arms crossed": {"left_wrist": (-20, -15), "right_wrist": (20, -15)},
    "sitting": {
        "left_knee": (70, 45),
        "right_knee": (60, 50),
        "left_ankle": (72, 100),
        "right_ankle": (62, 105),
    },
    "kneeling": {
        "left_knee": (20, 90),
        "right_knee": (-20, 90),
        "left_ankle": (70, 95),
        "right_ankle": (40, 95),
    },
    "running": {
        "left_knee": (70, 70),
        "left_ankle": (60, 120),
        "right_knee": (-30, 90),
        "right_ankle": (-90, 80),
    },
    "legs apart": {
        "left_knee": (50, 90),
        "left_ankle": (80, 140),
        "right_knee": (-50, 90),
        "right_ankle": (-80, 140),
    },
}
KINDS = st.sampled_from(sorted(skeleton.JOINTS))


def person(kind: str, **moved: tuple[float, float]) -> np.ndarray:
    names = skeleton.JOINTS[kind]
    joints = np.zeros((max(names.values()) + 1, 3), np.float32)
    for name, place in {**UPRIGHT, **moved}.items():
        joints[names[name]] = (*place, 1)
    return joints


@pytest.mark.parametrize("kind", sorted(skeleton.JOINTS))
@pytest.mark.parametrize("word", POSES)
def test_each_pose_has_its_words(kind: str, word: str) -> None:
    assert skeleton.words(skeleton.named(person(kind, **POSES[word]), kind)) == word


@given(
    KINDS,
    st.sampled_from(sorted(POSES)),
    st.floats(0.2, 30),
    st.floats(-2000, 2000),
    st.floats(-2000, 2000),
    st.booleans(),
)
def test_words_are_the_same_wherever_how_large_and_mirrored(
    kind: str, word: str, scale: float, x: float, y: float, mirrored: bool
) -> None:
    joints = person(kind, **POSES[word]).astype(np.float64)
    if mirrored:
        joints[:, 0] *= -1
        names = skeleton.JOINTS[kind]
        for name, k in names.items():
            if name.startswith("left_"):
                other = names[name.replace("left_", "right_")]
                joints[[k, other]] = joints[[other, k]]
    joints[:, :2] = joints[:, :2] * scale + (x, y)
    assert skeleton.words(skeleton.named(joints, kind)) == word


@pytest.mark.parametrize(("degrees", "word"), [(90, "lying"), (-90, "lying"), (180, "upside down")])
def test_a_turned_person_lies_or_hangs(degrees: float, word: str) -> None:
    turn = np.radians(degrees)
    joints = person("coco17")
    joints[:, :2] = joints[:, :2] @ np.array(
        [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]], np.float32
    )
    assert skeleton.words(skeleton.named(joints, "coco17")).split(",")[0] == word


@given(st.sets(st.integers(0, 16)), st.sampled_from(sorted(POSES)))
def test_joints_that_are_not_sure_say_less_never_something_else(unsure: set[int], word: str) -> None:
    joints = person("coco17", **POSES[word])
    joints[sorted(unsure), 2] = 0.2
    told = skeleton.words(skeleton.named(joints, "coco17"))
    assert set(filter(None, told.split(", "))) <= set(word.split(", "))
    joints[:, 2] = 0.49
    assert skeleton.words(skeleton.named(joints, "coco17")) == "" and skeleton.head(joints, "coco17") is None


def test_joints_at_one_place_say_nothing() -> None:
    joints = np.ones((33, 3), np.float32)
    assert (
        skeleton.words(skeleton.named(joints, "blazepose33")) == ""
        and skeleton.head(joints, "blazepose33") is None
    )


@pytest.mark.parametrize("kind", sorted(skeleton.JOINTS))
def test_the_head_is_a_square_around_the_joints_of_the_face(kind: str) -> None:
    found = skeleton.head(person(kind), kind)
    assert found is not None
    x, y, w, h, score = found
    assert w == h and 28 <= w <= 45 and x < -14 and x + w > 14 and y < -86 and y + h > -80
    assert score == 1


def test_a_joint_beside_the_character_is_not_its_own() -> None:
    alpha = np.zeros((100, 80), np.uint8)
    alpha[20:90, 30:50] = 255
    joints = np.array(
        [[[40, 50, 0.9], [52, 50, 0.8], [60, 50, 0.7], [-500, 3, 0.6], [1e9, 2, 0.5]]], np.float32
    )
    kept = skeleton.lying_on(joints, alpha, 3)
    assert kept[0, :, 2].tolist() == pytest.approx([0.9, 0.8, 0, 0, 0])
    assert np.array_equal(kept[..., :2], joints[..., :2]) and joints[0, 2, 2] > 0


def test_an_unknown_skeleton_is_refused() -> None:
    with pytest.raises(ValueError, match="known are coco17"):
        skeleton.named(np.zeros((5, 3)), "openpose")
