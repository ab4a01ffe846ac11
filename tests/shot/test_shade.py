"""Shadows told apart from the plate they lie on."""

from __future__ import annotations

import numpy as np
import pytest

from animelayers.imaging.recompose import together
from animelayers.shot.light import Under
from animelayers.shot.params import Params
from animelayers.shot.shade import shade

SIZE = (60, 100)
WHERE = (slice(40, 52), slice(20, 70))
RNG = np.random.default_rng(0)
PLATE = RNG.integers(60, 250, (*SIZE, 1), np.uint8) // 2 + RNG.integers(40, 125, (1, 1, 3), np.uint8)
NOBODY = np.zeros(SIZE, np.uint8)


def cast(colour: tuple[int, int, int] = (78, 66, 104), alpha: int = 140) -> np.ndarray:
    shadow = np.zeros((*SIZE, 4), np.uint8)
    shadow[WHERE] = (*colour, alpha)
    return shadow


def seen(shadow: np.ndarray) -> np.ndarray:
    label = (shadow[..., 3] > 0).astype(np.float32)
    return label[::2, ::2]


@pytest.mark.parametrize("colour", [(78, 66, 104), (0, 0, 0), (120, 120, 200)])
def test_the_plate_in_its_shadow_is_the_picture(colour: tuple[int, int, int]) -> None:
    true = cast(colour)
    picture = together(PLATE, shadow=true)
    found = shade(picture, seen(true), [NOBODY], Under(PLATE, np.ones(SIZE, bool)), Params())
    assert found is not None
    inside = (slice(42, 50), slice(22, 68))
    whole = together(PLATE, shadow=found)
    assert np.abs(whole[inside].astype(int) - picture[inside]).max() <= 3
    assert not found[:34].any() and not found[..., 3][:, :12].any()


def test_there_is_none_where_the_plate_is_not_darker_or_not_known() -> None:
    label = seen(cast())
    assert shade(PLATE, label, [NOBODY], Under(PLATE, np.ones(SIZE, bool)), Params()) is None
    brighter = np.minimum(PLATE.astype(int) + 30, 255).astype(np.uint8)
    assert shade(brighter, label, [NOBODY], Under(PLATE, np.ones(SIZE, bool)), Params()) is None
    picture = together(PLATE, shadow=cast())
    assert shade(picture, label, [NOBODY], Under(PLATE, np.zeros(SIZE, bool)), Params()) is None
    assert shade(picture, 0 * label, [NOBODY], Under(PLATE, np.ones(SIZE, bool)), Params()) is None


def test_it_goes_on_a_little_under_the_figures_feet() -> None:
    true = cast()
    figure = NOBODY.copy()
    figure[10:45, 30:60] = 255
    picture = np.where(figure[..., None] > 0, np.uint8(20), together(PLATE, shadow=true))
    found = shade(picture, seen(true), [figure], Under(PLATE, np.ones(SIZE, bool)), Params())
    assert found is not None
    alpha = found[..., 3]
    assert alpha[47, 45] > 60 and alpha[44, 45] > 30 and not alpha[:32].any()
