"""Flashes over drawings whose plate is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers.imaging.beneath import Plates
from animelayers.imaging.veil import bare
from animelayers.samples import combine, scene

SIZE = (320, 180)
SHOT = scene("walk", 2, SIZE)
PLATES = Plates(SHOT.background[0], None, None, SIZE)


def under(alpha: int, colour: tuple[int, int, int]) -> np.ndarray:
    return combine(SHOT.frames[0], np.full(SIZE[::-1], alpha, np.uint8), np.full((*SIZE[::-1], 3), colour, np.uint8))


@settings(max_examples=20, deadline=None)
@given(st.integers(30, 200), st.tuples(*[st.integers(170, 255)] * 3))
def test_a_veil_is_found_and_lifted(alpha: int, colour: tuple[int, int, int]) -> None:
    found = bare([SHOT.frames[0], under(alpha, colour)], list(SHOT.character[[0, 0]]), PLATES)
    assert found.veils[0] is None
    assert found.veils[1] is not None
    assert abs(found.veils[1].alpha - alpha) <= 4
    assert np.abs(found.veils[1].colour.astype(int) - colour).max() <= 12
    assert np.abs(found.drawings[1].astype(int) - SHOT.frames[0]).mean() < 6


@pytest.mark.parametrize("matte", [0, 1])
def test_of_a_white_frame_nothing_is_told(matte: int) -> None:
    found = bare([SHOT.frames[0], under(255, (255, 255, 255))], [SHOT.character[0], SHOT.character[0] * matte], PLATES)
    assert found.veils[1] is not None
    assert found.veils[1].hides
    assert found.veils[1].alpha == 255
    assert len(found.drawings) == len(found.small) == len(found.mattes) == len(found.cameras) == 1


@pytest.mark.parametrize("light", [0.3, 0.6, 0.9, 1.0])
def test_darkness_is_none(light: float) -> None:
    dark = np.round(SHOT.frames[0] * light).astype(np.uint8)
    found = bare([dark], list(SHOT.character[:1]), PLATES)
    assert found.veils == [None]
    assert np.array_equal(found.drawings[0], dark)


def test_no_drawings() -> None:
    assert bare([], [], PLATES).drawings == []
