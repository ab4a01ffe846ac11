"""Labels that agree along the motion between drawings."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.imaging.views import view
from animelayers.samples import scene
from animelayers.shot.agree import Positions, agreed, painted, settled
from animelayers.shot.params import Params


def shot(name: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Drawings of a drawn shot and their true labels."""
    made = scene(name, 16, (192, 96))
    labels = [
        np.stack([a, np.zeros_like(a), np.zeros_like(a)]).astype(np.float32) / 255
        for a in made.character[::2]
    ]
    return labels, list(made.frames[::2])


@pytest.mark.parametrize("name", ["walk", "pan"])
def test_what_is_lost_in_one_drawing_is_found_by_its_neighbours(name: str) -> None:
    labels, pictures = shot(name)
    held = [pictures[3]] * 5
    given = [labels[3], labels[3], 0 * labels[3], labels[3], labels[3]]
    found = agreed(given, held, Params())
    inside = labels[3][0] > 0.9
    assert found[2][0][inside].min() > 0.5, "a drawing that is held says what the others say"
    assert np.abs(found[0] - labels[3]).max() < 0.5


@pytest.mark.parametrize("name", ["walk", "pan"])
def test_labels_that_are_right_stay_so(name: str) -> None:
    labels, pictures = shot(name)
    for before, after in zip(labels, agreed(labels, pictures, Params()), strict=True):
        assert after.dtype == np.float32 and after.min() >= 0 and after.max() <= 1
        assert ((after[0] > 0.5) != (before[0] > 0.5)).mean() < 0.01


def cel() -> tuple[np.ndarray, np.ndarray]:
    """A drawing of one flat figure with a rim before a sky, and where the figure is, bool."""
    picture = np.full((96, 160, 3), (120, 170, 220), np.uint8)
    picture[20:70, 40:90] = 20
    picture[23:67, 43:87] = (230, 90, 60)
    return picture, (picture != (120, 170, 220)).any(2)


def test_what_one_colour_covers_is_one_thing() -> None:
    picture, figure = cel()
    label = np.stack([figure, np.zeros_like(figure), np.zeros_like(figure)]).astype(np.float32)
    label[0, 23:45, 43:60] = 0  # a third of the cel is lost
    label[0, 5:9, 120:124] = 1  # and a speck of the sky is taken
    (found,) = painted([label], [picture], Params())
    assert found.dtype == np.float32 and found.min() >= 0 and found.max() <= 1
    assert found[0][figure].min() > 0.5, "what is lost of a cel comes back"
    assert found[0, 7, 122] == 1, "a sky is not asked"
    assert not found[1:].any(), "each layer for itself"


def test_paint_alone_moves_nothing_that_is_right() -> None:
    picture, figure = cel()
    right = np.stack([figure] * 3).astype(np.float32)
    assert np.allclose(painted([right], [picture], Params())[0], right, atol=1e-6)
    rough = np.clip(right - 0.3, 0, 1)
    (same,) = painted([rough], [picture], replace(Params(), paint=0))
    assert same is rough
    assert painted([], [], Params()) == []


@given(st.integers(0, 2**32 - 1))
def test_paint_keeps_how_much_there_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = np.repeat(np.repeat(rng.integers(0, 256, (4, 6, 3)), 12, 0), 12, 1).astype(np.uint8)
    label = rng.random((2, *picture.shape[:2]), np.float32)
    (found,) = painted([label], [picture], Params())
    assert found.sum((1, 2)) == pytest.approx(label.sum((1, 2)), rel=1e-4)
    assert found.min() >= 0 and found.max() <= 1


def test_flicker_where_nothing_moves_becomes_less() -> None:
    labels, pictures = shot("walk")
    rng = np.random.default_rng(1)
    shaken = [np.clip(labels[0] + rng.normal(0, 0.2, (3, 1, 1)).astype(np.float32), 0, 1) for _ in range(8)]
    found = agreed(shaken, [pictures[0]] * 8, Params())

    def flicker(each: list[np.ndarray]) -> float:
        return float(np.mean([np.abs(a - b).mean() for a, b in pairwise(each)]))

    assert flicker(found) < 0.5 * flicker(shaken)


def test_nothing_to_agree_on() -> None:
    labels, pictures = shot("walk")
    assert agreed([], [], Params()) == []
    assert agreed(labels[:1], pictures[:1], Params())[0] is labels[0]
    assert all(
        a is b for a, b in zip(agreed(labels, pictures, replace(Params(), passes=0)), labels, strict=True)
    )


def test_other_drawings_say_nothing() -> None:
    labels, pictures = shot("walk")
    other = 255 - pictures[0]
    found = agreed([labels[0], 0 * labels[0]], [pictures[0], other], Params())
    assert np.abs(found[0] - labels[0])[:, 4:-4, 4:-4].mean() < 0.02


def seated(pan: np.ndarray) -> Positions:
    """Drawings of 192 x 96 of a camera that pans by so many pixels."""
    whole = (192 + int(pan.max()), 96)
    cameras = np.repeat(np.eye(3)[None], len(pan), 0)
    cameras[:, 0, 2] = pan
    return Positions([view(camera, (192, 96), whole) for camera in cameras], whole)


@pytest.mark.parametrize("name", ["walk", "pan"])
def test_a_place_that_looks_the_same_is_the_same_thing_however_far_apart_in_time(name: str) -> None:
    labels, pictures = shot(name)
    positions = seated(scene(name, 16, (192, 96)).pan[::2].astype(int))
    wrong = [label.copy() for label in labels]
    spot = (slice(8, 16), slice(60, 68))
    wrong[0][1][spot] = 1.0
    found = settled(wrong, pictures, positions, Params())
    assert found[0].dtype == np.float32 and found[0].shape == labels[0].shape
    assert found[0][1][spot].max() < 0.5 < wrong[0][1][spot].min(), "one against many"
    for before, after in zip(labels, found, strict=True):
        assert after.min() >= 0 and after.max() <= 1
        assert ((after[0] > 0.5) != (before[0] > 0.5)).mean() < 0.02, "who moves keeps her outline"


def test_of_more_drawings_than_are_held_against_each_other_some_are() -> None:
    labels, pictures = shot("walk")
    rng = np.random.default_rng(1)
    shaken = [np.clip(labels[0] + rng.normal(0, 0.2, (3, 1, 1)).astype(np.float32), 0, 1) for _ in range(30)]
    found = settled(shaken, [pictures[0]] * 30, seated(np.zeros(30, int)), Params())
    assert np.ptp([each[0].mean() for each in found]) < 0.4 * np.ptp([each[0].mean() for each in shaken])


def test_one_drawing_is_settled() -> None:
    labels, pictures = shot("walk")
    assert settled(labels[:1], pictures[:1], seated(np.zeros(1, int)), Params())[0] is labels[0]
