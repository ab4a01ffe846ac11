from __future__ import annotations

import cv2
import numpy as np

from animelayers.imaging.content import noise, sharpness
from animelayers.imaging.enhance import denoised, sharpened


def drawing() -> np.ndarray:
    picture = np.full((96, 128, 3), (180, 210, 235), np.uint8)
    cv2.circle(picture, (64, 48), 30, (230, 60, 60), -1, cv2.LINE_AA)
    cv2.circle(picture, (64, 48), 30, (20, 20, 30), 2, cv2.LINE_AA)
    return picture


def luma(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def test_grain_goes_and_lines_stay() -> None:
    clean = drawing()
    grain = np.random.default_rng(0).normal(0, 5, clean.shape)
    noisy = np.clip(np.rint(clean + grain), 0, 255).astype(np.uint8)
    made = denoised(noisy, 6)
    assert noise(luma(made)) < 0.3 * noise(luma(noisy))
    assert np.abs(made.astype(int) - clean).mean() < 0.6 * np.abs(noisy.astype(int) - clean).mean()
    assert denoised(noisy, 0) is noisy


def test_lines_get_sharper_without_a_rim_and_flat_colour_stays() -> None:
    soft = cv2.GaussianBlur(drawing(), (0, 0), 1.5)
    made = sharpened(soft, 0.8, 1.5)
    assert sharpness(luma(made)) > 1.1 * sharpness(luma(soft))
    assert (made[:10] == soft[:10]).all() and sharpened(soft, 0, 1.5) is soft
    around = np.ones((3, 3), np.uint8)
    room = cv2.subtract(cv2.dilate(soft, around), cv2.erode(soft, around)).astype(int) // 4
    assert (made <= cv2.dilate(soft, around) + room).all() and (made >= cv2.erode(soft, around) - room).all()
