"""A figure found again without a matte."""

import cv2
import numpy as np

from animelayers.imaging.figures import Appearance, cells
from animelayers.imaging.follow import follow
from animelayers.imaging.masks import overlap
from animelayers.imaging.smoothing import Traces

GROUND = cv2.resize(
    np.random.default_rng(2).uniform(40, 220, (40, 60, 3)).astype(np.float32),
    (400, 160),
    interpolation=cv2.INTER_CUBIC,
)


def drawing(x: int, pan: int) -> tuple[np.ndarray, np.ndarray]:
    picture = np.clip(GROUND[:, pan : pan + 240], 0, 255).astype(np.uint8)
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.ellipse(mask, (x, 80), (24, 50), 0, 0, 360, 1, -1)
    picture[mask > 0] = (230, 60, 200)
    return picture, mask > 0


def found(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    warped, known = Traces([one[0], other[0]]).fetch(one[1].astype(np.uint8) * 255, 1, 0)
    return follow((one[0], other[0]), one[1], Appearance.of(cells(one[0]), one[1]), warped, known)


def test_a_figure_before_a_panned_ground_is_found_again() -> None:
    for pan in (0, 9):
        one, other = drawing(80, 20), drawing(86, 20 + pan)
        assert overlap(found(one, other), other[1]) > 0.9


def test_nothing_stays_behind_where_it_left() -> None:
    one, other = drawing(60, 0), drawing(240 + 60, 0)  # out of the frame
    assert np.count_nonzero(found(one, other)) < 0.1 * np.count_nonzero(one[1])


def test_a_blank_picture() -> None:
    picture = np.zeros((60, 60, 3), np.uint8)
    mask = np.zeros((60, 60), bool)
    assert not found((picture, mask), (picture, mask)).any()
