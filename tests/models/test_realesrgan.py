from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from animelayers.imaging.content import sharpness
from animelayers.models.realesrgan import RealESRGAN
from animelayers.models.upscale import NAMES, upscaler
from animelayers.weights import TABLE, WeightsError

pytest.importorskip("ncnn")


@pytest.fixture(scope="module")
def net() -> RealESRGAN:
    try:
        return RealESRGAN("realesr-animevideov3-x2", tile=32)
    except WeightsError as missing:
        pytest.skip(f"no weights: {missing}")


def drawing() -> np.ndarray:
    picture = np.full((70, 100, 3), (90, 160, 220), np.uint8)
    cv2.circle(picture, (50, 35), 22, (240, 210, 180), -1, cv2.LINE_AA)
    cv2.circle(picture, (50, 35), 22, (20, 20, 30), 2, cv2.LINE_AA)
    return picture


def test_tiles_are_as_the_whole_within_a_level(net: RealESRGAN) -> None:
    whole = RealESRGAN("realesr-animevideov3-x2", tile=512)(drawing())
    tiled = net(drawing())
    assert tiled.shape == (140, 200, 3) and tiled.dtype == np.uint8
    assert np.abs(tiled.astype(int) - whole).max() <= 1


def test_it_draws_a_reduced_picture_better_than_cubic_interpolation(net: RealESRGAN) -> None:
    large = cv2.resize(drawing(), (200, 140), interpolation=cv2.INTER_LANCZOS4)
    small = cv2.resize(large, (100, 70), interpolation=cv2.INTER_AREA)
    made, cubic = net(small), cv2.resize(small, (200, 140), interpolation=cv2.INTER_CUBIC)
    assert sharpness(cv2.cvtColor(made, cv2.COLOR_RGB2GRAY)) > sharpness(
        cv2.cvtColor(cubic, cv2.COLOR_RGB2GRAY)
    )
    assert np.abs(made.astype(int) - large).mean() < 8, (
        "the colours are those of the picture, not of another order of channels"
    )


def test_a_picture_of_one_pixel(net: RealESRGAN) -> None:
    assert net(np.full((1, 1, 3), 128, np.uint8)).shape == (2, 2, 3)


def test_own_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    (tmp_path / "own-x2.param").write_text("no net\n")
    (tmp_path / "own-x2.bin").write_bytes(b"")
    with pytest.raises(WeightsError, match="no net"):
        RealESRGAN(str(tmp_path / "own-x2"))
    with pytest.raises(WeightsError, match="did you mean"):
        RealESRGAN("realesr-animevideo-x2")
    with pytest.raises(ValueError, match="tile must be"):
        RealESRGAN("realesr-animevideov3-x2", tile=8)


def test_names() -> None:
    assert all(f"{weights}.{suffix}" in TABLE for weights in NAMES.values() for suffix in ("param", "bin"))
    with pytest.raises(ValueError, match="did you mean RealESRGAN_x4plus_anime_6B"):
        upscaler("RealESRGAN_x4plus_anime")
