from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from animelayers.models.islands import Islands
from animelayers.models.protocols import Mattes


def reds(pictures: Sequence[np.ndarray]) -> Mattes:
    """A matte by colour: as sure as the red is bright."""
    alphas = [picture[..., 0].astype(np.float32) / 255 for picture in pictures]
    return Mattes(alphas, ["red"] * len(alphas), [1.0] * len(alphas))


def test_figures_apart_best_first() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[5:15, 5:15, 0], picture[20:35, 30:50, 0], picture[0, 59, 0] = 180, 250, 255
    one, none, small = Islands(reds, min_area=1 / 100)(
        [picture, np.zeros((8, 9, 3), np.uint8), picture[5:15, 5:15]]
    )
    assert one.masks.shape == (2, 40, 60) and one.masks.dtype == bool and one.labels == ["", ""]
    assert np.array_equal(one.masks[0], picture[..., 0] == 250) and np.array_equal(
        one.masks[1], picture[..., 0] == 180
    )
    assert one.scores.dtype == np.float32 and one.scores == pytest.approx([250 / 255, 180 / 255], abs=1e-3)
    assert none.masks.shape == (0, 8, 9) and none.scores.shape == (0,) and small.masks.all()


def test_a_share_that_is_none() -> None:
    with pytest.raises(ValueError, match=r"min_area must be 0\.\.1"):
        Islands(reds, min_area=1.5)
