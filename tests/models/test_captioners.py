"""BLIP-2, Qwen2-VL, Qwen3-VL and Florence-2: the real loading code on tiny checkpoints with random weights.
It proves the plumbing, not quality.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from animelayers.models.blip import Blip2
from animelayers.models.florence import Florence2
from animelayers.models.qwen_vl import QwenVL
from animelayers.samples import scene
from animelayers.weights import WeightsError
from tests.models import tiny_captions

pytest.importorskip("transformers")
ASKED = "What is it? Wörter."
FAMILIES: dict[str, tuple[Callable[[Path], None], Any]] = {
    "blip2": (tiny_captions.blip2, Blip2),
    "florence2": (tiny_captions.florence2, Florence2),
    "qwen2": (tiny_captions.qwen_vl, QwenVL),
    "qwen3": (partial(tiny_captions.qwen_vl, family="Qwen3VL"), QwenVL),
}


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    paths = {name: tmp_path_factory.mktemp(name) for name in FAMILIES}
    for name, path in paths.items():
        FAMILIES[name][0](path)
    return paths


def drawn() -> list[np.ndarray]:
    noise = np.random.default_rng(0).integers(0, 256, (70, 50, 3)).astype(np.uint8)
    return [
        *scene("walk", 2, (96, 54)).frames,
        scene("portrait", 1, (60, 80)).frames[0],
        noise,
        np.zeros((54, 96, 3), np.uint8),
    ]


def theirs(name: str, path: Path, pictures: list[np.ndarray]) -> list[str]:
    """The library's own calls, one picture each, as its documentation has it."""
    import torch
    import transformers as hf

    processor = hf.AutoProcessor.from_pretrained(path)
    kind = {"blip2": "Blip2ForConditionalGeneration", "florence2": "Florence2ForConditionalGeneration"}.get(
        name, "AutoModelForImageTextToText"
    )
    model = getattr(hf, kind).from_pretrained(path).eval()
    text = {"blip2": "", "florence2": "<DETAILED_CAPTION>"}.get(name)
    if text is None:
        chat = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": ASKED}]}]
        text = processor.apply_chat_template(chat, add_generation_prompt=True)
    said = []
    for picture in pictures:
        inputs = processor(text=text, images=picture, return_tensors="pt")
        with torch.inference_mode():
            made = model.generate(**inputs, max_new_tokens=10, do_sample=False, num_beams=1)
        start = 0 if name == "florence2" else inputs["input_ids"].shape[1]
        said.append(processor.batch_decode(made[:, start:], skip_special_tokens=True)[0].strip())
    return said


@pytest.mark.parametrize("name", FAMILIES)
def test_captions_are_those_of_the_librarys_own_call_batched_or_one_by_one(
    name: str, folders: dict[str, Path]
) -> None:
    captioner = FAMILIES[name][1](str(folders[name]), tokens=10, device="cpu", batch=2)
    pictures = drawn()
    captions = captioner(pictures, ASKED)
    assert captions == [captioner([picture], ASKED)[0] for picture in pictures] == captioner(pictures, ASKED)
    assert captions == theirs(name, folders[name], pictures)
    assert len({*captions}) > 1 and captioner([], ASKED) == []


@pytest.mark.parametrize("name", FAMILIES)
def test_half_precision_and_length(name: str, folders: dict[str, Path]) -> None:
    captioner = FAMILIES[name][1](str(folders[name]), tokens=3, device="cpu", precision="bf16", batch=4)
    (caption,) = captioner(drawn()[:1], ASKED)
    assert 0 < len(caption.split()) <= 3


def test_what_is_asked_is_heard(folders: dict[str, Path]) -> None:
    qwen = QwenVL(str(folders["qwen2"]), tokens=8, device="cpu")
    assert qwen(drawn()[:1], "a") != qwen(drawn()[:1], "something else")
    blip = [
        Blip2(str(folders["blip2"]), prompt, 8, device="cpu")(drawn()[:1], ASKED)
        for prompt in ("", "a drawing of")
    ]
    assert blip[0] != blip[1]
    tasks = [
        Florence2(str(folders["florence2"]), task, 8, device="cpu")(drawn()[2:3], ASKED)
        for task in ("<CAPTION>", "<DETAILED_CAPTION>")
    ]
    assert tasks[0] != tasks[1]


def test_bad_options_and_weights_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="<MORE_DETAILED_CAPTION>"):
        Florence2(str(folders["florence2"]), "<OCR>")
    with pytest.raises(ValueError, match="tokens must be 1 or more"):
        QwenVL(str(folders["qwen2"]), 0)
    with pytest.raises(WeightsError, match="type 'blip-2', wanted is florence2"):
        Florence2(str(folders["blip2"]))
    with pytest.raises(WeightsError, match="no such file exists"):
        QwenVL(str(tmp_path / "nowhere"))


def test_a_checkpoint_that_is_not_whole_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = tmp_path / "qwen"
    shutil.copytree(folders["qwen2"], path)
    (path / "chat_template.jinja").rename(tmp_path / "kept")
    with pytest.raises(WeightsError, match="no chat template"):
        QwenVL(str(path), device="cpu")
    weights = load_file(path / "model.safetensors")
    save_file(
        {name: value for name, value in weights.items() if "patch_embed" not in name},
        path / "model.safetensors",
        {"format": "pt"},
    )
    with pytest.raises(WeightsError, match="weights are missing"):
        QwenVL(str(path), device="cpu")
    (path / "processor_config.json").unlink()
    with pytest.raises(WeightsError, match=r"preprocessor_config\.json"):
        QwenVL(str(path), device="cpu")
