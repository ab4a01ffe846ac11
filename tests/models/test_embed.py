"""Embedders: MobileNetV2 with its real weights, and the real loading code of CLIP and DINOv2 on tiny random
checkpoints.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from animelayers.models.embed import Dino, Visual, normalised
from animelayers.models.openclip import OpenClip
from animelayers.samples import scene
from animelayers.weights import TABLE, WeightsError, locate
from tests.models import tiny_embed

pytest.importorskip("transformers")
pytest.importorskip("open_clip")
here = pytest.mark.skipif(
    locate(TABLE["mobilenetv2"]) is None,
    reason="bring the weights: python jobs/fetch_models.py names=mobilenetv2",
)


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("openclip")
    tiny_embed.openclip(path)
    return path


@pytest.fixture(scope="session")
def dino_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dinov2")
    tiny_embed.dinov2(path)
    return path


def drawn() -> list[np.ndarray]:
    wide = scene("fire", 4, (192, 108)).frames
    return [wide[0], wide[2], scene("portrait", 1, (80, 120)).frames[0]]


def holds(embedder: Any, width: int, close: float) -> None:
    """What every embedder keeps: unit length, the batch is what each gives alone, the same again, nothing for
    nothing.
    """
    pictures = drawn()
    found = embedder(pictures)
    assert found.shape == (3, width) == (3, embedder.width) and found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(
        found, np.concatenate([embedder([picture]) for picture in pictures]), atol=1e-4
    )
    np.testing.assert_array_equal(found, embedder(pictures))
    assert (found @ found.T)[0, 2] < close, "different pictures have different embeddings"
    assert embedder([]).shape == (0, width)


def test_openclip(clip_folder: Path) -> None:
    holds(OpenClip(str(clip_folder), device="cpu", batch=2), 16, 0.9999)


def test_dino(dino_folder: Path) -> None:
    holds(Dino(str(dino_folder), device="cpu", batch=2), 16, 0.9999)


@here
def test_mobilenet() -> None:
    holds(Visual(device="cpu", batch=2), 1280, 0.9)


def test_dino_is_the_librarys_own(dino_folder: Path) -> None:
    import torch
    import transformers as hf

    picture = np.random.default_rng(0).integers(0, 255, (28, 28, 3), np.uint8)
    inputs = hf.AutoImageProcessor.from_pretrained(dino_folder)(picture, do_resize=False, return_tensors="pt")
    with torch.inference_mode():
        theirs = hf.Dinov2Model.from_pretrained(dino_folder).eval()(**inputs).last_hidden_state[0, 0].numpy()
    np.testing.assert_allclose(
        Dino(str(dino_folder), device="cpu")([picture])[0], theirs / np.linalg.norm(theirs), atol=1e-4
    )


def test_openclip_is_the_librarys_own(clip_folder: Path) -> None:
    import open_clip
    import torch
    from PIL import Image

    name = f"local-dir:{clip_folder}"
    model, _, prepare = open_clip.create_model_and_transforms(name)
    picture = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    words = ["a girl in the rain", "火 and flames"]
    with torch.inference_mode():
        image = model.eval().encode_image(prepare(Image.fromarray(picture))[None], normalize=True).numpy()
        text = model.encode_text(open_clip.get_tokenizer(name)(words), normalize=True).numpy()
    ours = OpenClip(str(clip_folder), device="cpu")
    np.testing.assert_allclose(ours([picture]), image, atol=1e-4)
    np.testing.assert_allclose(ours.text(words), text, atol=1e-5)
    assert ours.scale == pytest.approx(float(model.logit_scale.detach().exp()))
    assert ours.text([]).shape == (0, 16)


def test_openclip_from_a_file_whose_architecture_is_named(clip_folder: Path, tmp_path: Path) -> None:
    import json

    import open_clip

    (tmp_path / "tiny-of-the-test.json").write_text(json.dumps(tiny_embed.CLIP))
    open_clip.add_model_config(tmp_path / "tiny-of-the-test.json")
    file = clip_folder / "open_clip_model.safetensors"
    made = OpenClip(str(file), "tiny-of-the-test", device="cpu")
    np.testing.assert_allclose(
        made.text(["smoke"]), OpenClip(str(clip_folder), device="cpu").text(["smoke"]), atol=1e-6
    )
    with pytest.raises(WeightsError, match="cannot be loaded by open_clip"):
        OpenClip(str(file), "RN50", device="cpu")
    with pytest.raises(WeightsError, match="knows no architecture 'tinny'"):
        OpenClip(str(file), "tinny", device="cpu")


def test_openclip_missing_and_wrong(clip_folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    with pytest.raises(WeightsError, match="no such file exists"):
        OpenClip(str(tmp_path / "nowhere"))
    with pytest.raises(WeightsError, match=r"no open_clip_config\.json"):
        OpenClip(str(tmp_path))
    broken = tmp_path / "broken"
    shutil.copytree(clip_folder, broken)
    kept = load_file(broken / "open_clip_model.safetensors")
    del kept["text_projection"]
    save_file(kept, broken / "open_clip_model.safetensors")
    with pytest.raises(WeightsError, match="text_projection"):
        OpenClip(str(broken), device="cpu")
    (broken / "open_clip_model.safetensors").unlink()
    with pytest.raises(WeightsError, match="cannot be loaded by open_clip"):
        OpenClip(str(broken), device="cpu")


def test_dino_missing_and_wrong(dino_folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(dino_folder, broken)
    (broken / "preprocessor_config.json").unlink()
    with pytest.raises(WeightsError, match=r"preprocessor_config\.json"):
        Dino(str(broken))
    (broken / "config.json").write_text('{"model_type": "clip"}')
    with pytest.raises(WeightsError, match="type 'clip', wanted is dinov2"):
        Dino(str(broken))
    if locate(TABLE["dinov2-small"]) is None:
        with pytest.raises(WeightsError, match="fetch_models names=dinov2-small"):
            Dino()


@here
def test_mobilenet_as_torchvision_computes_it_and_other_files_are_refused(tmp_path: Path) -> None:
    import torch

    embedder = Visual(device="cpu")
    picture = drawn()[0]
    pixels = torch.from_numpy(normalised(picture, 224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))[None]
    with torch.inference_mode():
        theirs = embedder._net.module(pixels)[0].numpy()  # its own forward: features, pooling, no classifier
    np.testing.assert_allclose(embedder([picture])[0], theirs / np.linalg.norm(theirs), atol=1e-5)
    other = tmp_path / "other.pt"
    state = torch.load(str(locate(TABLE["mobilenetv2"])), weights_only=True)
    torch.save({name: value for name, value in state.items() if name != "features.18.0.weight"}, other)
    with pytest.raises(WeightsError, match=r"cannot be loaded as MobileNetV2 .*features\.18\.0\.weight"):
        Visual(str(other), device="cpu")
    other.write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="cannot be loaded as MobileNetV2"):
        Visual(str(other), device="cpu")


@here
def test_pictures_that_look_alike_are_nearer_than_others(data: Path) -> None:
    """Real pictures: the backgrounds of one place, and one figure alone in other places."""
    import cv2

    from animelayers.imaging.square import alone

    def read(name: str) -> np.ndarray:
        picture = cv2.imread(str(data / "layered_stills" / name), cv2.IMREAD_UNCHANGED)
        assert picture is not None
        return picture

    names = [
        "vn01_sylvie_lecturehall",
        "vn02_sylvie_meadow",
        "vn03_sylvie_club",
        "vn04_two_sylvie_saha_uni",
        "vn05_sylvie_sita_explosion_uni",
    ]
    frames = [np.ascontiguousarray(read(f"{name}.composite.png")[..., :3][..., ::-1]) for name in names]
    covers = [read(f"{name}.truth_character.png")[..., 3] for name in names[:3]]
    covers += [read(f"{name}.truth_inst{k}_alpha.png") for name in names[3:] for k in (0, 1)]
    shown = [alone(frames[i], cover) for i, cover in zip((0, 1, 2, 3, 3, 4, 4), covers, strict=True)]
    embedder = Visual(device="cpu")
    places = embedder([read(f"{name}.truth_background.webp")[..., ::-1] for name in names])
    assert int((places @ places[3] - 2 * (np.arange(5) == 3)).argmax()) == 4, "both are the park"
    figures = embedder([picture for picture in shown if picture is not None])
    girl = np.array([0, 1, 2, 4, 5])  # the others: a man and a dancer
    likeness = figures @ figures.T
    assert likeness[np.ix_(girl, girl)].min() > likeness[np.ix_(girl, [3, 6])].max() + 0.03, (
        "she is herself in five places and two dresses"
    )
