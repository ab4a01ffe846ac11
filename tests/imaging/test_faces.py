from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.imaging.faces import aligned


def dots(*places: tuple[float, float], size: tuple[int, int] = (200, 240)) -> np.ndarray:
    picture = np.zeros((*size, 3), np.uint8)
    for x, y in places:
        cv2.circle(picture, (round(x), round(y)), 5, (255, 255, 255), -1)
    return picture


def spots(crop: np.ndarray) -> np.ndarray:
    """The middles of the bright spots, left to right, as shares of the crop."""
    _, _, _, middles = cv2.connectedComponentsWithStats((crop[..., 0] > 100).astype(np.uint8))
    return np.array(sorted(((middles[1:] + 0.5) / crop.shape[0]).tolist()))


@given(st.floats(-1.2, 1.2), st.floats(30, 70), st.integers(48, 160))
def test_eyes_come_to_their_places_however_the_face_is_turned(turn: float, apart: float, size: int) -> None:
    along = apart / 2 * np.array([np.cos(turn), np.sin(turn)])
    left, right = np.array([120, 100]) - along, np.array([120, 100]) + along
    crop = aligned(dots(tuple(left), tuple(right)), (80, 60, 80, 80), size, (tuple(right), tuple(left)))
    assert crop.shape == (size, size, 3) and crop.dtype == np.uint8
    np.testing.assert_allclose(spots(crop), [[0.35, 0.4], [0.65, 0.4]], atol=0.03)


def test_without_eyes_it_is_the_square_around_the_box() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    assert np.array_equal(aligned(picture, (10, 20, 32, 32), 32), picture[20:52, 10:42])
    assert np.array_equal(aligned(picture, (10, 20, 16, 32), 32), picture[20:52, 2:34])
    beyond = aligned(picture, (-16, -16, 32, 32), 32)
    assert np.array_equal(beyond[:16, :16], np.broadcast_to(picture[0, 0], (16, 16, 3))) and np.array_equal(
        beyond[16:, 16:], picture[:16, :16]
    )


def test_a_large_face_is_averaged_not_sampled() -> None:
    picture = np.zeros((512, 512, 3), np.uint8)
    picture[::2] = 255
    crop = aligned(picture, (0, 0, 512, 512), 64)
    assert 110 < crop.min() <= crop.max() < 145


@pytest.mark.parametrize(
    ("box", "size", "eyes"),
    [((0, 0, 0, 5), 32, None), ((0, 0, 5, 5), 0, None), ((0, 0, 5, 5), 32, ((3.0, 3.0), (3.0, 3.0)))],
)
def test_what_is_no_face_is_refused(box: tuple[float, ...], size: int, eyes: tuple | None) -> None:
    with pytest.raises(ValueError):
        aligned(np.zeros((10, 10, 3), np.uint8), box, size, eyes)
