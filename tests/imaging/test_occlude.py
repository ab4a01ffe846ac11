from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers.imaging.occlude import SIDES, edge_blur, hidden, in_front, veil, visible

H, W = 60, 80


def scene(seed: int) -> tuple[np.ndarray, np.ndarray]:
    dice = np.random.default_rng(seed)
    alpha = np.zeros((H, W), np.uint8)
    alpha[15:60, 25:55] = 255
    alpha[15:60, 55] = 128
    return dice.integers(0, 256, (H, W, 3), np.uint8), alpha


def test_what_stands_in_front_hides_exactly_its_alpha() -> None:
    alpha, cover = np.array([[255, 255, 200, 0]], np.uint8), np.array([[0, 255, 51, 77]], np.uint8)
    assert visible(alpha, cover).tolist() == [[255, 0, 160, 0]]
    assert (
        hidden(alpha, np.zeros_like(alpha)) == 0
        and hidden(alpha, np.full_like(alpha, 255)) == 1
        and hidden(np.zeros_like(alpha), cover) == 0
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(SIDES))
def test_an_edge_is_blurred_into_the_figure_and_nothing_else_is_touched(seed: int, side: str) -> None:
    picture, alpha = scene(seed)
    made = edge_blur(picture, alpha, side, 4, np.random.default_rng(seed))
    assert 0.05 < hidden(alpha, made.cover) < 0.6
    assert np.array_equal(made.picture[made.cover == 0], picture[made.cover == 0])
    border = {"left": np.s_[:, 0], "right": np.s_[:, -1], "bottom": np.s_[-1]}[side]
    assert (made.cover[border] == 255).all()
    again = edge_blur(picture, alpha, side, 4, np.random.default_rng(seed))
    assert np.array_equal(made.picture, again.picture)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0.1, 1))
def test_a_veil_is_never_denser_than_its_opacity(seed: int, opacity: float) -> None:
    picture, alpha = scene(seed)
    made = veil(picture, alpha, opacity, 3, np.random.default_rng(seed))
    assert made.cover.max() <= round(255 * opacity) and hidden(alpha, made.cover) > 0
    assert np.array_equal(made.picture[made.cover == 0], picture[made.cover == 0])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_a_cut_out_lies_in_front_with_its_own_colours_and_alpha(seed: int) -> None:
    picture, alpha = scene(seed)
    cutout = np.zeros((40, 20, 4), np.uint8)
    cutout[3:, 4:16] = (200, 30, 60, 255)  # black under alpha 0 must not bleed into the edge
    made = in_front(picture, alpha, cutout, np.random.default_rng(seed))
    assert np.array_equal(made.picture[made.cover == 0], picture[made.cover == 0])
    assert (np.abs(made.picture[made.cover == 255].astype(int) - (200, 30, 60)) <= 1).all() and (
        made.cover == 255
    ).any()
    assert 0.15 <= hidden(alpha, made.cover) <= 0.6


def test_a_side_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="not from 'top'"):
        edge_blur(*scene(0), "top", 4, np.random.default_rng(0))
