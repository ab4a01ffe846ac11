from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers.imaging.tiles import enlarged, tiles

sides = st.integers(1, 90)


@given(sides, sides, st.integers(8, 40), st.integers(0, 12))
def test_tiles_keep_each_pixel_once_and_look_around_it(
    height: int, width: int, size: int, overlap: int
) -> None:
    kept = np.zeros((height, width), int)
    for tile in tiles(height, width, size, overlap):
        kept[slice(*tile.kept_rows), slice(*tile.kept_columns)] += 1
        for seen, inner, side in (
            (tile.rows, tile.kept_rows, height),
            (tile.columns, tile.kept_columns, width),
        ):
            assert (
                seen == (max(0, inner[0] - overlap), min(side, inner[1] + overlap))
                and inner[1] - inner[0] <= size
            )
    assert (kept == 1).all()


@settings(max_examples=30, deadline=None)
@given(sides, sides, st.integers(8, 40), st.integers(1, 3), st.integers(0, 99))
def test_what_sees_no_further_than_the_overlap_is_as_if_whole(
    height: int, width: int, size: int, scale: int, seed: int
) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)

    # sees two pixels around, and black beyond the border, as a net that pads
    def net(part: np.ndarray) -> np.ndarray:
        return cv2.blur(part, (5, 5), borderType=cv2.BORDER_CONSTANT).repeat(scale, 0).repeat(scale, 1)

    assert np.array_equal(enlarged(picture, net, scale, size, 2), net(picture))
