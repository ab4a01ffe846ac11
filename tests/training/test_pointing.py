"""What ClickNet is shown in training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.training.pointing import Scenes, click
from tests.training.conftest import SIZE


def test_scenes_are_of_the_size_asked_for_and_clicks_are_on_what_is_wrong(packed: Path) -> None:
    scenes = Scenes([str(packed)], [], 0.5, np.random.default_rng(1))
    wrong, clicked, empty = 0, 0, 0
    for size in [(96, 64), (64, 96), (64, 64)] * 20:
        scene = scenes(size)
        assert scene.picture.shape == (*size[::-1], 3) and scene.picture.dtype == np.uint8
        assert scene.found.shape == scene.true.shape == size[::-1] and scene.found.dtype == bool
        assert scene.true.dtype == np.float32 and 0 <= scene.true.min() <= scene.true.max() <= 1
        assert scene.clicks.shape == (2, *size[::-1]) and scene.clicks.dtype == bool
        wrong += bool((scene.found != (scene.true > 0.5)).any())
        clicked += bool(scene.clicks.any())
        empty += bool(scene.found.any() and not (scene.true > 0.5).any())
    assert clicked <= wrong and clicked > 30
    assert empty, "now and then all that was found is wrong"


def test_equal_seeds_make_equal_scenes(packed: Path) -> None:
    one, other = (Scenes([str(packed)], [], 0.5, np.random.default_rng(7)) for _ in range(2))
    for _ in range(5):
        for a, b in zip(one((64, 64)), other((64, 64)), strict=True):
            np.testing.assert_array_equal(a, b)


def test_parts_of_a_folder_are_put_in(packed: Path, tmp_path: Path) -> None:
    import cv2

    (tmp_path / "props").mkdir()
    picture = np.zeros((80, 80, 4), np.uint8)
    cv2.circle(picture, (40, 40), 30, (255, 0, 255, 255), -1)
    cv2.imwrite(str(tmp_path / "props" / "ball.png"), picture)
    scenes = Scenes([str(packed)], [str(tmp_path)], 0, np.random.default_rng(1))
    (own,) = scenes._parts
    assert own.picture.shape == (80, 80, 3) and own.alpha.max() == 1


def test_a_folder_without_shots_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no packed shots"):
        Scenes([str(tmp_path)], [], 0, np.random.default_rng(1))


@given(st.integers(0, 1000))
def test_a_click_tells_the_truth(seed: int) -> None:
    rng = np.random.default_rng(seed)
    coarse = rng.random((2, 6, 10)) > 0.6
    found, true = (np.kron(plane, np.ones((8, 8))) > 0 for plane in coarse)
    clicks = np.zeros((2, 48, 80), bool)
    click(clicks, found, true.astype(np.float32), rng)
    assert clicks.any() == (found != true).any()
    # its middle is on what is wrong: a dot has a rim, which may not be
    for side, value in ((0, True), (1, False)):
        if clicks[side].any():
            assert ((true == value) & (found != value))[clicks[side]].mean() > 0.25


def test_what_is_right_gets_no_click() -> None:
    clicks, true = np.zeros((2, *SIZE[::-1]), bool), np.ones(SIZE[::-1], np.float32)
    click(clicks, true > 0, true, np.random.default_rng(0))
    assert not clicks.any()
