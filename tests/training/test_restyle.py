"""Styles no hand has: what they change, and what they leave."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers.training import restyle
from animelayers.training.restyle import restyled


def shot(drawings: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """A striped figure and a bright effect before a place, the same in all drawings."""
    rng = np.random.default_rng(5)
    picture = rng.integers(60, 200, (48, 80, 3), dtype=np.uint8)
    layers = np.zeros((48, 80, 3), np.uint8)
    layers[8:40, 10:30, 0] = 255
    layers[10:30, 50:70, 1] = 255
    picture[8:40, 10:30] = np.where(np.arange(20)[None, :, None] % 6 < 3, (230, 120, 60), (40, 60, 160))
    picture[10:30, 50:70] = (250, 240, 120)
    return np.stack([picture] * drawings), np.stack([layers] * drawings)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_what_nothing_covers_stays(seed: int) -> None:
    frames, layers = shot()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restyle, "GROUND", 0.0)
        made = restyled(frames, layers, np.random.default_rng(seed))
    nobody = layers.max(-1) == 0
    assert made.dtype == np.uint8 and made.shape == frames.shape
    assert (made[nobody] == frames[nobody]).all()


def test_a_shot_is_in_one_style_and_the_next_in_another() -> None:
    frames, layers = shot()
    made = [restyled(frames, layers, np.random.default_rng(seed)) for seed in range(40)]
    alike = [
        np.abs(m[0].astype(int) - m[1]).mean() < np.abs(m[0].astype(int) - frames[0]).mean() + 1e-9
        for m in made
        if (m != frames).any()
    ]
    assert np.mean(alike) == 1
    assert len({m.tobytes() for m in made}) > 20


def test_figures_effects_and_the_painting_are_changed_each_for_itself() -> None:
    frames, layers = shot()
    figure, effect = layers[..., 0] > 0, layers[..., 1] > 0
    changes = []
    for seed in range(60):
        off = (restyled(frames, layers, np.random.default_rng(seed)) != frames).any(-1)
        changes.append((off[figure].any(), off[effect].any(), off[~figure & ~effect].any()))
    assert len(set(changes)) == 8


def test_the_frames_that_are_given_stay_as_they_are() -> None:
    frames, layers = shot()
    before = frames.copy()
    for seed in range(20):
        restyled(frames, layers, np.random.default_rng(seed))
    assert (frames == before).all()
