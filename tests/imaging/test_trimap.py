from __future__ import annotations

import cv2
import numpy as np
import pytest

from animelayers.imaging.trimap import trimap, width


def disc(size: int, soft: float = 0) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    alpha = ((y - size / 2) ** 2 + (x - size / 2) ** 2 < (size / 3) ** 2).astype(np.uint8) * np.uint8(255)
    return cv2.GaussianBlur(alpha, (0, 0), soft) if soft else alpha


def test_what_is_far_from_the_outline_is_sure() -> None:
    alpha = disc(360)
    made = trimap(alpha)
    assert set(np.unique(made)) == {0, 128, 255}
    assert (made[made != 128] == alpha[made != 128]).all()
    assert made[180, 180 + 120] == 128 and made[180, 180] == 255 and made[0, 0] == 0


def test_the_band_follows_the_size_and_the_softness() -> None:
    assert width(disc(180)) == 2 and width(disc(720)) == 4 and width(disc(720, 3)) > 6
    assert width(disc(720, 40)) == 16
    assert (trimap(disc(360, 3)) == 128).sum() > (trimap(disc(360)) == 128).sum()


@pytest.mark.parametrize(("value", "kept"), [(0, 0), (255, 255), (128, 128)])
def test_flat_planes(value: int, kept: int) -> None:
    assert (trimap(np.full((30, 40), value, np.uint8)) == kept).all()


def test_a_segment_cut_by_the_outline_is_unknown_beyond_it() -> None:
    alpha, segments = np.zeros((180, 180), np.uint8), np.zeros((180, 180), np.uint8)
    alpha[:, :90] = 255
    segments[60:120, 30:100] = 1  # mostly inside, ten pixels of it left out
    segments[130:170, 86:170] = 2  # mostly outside, four pixels of it taken
    made, plain = trimap(alpha, segments), trimap(alpha)
    assert made[90, 93] == 128 and plain[90, 93] == 0 and made[90, 99] == 0
    assert made[150, 86] == 128 and plain[150, 86] == 255
    assert np.array_equal(made[:50], plain[:50])
    with pytest.raises(ValueError, match="differ in size"):
        trimap(alpha, segments[1:])
