"""What a hand says of a drawing is true, and about what the net got wrong."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.training import pointing
from animelayers.training.pointing import pointed

SIZE = (72, 128)


def truth() -> np.ndarray:
    """Two figures and an effect, float32 (3, h, w)."""
    made = np.zeros((3, *SIZE), np.float32)
    for x in (30, 90):
        cv2.circle(made[0], (x, 40), 15, 1, -1)
    cv2.circle(made[1], (60, 15), 6, 1, -1)
    return made


@given(seed=st.integers(0, 10_000), blind=st.booleans())
def test_a_hand_says_what_is_so(seed: int, blind: bool) -> None:
    true = truth()
    found = np.zeros_like(true) if blind else 1 - true
    said, told = pointed(found, true, np.random.default_rng(seed))
    assert said.shape == (2, *SIZE) and set(np.unique(said)) <= {-1, 0, 1}
    assert said.any(), "there is something to say"
    for plane, layer in zip(said, told[:2], strict=True):
        assert (layer[plane > 0] > 0.5).all() and (layer[plane < 0] <= 0.5).all()
    np.testing.assert_array_equal(told[1:], true[1:])
    lost = (told[0] != true[0]) & (true[0] > 0)
    count = cv2.connectedComponents((true[0] > 0.5).view(np.uint8))[0] - 1
    left = cv2.connectedComponents((told[0] > 0.5).view(np.uint8))[0] - 1
    assert count - left == (1 if lost.any() else 0), "a figure is denied as a whole or not at all"


def test_it_points_at_the_largest_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pointing, "_DENIED", 0)
    monkeypatch.setattr(pointing, "_BESIDE", 0)
    true = truth()
    found = true.copy()
    found[0, :, 64:] = 0  # the right one was overlooked
    found[0, 60:64, 4:10] = 1
    for seed in range(12):
        said, told = pointed(found, true, np.random.default_rng(seed))
        assert (said[0, 30:50, 80:100] == 1).any() and told is true


def test_nothing_is_said_of_what_is_right_and_has_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pointing, "_BESIDE", 0)
    empty = np.zeros((3, *SIZE), np.float32)
    said, told = pointed(empty, empty, np.random.default_rng(0))
    assert not said.any() and told is empty
