"""BlazePose with its real weights, where they were fetched."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers import weights
from animelayers.imaging import skeleton
from animelayers.models.blazepose import BlazePose, consensus
from animelayers.samples import scene
from animelayers.weights import WeightsError
from tests.models import tiny_onnx


def here(name: str) -> None:
    if weights.locate(weights.lookup(name)) is None:
        pytest.skip(f"the weights {name} are not on this machine: python jobs/fetch_models.py names={name}")


@pytest.fixture(scope="module")
def poser() -> BlazePose:
    here("blazepose-landmarks")
    here("blazepose-detection")
    return BlazePose()


def drawn(name: str, size: tuple[int, int]) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    shot = scene(name, 1, size)
    return shot.frames[0], tuple(cv2.boundingRect((shot.character[0] > 127).astype(np.uint8)))


def test_a_drawn_person_is_found_joint_by_joint(poser: BlazePose) -> None:
    picture, (x, y, w, h) = drawn("walk", (960, 540))
    (joints,) = poser([picture], [[(x, y, w, h)]])
    assert (
        joints.shape == (1, 33, 3)
        and joints.dtype == np.float32
        and 0 <= joints[..., 2].min() <= joints[..., 2].max() <= 1
    )
    points = skeleton.named(joints[0], poser.skeleton)
    shares = {name: (place - (x, y)) / (w, h) for name, place in points.items()}
    assert shares["nose"][1] < 0.3 < shares["left_hip"][1] < 0.7 < shares["left_ankle"][1] < 1.05
    assert (
        skeleton.words(points).startswith("standing") and skeleton.head(joints[0], poser.skeleton) is not None
    )


def test_a_batch_of_any_sizes_is_what_each_gives_alone_and_moves_with_the_picture(poser: BlazePose) -> None:
    first, second = drawn("walk", (640, 360)), drawn("glow", (480, 640))
    pictures, boxes = [first[0], second[0], first[0]], [[first[1], (0, 0, 80, 80)], [], [second[1]]]
    found = poser(pictures, boxes)
    assert [len(joints) for joints in found] == [2, 0, 1] and found[1].shape == (0, 33, 3)
    assert np.array_equal(found[0][:1], poser([first[0]], [[first[1]]])[0])
    moved = cv2.copyMakeBorder(first[0], 40, 0, 64, 0, cv2.BORDER_REPLICATE)
    x, y, w, h = first[1]
    sure = found[0][0, :, 2] > 0.5
    np.testing.assert_allclose(
        poser([moved], [[(x + 64, y + 40, w, h)]])[0][0, sure, :2],
        found[0][0, sure, :2] + (64, 40),
        atol=0.02 * h,
    )


def test_nobody_is_not_somebody(poser: BlazePose) -> None:
    flat = np.full((200, 300, 3), 127, np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    empty = scene("empty", 1, (320, 180)).frames[0]
    for joints in poser(
        [flat, noise, empty, flat],
        [[(20, 20, 150, 150)], [(20, 20, 150, 150)], [(60, 10, 100, 160)], [(5, 5, 1, 1)]],
    ):
        assert np.isfinite(joints).all() and joints[0, :, 2].max() < 0.5


def test_a_drawn_man_of_the_real_stills(poser: BlazePose, data: Path) -> None:
    still = data / "layered_stills" / "vn04_two_sylvie_saha_uni.composite.png"
    if not still.is_file():
        pytest.skip("the layered stills are not here")
    mask = cv2.imread(str(still).replace("composite", "truth_inst0_alpha"), cv2.IMREAD_UNCHANGED)
    box = cv2.boundingRect(((mask if mask.ndim == 2 else mask[..., -1]) > 127).astype(np.uint8))
    (joints,) = poser([cv2.imread(str(still))[..., ::-1]], [[box]])
    assert (joints[0, :, 2] > 0.5).sum() > 28 and skeleton.words(
        skeleton.named(joints[0], poser.skeleton)
    ) == "standing"


def test_another_net_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file exists"):
        BlazePose(landmarks=tmp_path / "nowhere.tflite")
    with pytest.raises(WeightsError, match="another net than BlazePose's"):
        BlazePose(landmarks=tiny_onnx.write(tmp_path / "net.onnx", (1, 0, 0), 0, (1, 3, 8, 8)))
    (tmp_path / "text.tflite").write_text("nothing")
    with pytest.raises(WeightsError, match="cannot be read"):
        BlazePose(landmarks=tmp_path / "text.tflite")


@given(st.integers(2, 4), st.floats(0, 1), st.floats(0, 40))
def test_views_that_differ_are_less_sure(views: int, score: float, apart: float) -> None:
    points = np.zeros((views, 5, 2))
    scores = np.full((views, 5), score)
    agreed = consensus(points, scores, 10)
    np.testing.assert_allclose(agreed, np.tile(np.float32([0, 0, score]), (5, 1)), atol=1e-6)
    points[0, :, 0] = apart
    told = consensus(points, scores, 10)
    assert (
        (told[:, 2] <= agreed[:, 2] + 1e-6).all()
        and (told[:, 0] >= 0).all()
        and (told[:, 0] <= apart + 1e-6).all()
    )
