"""Grids, crops and tidied masks, against the package that made them known."""

from __future__ import annotations

import numpy as np
import pytest

from animelayers.imaging import proposals

amg = pytest.importorskip("sam2.utils.amg")


@pytest.mark.parametrize("size", [(1080, 1920), (333, 217)])
def test_grids_and_crops_are_those_of_the_package(size: tuple[int, int]) -> None:
    boxes, layers = amg.generate_crop_boxes(size, 2, proposals.OVERLAP)
    ours = proposals.crops(*size, 2)
    assert [(crop.layer, list(crop.box)) for crop in ours] == list(zip(layers, boxes, strict=True)) and len(
        ours
    ) == 21
    assert np.allclose(proposals.grid(7), amg.build_point_grid(7)) and proposals.grid(7).dtype == np.float32


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.7, 0.98])
@pytest.mark.parametrize("least", [1, 9, 40, 10_000])
def test_tidied_masks_are_those_of_the_package(share: float, least: int) -> None:
    mask = np.random.default_rng(0).random((60, 80)) < share
    theirs = amg.remove_small_regions(amg.remove_small_regions(mask, least, "holes")[0], least, "islands")[0]
    before = mask.copy()
    assert np.array_equal(proposals.tidy(mask, least), theirs) and np.array_equal(mask, before)


def test_nothing_stays_nothing() -> None:
    assert not proposals.tidy(np.zeros((9, 9), bool), 5).any()
    assert proposals.boxes(np.zeros((2, 9, 9), bool)).tolist() == [[0, 0, 0, 0]] * 2


def test_boxes_are_around_masks() -> None:
    masks = np.zeros((2, 20, 30), bool)
    masks[0, 3:7, 5:11] = masks[1, 19, 29] = True
    assert proposals.boxes(masks).tolist() == [[5, 3, 10, 6], [29, 19, 29, 19]]
