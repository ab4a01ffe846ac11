"""What film and file do to a shot that is trained on."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers.imaging.recompose import psnr
from animelayers.training.worn import worn


def shot() -> np.ndarray:
    """A disc on a checkered floor, twice the same."""
    y, x = np.mgrid[:54, :96]
    floor = np.where(((y // 6 + x // 6) % 2)[..., None] == 0, (90, 110, 140), (120, 130, 150))
    disc = ((y - 27) ** 2 + (x - 48) ** 2 < 300)[..., None]
    return np.stack([np.where(disc, (220, 90, 60), floor).astype(np.uint8)] * 2)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_it_is_still_the_same_picture(seed: int) -> None:
    frames = shot()
    made = worn(frames, np.random.default_rng(seed))
    assert made.shape == frames.shape and made.dtype == np.uint8
    assert (frames == shot()).all()
    assert 15 < psnr(made[0], frames[0]) < 60


def test_some_shots_are_grained_and_some_are_soft() -> None:
    made = [worn(shot(), np.random.default_rng(seed)) for seed in range(40)]
    boils = [bool((m[0] != m[1]).any()) for m in made]
    detail = [np.abs(np.diff(m[0].astype(int), axis=1)).mean() for m in made]
    own = np.abs(np.diff(shot()[0].astype(int), axis=1)).mean()
    assert 5 < sum(boils) < 35
    assert min(detail) < 0.9 * own and max(detail) > 1.3 * own
    assert len({m.tobytes() for m in made}) == 40


def test_equal_chances_make_equal_shots() -> None:
    assert (worn(shot(), np.random.default_rng(3)) == worn(shot(), np.random.default_rng(3))).all()
