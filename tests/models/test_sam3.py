from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from animelayers.samples import scene
from animelayers.weights import WeightsError
from tests.models.tiny_words import LETTERS

pytest.importorskip("torch")
pytest.importorskip("transformers")
SIDE = 112
PROMPTS = ("fox", "old man")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SAM 3 for pictures of 112 pixels, random, saved as the published one is: it proves the plumbing, not
    quality.
    """
    import torch
    import transformers as hf
    from transformers.models.sam3 import configuration_sam3 as parts

    path = tmp_path_factory.mktemp("sam3")
    torch.manual_seed(0)
    small = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2}
    vit = parts.Sam3ViTConfig(
        **small,
        num_hidden_layers=2,
        image_size=SIDE,
        patch_size=14,
        window_size=4,
        global_attn_indexes=[1],
        pretrain_image_size=56,
    )
    words = ["<|startoftext|>", "<|endoftext|>", *LETTERS, *(f"{letter}</w>" for letter in LETTERS)]
    text = {
        **small,
        "vocab_size": len(words),
        "num_hidden_layers": 2,
        "max_position_embeddings": 32,
        "projection_dim": 32,
    }
    config = parts.Sam3Config(
        vision_config=parts.Sam3VisionConfig(
            backbone_config=vit.to_dict(),
            fpn_hidden_size=32,
            backbone_feature_sizes=[[32, 32], [16, 16], [8, 8]],
        ).to_dict(),
        text_config={**text, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1},
        geometry_encoder_config={**small, "num_layers": 1},
        detr_encoder_config={**small, "num_layers": 1},
        detr_decoder_config={**small, "num_layers": 2, "num_queries": 8},
        mask_decoder_config={"hidden_size": 32, "num_attention_heads": 2},
    )
    hf.Sam3Model(config).save_pretrained(path)
    (path / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (path / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = hf.CLIPTokenizer(str(path / "vocab.json"), str(path / "merges.txt"), model_max_length=32)
    size = {"height": SIDE, "width": SIDE}
    hf.Sam3Processor(
        hf.Sam3ImageProcessor(size=size, image_mean=[0.4, 0.5, 0.6], image_std=[0.2, 0.3, 0.25]), tokenizer
    ).save_pretrained(path)
    return path


def build(folder: Path, **options: Any) -> Any:
    from animelayers.models.sam3 import Sam3

    return Sam3(folder, **{"prompts": PROMPTS, "confidence_threshold": 0.01, "device": "cpu", **options})


def test_instances_are_those_of_the_library(folder: Path) -> None:
    import torch
    import transformers as hf

    picture = np.ascontiguousarray(scene("crossing", 1, (SIDE, SIDE)).frames[0])
    (found,) = build(folder)([picture])
    model, processor = hf.Sam3Model.from_pretrained(folder).eval(), hf.Sam3Processor.from_pretrained(folder)
    for prompt in PROMPTS:
        inputs = processor(images=picture, text=prompt, return_tensors="pt")
        with torch.inference_mode():
            outputs = model(
                pixel_values=inputs["pixel_values"],
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
            )
        (theirs,) = processor.post_process_instance_segmentation(
            outputs, threshold=0.01, target_sizes=[(SIDE, SIDE)]
        )
        order = theirs["scores"].argsort(descending=True)
        masks = theirs["masks"][order].numpy() > 0
        shown = masks.any((1, 2))
        mine = [i for i, label in enumerate(found.labels) if label == prompt]
        assert len(mine) == shown.sum() > 0
        assert np.allclose(found.scores[mine], theirs["scores"][order].numpy()[shown], atol=1e-4)
        assert (found.masks[mine] == masks[shown]).mean() > 0.995
    assert (np.diff(found.scores) <= 0).all()


def test_batches_sizes_and_nobody(folder: Path) -> None:
    pictures = [scene("walk", 1, size).frames[0] for size in ((160, 90), (90, 160), (64, 64))]
    net = build(folder, batch=2)
    together, alone = net(pictures), [net([picture])[0] for picture in pictures]
    for picture, one, other in zip(pictures, together, alone, strict=True):
        assert (
            one.masks.shape[1:] == picture.shape[:2]
            and one.masks.dtype == bool
            and one.labels == other.labels
        )
        assert np.allclose(one.scores, other.scores, atol=1e-5) and (one.masks == other.masks).mean() > 0.999
    assert net([]) == []
    nobody = build(folder, confidence_threshold=0.999)(pictures)
    assert [len(each.labels) for each in nobody] == [0, 0, 0] and nobody[0].masks.shape == (0, 90, 160)


def test_bad_options_and_other_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    for options, said in (
        ({"prompts": ()}, "prompts"),
        ({"prompts": (" ",)}, "prompts"),
        ({"confidence_threshold": 1.0}, "confidence"),
    ):
        with pytest.raises(ValueError, match=said):
            build(folder, **options)
    (tmp_path / "config.json").write_text('{"model_type": "clip"}')
    with pytest.raises(WeightsError, match="wanted is sam3"):
        build(tmp_path)
    bare = tmp_path / "bare"
    bare.mkdir()
    for file in ("config.json", "model.safetensors"):
        os.symlink(folder / file, bare / file)
    with pytest.raises(WeightsError, match="processor_config"):
        build(bare)
