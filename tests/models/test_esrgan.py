from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from animelayers.models.upscale import upscaler
from animelayers.weights import WeightsError

pytest.importorskip("spandrel")


@pytest.fixture(scope="module")
def tiny() -> dict[str, Any]:
    """The real architecture of RealESRGAN_x4plus_anime_6B, with few filters and blocks, at random."""
    import torch
    from spandrel.architectures.ESRGAN.__arch.RRDB import RRDBNet

    torch.manual_seed(0)
    return dict(RRDBNet(num_filters=32, num_blocks=1, scale=4).state_dict())


def save(state: object, path: Path) -> str:
    import torch

    torch.save(state, path)
    return str(path)


def test_a_pth_is_loaded_and_runs_tile_by_tile(tiny: dict[str, Any], tmp_path: Path) -> None:
    net: Any = upscaler(save({"params_ema": tiny}, tmp_path / "tiny.pth"))
    picture = np.random.default_rng(0).integers(0, 256, (41, 52, 3), np.uint8)
    whole = net(picture)
    net._tile = 32
    assert (net.scale, net.architecture, whole.shape, whole.dtype) == (4, "ESRGAN", (164, 208, 3), np.uint8)
    assert np.abs(net(picture).astype(int) - whole).max() <= 1


def test_what_is_no_whole_net_is_refused(tiny: dict[str, Any], tmp_path: Path) -> None:
    for state in (
        {"some": tiny["model.0.weight"]},
        {k: v for k, v in tiny.items() if k != "model.0.bias"},
        [1, 2],
    ):
        with pytest.raises(WeightsError, match="no complete checkpoint"):
            upscaler(save(state, tmp_path / "bad.pth"))
    with pytest.raises(WeightsError, match="no complete checkpoint"):
        upscaler(save(Path("code"), tmp_path / "pickle.pth"))  # weights_only refuses any other class
    with pytest.raises(WeightsError):
        upscaler(str(tmp_path / "missing.pth"))
