"""Light that never rests, on drawn auras and on figures that only move."""

import cv2
import numpy as np
import pytest

from animelayers.imaging.burning import burning
from animelayers.samples import scene
from animelayers.samples.drawn import Scene

SIZE = (320, 180)


def found(name: str, frames: int = 16) -> tuple[Scene, list[int], np.ndarray]:
    made = scene(name, frames, SIZE)
    first = np.unique(made.drawing, return_index=True)[1].tolist()
    views = [(made.frames[k], cv2.dilate(made.character[k], np.ones((5, 5), np.uint8)) < 32) for k in first]
    return made, first, burning(views, np.median(made.frames[first], axis=0).astype(np.uint8))


def test_an_aura_is_found() -> None:
    made, first, light = found("glow")
    sometimes = (made.effect[first] > 40).any(axis=0) & (made.character[first] == 0).all(axis=0)
    assert np.count_nonzero(light & sometimes) > 0.6 * np.count_nonzero(sometimes)
    assert np.count_nonzero(light & ~sometimes & (made.character[first] == 0).all(axis=0)) < 0.02 * light.size


@pytest.mark.parametrize("name", ["walk", "crossing", "standing", "portrait", "empty"])
def test_figures_that_move_are_no_light(name: str) -> None:
    assert not found(name)[2].any()


def test_one_drawing_tells_nothing() -> None:
    made = scene("glow", 1, SIZE)
    assert not burning([(made.frames[0], np.ones(SIZE[::-1], bool))], made.frames[0]).any()
    assert not burning([], made.frames[0]).any()
