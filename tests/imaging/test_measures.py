from __future__ import annotations

import cv2
import numpy as np
import pytest

from animelayers.imaging import measures


def test_measures_by_hand() -> None:
    truth = np.zeros((40, 40), np.uint8)
    truth[10:30, 10:30] = 255
    shifted = np.roll(truth, 5, 1)
    assert measures.iou(truth, truth) == 1 and measures.iou(shifted, truth) == pytest.approx(300 / 500)
    assert np.abs(measures.alpha_error(shifted, truth)).mean() == pytest.approx(200 / 1600)
    fire = np.zeros_like(truth)
    fire[10:30, 10:20] = 255
    seen = np.where(fire > 0, 0, truth).astype(np.uint8)
    assert measures.iou(seen, truth, fire) == 1 and not measures.alpha_error(seen, truth, fire).any()
    flash, larger = np.full_like(truth, 200), cv2.dilate(truth, np.ones((3, 3), np.uint8))
    assert measures.iou(larger, truth, flash) == measures.iou(larger, truth) > 0.8, (
        "what is found behind a flash is judged as it is"
    )
    blank = np.zeros_like(truth)
    assert measures.iou(blank, truth, flash) == 1 and measures.iou(blank, truth) == 0
    assert (
        measures.iou(blank, blank) == 1
        and measures.iou(truth, blank) == 0
        and measures.band_error(measures.alpha_error(blank, blank), blank) is None
    )
    far = blank.copy()
    far[0, 0] = 255
    assert measures.band_error(measures.alpha_error(cv2.max(truth, far), truth), truth) == 0, (
        "an error in a corner is not the edge's"
    )
    errors = (np.zeros((40, 40), np.float32), np.full((40, 40), 0.25, np.float32))
    assert measures.static_flicker(errors, (truth, truth), (blank, blank)) == pytest.approx(0.25)
    assert measures.static_flicker(errors, (blank, np.full_like(truth, 255)), (blank, blank)) is None
    picture = np.full((40, 40, 3), 10, np.uint8)
    square, count = measures.squared_error(picture, np.zeros_like(picture), truth > 0)
    assert (
        (square / count, count) == (100, 400)
        and measures.decibel(100) == pytest.approx(28.13, abs=0.01)
        and measures.decibel(0) == 100
    )


def test_colours_are_compared_where_both_are_seen() -> None:
    one = np.zeros((4, 4, 4), np.uint8)
    one[:, :2] = (100, 50, 0, 255)
    other = one.copy()
    other[0, 0] = (130, 50, 0, 255)
    other[1, 0, 3] = 20
    assert measures.colour_error(other, one) == pytest.approx(30 / 3 / 7)
    assert measures.colour_error(np.zeros_like(one), one) is None


def test_whose_a_figure_is_and_whether_it_stays_theirs() -> None:
    truth, labels = np.zeros((10, 10), np.uint8), np.zeros((10, 10), np.int32)
    truth[:, :4], truth[:, 6:9], truth[0, 9] = 1, 2, 3
    labels[:, :3], labels[:2, 6:9] = 7, 4
    assert measures.owners(truth, labels, 0.05) == {1: 7, 2: 0}, (
        "a fifth is not enough, and what is tiny is not asked for"
    )
    frames = [{1: 7, 2: 4}] * 3 + [{1: 4, 2: 7}] + [{1: 7, 2: 0}]
    share, switches = measures.kept(frames) or (0, 0)
    assert share == pytest.approx(7 / 10) and switches == 3
    assert measures.kept([{}, {}]) is None and measures.kept([{1: 5, 2: 5}]) == (0.5, 0), (
        "one id is one figure's"
    )


def test_cameras_are_compared_from_the_first_frame_on() -> None:
    truth = np.tile(np.eye(3), (3, 1, 1))
    truth[:, 0, 2] = [0, 10, 20]
    elsewhere = np.diag([2.0, 2.0, 1.0]) @ truth
    assert measures.camera_error(
        truth + np.array([[0, 0, 5], [0, 0, 3], [0, 0, 0]]), truth, (50, 30)
    ) == pytest.approx([0, 0, 0])
    assert measures.camera_error(elsewhere, truth, (50, 30)) == pytest.approx([0, 0, 0]), (
        "plates may have any size"
    )
    late = truth.copy()
    late[2, 1, 2] = 4
    assert measures.camera_error(late, truth, (50, 30)) == pytest.approx([0, 0, 4])
