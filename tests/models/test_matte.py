"""The default matte with its real weights, and MODNet with none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from animelayers import job
from animelayers.imaging import masks
from animelayers.models.portrait import MODNet
from animelayers.models.protocols import Matte
from tests.models import tiny_onnx


@pytest.fixture(scope="module")
def matte() -> Matte:
    """The default, as the main job has it."""
    made: Matte = job.build(
        job.compose("decompose", ["source.path=.", "output=x", "device=cpu"]).stages.character.step.matte
    )
    return made


def read(path: Path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def test_a_drawn_person_is_found(matte: Matte, data: Path) -> None:
    still = data / "layered_stills" / "vn03_sylvie_club"
    picture = read(Path(f"{still}.composite.png"))
    truth = cv2.imread(f"{still}.truth_character.png", cv2.IMREAD_UNCHANGED)[..., 3] > 127
    mattes = matte([picture])
    assert mattes.model == ["layernet"]
    assert masks.overlap(mattes.alpha[0] > 0.5, truth) > 0.75


def test_frames_without_anything_stay_empty(matte: Matte) -> None:
    noise = np.clip(128 + np.random.default_rng(0).normal(0, 2, (180, 320, 3)), 0, 255).astype(np.uint8)
    pictures = [np.zeros((180, 320, 3), np.uint8), np.full((45, 80, 3), 128, np.uint8), noise]
    mattes = matte(pictures)
    assert mattes.model == ["none"] * 3
    assert [a.shape for a in mattes.alpha] == [p.shape[:2] for p in pictures] and not any(
        a.any() for a in mattes.alpha
    )


@pytest.mark.parametrize("size", [(1, 1), (17, 900), (900, 17), (61, 45)])
def test_modnet_takes_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tiny_onnx.write(tmp_path / "modnet.onnx", (8.0, 0.0, 0.0), 0.0, ("n", 3, "h", "w"))
    red, blue = np.full((*size, 3), (255, 0, 0), np.uint8), np.full((*size, 3), (0, 0, 255), np.uint8)
    mattes = MODNet(path, short=(64, 32), precision="fp32")([red, blue])
    assert mattes.model == ["modnet", "none"]
    assert mattes.alpha[0].shape == size and mattes.alpha[0].min() > 0.9 and not mattes.alpha[1].any()
