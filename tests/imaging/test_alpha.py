"""Edge refinement: what it keeps, what it leaves alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from animelayers.imaging.alpha import edge_band, refine

SKIN, LINE, SKY = (240, 200, 170), (40, 25, 30), (120, 170, 220)


def drawn() -> tuple[np.ndarray, np.ndarray]:
    """A face with a dark outline and five strands of hair two pixels wide, and its true alpha."""
    big = np.zeros((800, 800), np.uint8)
    strands = np.zeros_like(big)
    cv2.circle(big, (400, 440), 200, 255, -1)
    for x in range(200, 601, 100):
        cv2.line(strands, (400 + (x - 400) // 2, 300), (x, 200), 255, 8)
    line = cv2.circle(np.zeros_like(big), (400, 440), 196, 255, 12) | strands
    big |= strands
    alpha, ink = (
        cv2.resize(m, (200, 200), interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
        for m in (big, line)
    )
    figure = np.float32(SKIN) * (1 - ink) + np.float32(LINE) * ink
    picture = figure * alpha + np.float32(SKY) * (1 - alpha)
    return np.rint(picture).astype(np.uint8), alpha[..., 0]


def test_line_art_and_strands_come_back_from_a_coarse_matte() -> None:
    picture, truth = drawn()
    strands = (truth > 0.9) & (np.arange(200)[:, None] < 56)
    # What nets leave: the outline four pixels wide, the strands a haze that is half of what it should be, or
    # less.
    for blur, kept in ((1.3, 0.99), (1.6, 0.6)):
        coarse = cv2.GaussianBlur(truth, (0, 0), blur)
        refined = refine(picture, coarse, 6)
        band = edge_band(truth, 8) > 0
        assert np.abs(refined - truth)[band].mean() < 0.3 * np.abs(coarse - truth)[band].mean()
        assert np.mean(refined[strands] > 0.5) > max(kept, np.mean(coarse[strands] > 0.5))
        assert refined[strands].mean() > coarse[strands].mean() + 0.1
    outline = (truth > 0.9) & (cv2.erode(truth, np.ones((5, 5))) < 0.5) & (np.arange(200)[:, None] > 80)
    assert refined[outline].mean() > 0.85


def test_far_from_edges_nothing_changes() -> None:
    picture, truth = drawn()
    refined = refine(picture, truth, 6)
    far = edge_band(truth, 20) == 0
    assert np.array_equal(refined[far], truth[far])
    assert refined.dtype == np.float32 and refined.min() >= 0 and refined.max() <= 1


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (40, 31)])
def test_a_matte_without_an_edge_is_returned_as_it_is(value: float, size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    assert np.all(refine(picture, np.full(size, value, np.float32), 6) == value)


def test_inputs_are_only_read_and_must_fit() -> None:
    picture, truth = drawn()
    picture.flags.writeable = truth.flags.writeable = False
    refine(picture, truth, 6)
    assert refine(picture, truth, 0) is truth
    with pytest.raises(ValueError, match="differ in size"):
        refine(picture[:-1], truth, 6)
    tiny = refine(np.zeros((1, 2, 3), np.uint8), np.float32([[0, 1]]), 6)
    assert tiny.shape == (1, 2) and np.isfinite(tiny).all()
