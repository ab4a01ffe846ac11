"""Figures that the net is nowhere sure of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from animelayers.shot.doubt import believed
from animelayers.shot.params import Params


def pieces(*values: float) -> np.ndarray:
    """Squares of 10 pixels beside each other, each with an edge that is half as sure."""
    plane = np.zeros((20, 20 * len(values)), np.float32)
    for k, value in enumerate(values):
        plane[4:16, 20 * k + 4 : 20 * k + 16] = value / 2
        plane[5:15, 20 * k + 5 : 20 * k + 15] = value
    return plane


def test_what_is_sure_stays_as_it_is_and_what_is_nowhere_goes() -> None:
    given = pieces(1.0, 0.65, 0.2)
    found = believed(given, Params())
    assert np.array_equal(found[:, :20], given[:, :20]), "sure"
    assert not found[5:15, 25:35].any(), "half believed all over"
    assert np.array_equal(found[:, 40:], given[:, 40:]), "a haze is no figure and stays one"


def test_a_figure_that_is_sure_in_its_face_keeps_its_faint_coat() -> None:
    plane = pieces(0.6)
    plane[6:9, 6:12] = 0.97
    assert np.array_equal(believed(plane, Params()), plane)


def test_doubt_takes_away_little_by_little() -> None:
    left = [float(believed(pieces(value), Params())[10, 10]) / value for value in (0.72, 0.8, 0.88, 0.95)]
    assert 0 < left[0] < left[1] < left[2] < left[3] and np.isclose(left[3], 1)


@given(st.integers(0, 1 << 30), st.floats(0, 1))
def test_it_takes_away_and_adds_nothing(seed: int, sure: float) -> None:
    plane = np.random.default_rng(seed).random((12, 16), np.float32)
    found = believed(plane, replace(Params(), sure=sure))
    assert found.dtype == np.float32 and found.shape == plane.shape
    assert (found >= 0).all() and (found <= plane + 1e-6).all()
    if sure <= 0.5:
        assert np.array_equal(found[plane > 0.5], plane[plane > 0.5])
