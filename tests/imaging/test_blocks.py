"""Blocks of a JPEG decoded on their own are those of the whole file."""

import numpy as np
import pytest

from animelayers.imaging import blocks, codecs


@pytest.mark.parametrize("size", [(64, 80), (61, 75), (1, 1)])
@pytest.mark.parametrize("quality", [95, 40])
def test_chosen_blocks_are_those_of_the_file(size: tuple[int, int], quality: int) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    picture.flags.writeable = False
    mask = np.zeros(size, np.uint8)
    mask[::20, ::30] = mask[-1, -1] = 255
    chosen = blocks.grid(mask)
    inside = np.kron(chosen, np.ones((8, 8), bool))[: size[0], : size[1]]
    whole = codecs.decode(codecs.encode_jpeg(picture, quality))
    stored = blocks.stored(picture, chosen, quality)
    assert np.array_equal(stored[inside], whole[inside])
    assert np.array_equal(stored[~inside], picture[~inside])


def test_the_loss_of_all_blocks_is_that_of_the_picture() -> None:
    picture = np.random.default_rng(2).integers(0, 256, (64, 80, 3), np.uint8)
    whole = codecs.decode(codecs.encode_jpeg(picture, 95))
    assert blocks.loss(picture, np.ones((8, 10), bool), 95) == np.square(whole.astype(float) - picture).sum()
    assert blocks.loss(picture, np.zeros((8, 10), bool), 95) == 0
