from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers.imaging.square import GREY, alone, around, boxed, fitted


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(4, 40))
def test_a_picture_lies_whole_in_its_square(height: int, width: int, side: int) -> None:
    square = fitted(np.full((height, width, 3), 200, np.uint8), side, (1, 2, 3))
    assert square.shape == (side, side, 3) and square.dtype == np.uint8
    inside = (square == 200).all(2)
    rows, columns = inside.any(1).sum(), inside.any(0).sum()
    assert inside.sum() == rows * columns and max(rows, columns) == side, (
        "all that is no bar is the picture, as large as it goes"
    )
    assert (
        abs(rows - side * height / max(height, width)) <= 1
        and abs(columns - side * width / max(height, width)) <= 1
    )
    assert (square[~inside] == (1, 2, 3)).all()


def test_a_square_of_the_size_is_left_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (16, 16, 3), np.uint8)
    np.testing.assert_array_equal(fitted(picture, 16, (0, 0, 0)), picture)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 30),
    st.integers(0, 20),
    st.integers(1, 30),
    st.integers(1, 30),
    st.sampled_from([0.0, 0.1, 0.5]),
)
def test_nothing_but_the_figure_is_seen(x: int, y: int, width: int, height: int, margin: float) -> None:
    rng = np.random.default_rng(1)
    frame = rng.integers(0, 255, (48, 64, 3), np.uint8)
    alpha = np.zeros((48, 64), np.uint8)
    alpha[y : y + height, x : x + width] = 255
    frame[alpha > 0] = (250, 10, 10)
    seen = alone(frame, alpha, margin)
    assert seen is not None and seen.shape[0] == seen.shape[1]
    red, grey = (seen == (250, 10, 10)).all(2), (seen == GREY).all(2)
    assert (red | grey).all() and red.sum() == (alpha > 0).sum()
    other = alone(
        np.where(alpha[..., None] > 0, frame, rng.integers(0, 255, frame.shape, np.uint8)), alpha, margin
    )
    np.testing.assert_array_equal(seen, other)
    rows = np.flatnonzero(red.any(1))
    assert abs(rows[0] - (seen.shape[0] - 1 - rows[-1])) <= 2, "in the middle, at the border too"


def test_where_a_figure_stands_changes_nothing() -> None:
    frame, alpha = np.zeros((60, 80, 3), np.uint8), np.zeros((60, 80), np.uint8)
    alpha[20:40, 30:38] = 255
    frame[20:40, 30:38] = np.random.default_rng(0).integers(0, 255, (20, 8, 3))
    moved = alone(np.roll(frame, (7, -11), (0, 1)), np.roll(alpha, (7, -11), (0, 1)))
    np.testing.assert_array_equal(alone(frame, alpha), moved)


def test_a_large_figure_is_reduced_and_soft_edges_stay_soft() -> None:
    frame, alpha = np.full((1080, 1920, 3), 255, np.uint8), np.zeros((1080, 1920), np.uint8)
    alpha[100:1000, 200:1700] = 255
    alpha[100:1000, 200] = 128
    seen = alone(frame, alpha)
    assert seen is not None and seen.shape[0] <= 450 and seen.max() == 255


@pytest.mark.parametrize("value", [0, 127])
def test_an_empty_layer_shows_nothing(value: int) -> None:
    assert alone(np.zeros((9, 9, 3), np.uint8), np.full((9, 9), value, np.uint8)) is None
    assert boxed(np.full((9, 9), value, np.uint8)) is None


def test_a_part_around_a_box() -> None:
    frame = np.arange(100 * 100 * 3, dtype=np.uint32).astype(np.uint8).reshape(100, 100, 3)
    np.testing.assert_array_equal(around(frame, (40, 30, 20, 10), 0.5), frame[20:50, 30:70])
    np.testing.assert_array_equal(around(frame, (-5, -5, 20, 20), 0), frame[:15, :15])
    assert around(frame, (40, 30, 0, 10)) is None and around(frame, (200, 10, 20, 20)) is None
