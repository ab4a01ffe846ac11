"""CLIPSeg: the real loading code on a tiny checkpoint with random weights. It proves the plumbing, not
quality.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from animelayers.models.clipseg import ClipSeg
from animelayers.samples import scene
from animelayers.weights import WeightsError
from tests.models import tiny_words

pytest.importorskip("transformers")
PROMPTS = ["fire and flames", "light beam", "smoke"]


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clipseg")
    tiny_words.clipseg(path)
    return path


def drawn() -> list[np.ndarray]:
    wide = scene("fire", 4, (192, 108)).frames
    return [wide[0], wide[2], scene("portrait", 1, (80, 120)).frames[0]]


def test_maps_are_those_of_the_librarys_own_call(weights: Path) -> None:
    import torch
    import transformers as hf

    model = hf.CLIPSegForImageSegmentation.from_pretrained(weights).eval()
    processor = hf.CLIPSegProcessor(
        hf.AutoImageProcessor.from_pretrained(weights), hf.AutoTokenizer.from_pretrained(weights)
    )
    picture = drawn()[0][:64, :64]
    inputs = processor(text=PROMPTS, images=[picture] * len(PROMPTS), padding=True, return_tensors="pt")
    with torch.inference_mode():
        theirs = model(**inputs).logits.sigmoid().numpy()
    (ours,) = ClipSeg(str(weights), device="cpu")([picture], PROMPTS)
    assert ours.shape == (3, 64, 64) and np.ptp(ours) > 0.01
    assert len({plane.tobytes() for plane in ours}) == 3
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_batch_of_ragged_pictures_is_what_each_gives_alone(weights: Path) -> None:
    proposer = ClipSeg(str(weights), device="cpu", batch=2)
    pictures = drawn()
    maps = proposer(pictures, PROMPTS)
    for picture, found in zip(pictures, maps, strict=True):
        assert found.shape == (3, *picture.shape[:2]) and found.dtype == np.float32
        assert 0 <= found.min() < found.max() <= 1
        np.testing.assert_allclose(found, proposer([picture], PROMPTS)[0], atol=1e-5)
        np.testing.assert_allclose(
            found[1:2], ClipSeg(str(weights), device="cpu")([picture], PROMPTS[1:2])[0], atol=1e-5
        )
    assert not np.allclose(maps[0], maps[1], atol=1e-4)


def test_nothing_asked_nothing_found(weights: Path) -> None:
    proposer = ClipSeg(str(weights), device="cpu")
    assert proposer([], PROMPTS) == []
    (found,) = proposer(drawn()[:1], [])
    assert found.shape == (0, 108, 192) and found.dtype == np.float32


def test_size_and_normalisation_are_the_checkpoints(weights: Path, tmp_path: Path) -> None:
    shutil.copytree(weights, tmp_path, dirs_exist_ok=True)
    settings = tmp_path / "preprocessor_config.json"
    settings.write_text(settings.read_text().replace("0.4", "0.1"))
    picture = drawn()[:1]
    assert not np.allclose(
        ClipSeg(str(tmp_path), device="cpu")(picture, PROMPTS)[0],
        ClipSeg(str(weights), device="cpu")(picture, PROMPTS)[0],
    )
    settings.unlink()
    with pytest.raises(WeightsError, match=r"preprocessor_config\.json"):
        ClipSeg(str(tmp_path), device="cpu")


def test_missing_and_wrong_weights_are_refused(weights: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    with pytest.raises(WeightsError, match="no such file exists"):
        ClipSeg(str(tmp_path / "nowhere"))
    with pytest.raises(WeightsError, match=r"config\.json"):
        ClipSeg(str(tmp_path))
    broken = tmp_path / "broken"
    shutil.copytree(weights, broken)
    kept = load_file(broken / "model.safetensors")
    save_file(
        {name: value for name, value in kept.items() if "film_mul" not in name},
        broken / "model.safetensors",
        {"format": "pt"},
    )
    with pytest.raises(WeightsError, match="2 weights are missing"):
        ClipSeg(str(broken), device="cpu")
    save_file(
        {**kept, "decoder.film_mul.bias": torch.zeros(3)}, broken / "model.safetensors", {"format": "pt"}
    )
    with pytest.raises(WeightsError, match="cannot be loaded"):
        ClipSeg(str(broken), device="cpu")
    (broken / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match="cannot be loaded"):
        ClipSeg(str(broken), device="cpu")
    (broken / "config.json").write_text((broken / "config.json").read_text().replace('"clipseg"', '"clip"'))
    with pytest.raises(WeightsError, match="type 'clip', wanted is clipseg"):
        ClipSeg(str(broken), device="cpu")
