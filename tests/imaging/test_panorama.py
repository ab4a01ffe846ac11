"""Plates of the pieces of a drawn pan, whose whole background is known, laid together again."""

from itertools import pairwise

import numpy as np
import pytest

from animelayers.imaging.panorama import Canvas, lay, paint
from animelayers.imaging.recompose import psnr
from animelayers.samples import scene

SIZE = (480, 270)


@pytest.fixture(scope="module")
def wide() -> tuple[np.ndarray, np.ndarray]:
    """The whole background of a pan, and where each frame begins in it."""
    shot = scene("pan", 24, SIZE)
    whole = np.zeros((SIZE[1], SIZE[0] + int(shot.pan.max()), 3), np.uint8)
    for background, left in zip(shot.background, shot.pan, strict=True):
        whole[:, left : left + SIZE[0]] = background
    return whole, shot.pan


def shifts(ways: np.ndarray) -> np.ndarray:
    cameras = np.tile(np.eye(3), (len(ways), 1, 1))
    cameras[:, 0, 2] = ways
    return cameras


def pieces(whole: np.ndarray, pan: np.ndarray, ends: list[int]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Plates of the frames between `ends`, each just wide enough, and their cameras."""
    cut = [pan[a:b] for a, b in pairwise(ends)]
    return [whole[:, p.min() : p.max() + SIZE[0]].copy() for p in cut], [shifts(p - p.min()) for p in cut]


def test_a_pan_in_pieces_is_one_plate(wide: tuple[np.ndarray, np.ndarray]) -> None:
    whole, pan = wide
    plates, cameras = pieces(whole, pan, [0, 8, 15, 24])
    noise = np.random.default_rng(0)
    plates = [np.clip(plate + noise.normal(0, 2, plate.shape), 0, 255).astype(np.uint8) for plate in plates]
    shown = [np.full(plate.shape[:2], 5, np.uint8) for plate in plates]
    plates[1][60:200, 100:220] = 90  # made up, as nobody shows it in this piece
    shown[1][60:200, 100:220] = 0
    plates[2] = np.rint(plates[2] * 0.8).astype(np.uint8)  # a darker light
    (laid,) = lay(plates.__getitem__, cameras, SIZE)
    assert (
        laid.pieces == [0, 1, 2]
        and laid.size[0] - whole.shape[1] in (0, 1)
        and laid.size[1] - whole.shape[0] in (0, 1)
    )
    found = np.concatenate([place @ own for place, own in zip(laid.places, cameras, strict=True)])
    assert np.abs(found - shifts(pan)).max() < 0.3
    picture = paint(plates.__getitem__, shown.__getitem__, laid)
    assert psnr(picture[: whole.shape[0], : whole.shape[1]][:, 4:-4], whole[:, 4:-4]) > 32


def test_what_stands_still_stays_exactly_where_it_is(wide: tuple[np.ndarray, np.ndarray]) -> None:
    plate = wide[0][:, : SIZE[0]]
    (laid,) = lay([plate, plate].__getitem__, [shifts(np.zeros(3))] * 2, SIZE)
    assert laid.size == SIZE and all(np.array_equal(place, np.eye(3)) for place in laid.places)
    np.testing.assert_array_equal(
        paint([plate, plate].__getitem__, ([np.ones(plate.shape[:2], np.uint8)] * 2).__getitem__, laid), plate
    )


def test_another_place_begins_another_plate(wide: tuple[np.ndarray, np.ndarray]) -> None:
    here = wide[0][:, : SIZE[0]]
    there = scene("walk", 1, SIZE).background[0]
    laid = lay([here, here, there].__getitem__, [shifts(np.zeros(2))] * 3, SIZE)
    assert [canvas.pieces for canvas in laid] == [[0, 1], [2]]
    assert isinstance(laid[1], Canvas) and laid[1].size == SIZE
