"""What a claim is worth: shape and colour."""

from __future__ import annotations

import cv2
import numpy as np

from animelayers.imaging import masks


def test_overlap() -> None:
    one = np.zeros((4, 4), bool)
    assert masks.overlap(one, one) == 0
    other = one.copy()
    one[:2], other[1:3] = True, True
    assert masks.overlap(one, other) == 1 / 3


def test_islands_and_what_lies_within() -> None:
    mask = np.zeros((100, 100), bool)
    mask[10:40, 10:40], mask[60:62, 60:62] = True, True
    (island,) = masks.islands(mask, 0.01)
    assert island.sum() == 900 and len(masks.islands(mask, 0)) == 2
    alpha = np.full((100, 100), 0.4, np.float32)
    kept = masks.within(alpha, [island], 3)
    assert np.count_nonzero(kept) == 36 * 36 and kept.dtype == np.float32 and alpha.min() > 0
    assert not masks.within(alpha, [], 3).any() and not masks.union([], (2, 3)).any()


def test_colours_of_the_figure_speak_for_it() -> None:
    picture = np.full((120, 160, 3), (90, 150, 80), np.uint8)
    picture[20:100, 40:120] = (220, 90, 80)
    claim = np.zeros((120, 160), np.float32)
    claim[20:100, 40:90] = 1  # the net is sure of a part, and says half for the rest
    claim[20:100, 90:120] = 0.5
    evidence = masks.colour_evidence(picture, claim)
    assert evidence[60, 105] > 2 > -2 > evidence[5, 5]
    assert np.abs(evidence).max() <= 4 and evidence.dtype == np.float32
    assert not masks.colour_evidence(picture, np.zeros_like(claim)).any()


def test_noise_does_not_hide_a_colour() -> None:
    rng = np.random.default_rng(0)
    picture = np.full((120, 160, 3), (90, 150, 80), np.float64)
    picture[20:100, 40:120] = (220, 90, 80)
    noisy = np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)
    claim = cv2.blur((picture[..., 0] > 150).astype(np.float32), (9, 9))
    assert masks.colour_evidence(noisy, claim)[30:90, 50:110].min() > 1
