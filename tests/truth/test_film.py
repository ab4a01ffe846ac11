"""Composed films: layers that add up, drawings that are held, cuts and what lies between them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from animelayers.truth import Recipe
from animelayers.truth.film import frames
from animelayers.truth.layer import compose
from animelayers.truth.rows import pixels
from tests.lists import words_of


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**20))
def test_layers_give_the_frame_back(small: Callable[..., Recipe], seed: int) -> None:
    recipe = small(frames=[2, 3], shots="1")
    for _, composed in frames(recipe.film(seed, 0)):
        for made in composed:
            frame = made.frame
            exact = frame.base.astype(np.float64)
            for layer in frame.layers:
                part, a, c = exact[layer.window], layer.rgba[..., 3:] / 255, layer.rgba[..., :3].astype(float)
                part[...] = {
                    "over": part * (1 - a) + c * a,
                    "add": np.minimum(part + c * a, 255),
                    "screen": 255 - (255 - part) * (255 - c * a) / 255,
                    "multiply": part * (1 - a + c * a / 255),
                }[layer.mode]
            assert np.abs(exact - frame.picture).max() <= 1
            character, background = frame.seen("figure"), frame.background
            alone = (
                (frame.seen("effect")[..., 3] == 0)
                & (frame.seen("shadow")[..., 3] == 0)
                & (frame.seen("overlay")[..., 3] == 0)
            )
            alone &= frame.seen("incoming")[..., 3] == 0
            clear = alone & ((character[..., 3] == 0) | (character[..., 3] == 255))
            share = character[..., 3:] / 255
            again = background * (1 - share) + character[..., :3] * share
            assert np.abs(again - frame.picture)[clear].max(initial=0) <= 1


def test_a_held_drawing_is_one_drawing(small: Callable[..., Recipe]) -> None:
    recipe = small(
        frames=[12, 12], shots="1", camera="still", effects="0", figures="1", exposure="3", movement="walking",
        framing="full_body",
    )  # fmt: skip
    row = next(pixels(recipe.film(3, 0)))
    assert row["drawing"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert len(row["frames"]) == 4 and np.abs(np.diff(row["frames"].astype(int), axis=0)).any((1, 2, 3)).all()


def test_a_figure_that_never_moves_is_one_drawing(small: Callable[..., Recipe]) -> None:
    recipe = small(
        frames=[9, 9], shots="1", camera="still", effects="0", figures="2", movement="still", crossing=0.0
    )
    row = next(pixels(recipe.film(1, 0)))
    assert len(row["frames"]) == 1 and "still_figure" in words_of(row, "traits").split(",")


@pytest.mark.parametrize("kind", ["dissolve", "fade", "wipe"])
def test_transitions_are_told(small: Callable[..., Recipe], kind: str) -> None:
    recipe = small(frames=[12, 12], shots="2", transition=kind, blend=[4, 4], overlay="none")
    first, second = pixels(recipe.film(2, 0))
    words = [first["transition"].split(), second["transition"].split()]
    assert words[0] == ["none"] * 8 + [kind] * 4
    assert words[1] == (["none"] * 8 if kind != "fade" else ["fade"] * 4 + ["none"] * 8)
    assert np.array_equal(
        np.concatenate([first["frame_index"], second["frame_index"]]), np.arange(20 if kind != "fade" else 24)
    )
    if kind == "fade":
        assert first["frames"][first["drawing"][-1]].mean() < 0.4 * first["frames"][0].mean()
    assert kind in words_of(first, "traits").split(",") and kind in words_of(second, "traits").split(",")


def test_the_camera_takes_a_frame_to_its_plate(small: Callable[..., Recipe]) -> None:
    recipe = small(
        frames=[6, 6], shots="1", camera="pan", travel=[0.4, 0.4], parallax=0.0, effects="0", figures="0", fronts="0",
        vignette="0", overlay="none",
    )  # fmt: skip
    row = next(pixels(recipe.film(5, 0)))
    for picture, seat in zip(row["frames"], row["homography"], strict=True):
        x, y = np.rint(seat[:2, 2]).astype(int)
        part = row["plate"][y : y + 96, x : x + 160]
        assert np.abs(part.astype(int) - picture).mean() < 12
    assert row["camera_motion"] == "pan" and abs(
        row["homography"][-1, 0, 2] - row["homography"][0, 0, 2]
    ) == pytest.approx(38.4, abs=0.01)


def test_figures_keep_their_ids_through_a_crossing(small: Callable[..., Recipe]) -> None:
    recipe = small(frames=[10, 10], focus=["crossing"], shots="1", overlay="none", fronts="0")
    row = next(pixels(recipe.film(0, 0)))
    assert "crossing" in words_of(row, "traits") and set(np.unique(row["instances"])) - {0} == {1, 2}


def test_overlays_are_nobody(small: Callable[..., Recipe]) -> None:
    recipe = small(focus=["letterbox"], shots="1", figures="1")
    row = next(pixels(recipe.film(0, 0)))
    assert (
        not row["character"][:, 0].any() and not row["frames"][:, 0].any() and row["background"][:, 0].any()
    )


def test_compose_is_what_a_frame_shows(small: Callable[..., Recipe]) -> None:
    _, composed = next(frames(small().film(0, 0)))
    frame = next(composed).frame
    assert np.array_equal(frame.picture, compose(frame.base, frame.layers))
