"""MODNet and the default matte with their real weights; skipped, saying so, where they are not on this machine."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from animelayers.imaging import masks
from animelayers.models.joined import Joined
from animelayers.models.portrait import MODNet
from animelayers.weights import WeightsError, find
from tests.models import tiny_onnx


@pytest.fixture(scope="module")
def joined() -> Joined:
    try:
        for name in ("modnet", "u2net", "u2netp"):
            find(name)
    except WeightsError as error:
        pytest.skip(str(error))
    return Joined(precision="fp32")


def read(path: Path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def test_a_drawn_person_is_found_and_the_empty_set_stays_empty(joined: Joined, data: Path) -> None:
    still = data / "layered_stills" / "vn02_sylvie_meadow"
    picture, empty = read(Path(f"{still}.composite.png")), read(Path(f"{still}.truth_background.webp"))
    truth = cv2.imread(f"{still}.truth_character.png", cv2.IMREAD_UNCHANGED)[..., 3] > 127
    mattes = joined([picture, empty])
    assert mattes.model == ["modnet+u2net", "none"]
    assert masks.overlap(mattes.alpha[0] > 0.5, truth) > 0.93
    assert not mattes.alpha[1].any()


def test_a_creature_is_found_by_the_saliency_nets(joined: Joined, data: Path) -> None:
    clip = cv2.VideoCapture(str(data / "clips3d" / "bigbuckbunny_720p.mp4"))
    mattes = joined([cv2.cvtColor(clip.read()[1], cv2.COLOR_BGR2RGB)])
    assert mattes.model == ["u2net+u2netp"]
    assert 0.05 < np.mean(mattes.alpha[0] > 0.5) < 0.2


def test_frames_without_anything_stay_empty(joined: Joined) -> None:
    noise = np.clip(128 + np.random.default_rng(0).normal(0, 2, (180, 320, 3)), 0, 255).astype(np.uint8)
    card = np.zeros((180, 320, 3), np.uint8)
    cv2.putText(card, "COMING SOON", (60, 95), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 255, 255), 2)
    pictures = [np.zeros((180, 320, 3), np.uint8), np.full((45, 80, 3), 128, np.uint8), noise, card]
    mattes = joined(pictures)
    assert mattes.model == ["none"] * 4
    assert [a.shape for a in mattes.alpha] == [p.shape[:2] for p in pictures] and not any(a.any() for a in mattes.alpha)


@pytest.mark.parametrize("size", [(1, 1), (17, 900), (900, 17), (61, 45)])
def test_modnet_takes_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tiny_onnx.write(tmp_path / "modnet.onnx", (8.0, 0.0, 0.0), 0.0, ("n", 3, "h", "w"))
    red, blue = np.full((*size, 3), (255, 0, 0), np.uint8), np.full((*size, 3), (0, 0, 255), np.uint8)
    mattes = MODNet(path, short=(64, 32), precision="fp32")([red, blue])
    assert mattes.model == ["modnet", "none"]
    assert mattes.alpha[0].shape == size and mattes.alpha[0].min() > 0.9 and not mattes.alpha[1].any()
