from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import yaml

from animelayers.curate.configs import captions, configs
from animelayers.curate.goals import GoalError
from animelayers.curate.plan import resolved
from animelayers.curate.strategies import STRATEGIES
from animelayers.weights import TABLE

OPTIONS = {name: ["enabled", *inspect.signature(kind).parameters] for name, kind in STRATEGIES.items()}
OWN = """
strategies:
  keep_full: {enabled: true, generate_caption: true, caption_model: qwen2_vl, caption_prefix: "a 3d animated character", apply_enhancement: false}
  segment: {enabled: true, segmentation_model: sam2_hiera_large, min_instance_size: 32, points_per_side: 20, inpainting_model: lama,
    inpainting_fallback: lama, mask_dilation: 5, save_character: true, save_background: true, save_composite: true, save_masks: false,
    generate_captions: true, character_caption_suffix: ", isolated", background_caption_suffix: ", environment only"}
  create_occlusion: {enabled: true, occlusion_types: [edge_blur, overlay], blur_radius: 15, blur_positions: [left, right, bottom],
    overlay_opacity: 0.3, variations_per_image: 3, add_occlusion_tags: true, occlusion_descriptions: [a, b, c]}
  enhance_segment: {enabled: true, enhancement_steps: [denoise, face_enhance, sharpen], upscale_model: RealESRGAN_x4plus_anime_6B,
    face_enhance_model: CodeFormer, face_enhance_fidelity: 0.7, apply_segmentation: true, segmentation_config: segment}
model_paths: {sam2_hiera_large: models/sam2.pt, lama: models/lama.pt, realesrgan: models/realesrgan.pth,
  codeformer: models/c.pth, qwen2_vl: models/qwen}
processing: {batch_size: 4, num_workers: 2, device: cuda, skip_existing: false, save_metadata: true, create_visualization: false}
"""


def own(folder: Path, text: str = OWN) -> str:
    path = folder / "own.yaml"
    path.write_text(text)
    return str(path)


def test_a_whole_file_is_taken_and_what_cannot_be_is_told(tmp_path: Path) -> None:
    settings, notes = configs(own(tmp_path), OPTIONS, [])
    nodes = settings.pop("strategies")
    assert settings == {
        "batch_size": 4,
        "num_workers": 2,
        "device": "cuda",
        "skip_existing": False,
        "report": False,
    }
    said = {**yaml.safe_load(OWN)["strategies"]}
    assert nodes["create_occlusion"] == said["create_occlusion"] and nodes["keep_full"] == said["keep_full"]
    assert nodes["segment"]["segmentation_model"] == "layers" and "points_per_side" not in nodes["segment"]
    assert (
        nodes["enhance_segment"]["enhancement_steps"] == ["denoise", "sharpen"]
        and nodes["enhance_segment"]["face_enhance_model"] is None
    )
    told = (
        "caption_model=qwen2_vl",
        "sam2_hiera_large with points_per_side=20",
        "face_enhance is left out",
        "model_paths.realesrgan",
        "model_paths.lama",
        "gpus=1",
    )
    assert len(notes) == len(told) and all(any(words in note for note in notes) for words in told)
    for name, node in resolved(nodes).items():
        options = {key: value for key, value in node.items() if key != "enabled" and value != "lama"}
        STRATEGIES[name](**options | ({"enhancement_steps": []} if name == "enhance_segment" else {}))
    assert resolved(nodes)["enhance_segment"]["segmentation_config"] == {"min_instance_size": 32}


def test_models_that_are_there_are_taken(tmp_path: Path) -> None:
    for name in ("realesrgan.pth", "lama.pt"):
        (tmp_path / "models").mkdir(exist_ok=True)
        (tmp_path / "models" / name).write_bytes(b"")
    settings, notes = configs(own(tmp_path), OPTIONS, ["modnet", "sam2.1-large", "qwen2-vl-7b"])
    assert settings["strategies"]["enhance_segment"]["upscale_model"] == str(
        tmp_path / "models" / "realesrgan.pth"
    )
    assert settings["strategies"]["segment"]["inpainting_model"] == str(tmp_path / "models" / "lama.pt")
    assert len(notes) == 2 and "face_enhance" in notes[0] and "gpus=1" in notes[1]
    assert (
        captions("qwen2_vl", ["blip2"])
        and not captions(None, [])
        and any(name.startswith("sam2") for name in TABLE)
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("strategeis: {}", "did you mean strategies"), ("strategies: {keepfull: {}}", "did you mean keep_full"), ("strategies: [1]", "not a mapping"),
        ("processing: {batchsize: 1}", "did you mean batch_size"), ("strategies: {segment: 3}", "not a mapping"), ("a: [", "is damaged"),
        ("strategies: {segment: {min_instanc_size: 3}}", "did you mean min_instance_size"),
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(GoalError, match=said):
        configs(own(tmp_path, text), OPTIONS, [])


def test_what_is_asked_and_cannot_be_is_a_line(tmp_path: Path) -> None:
    _, notes = configs(
        own(tmp_path, "processing: {save_metadata: false}\nmodel_paths: {mine: x}\n"), OPTIONS, []
    )
    assert [note.partition(" ")[0].partition("=")[0] for note in notes] == [
        "model_paths.mine",
        "processing.save_metadata",
    ]
