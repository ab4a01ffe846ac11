"""Clean plates, views and light, on pictures whose truth is known."""

import cv2
import numpy as np
import pytest

from animelayers.imaging.photometric import EQUAL, match
from animelayers.imaging.plate import clean_plate
from animelayers.imaging.recompose import psnr
from animelayers.imaging.views import view
from animelayers.samples import scene

STILL = np.eye(3)


def shifted(x: float, y: float = 0) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


@pytest.mark.parametrize("name", ["walk", "crossing", "pan"])
def test_the_plate_is_the_background_and_no_figure_ghosts_through(name: str) -> None:
    shot = scene(name, 24, (480, 270))
    cameras = [shifted(x) for x in shot.pan[::2]]
    canvas = (480 + int(shot.pan[::2].max()), 270)
    plate = clean_plate(list(shot.frames[::2]), list(shot.character[::2]), cameras, canvas)
    truth = np.zeros((270, canvas[0], 3), np.uint8)
    for x, background in zip(shot.pan[::2], shot.background[::2], strict=True):
        truth[:, x : x + 480] = background
    seen = plate.seen > 0
    assert seen.mean() > 0.97 and plate.trust > 0.95
    assert psnr(plate.picture[seen], truth[seen]) > 40
    assert (np.abs(plate.picture.astype(int) - truth).max(-1)[seen] > 24).mean() < 1e-3


def test_a_background_few_frames_show_wins_over_a_figure_that_stays_long() -> None:
    shot = scene("walk", 24, (480, 270))
    first, last = shot.frames[0], shot.frames[-1]
    frames, alphas = [first] * 3 + [last] * 9, [shot.character[0]] * 3 + [shot.character[-1]] * 9
    alphas[5] = np.zeros_like(alphas[5])  # the net overlooked her once
    plate = clean_plate(frames, alphas, [STILL] * 12, (480, 270))
    under = (shot.character[-1] > 0) & (shot.character[0] == 0)
    assert (plate.seen[under] > 0).mean() > 0.9
    where = under & (plate.seen > 0)
    assert psnr(plate.picture[where], shot.background[0][where]) > 40


def test_a_figure_in_every_frame_leaves_nothing_seen() -> None:
    frame = scene("portrait", 1, (120, 80)).frames[0]
    plate = clean_plate([frame] * 3, [np.full((80, 120), 255, np.uint8)] * 3, [STILL] * 3, (120, 80))
    assert not plate.seen.any() and plate.trust == 0


def test_coding_noise_is_evened_out() -> None:
    shot, rng = scene("empty", 1, (320, 180)), np.random.default_rng(0)
    frames = [
        np.clip(shot.frames[0] + rng.normal(0, 3, shot.frames[0].shape), 0, 255).astype(np.uint8)
        for _ in range(12)
    ]
    plate = clean_plate(frames, [np.zeros((180, 320), np.uint8)] * 12, [STILL] * 12, (320, 180))
    assert psnr(plate.picture, shot.background[0]) > psnr(frames[0], shot.background[0]) + 6


def test_a_fade_to_black_is_light_and_not_change() -> None:
    shot = scene("empty", 1, (320, 180))
    frames = [np.rint(shot.frames[0] * g).astype(np.uint8) for g in (1, 1, 0.9, 0.7, 0.5, 0.2, 0)]
    plate = clean_plate(frames, [np.zeros((180, 320), np.uint8)] * 7, [STILL] * 7, (320, 180))
    assert plate.trust > 0.98 and psnr(plate.picture, shot.frames[0]) > 40
    assert [light.usable for light in plate.lights] == [True] * 5 + [False] * 2


def test_numbers_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="cameras"):
        clean_plate([np.zeros((4, 4, 3), np.uint8)], [], [STILL], (4, 4))


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0), (0.8, 20), (1.2, -10)])
def test_light_is_found_though_a_third_of_the_picture_is_something_else(gain: float, offset: float) -> None:
    plate = scene("empty", 1, (160, 90)).frames[0]
    frame = np.clip(np.rint(plate * gain + offset), 0, 255).astype(np.uint8)
    frame[:, :50] = (250, 30, 90)
    light = match(frame, plate, np.ones((90, 160), bool))
    assert np.abs(light.cast(plate)[:, 60:].astype(int) - frame[:, 60:]).mean() < 3


def test_another_picture_is_no_other_light() -> None:
    one = scene("empty", 1, (160, 90)).frames[0]
    other = np.random.default_rng(0).integers(0, 256, one.shape, np.uint8)
    assert match(one, other, np.ones((90, 160), bool)) is EQUAL
    assert match(one, one, np.ones((90, 160), bool)).same


def test_views_lay_frames_down_and_take_them_up_again() -> None:
    picture = scene("empty", 1, (160, 90)).frames[0]
    exact = view(shifted(7, 3), (160, 90), (200, 100))
    assert exact.matrix is None and exact.onto(picture) is picture
    canvas = np.zeros((100, 200, 3), np.uint8)
    canvas[exact.window] = picture
    assert np.array_equal(exact.back(canvas), picture)
    turned = view(np.vstack([cv2.getRotationMatrix2D((80, 45), 3, 1), [[0, 0, 1]]]), (160, 90), (200, 100))
    canvas[...] = 0
    canvas[turned.window] = turned.onto(picture)
    assert np.abs(turned.back(canvas)[20:70, 20:140].astype(int) - picture[20:70, 20:140]).mean() < 6
    with pytest.raises(ValueError, match="does not lie"):
        view(shifted(500), (160, 90), (200, 100))
