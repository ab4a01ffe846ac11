"""Alphas over time, on drawn scenes whose true alphas are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from animelayers.imaging import measures
from animelayers.imaging.smoothing import Traces, pool, smoothed
from animelayers.samples import Scene, scene

SIZE = (320, 180)


def drawings(shot: Scene) -> list[int]:
    return sorted({int(np.flatnonzero(shot.drawing == k)[0]) for k in shot.drawing})


def flickering(truth: np.ndarray, seed: int = 0) -> np.ndarray:
    """What a net makes of it: soft, with a haze that comes and goes."""
    rng = np.random.default_rng(seed)
    haze = [
        cv2.resize(
            rng.normal(0, 50, (9, 16)).astype(np.float32), truth.shape[:0:-1], interpolation=cv2.INTER_CUBIC
        )
        for _ in truth
    ]
    made = [
        cv2.GaussianBlur(a.astype(np.float32), (0, 0), 1.5) + h - 15 for a, h in zip(truth, haze, strict=True)
    ]
    return np.clip(made, 0, 255).astype(np.uint8)


def figures(alphas: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    """Mean IoU, error in the edge band and static flicker."""
    errors = [measures.alpha_error(a, t) for a, t in zip(alphas, truth, strict=True)]
    blank = np.zeros_like(truth[0])
    band = [measures.band_error(e, t) or 0 for e, t in zip(errors, truth, strict=True)]
    still = [
        measures.static_flicker((errors[t - 1], errors[t]), (truth[t - 1], truth[t]), (blank, blank)) or 0
        for t in range(1, len(truth))
    ]
    return (
        float(np.mean([measures.iou(a, t) for a, t in zip(alphas, truth, strict=True)])),
        float(np.mean(band)),
        float(np.mean(still)),
    )


@pytest.mark.parametrize("name", ["standing", "walk", "crossing"])
def test_flicker_falls_and_edges_stay(name: str) -> None:
    shot = scene(name, 20, SIZE)
    which = drawings(shot)
    truth, pictures = shot.character[which], list(shot.frames[which])
    raw = flickering(truth)
    made = smoothed(pictures, raw)
    before, after = figures(raw, truth), figures(made, truth)
    assert after[0] > before[0] and after[1] < before[1] and after[2] < 0.4 * before[2]


@pytest.mark.parametrize("name", ["walk", "crossing", "pan"])
def test_a_good_matte_is_not_smeared_by_motion(name: str) -> None:
    shot = scene(name, 16, SIZE)
    which = drawings(shot) if name != "pan" else list(range(16))
    truth = shot.character[which]
    made = smoothed(list(shot.frames[which]), truth)
    iou, band, _ = figures(made, truth)
    assert iou > 0.97 and band < 0.025


def sliding(places: list[int]) -> tuple[list[np.ndarray], np.ndarray]:
    """A figure that slides over a painted ground."""
    rng = np.random.default_rng(1)
    ground = (
        cv2.resize(rng.uniform(60, 200, (12, 20, 3)).astype(np.float32), SIZE, interpolation=cv2.INTER_CUBIC)
        .clip(0, 255)
        .astype(np.uint8)
    )
    paint = cv2.resize(
        rng.uniform(0, 255, (10, 6, 3)).astype(np.float32), (60, 100), interpolation=cv2.INTER_NEAREST
    ).astype(np.uint8)
    pictures, alphas = [], []
    for x in places:
        picture, alpha = ground.copy(), np.zeros(SIZE[::-1], np.uint8)
        picture[40:140, x : x + 60], alpha[40:140, x : x + 60] = paint, 255
        pictures.append(picture)
        alphas.append(alpha)
    return pictures, np.stack(alphas)


def test_a_matte_that_drops_out_of_a_drawing_comes_back() -> None:
    pictures, truth = sliding([20, 26, 32, 38, 44, 50])
    broken = truth.copy()
    broken[2] = 0
    made = smoothed(pictures, broken)
    assert min(measures.iou(a, t) for a, t in zip(made, truth, strict=True)) > 0.9


def test_who_leaves_is_not_brought_back() -> None:
    pictures, truth = sliding([20] * 6)
    ground, _ = sliding([250] * 6)
    for t in (2, 3):
        pictures[t][:, :200] = ground[t][:, :200]
        truth[t] = 0
    made = smoothed(pictures, truth)
    assert not (made[2:4] > 127).any() and np.array_equal(made > 127, truth > 127)


def test_nothing_crosses_a_cut() -> None:
    one, two = scene("portrait", 1, SIZE), scene("fire", 1, SIZE)
    pictures, truth = [one.frames[0], two.frames[0]], np.stack([one.character[0], two.character[0]])
    made = smoothed(pictures, truth)
    assert np.abs(made.astype(int) - truth).mean() < 1


def test_pool_is_the_median_of_each_time_of_rest() -> None:
    pictures = [np.full((4, 5, 3), v, np.uint8) for v in (50, 52, 49, 51, 200, 200)]
    alphas = np.stack([np.full((4, 5), v, np.uint8) for v in (0, 255, 255, 200, 90, 10)])
    pooled, resting = pool(pictures, alphas)
    assert pooled[:, 0, 0].tolist() == [228, 228, 228, 228, 90, 10]
    assert resting[:, 0, 0].tolist() == [True] * 4 + [False] * 2


def test_a_slow_fade_is_no_rest() -> None:
    pictures = [np.full((4, 5, 3), 20 + 6 * t, np.uint8) for t in range(9)]
    _, resting = pool(pictures, np.zeros((9, 4, 5), np.uint8))
    assert not resting.any()


def test_flow_is_trusted_where_it_leads_back_to_the_same_paint() -> None:
    pictures, truth = sliding([20, 28])
    there, known = Traces(pictures).fetch(truth[1], 0, 1)
    inside = cv2.erode(truth[0], np.ones((15, 15))) > 0
    assert known[inside].mean() > 0.9 and (there[inside & (known > 0)] > 200).all()


@pytest.mark.parametrize("shape", [(0, 9, 9), (1, 9, 9), (3, 1, 1), (3, 9, 200), (2, 64, 64)])
def test_clips_of_all_kinds(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    pictures, alphas = rng.integers(0, 256, (*shape, 3), np.uint8), rng.integers(0, 256, shape, np.uint8)
    for given in (alphas, alphas * 0, alphas * 0 + 255):
        made = smoothed(pictures, given)
        assert made.shape == shape and made.dtype == np.uint8
    assert np.array_equal(smoothed(pictures * 0, alphas * 0 + 255), alphas * 0 + 255)


def test_strength_is_the_share_of_the_change() -> None:
    pictures, truth = sliding([20] * 5)
    raw = flickering(truth)
    none, half, full = (smoothed(pictures, raw, s).astype(int) for s in (0, 0.5, 1))
    assert np.array_equal(none, raw) and np.abs(2 * half - raw - full).max() <= 2


def test_mattes_that_flip_leave_no_crumbs() -> None:
    rng = np.random.default_rng(3)
    still = np.full((120, 160, 3), 90, np.uint8)
    # one patch in ten rests, the others change in every drawing
    rests = cv2.resize(
        (rng.random((30, 40)) < 0.1).astype(np.uint8), (160, 120), interpolation=cv2.INTER_NEAREST
    )[..., None]
    pictures = [
        np.where(rests, still, rng.integers(0, 255, still.shape, np.uint8)).astype(np.uint8)
        for _ in range(12)
    ]
    figure = np.zeros((120, 160), np.uint8)
    figure[20:100, 40:120] = 255
    alphas = np.stack([figure * (t % 3 > 0) for t in range(12)])
    made = smoothed(pictures, alphas)
    for plane, own in zip(made, alphas, strict=True):
        for on, was in ((plane > 127, own > 127), (plane <= 127, own <= 127)):
            count, labels, stats, _ = cv2.connectedComponentsWithStats(on.view(np.uint8), connectivity=8)
            new = [k for k in range(1, count) if not was[labels == k].any()]
            assert all(stats[k, cv2.CC_STAT_AREA] >= on.size / 1000 for k in new)


@pytest.mark.parametrize(("rest", "kept"), [(30, False), (75, True)])
def test_a_drawing_without_a_matte_shows_a_figure_or_none(rest: int, kept: bool) -> None:
    rng = np.random.default_rng(3)
    still, figure = np.full((120, 160, 3), 90, np.uint8), np.zeros((120, 160), np.uint8)
    figure[20:100, 40:120] = 255
    pictures = [rng.integers(0, 255, still.shape, np.uint8) for _ in range(6)]
    for picture in pictures:
        picture[: 20 + rest] = still[: 20 + rest]
    alphas = np.stack([figure * (t != 0) for t in range(6)])
    made = smoothed(pictures, alphas)
    assert bool((made[0] > 127).any()) is kept
