"""Inpainting by diffusion: the real pipeline on a tiny checkpoint with random weights. It proves the
plumbing, not quality.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

from animelayers.models.diffusion import Diffusion
from animelayers.samples import scene
from animelayers.weights import WeightsError
from tests.models import tiny_diffusion


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("diffusers")
    return tiny_diffusion.folder(tmp_path_factory.mktemp("diffusion"))


def drawn(*sizes: tuple[int, int]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    shots = [scene("walk", 1, size) for size in sizes]
    return [shot.frames[0] for shot in shots], [shot.character[0] > 8 for shot in shots]


def small(folder: Path, **options: object) -> Diffusion:
    return Diffusion(folder, steps=4, longest=64, device="cpu", **options)  # type: ignore[arg-type]


def test_ragged_pictures_are_filled_inside_their_holes_only_and_alike_alone_or_together(
    checkpoint: Path,
) -> None:
    pictures, holes = drawn((96, 64), (40, 26), (96, 64))
    holes[2] = np.zeros_like(holes[2])
    model = small(checkpoint, batch=2)
    together = model(pictures, holes)
    for picture, hole, made in zip(pictures, holes, together, strict=True):
        assert (
            made.shape == picture.shape
            and made.dtype == np.uint8
            and np.array_equal(made[~hole], picture[~hole])
        )
    assert (together[0][holes[0]] != pictures[0][holes[0]]).any(1).mean() > 0.9
    alone = [model([picture], [hole])[0] for picture, hole in zip(pictures, holes, strict=True)]
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(alone, together, strict=True)) <= 2
    assert model([], []) == []


def test_words_and_seed_matter_and_the_same_again_is_the_same(checkpoint: Path) -> None:
    pictures, holes = drawn((64, 64))
    (first,) = small(checkpoint)(pictures, holes)
    assert np.array_equal(first, small(checkpoint)(pictures, holes)[0])
    for options in ({"seed": 1}, {"prompt": "a dark forest", "guidance": 20.0}, {"strength": 0.5}):
        assert not np.array_equal(first, small(checkpoint, **options)(pictures, holes)[0]), options


def test_missing_and_wrong_weights_are_named(checkpoint: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    broken = tmp_path / "broken"
    shutil.copytree(checkpoint, broken)
    net = broken / "unet" / "diffusion_pytorch_model.safetensors"
    weights = load_file(net)
    weights.pop("conv_in.weight")
    save_file(weights, net, {"format": "pt"})
    with pytest.raises(
        WeightsError, match=r"lacks 1 weights of UNet2DConditionModel, the first is conv_in.weight"
    ):
        small(broken)
    with pytest.raises(WeightsError, match="no folder of an inpainting pipeline"):
        small(tmp_path)
    with pytest.raises(WeightsError, match="no weights are called"):
        small(tmp_path / "none")
    with pytest.raises(WeightsError, match="no weights are called"):
        small(tmp_path / "none", required=False)(*drawn((64, 64)))


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="strength must be"):
        Diffusion("x", strength=0)
    with pytest.raises(ValueError, match="auto, fp32, fp16, bf16"):
        Diffusion("x", precision="int8")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="multiple of 64"):
        Diffusion("x", longest=1000)


@pytest.mark.skipif(importlib.util.find_spec("diffusers") is not None, reason="the extra is installed")
def test_a_missing_package_names_the_extra(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    with pytest.raises(WeightsError, match=r"animelayers\[diffusion\]"):
        Diffusion(tmp_path, device="cpu")
