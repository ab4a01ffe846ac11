"""The background by the true masks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from animelayers.quality import yardstick
from animelayers.quality.truths import TrueLayers, TrueShot

PAINTING = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)


def drawing(left: int, grey: bool = False) -> tuple[np.ndarray, TrueLayers]:
    """A white figure before a painting, and its layers."""
    figure = np.zeros(PAINTING.shape[:2], np.uint8)
    figure[10:30, left : left + 10] = 255
    picture = np.where(figure[..., None] > 0, 255, PAINTING).astype(np.uint8)
    if grey:
        picture = np.repeat(picture.mean(2, keepdims=True), 3, 2).astype(np.uint8)
    nothing = np.zeros(PAINTING.shape[:2], bool)
    return picture, TrueLayers(figure, None, np.zeros((*figure.shape, 4), np.uint8), True, nothing, PAINTING)


def test_what_another_drawing_shows_is_right() -> None:
    pictures, layers = zip(drawing(5), drawing(30), strict=True)
    assert yardstick.hole_db(pictures, layers) == 100
    np.testing.assert_array_equal(yardstick.background(pictures, layers), PAINTING)


def test_what_none_shows_is_made_up() -> None:
    pictures, layers = zip(drawing(5), drawing(8), strict=True)
    found = yardstick.hole_db(pictures, layers)
    assert found is not None and 5 < found < 20
    made = yardstick.background(pictures, layers)
    np.testing.assert_array_equal(made[:, 30:], PAINTING[:, 30:])
    assert made[20, 10].max() < 255, "nothing of the figure is in it"


def test_a_grey_film_is_compared_in_grey() -> None:
    pictures, layers = zip(drawing(5, grey=True), drawing(30, grey=True), strict=True)
    found = yardstick.hole_db(pictures, layers)
    assert found is not None and found > 20


def test_there_is_none_without_a_figure_and_of_one_drawing() -> None:
    assert yardstick.hole_db(*zip(drawing(5), strict=True)) is None
    picture, layers = drawing(60)
    assert yardstick.hole_db([picture] * 2, [layers] * 2) is None
    assert yardstick.hole_db([], []) is None


@pytest.mark.parametrize(("moved", "stands"), [(0.0, True), (2.0, False), (0.005, False)])
def test_a_camera_that_moves_has_none(moved: float, stands: bool) -> None:
    cameras = np.stack([np.eye(3)] * 3)
    cameras[2, 0, 2 if moved > 1 else 0] += moved  # a step, or a slow zoom
    shot = TrueShot("film", 0, 0, 2, (), (), (True,) * 3, cameras=cameras)
    assert yardstick.stands(shot) is stands and not yardstick.stands(replace(shot, cameras=None))
