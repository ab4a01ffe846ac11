"""Tiny checkpoints of CLIPSeg, Grounding DINO and SAM 2 with random weights, saved as the real ones are: they
prove the plumbing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def clipseg(path: Path, **changes: Any) -> None:
    """CLIPSeg for pictures of 64 pixels: model, tokenizer and `preprocessor_config.json`."""
    import torch
    import transformers as hf

    torch.manual_seed(0)
    words = ["<|startoftext|>", "<|endoftext|>", *LETTERS, *(f"{letter}</w>" for letter in LETTERS)]
    path.mkdir(parents=True, exist_ok=True)
    (path / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (path / "merges.txt").write_text("#version: 0.2\n")
    hf.CLIPTokenizer(str(path / "vocab.json"), str(path / "merges.txt"), model_max_length=16).save_pretrained(
        path
    )
    shared = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {
        **shared,
        "vocab_size": len(words),
        "max_position_embeddings": 16,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 1,
    }
    vision = {**shared, "image_size": 32, "patch_size": 8}
    own = {
        "projection_dim": 16,
        "extract_layers": [0, 1],
        "reduce_dim": 8,
        "decoder_num_attention_heads": 2,
        "decoder_intermediate_size": 16,
    }
    model = hf.CLIPSegForImageSegmentation(
        hf.CLIPSegConfig(text_config=text, vision_config=vision, **{**own, **changes})
    )
    for weight in model.parameters():
        torch.nn.init.normal_(weight, 0, 0.2)
    model.save_pretrained(path)
    # as the published one is written, before image processors had that name
    settings = {
        "feature_extractor_type": "ViTFeatureExtractor",
        "do_normalize": True,
        "do_resize": True,
        "resample": 2,
        "size": 64,
    }
    (path / "preprocessor_config.json").write_text(
        json.dumps({**settings, "image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.3, 0.25]})
    )


def grounding_dino(path: Path, family: str = "") -> None:
    """Grounding DINO for pictures of 128 pixels, or with `family` MM that of MMDetection; its tokenizer has
    the real ids of what ends a prompt.
    """
    import torch
    import transformers as hf

    torch.manual_seed(0)
    path.mkdir(parents=True, exist_ok=True)
    words = {0: "[PAD]", 100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 1012: "."}
    words |= dict(enumerate(["fire", "and", "flames", "light", "beam", "smoke"], 200))
    (path / "vocab.txt").write_text("\n".join(words.get(i, f"[unused{i}]") for i in range(1030)))
    hf.BertTokenizer(str(path / "vocab.txt")).save_pretrained(path)
    text = hf.BertConfig(
        vocab_size=1030, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    ones, stages = [1, 1, 1, 1], ["stage2", "stage3", "stage4"]
    swin = hf.SwinConfig(
        image_size=64, embed_dim=8, depths=ones, num_heads=ones, window_size=4, out_features=stages
    )
    sizes = {
        "d_model": 32,
        "encoder_layers": 1,
        "decoder_layers": 2,
        "num_queries": 6,
        "encoder_ffn_dim": 32,
        "decoder_ffn_dim": 32,
    }
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    config = getattr(hf, f"{family}GroundingDinoConfig")(
        text_config=text, backbone_config=swin, **sizes, **heads
    )
    model = getattr(hf, f"{family}GroundingDinoForObjectDetection")(config)
    with torch.no_grad():
        model.model.decoder.layer_norm.weight *= 0.1  # else every score is 1
    model.save_pretrained(path)
    hf.GroundingDinoImageProcessor(size={"shortest_edge": 128, "longest_edge": 256}).save_pretrained(path)


def sharpened(path: Path) -> None:
    """Give the mask decoder of a SAM 2 folder weights so large that its masks are not all one half."""
    import torch
    import transformers as hf

    torch.manual_seed(0)
    model = hf.Sam2VideoModel.from_pretrained(path)
    for weight in model.mask_decoder.parameters():
        torch.nn.init.normal_(weight, 0, 0.2)
    model.save_pretrained(path)
