"""Mask transformers: the real loading code on tiny checkpoints with random weights. It proves the plumbing,
not quality.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from animelayers.imaging.masks import overlap
from animelayers.models.queries import TASKS
from animelayers.models.universal import Universal, chosen
from animelayers.models.universal_weights import canvas, load
from animelayers.weights import WeightsError
from tests.models import tiny_universal

pytest.importorskip("transformers")
torch = pytest.importorskip("torch")
ALL = ["person", "dog", "sky", "sea"]


@pytest.fixture(scope="session")
def mask2former(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mask2former")
    tiny_universal.mask2former(path)
    return path


@pytest.fixture(scope="session")
def eomt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("eomt")
    tiny_universal.eomt(path)
    return path


def smooth(height: int, width: int) -> np.ndarray:
    """A picture on which all ways of resampling agree."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    waves = [
        127 + 100 * np.sin(2 * np.pi * (x / width * a + y / height * b))
        for a, b in ((1, 0), (0.5, 1), (1, 1))
    ]
    return np.rint(np.stack(waves, axis=2)).astype(np.uint8)


PICTURES = [
    smooth(180, 320),
    smooth(300, 200),
    smooth(180, 320)[::-1].copy(),
    smooth(90, 400),
    smooth(50, 60),
]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("family", ["mask2former", "eomt"])
def test_batched_is_one_by_one_at_any_size(family: str, task: Any, request: pytest.FixtureRequest) -> None:
    net = Universal(request.getfixturevalue(family), task, 0.3, ALL, device="cpu", batch=3)
    together = net(PICTURES)
    # where random masks leave each other little
    assert sum(len(each.labels) for each in together) > 0 or task == "panoptic"
    for picture, each in zip(PICTURES, together, strict=True):
        (alone,) = net([picture])
        assert (
            each.masks.dtype == bool
            and each.masks.shape == (len(each.labels), *picture.shape[:2])
            and each.scores.dtype == np.float32
        )
        assert (
            each.labels == alone.labels and set(each.labels) <= set(ALL) and each.masks.any(axis=(1, 2)).all()
        )
        assert np.allclose(each.scores, alone.scores, atol=1e-4) and (np.diff(each.scores) <= 0).all()
        assert all(overlap(one, other) > 0.99 for one, other in zip(each.masks, alone.masks, strict=True))
    assert net([]) == []


def test_instances_are_the_librarys_on_its_own_checkpoint(mask2former: Path) -> None:
    import transformers as hf

    model = hf.Mask2FormerForUniversalSegmentation.from_pretrained(mask2former, local_files_only=True).eval()
    processor = hf.Mask2FormerImageProcessor.from_pretrained(mask2former, local_files_only=True)
    net = Universal(mask2former, "instance", 0.6, ALL, device="cpu")
    compared = 0
    for picture in PICTURES[:3]:
        pixels = processor(images=[picture], return_tensors="pt")["pixel_values"]
        assert np.abs(pixels.numpy() - net._canvas.planes([picture])).mean() < 0.02
        with torch.inference_mode():
            made = model(pixel_values=pixels)
        size = picture.shape[:2]
        (theirs,) = processor.post_process_instance_segmentation(
            made, threshold=0.6, target_sizes=[size], return_binary_maps=True
        )
        (ours,) = net([picture])
        for facts, mask in zip(theirs["segments_info"], theirs["segmentation"].numpy() > 0, strict=True):
            score, label = facts["score"], ALL[facts["label_id"]]
            near = [
                overlap(m, mask)
                for m, s, n in zip(ours.masks, ours.scores, ours.labels, strict=True)
                if abs(s - score) < 0.03 and n == label
            ]
            if score > 0.63 and mask.sum() > 0.02 * mask.size:
                assert max(near) > 0.8  # the library makes masks of 0 and 1 at 384 x 384
                compared += 1
    assert compared >= 3


def test_sizes_are_the_librarys_and_the_aspect_is_kept(mask2former: Path) -> None:
    import transformers as hf

    processor = hf.Mask2FormerImageProcessor.from_pretrained(mask2former, local_files_only=True)
    _, names, how = load(mask2former)
    assert names == ALL and how.mean == (0.4, 0.5, 0.6) and how.std == (0.2, 0.3, 0.25)
    for picture in PICTURES:
        assert how.planes([picture]).shape == tuple(
            processor(images=[picture], return_tensors="np")["pixel_values"].shape
        )
    facts = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    square = canvas({**facts, "size": {"height": 384, "width": 384}})
    # the same area, not squeezed
    assert square.used(384, 384) == (384, 384) and square.used(1080, 1920) == (512, 288)
    assert canvas({**facts, "size": 800, "max_size": 1333}).used(1080, 1920) == (1344, 768)
    assert canvas({**facts, "size": {"shortest_edge": 800, "longest_edge": 1333}}, short=400).used(
        1080, 1920
    ) == (672, 384)


def test_a_square_net_sees_the_picture_in_its_corner(eomt: Path) -> None:
    _, _, how = load(eomt)
    (plane,) = how.planes([np.full((90, 180, 3), 255, np.uint8)])
    white, black = (1 - 0.485) / 0.229, -0.485 / 0.229
    assert (
        plane.shape == (3, 64, 64)
        and np.allclose(plane[0, :32], white, atol=1e-3)
        and np.allclose(plane[0, 32:], black, atol=1e-3)
    )


def test_labels_are_figures_by_default_and_a_misspelt_one_is_named(mask2former: Path) -> None:
    assert chosen(["person", "car", "Dog", "sky"], None) == [0, 2]
    assert chosen(["background", "face", "hair"], None) == [1, 2]
    with pytest.raises(ValueError, match="did you mean 'person'"):
        Universal(mask2former, labels=["preson"])
    with pytest.raises(ValueError, match="it knows person, dog"):
        chosen(ALL, ["zzzz"])
    with pytest.raises(ValueError, match="at least"):
        chosen(ALL, [])
    assert all(
        set(each.labels) <= {"dog"} for each in Universal(mask2former, "instance", 0.3, ["dog"])(PICTURES)
    )


@pytest.mark.parametrize(
    "options", [{"task": "things"}, {"confidence_threshold": 0}, {"confidence_threshold": 1.5}, {"short": 8}]
)
def test_bad_options_are_refused(mask2former: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        Universal(mask2former, **options)


def lacks_tensors(path: Path) -> None:
    from safetensors.torch import load_file, save_file

    save_file(
        dict(list(load_file(path / "model.safetensors").items())[:-3]),
        path / "model.safetensors",
        {"format": "pt"},
    )


def other_kind(path: Path) -> None:
    (path / "config.json").write_text(json.dumps({"model_type": "bert"}))


def other_shape(path: Path) -> None:
    facts = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps({**facts, "hidden_dim": 64}))


def no_size(path: Path) -> None:
    (path / "preprocessor_config.json").write_text("{}")


SPOILED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "tensors": (lacks_tensors, "tensors are missing"),
    "kind": (other_kind, "architecture 'bert'"),
    "shape": (other_shape, "cannot be loaded"),
    "size": (no_size, "'size' is missing"),
    "preparation": (
        lambda path: (path / "preprocessor_config.json").unlink(),
        r"preprocessor_config.json is needed",
    ),
    "weights": (lambda path: (path / "model.safetensors").unlink(), "cannot be loaded"),
    "config": (lambda path: (path / "config.json").unlink(), r"config.json is needed"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_wrong_weights_are_refused_by_name(mask2former: Path, tmp_path: Path, what: str) -> None:
    folder = tmp_path / "own"
    shutil.copytree(mask2former, folder)
    spoil, said = SPOILED[what]
    spoil(folder)
    with pytest.raises(WeightsError, match=said) as told:
        Universal(folder)
    assert str(folder) in str(told.value)
    with pytest.raises(WeightsError, match="nowhere"):
        Universal("nowhere")


def test_older_folders_with_a_pickle_of_tensors_load(mask2former: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    folder = tmp_path / "own"
    shutil.copytree(mask2former, folder)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    one, other = (
        Universal(folder, labels=ALL)(PICTURES[:1])[0],
        Universal(mask2former, labels=ALL)(PICTURES[:1])[0],
    )
    assert np.array_equal(one.masks, other.masks)
    torch.save(shutil.rmtree, folder / "pytorch_model.bin")  # code instead of tensors
    with pytest.raises(WeightsError, match=r"cannot be loaded"):
        Universal(folder)


@pytest.mark.parametrize("nothing", [True, False])
def test_animeseg_as_its_repository_lays_it_out(tmp_path: Path, nothing: bool) -> None:
    from safetensors.torch import load_file, save_file

    config = tmp_path / "models/mask2former_merged_config"
    tiny_universal.mask2former(config, tuple(f"LABEL_{k}" for k in range(12)))
    tensors = load_file(config / "model.safetensors")
    if not nothing:  # a head of their own, without a column for it
        tensors = {
            name: t[:12].clone() if name.startswith(("class_predictor", "criterion")) else t
            for name, t in tensors.items()
        }
    save_file(tensors, tmp_path / "models/anime_seg_mask2former_v3.safetensors", {"format": "pt"})
    (config / "model.safetensors").unlink()
    net = Universal(tmp_path, "semantic", 0.3, short=64, device="cpu")
    assert (
        net.names[1:4] == ["skin", "face", "hair"]
        and len(net.names) == 12
        and 0 not in net._wanted
        and len(net._wanted) == 11
    )
    made = net(PICTURES[:2])
    assert sum(len(each.labels) for each in made) > 0 and not any(
        "background" in each.labels for each in made
    )
