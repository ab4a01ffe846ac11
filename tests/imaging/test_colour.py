"""Layers add up: the straight colours of soft edges and the background that shows through them."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers.imaging.colour import BLEED, behind, foreground, nearest_solid, pixels
from animelayers.imaging.recompose import psnr, recompose
from animelayers.imaging.window import window

H, W = 72, 96


def smooth(seed: int, low: float = 0, high: float = 255, channels: int = 3) -> np.ndarray:
    small = np.random.default_rng(seed).uniform(low, high, (4, 5, channels)).astype(np.float32)
    return cv2.resize(small, (W, H), interpolation=cv2.INTER_CUBIC).clip(low, high)


def figure(seed: int) -> np.ndarray:
    """A soft-edged alpha, empty in the corner and solid in the middle."""
    y, x = np.mgrid[:H, :W]
    radius = np.hypot((x - W / 2) / 1.2, y - H / 2)
    edge = 22 + 4 * np.sin(np.arctan2(y - H / 2, x - W / 2) * (2 + seed % 5))
    return np.rint(255 / (1 + np.exp((radius - edge) / 1.5))).astype(np.uint8)


def mix(alpha: np.ndarray, front: np.ndarray, back: np.ndarray) -> np.ndarray:
    share = alpha[..., None] / 255
    return np.rint(share * front + (1 - share) * back).astype(np.uint8)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_layers_of_a_known_background_recompose(seed: int) -> None:
    alpha, back = figure(seed), np.rint(smooth(seed + 1)).astype(np.uint8)
    frame = mix(alpha, smooth(seed), back)
    layer = foreground(frame, alpha, back)
    assert np.array_equal(layer[..., 3], alpha)
    assert cv2.norm(recompose(layer, back), frame, cv2.NORM_INF) <= 1


@given(st.integers(0, 10_000), st.integers(1, 6))
@settings(max_examples=25, deadline=None)
def test_layers_recompose_whatever_the_fill(seed: int, dilate: int) -> None:
    alpha = figure(seed)
    frame = mix(alpha, smooth(seed), smooth(seed + 1))
    hole = cv2.dilate(alpha, np.ones((2 * dilate + 1,) * 2)) > 8
    fill = np.where(hole[..., None], smooth(seed + 2), frame).astype(np.uint8)
    background = behind(frame, alpha, fill, hole)
    assert np.array_equal(background[~hole], frame[~hole])
    assert np.array_equal(background[alpha == 255], fill[alpha == 255])
    layer = foreground(frame, alpha, background)
    near = cv2.dilate(alpha, np.ones((2 * BLEED + 1,) * 2)) > 0
    error = np.abs(recompose(layer, background).astype(int) - frame).max(2)
    assert error[near].max() <= 13
    assert (layer[..., 3] >= alpha).all()


def test_edge_colours_are_nearer_the_truth_than_the_frame_and_pymatting() -> None:
    pymatting = pytest.importorskip("pymatting.foreground.estimate_foreground_ml")
    ours, theirs, plain = [], [], []
    for seed in range(2):
        alpha, front, back = figure(seed), smooth(seed, 120, 255), smooth(seed + 1, 0, 135)
        frame = mix(alpha, front, back)
        edge = (alpha > 13) & (alpha < 242)
        background = np.rint(back).astype(np.uint8)
        made = foreground(frame, alpha, background)[..., :3]
        yardstick = pymatting.estimate_foreground_ml(frame / 255.0, alpha / 255.0) * 255
        for error, colours in ((ours, made), (theirs, yardstick), (plain, frame)):
            error.append(np.abs(colours[edge].astype(float) - front[edge]).mean())
    assert np.mean(ours) < np.mean(theirs) < np.mean(plain)


def test_without_a_background_the_surroundings_stand_for_it() -> None:
    alpha = figure(3)
    frame = mix(alpha, np.full((H, W, 3), 220.0), np.full((H, W, 3), 30.0))
    layer = foreground(frame, alpha, None)
    assert np.array_equal(layer[..., 3], alpha)
    assert np.abs(layer[alpha > 0][:, :3].astype(int) - 220).max() <= 30


def test_an_outline_the_matte_missed_leaves_no_ghost() -> None:
    frame = np.full((H, W, 3), 200, np.uint8)
    cv2.rectangle(frame, (30, 20), (60, 50), (40, 30, 30), -1)
    alpha = np.zeros((H, W), np.uint8)
    cv2.rectangle(alpha, (31, 21), (59, 49), 255, -1)
    hole = cv2.dilate(alpha, np.ones((7, 7))) > 0
    fill = np.full_like(frame, 200)
    background = behind(frame, alpha, fill, hole)
    assert background.min() > 190
    assert psnr(recompose(foreground(frame, alpha, background), background), frame) > 42


def test_planks_beside_a_figure_are_given_back_and_its_outline_is_not() -> None:
    frame = np.full((H, W, 3), 180, np.uint8)
    frame[::3] = (120, 110, 100)
    planks = frame.copy()
    cv2.rectangle(frame, (30, 20), (60, 50), (40, 30, 30), -1)  # ink that the matte below misses at the right
    alpha = np.zeros((H, W), np.uint8)
    cv2.rectangle(alpha, (30, 20), (58, 50), 255, -1)
    hole = cv2.dilate(alpha, np.ones((5, 5))) > 0
    fill = np.where(hole[..., None], np.uint8(160), frame)
    background = behind(frame, alpha, fill, hole)
    assert np.array_equal(background[20:51, 28:30], planks[20:51, 28:30])
    assert background[20:51, 59:61].min() > 90


def test_colour_under_alpha_zero_is_the_edge_then_black() -> None:
    frame = np.full((H, W, 3), 90, np.uint8)
    alpha = np.zeros((H, W), np.uint8)
    alpha[30:40, 40:60], frame[30:40, 40:60] = 255, (250, 10, 120)
    layer = foreground(frame, alpha, np.full_like(frame, 90))
    assert (layer[30 - BLEED : 30, 40:60] == (250, 10, 120, 0)).all()
    assert not layer[: 30 - BLEED].any()


def test_nearest_solid_takes_the_nearest() -> None:
    frame, alpha = np.zeros((20, 40, 3), np.uint8), np.zeros((20, 40), np.uint8)
    for column, colour in ((4, 50), (20, 120), (36, 200)):
        frame[8:12, column : column + 2], alpha[8:12, column : column + 2] = colour, 255
    at = np.ravel_multi_index((np.full(40, 9), np.arange(40)), alpha.shape)
    found = nearest_solid(frame, alpha, at)
    assert np.array_equal(found[:, [0, 5, 11]], np.full((3, 3), 50))
    assert np.array_equal(found[:, [14, 20, 26]], np.full((3, 3), 120))
    assert np.array_equal(found[:, [30, 39]], np.full((3, 2), 200))
    assert np.array_equal(pixels(frame, at[[4, 36]])[0], [50, 200])


@pytest.mark.parametrize("level", [0, 255, 100])
@pytest.mark.parametrize("size", [(1, 1), (1, 30), (7, 5)])
def test_flat_alphas_and_tiny_frames(level: int, size: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    alpha = np.full(size, level, np.uint8)
    fill = np.where((alpha > 8)[..., None], np.uint8(128), frame)
    background = behind(frame, alpha, fill, alpha > 8)
    layer = foreground(frame, alpha, background)
    assert layer.shape == (*size, 4)
    assert psnr(recompose(layer, background), frame) > 25


def test_inputs_are_not_written_to() -> None:
    alpha = figure(1)
    frame = mix(alpha, smooth(1), smooth(2))
    fill, hole = np.rint(smooth(3)).astype(np.uint8), alpha > 8
    planes = (frame, alpha, fill, hole)
    for plane in planes:
        plane.flags.writeable = False
    recompose(foreground(frame, alpha, behind(frame, alpha, fill, hole)), fill)


def test_psnr_is_the_textbook_number() -> None:
    a = np.full((4, 5, 3), 100, np.uint8)
    assert psnr(a, a) == 100
    assert psnr(a, a + 5) == pytest.approx(10 * np.log10(255**2 / 25))


def test_window_holds_what_is_not_zero() -> None:
    plane = np.zeros((10, 12), np.uint8)
    assert window(plane, 2) is None
    plane[3:5, 6:9] = 1
    assert window(plane, 0) == (slice(3, 5), slice(6, 9))
    assert window(plane, 4) == (slice(0, 9), slice(2, 13))
    assert window(plane, 1, 4) == (slice(0, 8), slice(4, 12))
