from __future__ import annotations

import math

import numpy as np
import pytest

from animelayers.training.judge import judge, overlap
from animelayers.training.pack import Shot
from animelayers.training.views import View
from tests.training.test_views import crossing


def shots() -> list[Shot]:
    one = crossing()
    other = one._replace(sources="background:x,figure:b", layers=one.layers[..., [0, 1, 2]])
    empty = one._replace(layers=np.zeros_like(one.layers), sources="background:x")
    return [one, other, empty]


def true(view: View) -> np.ndarray:
    return np.moveaxis(view.layers, -1, 1).astype(np.float32) / 255


def test_the_truth_is_judged_as_such() -> None:
    found = judge(true, shots())
    assert (
        found.character == found.character_still == 1
        and found.false_character == found.false_effect == found.flicker == 0
    )
    assert found.sources == {"a": 1.0, "b": 1.0}
    assert math.isnan(found.effect) and math.isnan(found.effect_still), "what no shot shows is not judged"


def test_nothing_and_everything() -> None:
    nothing = judge(lambda view: np.zeros_like(true(view)), shots())
    assert nothing.character == nothing.false_character == nothing.false_effect == 0 and nothing.sources == {
        "a": 0.0,
        "b": 0.0,
    }
    everything = judge(lambda view: np.ones_like(true(view)), shots())
    assert 0 < everything.character < 0.3 and everything.false_character == everything.false_effect == 1


def test_flicker_is_what_errors_differ_by() -> None:
    def wavering(view: View) -> np.ndarray:
        alpha = true(view)
        alpha[::2, 0, :5] = 1
        return alpha

    def steady(view: View) -> np.ndarray:
        alpha = true(view)
        alpha[:, 0, :5] = 1
        return alpha

    assert judge(wavering, shots()).flicker > 10 > judge(steady, shots()).flicker
    moving = [crossing(pan=2)]
    assert math.isnan(judge(wavering, moving).flicker), "where the camera moves errors may differ"


def test_overlap() -> None:
    square = np.zeros((1, 20, 20), bool)
    square[:, 5:15, 5:15] = True
    assert (
        overlap(square, square) == 1
        and overlap(~square, square) == 0
        and overlap(square, square[:, ::-1] & False) is None
    )
    assert overlap(square.swapaxes(1, 2) & (np.arange(20) < 10), square) == pytest.approx(0.5)
