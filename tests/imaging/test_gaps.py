import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from animelayers.imaging.gaps import gaps

SKY, LEAVES, SHIRT, SKIN, INK = (150, 190, 240), (40, 120, 50), (200, 60, 60), (250, 220, 200), (40, 20, 30)


def figure(shirt=SHIRT):
    """A figure with an arm akimbo before sky and leaves; its matte with the gap closed, and the gap."""
    picture = np.full((360, 480, 3), SKY, np.uint8)
    picture[180:] = LEAVES
    body, arm = ((180, 80), (270, 359)), [(275, 120), (340, 190), (275, 250)]
    gap = cv2.fillPoly(np.zeros((360, 480), np.uint8), [np.array(arm)], 1)
    gap[:, :272] = 0
    inside = cv2.erode(gap, np.ones((5, 5)))
    cv2.rectangle(picture, *body, shirt, -1)
    cv2.polylines(picture, [np.array(arm)], True, SKIN, 12)
    cv2.circle(picture, (225, 50), 35, SKIN, -1)
    matte = ((picture != SKY).any(2) & (picture != LEAVES).any(2)).astype(np.float32)
    shown = (gap > 0) & (matte == 0)
    matte[shown] = 1
    claim = np.where(shown, 0.6, 0.999).astype(np.float32) * matte
    return picture, matte, claim, shown & (inside > 0)


def test_a_gap_shows_what_is_beside_the_figure():
    picture, matte, claim, gap = figure()
    found = gaps(picture, matte, claim)
    assert found[gap].mean() > 0.9
    assert not found[(matte > 0) & (claim > 0.9)].any()


def test_a_slit_that_the_net_hardly_sees_is_opened_where_its_colours_are_plain():
    picture, matte, _, _ = figure()
    slit = (slice(120, 170), slice(200, 205))
    picture[slit] = SKY
    picture[slit[0], [199, 205]] = INK
    matte[slit] = 1
    claim = matte.copy()
    claim[slit] = 0.95
    found = gaps(picture, matte, claim)
    assert found[122:168, 201:204].all()
    assert not found[:, :198].any()
    claim[slit] = 0.98
    assert not gaps(picture, matte, claim)[slit].any()


def test_a_sleeve_of_the_colour_of_the_sky_cuts_no_hand_off():
    picture = np.full((360, 480, 3), SKY, np.uint8)
    cv2.rectangle(picture, (180, 80), (270, 359), SHIRT, -1)
    cv2.rectangle(picture, (271, 180), (380, 200), SHIRT, -1)
    cv2.rectangle(picture, (320, 180), (330, 200), SKY, -1)
    matte = np.zeros((360, 480), np.float32)
    matte[80:360, 180:271] = matte[180:201, 271:381] = 1
    claim = matte * np.where((picture == SKY).all(2), np.float32(0.6), np.float32(0.999))
    assert not gaps(picture, matte, claim).any()


def test_what_the_net_is_sure_of_stays():
    picture, matte, _, _ = figure()
    assert not gaps(picture, matte, matte).any()


def test_a_shirt_of_the_colour_of_the_sky_stays():
    picture, matte, claim, _ = figure(shirt=SKY)
    matte[80:180, 180:270] = 1
    claim[80:180, 180:270] = 0.8
    found = gaps(picture, matte, claim)
    assert not found[90:170, 190:260].any()


@pytest.mark.parametrize("value", [0, 1])
def test_nobody_and_nothing_but_a_figure(value):
    alpha = np.full((90, 120), value, np.float32)
    assert not gaps(np.full((90, 120, 3), 77, np.uint8), alpha, alpha * 0.5).any()


@settings(max_examples=20, deadline=None)
@given(arrays(np.uint8, (50, 70, 3)), st.integers(0, 40), st.floats(0, 1))
def test_only_what_the_matte_covers_is_a_gap(picture, left, claimed):
    alpha = np.zeros((50, 70), np.float32)
    alpha[10:40, left : left + 30] = 1
    found = gaps(picture, alpha, alpha * np.float32(claimed))
    assert found.shape == alpha.shape and found.dtype == bool
    assert not (found & (alpha == 0)).any()
