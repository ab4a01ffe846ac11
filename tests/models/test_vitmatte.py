"""ViTMatte: the real loading code on a tiny checkpoint with random weights. It proves the plumbing, not
quality.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from animelayers.imaging.trimap import trimap
from animelayers.models.vitmatte import VitMatte
from animelayers.samples import scene
from animelayers.weights import WeightsError
from tests.models import tiny_vitmatte


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("transformers")
    path = tmp_path_factory.mktemp("vitmatte")
    tiny_vitmatte.folder(path)
    return path


@pytest.fixture(scope="module")
def drawn() -> tuple[list[np.ndarray], list[np.ndarray]]:
    wide, high = scene("standing", 3, (200, 112)), scene("portrait", 1, (90, 120))
    return [*wide.frames, *high.frames], [trimap(alpha) for alpha in (*wide.character, *high.character)]


def test_only_the_unknown_band_is_answered_and_batches_change_nothing(
    folder: Path, drawn: tuple[list[np.ndarray], list[np.ndarray]]
) -> None:
    pictures, trimaps = drawn
    together = VitMatte(str(folder), device="cpu", batch=3)(pictures, trimaps)
    one = VitMatte(str(folder), device="cpu", batch=1)
    for picture, known, alpha in zip(pictures, trimaps, together, strict=True):
        assert (
            alpha.shape == known.shape and alpha.dtype == np.float32 and alpha.min() >= 0 and alpha.max() <= 1
        )
        assert (
            (alpha[known == 255] == 1).all()
            and (alpha[known == 0] == 0).all()
            and np.unique(alpha[known == 128]).size > 9
        )
        np.testing.assert_allclose(alpha, one([picture], [known])[0], atol=1e-5)


def test_the_net_sees_what_the_packages_own_processor_makes(
    folder: Path, drawn: tuple[list[np.ndarray], list[np.ndarray]]
) -> None:
    import torch
    import transformers as hf

    picture, known = np.ascontiguousarray(drawn[0][0][:96, :128]), np.full((96, 128), 128, np.uint8)
    planes = hf.VitMatteImageProcessor(size_divisor=128)(images=picture, trimaps=known, return_tensors="pt")
    with torch.inference_mode():
        theirs = hf.VitMatteForImageMatting.from_pretrained(folder)(**planes).alphas[0, 0, :96, :128].numpy()
    np.testing.assert_allclose(VitMatte(str(folder), device="cpu")([picture], [known])[0], theirs, atol=1e-4)


def test_nothing_unknown_nothing_asked_and_large_crops_are_reduced(folder: Path) -> None:
    net = VitMatte(str(folder), longest=128, device="cpu")
    sure = np.zeros((40, 50), np.uint8)
    sure[10:30] = 255
    assert np.array_equal(net([np.zeros((40, 50, 3), np.uint8)], [sure])[0], sure / 255) and net([], []) == []
    large = np.full((300, 500), 128, np.uint8)
    (alpha,) = net([np.random.default_rng(0).integers(0, 255, (300, 500, 3), np.uint8)], [large])
    assert alpha.shape == (300, 500) and 0 < np.ptp(alpha) <= 1


def test_missing_and_wrong_weights_are_named(folder: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    with pytest.raises(WeightsError, match="no such file"):
        VitMatte(str(tmp_path / "nowhere"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(WeightsError, match="is no folder of a transformers model"):
        VitMatte(str(tmp_path / "empty"))
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "model_type": "vit"}))
    with pytest.raises(WeightsError, match="holds a model of type 'vit', wanted is vitmatte"):
        VitMatte(str(other))
    shutil.copy(folder / "config.json", other)
    weights = load_file(folder / "model.safetensors")
    save_file(
        {k: v for k, v in weights.items() if "matting_head" not in k},
        other / "model.safetensors",
        {"format": "pt"},
    )
    with pytest.raises(WeightsError, match="weights are missing"):
        VitMatte(str(other))
    with pytest.raises(ValueError, match="longest"):
        VitMatte(str(folder), longest=64)
