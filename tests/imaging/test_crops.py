"""Crops around holes, and pasting back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from animelayers.imaging.crops import STEP, Cut, crops
from animelayers.imaging.paste import cut_hole, cut_picture, matched, paste, widened
from animelayers.samples import scene


def holes(shape: tuple[int, int], *boxes: tuple[int, int, int, int]) -> np.ndarray:
    plane = np.zeros(shape, bool)
    for top, left, height, width in boxes:
        plane[top : top + height, left : left + width] = True
    return plane


box = st.tuples(st.integers(0, 299), st.integers(0, 399), st.integers(1, 200), st.integers(1, 200))


@settings(max_examples=60, deadline=None)
@example((1, 273), [(0, 0, 1, 182)], 0, 768, 8)
@given(
    st.tuples(st.integers(1, 300), st.integers(1, 400)), st.lists(box, max_size=6), st.sampled_from([0, 16, 64]), st.sampled_from([128, 768]),
    st.sampled_from([1, 8]),
)  # fmt: skip
def test_every_hole_is_in_one_box_and_every_box_in_its_window(
    shape: tuple[int, int], boxes: list[tuple[int, int, int, int]], context: int, longest: int, enlarge: int
) -> None:
    plane = holes(shape, *boxes)
    covered = np.zeros(shape, int)
    for crop in crops(plane, Cut(context, longest=longest, enlarge=enlarge)):
        covered[crop.box] += 1
        for inner, outer, size, padded, side in zip(
            crop.box, crop.window, crop.size, crop.shape, shape, strict=True
        ):
            assert 0 <= outer.start <= inner.start < inner.stop <= outer.stop <= side
            assert 1 <= size <= padded <= longest and padded % 8 == 0
            assert outer.start in (0, max(0, inner.start - context)) or inner.start - outer.start >= min(
                context, inner.start
            )
    assert covered.max(initial=0) <= 1 and (covered[plane] == 1).all()


def test_far_holes_are_seen_apart_and_near_ones_together() -> None:
    shape = (1080, 1920)
    apart, near = (
        holes(shape, (50, 50, 40, 40), (900, 1800, 40, 40)),
        holes(shape, (50, 50, 40, 40), (80, 120, 40, 40)),
    )
    assert len(crops(apart, Cut())) == 2 and len(crops(near, Cut())) == 1
    (first, second) = crops(apart, Cut())
    assert first.shape == second.shape == (3 * STEP, 3 * STEP)
    assert len(crops(holes(shape, (0, 0, 40, 1920), (0, 0, 1080, 40)), Cut())) == 1, "an angle is one hole"
    (whole,) = crops(np.ones(shape, bool), Cut())
    assert whole.shape == (432, 768) and whole.box == (slice(0, 1080), slice(0, 1920))


def test_a_crop_that_is_not_changed_comes_back_as_it_was() -> None:
    picture = scene("walk", 1, (480, 270)).frames[0]
    plane = holes((270, 480), (100, 30, 60, 50), (10, 400, 200, 70))
    for cut in (Cut(), Cut(16)):
        target = np.where(plane[..., None], np.uint8(0), picture)
        for crop in crops(plane, cut):
            paste(target, plane, crop, cut_picture(picture, crop))
        assert np.array_equal(target, picture)


def test_reduced_and_enlarged_crops_come_back_near_what_they_were_and_in_the_hole_only() -> None:
    picture = scene("walk", 1, (480, 270)).frames[0]
    plane = holes((270, 480), (40, 30, 180, 300))
    for cut in (Cut(longest=192), Cut(longest=960, enlarge=8)):
        target = np.where(plane[..., None], np.uint8(0), picture)
        (crop,) = crops(plane, cut)
        assert max(crop.size) == cut.longest
        paste(target, plane, crop, cut_picture(picture, crop))
        assert np.array_equal(target[~plane], picture[~plane])
        assert np.abs(target.astype(int) - picture).mean() < 4
        assert (
            cut_hole(plane, crop)[: crop.size[0], : crop.size[1]].mean() - plane[crop.window].mean()
        ) < 0.1


def test_a_drift_of_colour_goes_away() -> None:
    picture = scene("walk", 1, (320, 180)).frames[0]
    y, x = np.mgrid[:180, :320]
    hole = (np.hypot(x - 160, y - 90) < 60).view(np.uint8)
    ring = widened(hole, 4) > hole
    drift = np.dstack([12 + x / 40, -10 + y / 30, np.full(x.shape, 5.0)]).astype(np.float32)
    made = matched(picture.clip(30, 220) + drift, picture.clip(30, 220), ring)
    gap = np.abs(made.astype(int) - picture.clip(30, 220))[hole > 0]
    assert gap.max() <= 4 and gap.mean() < 1
    exact = picture.astype(np.float32)
    assert np.array_equal(matched(exact, picture, ring), picture)
    assert np.array_equal(
        matched(exact + 9, picture, np.zeros_like(ring)), np.minimum(picture.astype(int) + 9, 255)
    )


def test_values_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 64"):
        Cut(longest=500)
    with pytest.raises(ValueError, match="0 or more"):
        Cut(context=-1)
