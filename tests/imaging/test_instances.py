from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers.imaging.instances import LOOSE, MOST, label_map, nearest, pieces, sharpened, split, whose


def disc(x: float, y: float, r: float, size: tuple[int, int] = (60, 90)) -> np.ndarray:
    v, u = np.mgrid[: size[0], : size[1]]
    return np.asarray(np.hypot(u - x, v - y) <= r)


def random_masks(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    masks = [
        disc(rng.uniform(0, 90), rng.uniform(0, 60), rng.uniform(0, 30))
        & (rng.random((60, 90)) > rng.choice([0, 0.1]))
        for _ in range(count)
    ]
    return np.stack(masks) if count else np.zeros((0, 60, 90), bool), rng.random(count).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 6), st.integers(1, 200))
def test_every_pixel_is_the_best_masks_but_for_small_pieces(seed: int, count: int, least: int) -> None:
    masks, scores = random_masks(seed, count)
    labels, kept = label_map(masks, scores, least)
    assert labels.dtype == np.uint8 and labels.shape == (60, 90)
    assert set(np.unique(labels)) - {0} == set(range(1, len(kept) + 1))
    assert [float(scores[k]) for k in kept] == sorted((float(scores[k]) for k in kept), reverse=True) and len(
        set(kept)
    ) == len(kept)
    assert not (labels[~masks.any(axis=0)] > 0).any() if count else not labels.any()
    for label, k in enumerate(kept, 1):
        assert np.count_nonzero(labels == label) >= least
        # What a better one of those kept claims, a worse one has only as a small piece.
        stolen = (labels > label) & masks[k]
        assert not stolen.any() or least > 1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 5))
def test_shares_of_an_alpha_sum_to_it_and_never_beyond(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    masks, scores = random_masks(seed, count)
    labels, kept = label_map(masks, scores, 20)
    alpha = rng.integers(0, 256, labels.shape).astype(np.uint8) * (rng.random(labels.shape) > 0.3)
    shares = split(alpha.astype(np.uint8), labels)
    assert shares.shape == (len(kept), 60, 90) and shares.dtype == np.uint8
    total = shares.astype(int).sum(axis=0)
    assert (total <= alpha).all() and np.array_equal(total[labels > 0], alpha[labels > 0])
    for k, share in enumerate(shares, 1):
        alone = nearest((labels > 0) * labels, 8) == k
        deep = alone & ~np.any([disc_of != k for disc_of in _shifted(labels, 8)], axis=0)
        assert np.array_equal(share[deep], alpha[deep])


def _shifted(labels: np.ndarray, by: int) -> list[np.ndarray]:
    padded = np.pad(labels, by, mode="edge")
    return [padded[y : y + 60, x : x + 90] for y in range(2 * by + 1) for x in range(2 * by + 1)]


def test_a_border_is_shared_softly_and_hair_goes_with_its_figure() -> None:
    labels = np.zeros((60, 90), np.uint8)
    labels[10:50, 10:45], labels[10:50, 45:80] = 1, 2
    alpha = np.zeros((60, 90), np.uint8)
    alpha[8:50, 10:80] = 255
    one, two = split(alpha, labels)
    assert (
        100 < one[30, 44] < 255
        and int(one[30, 44]) + two[30, 44] == 255
        and (np.diff(one[30, 40:50].astype(int)) <= 0).all()
    )
    assert (one[8:10, 12:30] == 255).all() and (two[8:10, 60:78] == 255).all() and not two[:, :40].any()
    far = np.zeros((60, 90), np.uint8)
    far[55:, 85:] = 255
    assert not split(far, labels).any()


def test_a_thing_claimed_twice_is_one_and_small_pieces_go_to_their_neighbour() -> None:
    one, twice, speck = disc(40, 30, 20), disc(41, 30, 19), disc(85, 5, 1)
    ring = one.copy()
    ring[30, 40] = False
    labels, kept = label_map(
        np.stack([ring, twice, speck, disc(40, 30, 0)]), np.array([0.9, 0.8, 0.99, 0.95], np.float32), 10
    )
    assert kept == [0] and np.array_equal(labels == 1, ring)
    other = disc(75, 30, 8)
    other[30, 40] = True  # a crumb of it within the better one's hole
    labels, kept = label_map(np.stack([ring, other]), np.array([0.9, 0.8]), 10)
    assert kept == [0, 1] and labels[30, 40] == 1 and labels[30, 75] == 2


def test_no_more_than_a_label_map_holds() -> None:
    masks = np.zeros((300, 20, 30), bool)
    masks[np.arange(300), np.arange(300) // 30, np.arange(300) % 30] = True
    labels, kept = label_map(masks, np.linspace(1, 0, 300), 1)
    assert len(kept) == MOST == labels.max() and kept == list(range(MOST))


def test_figures_that_touch_are_told_apart_and_a_divided_one_is_one() -> None:
    segments = np.zeros((60, 90), np.uint8)
    segments[10:50, 10:45], segments[10:50, 45:60], segments[10:50, 60:80] = 1, 2, 1
    figures = np.zeros((60, 90), bool)
    figures[9:51, 9:81] = figures[2:5, 2:5] = True
    told = whose(figures, segments)
    assert (
        told.dtype == np.uint8
        and np.array_equal(told > 0, figures)
        and (told[2:5, 2:5] == LOOSE).all()
        and told[9, 9] == 1
    )
    one, two, loose = pieces(told, 1e-3)
    assert (
        np.array_equal(one & (segments > 0), segments == 1)
        and np.array_equal(two & (segments > 0), segments == 2)
        and loose.sum() == 9
    )
    assert (
        len(pieces(told, 0.01)) == 2
        and len(pieces(figures, 1e-3)) == 2
        and pieces(np.zeros_like(told), 0.01) == []
    )


def test_outlines_found_at_a_small_size_get_those_of_the_segments() -> None:
    told = np.zeros((60, 90), np.uint8)
    told[10:50, 10:45], told[10:50, 45:80], told[55:, 80:] = 1, 2, LOOSE
    found = np.where(told > 0, 7, 0).astype(np.uint8)
    found[10:50, 47:80], found[55:, 80:] = 3, 4
    made = sharpened(found, told)
    assert (
        (made[told == 1] == 7).all()
        and (made[told == 2] == 3).all()
        and (made[told == LOOSE] == 4).all()
        and not made[told == 0].any()
    )
    found[10:50, 10:25] = 3  # two in one segment
    assert np.array_equal(sharpened(found, told)[told == 1], found[told == 1])


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 300)])
def test_any_size(size: tuple[int, int]) -> None:
    full = np.ones((2, *size), bool)
    labels, kept = label_map(full, np.array([0.5, 0.6]))
    assert kept == [1] and (labels == 1).all()
    assert np.array_equal(split(np.full(size, 200, np.uint8), labels), np.full((1, *size), 200, np.uint8))
    assert (whose(full[0], labels) == 1).all() and split(
        np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    ).shape == (0, *size)
