from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers.imaging import content, outline
from animelayers.samples import scene


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray]:
    shot = scene("walk", 1, (640, 360))
    return shot.frames[0], shot.character[0]


def luma(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def test_more_blur_is_never_sharper(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    rng = np.random.default_rng(0)
    for plane in (luma(drawn[0]), rng.integers(0, 256, (120, 160), np.uint8)):
        series = [
            content.sharpness(plane),
            *(
                content.sharpness(cv2.GaussianBlur(plane, (0, 0), sigma))
                for sigma in (0.6, 0.9, 1.4, 2.1, 3.2)
            ),
        ]
        assert all(a > b for a, b in pairwise(series)) and 0 < series[-1] < series[0] <= 1
    assert (
        content.sharpness(cv2.GaussianBlur(luma(drawn[0]), (0, 0), 3))
        < 0.2
        < 0.7
        < content.sharpness(luma(drawn[0]))
    )


def test_a_darker_copy_is_as_sharp(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    assert content.sharpness(luma(drawn[0]) // 2) == pytest.approx(
        content.sharpness(luma(drawn[0])), abs=0.03
    )


@given(sigma=st.floats(1, 20), level=st.integers(60, 190))
@settings(max_examples=20, deadline=None)
def test_noise_is_measured_in_grey_levels(sigma: float, level: int) -> None:
    grain = np.random.default_rng(int(sigma * 100)).normal(level, sigma, (400, 400))
    assert content.noise(np.clip(np.rint(grain), 0, 255).astype(np.uint8)) == pytest.approx(
        sigma, rel=0.15, abs=0.3
    )


def test_edges_are_no_noise(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    assert content.noise(luma(drawn[0])) < 1


def test_busier_pictures_are_more_complex(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    def busy(picture: np.ndarray) -> float:
        planes = content.prepared(picture)
        return content.complexity(planes, content.colours(planes.small)[0])

    flat, noise = (
        np.full((200, 300, 3), 128, np.uint8),
        np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8),
    )
    series = [busy(flat), busy(cv2.GaussianBlur(drawn[0], (0, 0), 12)), busy(drawn[0]), busy(noise)]
    assert series == sorted(series) and series[0] < 0.05 and series[-1] > 0.6


def test_crushed_and_burnt_pictures_are_lit_worse(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    grey = content.prepared(drawn[0]).small_luma
    good = content.lighting(grey)
    for gain, shift in ((0.4, 0), (0.15, 0), (0.5, 150), (3, 0)):
        assert content.lighting(cv2.convertScaleAbs(grey, alpha=gain, beta=shift)) < good
    assert content.lighting(np.zeros_like(grey)) < 0.1


def test_the_palette_holds_the_colours_that_cover_most() -> None:
    picture = np.zeros((90, 160, 3), np.uint8)
    picture[:, :100], picture[:, 100:] = (200, 30, 30), (30, 30, 200)
    count, palette = content.colours(picture)
    assert count == 2 and palette.shape == (15,)
    assert (
        np.abs(palette[:3].astype(int) - (200, 30, 30)).max() < 12
        and np.abs(palette[3:6].astype(int) - (30, 30, 200)).max() < 12
    )


def test_bars_are_found_and_a_black_frame_has_none() -> None:
    plane = np.full((100, 200), 90, np.uint8)
    plane[:13], plane[-11:] = 2, 5
    assert content.letterbox(plane) == (0, 13, 200, 76)
    assert content.letterbox(np.zeros((40, 60), np.uint8)) == (0, 0, 60, 40)


def test_the_hash_holds_for_a_copy_and_differs_for_another_picture(
    drawn: tuple[np.ndarray, np.ndarray],
) -> None:
    def bits(picture: np.ndarray) -> int:
        return int(content.fingerprint(content.prepared(picture).small_luma), 16)

    worse = cv2.imdecode(cv2.imencode(".jpg", drawn[0], [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_COLOR)
    other = scene("portrait", 1, (640, 360)).frames[0]
    assert (bits(drawn[0]) ^ bits(worse)).bit_count() <= 4 < 16 < (bits(drawn[0]) ^ bits(other)).bit_count()


def test_a_true_outline_lies_on_edges_and_a_shifted_one_less(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    picture, alpha = drawn
    edges = content.prepared(picture).edges
    here, beside = (outline.agreement(edges, content.reduced(np.roll(alpha, by, 1))) for by in (0, 23))
    assert here > 0.8 > beside + 0.1
    assert outline.agreement(edges, np.zeros_like(content.reduced(alpha))) == 0


def test_pieces_and_holes_are_counted() -> None:
    alpha = np.zeros((200, 300), np.uint8)
    cv2.circle(alpha, (80, 100), 50, 255, -1)
    cv2.circle(alpha, (80, 100), 20, 0, -1)
    cv2.rectangle(alpha, (200, 50), (240, 90), 255, -1)
    alpha[5, 5] = 255
    assert (
        outline.pieces(alpha) == (2, 1)
        and outline.pieces(np.zeros_like(alpha)) == (0, 0)
        and outline.pieces(np.full_like(alpha, 255)) == (1, 0)
    )


FRAMED = {
    "long": (140, 80, 30, 60),
    "full_body": (120, 20, 60, 160),
    "medium": (120, 60, 60, 140),
    "close_up": (50, 10, 200, 190),
    "none": None,
}


@pytest.mark.parametrize(("size", "box"), FRAMED.items())
def test_framing(box: tuple[int, int, int, int] | None, size: str) -> None:
    alpha = np.zeros((200, 300), np.uint8)
    if box:
        x, y, w, h = box
        alpha[y : y + h, x : x + w] = 255
    assert outline.framing(alpha) == size


def test_what_the_frame_cuts_or_an_effect_covers_is_hidden() -> None:
    alpha, effect = np.zeros((200, 300), np.uint8), np.zeros((200, 300), np.uint8)
    alpha[50:150, 100:200] = 255
    assert outline.hidden(alpha, effect) == 0
    effect[50:100] = 255
    assert outline.hidden(alpha, effect) == pytest.approx(0.5)
    assert (
        outline.hidden(np.roll(alpha, 100, 1), None) > 0.2
        and outline.hidden(np.zeros_like(alpha), effect) == 0
    )


@pytest.mark.parametrize(
    "picture",
    [np.zeros((1, 1, 3), np.uint8), np.full((3, 500, 3), 255, np.uint8), np.zeros((40, 40, 3), np.uint8)],
)
def test_degenerate_pictures_have_finite_measures(picture: np.ndarray) -> None:
    planes = content.prepared(picture)
    values = [
        content.sharpness(planes.luma),
        content.noise(planes.luma),
        content.lighting(planes.small_luma),
        content.border(planes.edges),
    ]
    values += [
        content.quality(values[0], values[1], picture.shape),
        content.complexity(planes, content.colours(planes.small)[0]),
    ]
    assert np.isfinite(values).all() and len(content.fingerprint(planes.small_luma)) == 16
    assert all(0 <= v <= 1 for i, v in enumerate(values) if i != 1)
