"""What a drawing is told: middles are compared with NumPy's, distances with what was painted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers.imaging.evidence import (
    FAR,
    MOST,
    STILL,
    USUAL,
    changed,
    distance,
    measured,
    median,
    nothing,
    usual,
)


def lower(stack: np.ndarray, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The middle of what is shown of each pixel, the lower of two, and by how many it is shown; slowly."""
    count = shown.sum(0)
    hidden_last = np.sort(np.where(shown[..., None], stack.astype(int), 999), axis=0)
    at = np.maximum(count - 1, 0) // 2
    middle = np.take_along_axis(hidden_last, at[None, ..., None], 0)[0]
    return np.where(count[..., None] > 0, middle, 0), count


def agrees(stack: np.ndarray, shown: np.ndarray) -> None:
    middle, count = median(stack, shown)
    wanted, by = lower(stack, shown)
    assert (
        middle.dtype == count.dtype == np.uint8
        and middle.shape == stack.shape[1:]
        and count.shape == shown.shape[1:]
    )
    np.testing.assert_array_equal(count, by)
    np.testing.assert_array_equal(middle, wanted)


@settings(max_examples=120)
@given(
    number=st.integers(1, 9), height=st.integers(1, 5), width=st.integers(1, 7), seed=st.integers(0, 2**16),
    share=st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]), top=st.sampled_from([1, 3, 255]),
)  # fmt: skip
def test_the_middle_is_the_lower_median_of_what_is_shown(
    number: int, height: int, width: int, seed: int, share: float, top: int
) -> None:
    rng = np.random.default_rng(seed)
    stack = rng.integers(0, top, (number, height, width, 3), np.uint8, endpoint=True)
    agrees(stack, rng.random((number, height, width)) < share)


def test_of_an_even_number_it_is_the_lower_of_the_two_in_the_middle_and_of_an_odd_one_numpys_median() -> None:
    stack = np.array([10, 40, 20, 30], np.uint8)[:, None, None, None].repeat(3, -1)
    assert (median(stack, np.ones((4, 1, 1), bool))[0] == 20).all(), "neither 25 nor 30"
    hiding = np.array([True, False, True, True])[:, None, None]
    assert (median(stack, hiding)[0] == np.median([10, 20, 30])).all()
    two = np.array([False, True, False, True])[:, None, None]
    assert (median(stack, two)[0] == 30).all() and (median(stack, two)[1] == 2).all()


@pytest.mark.parametrize("number", range(1, MOST + 1))
def test_any_number_of_pictures_has_its_middle(number: int) -> None:
    # What is right for zeros and ones is right for all (Knuth, 5.3.4 Z): all of them at once, and of many
    # pictures a sample.
    rng = np.random.default_rng(number)
    inputs = np.arange(2**number) if number <= 10 else rng.integers(0, 2**number, 1024)
    bits = ((inputs[None] >> np.arange(number)[:, None]) & 1).astype(np.uint8)
    stack = np.repeat(bits[:, None, :, None], 3, -1)
    agrees(stack, np.ones(stack.shape[:3], bool))
    agrees(stack, rng.random(stack.shape[:3]) < 0.6)


def test_what_nobody_shows_is_black_and_counted_as_nothing() -> None:
    middle, count = median(np.full((4, 3, 5, 3), 200, np.uint8), np.zeros((4, 3, 5), bool))
    assert not middle.any() and not count.any()


def test_no_more_than_are_asked_are_counted_and_the_pictures_stay_as_they_were() -> None:
    stack = np.random.default_rng(0).integers(0, 255, (MOST + 5, 3, 4, 3), np.uint8)
    before = stack.copy()
    stack.flags.writeable = False
    middle, count = median(stack, np.ones(stack.shape[:3], bool))
    assert (
        (count == MOST).all()
        and np.array_equal(middle, np.median(stack[:MOST], 0))
        and np.array_equal(stack, before)
    )


def test_of_a_picture_for_itself_nothing_is_told() -> None:
    plate, *planes = nothing((4, 6, 3))
    assert plate.shape == (4, 6, 3) and [plane.shape for plane in planes] == [(4, 6)] * 3
    assert all(each.dtype == np.uint8 and not each.any() for each in (plate, *planes))


def test_a_picture_is_as_far_from_its_plate_as_the_farthest_of_its_colours() -> None:
    plate = np.random.default_rng(0).integers(0, 200, (9, 11, 3), np.uint8)
    assert not distance(plate, plate).any()
    off = plate + np.array([3, 40, 0], np.uint8)
    assert (
        distance(off, plate).shape == (9, 11)
        and distance(off, plate).dtype == np.uint8
        and (distance(off, plate) == 40).all()
    )
    assert np.array_equal(distance(off, plate), distance(plate, off))
    speck = plate.copy()
    speck[4, 5] += 54
    found = distance(speck, plate)
    assert (found[3:6, 4:7] == 6).all() and found.sum() == 9 * 6, "a ninth each over three pixels"


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**16),
    height=st.integers(1, 8),
    width=st.integers(1, 8),
    most=st.integers(0, 31),
    noise=st.floats(*USUAL),
)
def test_what_is_told_keeps_its_ranges(seed: int, height: int, width: int, most: int, noise: float) -> None:
    rng = np.random.default_rng(seed)
    picture, plate = rng.integers(0, 255, (2, height, width, 3), np.uint8, endpoint=True)
    count = rng.integers(0, most, (height, width), np.uint8, endpoint=True)
    change = rng.integers(0, 255, (height, width), np.uint8, endpoint=True)
    evidence = measured(picture, plate, count, noise, change)
    assert (
        np.array_equal(evidence.plate, plate)
        and np.array_equal(evidence.change, change)
        and evidence.known.dtype == evidence.difference.dtype == np.uint8
    )
    assert np.isin(evidence.known, (0, 85, 170, 255)).all()
    assert ((evidence.known == 0) == (count == 0)).all() and ((evidence.known == 255) == (count >= 3)).all()
    assert not evidence.difference[count == 0].any(), "where no plate is known nothing differs from it"
    assert not measured(plate, plate, count, noise, change).difference.any()
    assert (
        measured(picture, plate, count, USUAL[1], change).difference
        <= measured(picture, plate, count, USUAL[0], change).difference
    ).all()


def test_from_so_many_usual_differences_on_a_drawing_differs_wholly() -> None:
    plate, count = np.full((3, 3, 3), 100, np.uint8), np.full((3, 3), 3, np.uint8)
    assert (measured(plate + np.uint8(FAR * 2), plate, count, 2.0, count).difference == 255).all()
    assert (measured(plate + np.uint8(FAR * 1), plate, count, 2.0, count).difference == 127).all()


def test_a_place_changes_where_a_drawing_of_many_differs_and_by_more_where_more_do() -> None:
    stack = np.full((8, 40, 60, 3), 90, np.uint8)
    stack[3, :20, :20] = 200
    stack[::2, 20:, :20] = 200
    stack[:, :, 40:] += np.arange(8, dtype=np.uint8)[:, None, None, None] % 3  # a file's rounding
    reached = np.ones(stack.shape[:3], bool)
    found = changed(stack, reached, 1.5)
    once, often, still, rounded = found[5, 5], found[35, 5], found[20, 30], found[20, 50]
    assert still == rounded == STILL < STILL + 50 < once < often - 50 < 255
    reached[2:, :, :30] = False
    assert not changed(stack, reached, 1.5)[:, :30].any(), "two drawings have no middle"
    assert (changed(np.stack([stack[0]] * 3), reached[:3] | True, 1.5) == STILL).all()


def test_the_usual_difference_is_the_middle_one_where_the_plate_explains_the_picture_within_bounds() -> None:
    plate = np.full((40, 40, 3), 90, np.uint8)
    there, left = np.ones((40, 40), bool), np.zeros((40, 40), bool)
    left[:, :20] = True
    half = plate.copy()
    half[:, :20] += 4
    half[:, 20:] += 90
    left[:, 19] = False  # its neighbour differs
    assert usual([half], [plate], [left]) == 4.0
    assert (
        usual([plate], [plate], [there]) == USUAL[0]
        and usual([plate + np.uint8(70)], [plate], [there]) == USUAL[1]
    )
    assert usual([], [], []) == usual([plate], [plate], [~there]) == USUAL[0], "nothing to ask"
    assert usual([plate, plate + np.uint8(5), plate + np.uint8(5)], [plate] * 3, [there] * 3) == 5.0
