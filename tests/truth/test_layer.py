"""Stacks of layers against the formulas they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.truth.layer import MODES, Layer, compose, labels, seen, tile


def flat(colour: tuple[int, int, int], alpha: int, size: tuple[int, int] = (4, 4)) -> np.ndarray:
    rgba = np.empty((*size, 4), np.uint8)
    rgba[...] = (*colour, alpha)
    return rgba


@given(st.sampled_from(MODES), *[st.integers(0, 255)] * 3)
def test_modes_are_their_formulas(mode: str, base: int, colour: int, alpha: int) -> None:
    b, c, a = base / 255, colour / 255, alpha / 255
    light = {
        "over": b * (1 - a) + c * a,
        "add": b + c * a,
        "screen": 1 - (1 - b) * (1 - c * a),
        "multiply": b * (1 - a + c * a),
    }[mode]
    made = compose(
        np.full((4, 4, 3), base, np.uint8), [Layer("effect", 1, (0, 0), flat((colour,) * 3, alpha), mode)]
    )
    assert abs(int(made[0, 0, 0]) - 255 * min(light, 1)) <= 0.51


def test_nothing_is_changed_in_place() -> None:
    base, rgba = np.full((4, 4, 3), 90, np.uint8), flat((200, 10, 10), 100)
    compose(base, [Layer("figure", 1, (0, 0), rgba)])
    assert (base == 90).all() and (rgba == flat((200, 10, 10), 100)).all()


def test_a_figure_is_seen_past_what_hides_it() -> None:
    figure, front = (
        Layer("figure", 1, (0, 0), flat((200, 0, 0), 255)),
        Layer("front", 1, (2, 0), flat((0, 200, 0), 255, (4, 2))),
    )
    whole = seen([figure, front], "figure", (4, 4))
    assert (whole[:, :2, 3] == 255).all() and (whole[:, 2:, 3] == 0).all()
    assert labels([figure, front], (4, 4)).tolist() == [[1, 1, 0, 0]] * 4
    behind = seen([front._replace(kind="effect"), figure], "effect", (4, 4))
    assert not behind[..., 3].any()


def test_layers_of_a_kind_add_up() -> None:
    pair = [
        Layer("figure", 1, (0, 0), flat((200, 0, 0), 128)),
        Layer("figure", 2, (0, 0), flat((0, 0, 200), 64)),
    ]
    whole = seen(pair, "figure", (4, 4))
    over = compose(compose(np.full((4, 4, 3), 255, np.uint8), pair[:1]), pair[1:])
    assert (
        np.abs(
            compose(np.full((4, 4, 3), 255, np.uint8), [Layer("figure", 1, (0, 0), whole)]).astype(int) - over
        ).max()
        <= 1
    )


def test_whole_pixels_are_copied_and_the_rest_is_cut_off() -> None:
    rgba = np.random.default_rng(0).integers(0, 256, (6, 5, 4)).astype(np.uint8)
    placed = tile(rgba, np.array([[1.0, 0, -2], [0, 1.0, 3]]), (8, 7))
    assert placed is not None
    at, part = placed
    assert at == (0, 3) and np.array_equal(part, rgba[:4, 2:])
    assert tile(rgba, np.array([[1.0, 0, 20], [0, 1.0, 0]]), (8, 7)) is None


def test_a_turned_tile_keeps_its_area() -> None:
    rgba = np.pad(flat((9, 9, 9), 255, (40, 20)), ((2, 2), (2, 2), (0, 0)))
    c, s = np.cos(0.4), np.sin(0.4)
    placed = tile(rgba, np.array([[c, -s, 50], [s, c, 40.3]]), (160, 160))
    assert placed is not None
    assert placed[1][..., 3].sum() / 255 == pytest.approx(800, rel=0.01)
