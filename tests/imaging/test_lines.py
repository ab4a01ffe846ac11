"""Outlines and strands drawn with a known alpha; the matte given is the paint without them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from animelayers.imaging.lines import to_lines
from animelayers.imaging.strands import with_strands
from animelayers.samples import scene

INK, PAINT, HAIR = (40, 20, 50), (230, 190, 150), (200, 60, 70)


def background(shape: tuple[int, int]) -> np.ndarray:
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.stack([90 + 60 * x / shape[1], 150 + 40 * y / shape[0], 170 + 0 * x], axis=2).astype(np.uint8)


def figure(line: int, cut: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A painted disc with lines in it and an outline of `line` pixels: picture, true alpha, and the alpha of
    the paint and `cut` pixels.
    """
    picture = background((240, 320))
    for dx in (-30, 0, 30):
        # lines of the background end at the figure
        cv2.line(picture, (0, 60 + dx), (319, 150 + dx), (70, 80, 90), 2, cv2.LINE_AA)
    paint, whole = np.zeros((240, 320), np.uint8), np.zeros((240, 320), np.uint8)
    cv2.circle(paint, (160, 120), 70, 255, -1, cv2.LINE_AA)
    cv2.circle(whole, (160, 120), 70 + line, 255, -1, cv2.LINE_AA)
    for alpha, colour in ((whole, INK), (paint, PAINT)):
        share = alpha[..., None] / 255
        picture = np.rint(picture * (1 - share) + np.array(colour) * share).astype(np.uint8)
    matte = cv2.circle(np.zeros_like(paint), (160, 120), 70 + cut, 255, -1, cv2.LINE_AA)
    for x in (130, 160, 190):
        cv2.line(picture, (x, 90), (x + 10, 150), INK, 2, cv2.LINE_AA)
    return picture, whole, matte


@pytest.mark.parametrize(("line", "cut"), [(2, 0), (3, 0), (3, 1), (4, 1), (4, 2)])
def test_a_matte_that_leaves_or_cuts_the_line_is_pulled_to_its_outer_edge(line: int, cut: int) -> None:
    picture, truth, matte = figure(line, cut)
    made = to_lines(picture, matte)
    before, after = (np.abs(alpha.astype(int) - truth).sum() for alpha in (matte, made))
    assert after < 0.4 * before and made.dtype == np.uint8 and (made >= matte).all()
    beyond = cv2.dilate(truth, np.ones((5, 5), np.uint8)) == 0
    assert not made[beyond].any()


def test_a_matte_that_is_right_stays_and_so_do_figures_without_lines() -> None:
    picture, truth, _ = figure(3)
    assert np.abs(to_lines(picture, truth).astype(int) - truth).mean() < 0.05
    plain = background((240, 320))
    plain[truth > 127] = PAINT
    assert np.array_equal(to_lines(plain, truth), truth)


def hair(thick: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A head with strands of `thick` pixels: picture, true alpha, and the alpha of the head alone."""
    picture = background((240, 320))
    head = np.zeros((240, 320), np.uint8)
    cv2.circle(head, (160, 90), 60, 255, -1, cv2.LINE_AA)
    truth = head.copy()
    for k, x in enumerate((115, 140, 180, 205)):
        path = np.array([(x + 4 * np.sin(t / 6 + k), 120 + t) for t in range(0, 60, 4)], np.int32)
        cv2.polylines(truth, [path], False, 255, thick, cv2.LINE_AA)
    share = truth[..., None] / 255
    return np.rint(picture * (1 - share) + np.array(HAIR) * share).astype(np.uint8), truth, head


def test_thin_strands_are_kept() -> None:
    picture, truth, matte = hair(2)
    strand = (truth > 127) & (matte == 0)
    made = with_strands(picture, matte)
    assert (made >= matte).all() and not (matte[strand] > 127).any()
    assert (made[strand] > 127).mean() > 0.8
    assert (truth[(made > 127) & (matte <= 127)] > 60).mean() > 0.9  # and nothing else is


@pytest.mark.parametrize("name", ["standing", "portrait", "walk"])
def test_strands_of_drawn_hair_of_1_to_3_pixels_come_back(name: str) -> None:
    shot = scene(name, 1, (1280, 720))
    picture, truth = shot.frames[0], shot.character[0]
    solid = (truth > 127).astype(np.uint8)
    body = cv2.morphologyEx(solid, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
    strand = (solid > 0) & (body == 0)
    matte = cv2.copyTo(truth, cv2.dilate(body, np.ones((3, 3), np.uint8)))
    made = with_strands(picture, to_lines(picture, matte))
    before, after = ((alpha[strand] > 127).mean() for alpha in (matte, made))
    assert after > before + 0.1
    assert (truth[(made > 127) & (matte <= 127)] > 60).mean() > 0.8


def test_lines_of_other_colours_are_no_strands() -> None:
    picture, _, matte = hair(2)
    for y in (60, 90, 120):
        cv2.line(picture, (215, y), (319, y - 20), (30, 90, 40), 2, cv2.LINE_AA)
    made = with_strands(picture, matte)
    assert not made[:110, 230:].any()


@pytest.mark.parametrize("call", [to_lines, with_strands])
@pytest.mark.parametrize("size", [(1, 1), (3, 200), (60, 80)])
def test_any_size_and_empty_and_full_mattes(call: object, size: tuple[int, int]) -> None:
    assert callable(call)
    picture = np.random.default_rng(0).integers(0, 255, (*size, 3), np.uint8)
    for value in (0, 255):
        alpha = np.full(size, value, np.uint8)
        assert np.array_equal(call(picture, alpha), alpha)
    noise = np.random.default_rng(1).integers(0, 255, size, np.uint8)
    assert call(picture, noise).shape == size


def test_a_large_picture_is_treated_as_the_small_one() -> None:
    picture, truth, matte = figure(2)
    around = [(300, 300), (300, 300), (0, 0)]
    planes = [np.pad(plane, around[: plane.ndim], mode="edge") for plane in (picture, truth, matte)]
    large = [cv2.resize(plane, None, fx=2, fy=2) for plane in planes]
    before, after = (
        np.abs(alpha.astype(int) - large[1]).sum() for alpha in (large[2], to_lines(large[0], large[2]))
    )
    assert after < 0.6 * before
