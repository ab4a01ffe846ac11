"""DWPose: the real running code on a tiny file of its interface, whose joints are the reddest, greenest and
bluest place. It proves no quality.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.models.dwpose import DwPose, decoded
from animelayers.weights import WeightsError
from tests.models import tiny_onnx

SIZE = (48, 64)
BOX = (40, 30, 60, 90)
DOTS = ((50, 50), (80, 60), (70, 110))


@pytest.fixture(scope="module")
def poser(tmp_path_factory: pytest.TempPathFactory) -> DwPose:
    return DwPose(
        tiny_onnx.colours_as_joints(tmp_path_factory.mktemp("dwpose") / "tiny.onnx", SIZE),
        device="cpu",
        batch=2,
    )


def picture(moved: int = 0) -> np.ndarray:
    made = np.zeros((160, 200, 3), np.uint8)
    for channel, (x, y) in enumerate(DOTS):
        made[y - 3 + moved : y + 4 + moved, x - 3 : x + 4, channel] = 255
    return made


def test_joints_are_where_the_net_sees_them(poser: DwPose) -> None:
    (joints,) = poser([picture()], [[BOX]])
    assert joints.shape == (1, 17, 3) and joints.dtype == np.float32 and poser.skeleton == "coco17"
    np.testing.assert_allclose(joints[0, :3, :2], DOTS, atol=5)
    assert (joints[0, :3, 2] > 0.5).all() and (joints[0, 3:, 2] == 0).all() and joints[..., 2].max() <= 1


def test_a_batch_of_any_sizes_is_what_each_gives_alone_and_moves_with_the_picture(poser: DwPose) -> None:
    boxes = [[BOX, (0, 0, 200, 160), (-20, -20, 60, 60)], [], [BOX]]
    found = poser([picture(), np.zeros((9, 9, 3), np.uint8), picture(20)], boxes)
    assert [len(joints) for joints in found] == [3, 0, 1] and found[1].shape == (0, 17, 3)
    assert np.array_equal(found[0][:1], poser([picture()], [[BOX]])[0])
    x, y, w, h = BOX
    np.testing.assert_allclose(
        poser([picture(20)], [[(x, y + 20, w, h)]])[0][0, :3, :2], found[0][0, :3, :2] + (0, 20), atol=1e-3
    )
    assert poser([], []) == [] and np.isfinite(poser([picture()], [[(3, 3, 0, 0)]])[0]).all()


def test_whole_bodies_are_known_by_their_133_joints(tmp_path: Path) -> None:
    poser = DwPose(tiny_onnx.colours_as_joints(tmp_path / "whole.onnx", SIZE, 133), device="cpu")
    assert poser.skeleton == "coco133" and poser([picture()], [[BOX]])[0].shape == (1, 133, 3)


@given(st.integers(0, 95), st.integers(0, 127), st.floats(-50, 50), st.floats(10, 300))
def test_the_place_of_a_bin_is_its_share_of_the_window(x: int, y: int, middle: float, size: float) -> None:
    along_x, along_y = np.zeros((1, 96), np.float32), np.zeros((1, 128), np.float32)
    along_x[0, x], along_y[0, y] = 0.4, 0.8
    ((px, py, score),) = decoded(along_x, along_y, np.array([middle, middle]), np.array([size, 2 * size]))
    assert score == pytest.approx(0.6) and middle - size / 2 - 1e-3 <= px <= middle + size / 2
    assert px == pytest.approx(middle + size * (x / 96 - 0.5), abs=1e-3) and py == pytest.approx(
        middle + 2 * size * (y / 128 - 0.5), abs=1e-3
    )


def test_missing_and_wrong_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file exists"):
        DwPose(tmp_path / "nowhere.onnx")
    with pytest.raises(WeightsError, match="no net of DWPose's kind of 17 or 133 joints"):
        DwPose(tiny_onnx.colours_as_joints(tmp_path / "five.onnx", SIZE, 5), device="cpu")
    with pytest.raises(WeightsError, match="no net of DWPose's kind"):
        DwPose(tiny_onnx.write(tmp_path / "other.onnx", (1, 0, 0), 0, (1, 3, 64, 64)), device="cpu")
    with pytest.raises(WeightsError, match="wanted is one size of crops"):
        DwPose(tiny_onnx.write(tmp_path / "any.onnx", (1, 0, 0), 0, ("N", 3, "H", "W")), device="cpu")
    (tmp_path / "broken.onnx").write_bytes(b"no net")
    with pytest.raises(WeightsError, match="cannot be read as an ONNX net"):
        DwPose(tmp_path / "broken.onnx", device="cpu")
    with pytest.raises(ValueError, match="batch must be 1 or more"):
        DwPose(tmp_path / "broken.onnx", batch=0)
