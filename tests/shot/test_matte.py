"""From labels at the net's size to alpha at the drawing's."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.imaging.measures import iou
from animelayers.shot.matte import finished
from animelayers.shot.params import Params


def disc(height: int, width: int, radius: float) -> np.ndarray:
    """Coverage by a disc in the middle, float32 (height, width), its radius a share of the height."""
    y, x = np.mgrid[:height, :width]
    away = np.hypot(y - (height - 1) / 2, x - (width - 1) / 2)
    return np.asarray(np.clip(radius * height - away + 0.5, 0, 1), np.float32)


def painted(alpha: np.ndarray) -> np.ndarray:
    colours = alpha[..., None] * np.array([230, 60, 40]) + (1 - alpha[..., None]) * np.array([60, 110, 170])
    return np.asarray(np.rint(colours), np.uint8)


@pytest.mark.parametrize("snap", [0, 8])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_a_disc_stays_the_disc_that_is_painted(scale: int, snap: int) -> None:
    truth = disc(160, 240, 0.3)
    label = cv2.resize(truth, (240 // scale, 160 // scale), interpolation=cv2.INTER_AREA)
    alpha = finished(painted(truth), label, replace(Params(), snap=snap))
    assert alpha.dtype == np.uint8 and alpha.shape == truth.shape
    assert iou(alpha, np.rint(255 * truth).astype(np.uint8)) > 0.95
    assert alpha[80, 120] == 255 and not alpha[:10].any(), "all inside, nothing far from it"


def test_an_outline_that_is_a_little_off_is_drawn_to_the_pictures_edge() -> None:
    truth, label = disc(160, 240, 0.3), disc(160, 240, 0.32)
    solid = np.rint(255 * truth).astype(np.uint8)
    left, snapped = (
        iou(finished(painted(truth), label, replace(Params(), snap=snap)), solid) for snap in (0, 8)
    )
    assert snapped > left and snapped > 0.95


@pytest.mark.parametrize("level", [0.0, 0.015])
def test_a_label_of_nothing_is_an_empty_alpha(level: float) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)
    assert not finished(picture, np.full((15, 20), level, np.float32), Params()).any()


def test_below_the_floor_is_nothing_and_above_its_counterpart_all() -> None:
    label = np.repeat(np.array([0.04, 0.05, 0.5, 0.95, 0.96], np.float32), 8)[None].repeat(12, 0)
    alpha = finished(
        np.zeros((*label.shape, 3), np.uint8), label, replace(Params(), snap=0, alpha_floor=0.05)
    )
    assert alpha[6, ::8].tolist() == [0, 0, 128, 255, 255]


@given(
    height=st.integers(1, 70), width=st.integers(1, 70), h=st.integers(1, 24), w=st.integers(1, 24), snap=st.integers(0, 32),
    seed=st.integers(0, 2**16),
)  # fmt: skip
def test_pictures_and_labels_of_any_size_give_an_alpha_of_the_picture(
    height: int, width: int, h: int, w: int, snap: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    picture, label = rng.integers(0, 255, (height, width, 3), np.uint8), rng.random((h, w)).astype(np.float32)
    params = replace(Params(), snap=snap)
    alpha = finished(picture, label, params)
    assert alpha.shape == (height, width) and alpha.dtype == np.uint8
    assert (finished(picture, np.ones_like(label), params) == 255).all(), (
        "a figure that fills the frame fills it"
    )
    assert not finished(picture, np.zeros_like(label), params).any()
