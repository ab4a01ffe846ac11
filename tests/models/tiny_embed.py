"""Tiny checkpoints of open_clip and DINOv2 with random weights, saved as the real ones are: they prove the
plumbing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CLIP: dict[str, Any] = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 32, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2},
}


def openclip(path: Path) -> None:
    """A folder as the model hub has it: `open_clip_config.json`, which tells the normalisation, and
    safetensors.
    """
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    model = open_clip.CLIP(**json.loads(json.dumps(CLIP)))
    for name, weight in model.named_parameters():
        if weight.ndim:  # not the scale
            torch.nn.init.normal_(weight, 1 if "ln" in name and "weight" in name else 0, 0.2)
    path.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: value.contiguous() for name, value in model.state_dict().items()},
        path / "open_clip_model.safetensors",
    )
    settings = {"mean": [0.48, 0.45, 0.4], "std": [0.27, 0.26, 0.28]}
    (path / "open_clip_config.json").write_text(json.dumps({"model_cfg": CLIP, "preprocess_cfg": settings}))


def dinov2(path: Path) -> None:
    """DINOv2 for pictures of 28 pixels, cut from 32 as the published one is cut from 256 at 224."""
    import torch
    import transformers as hf

    torch.manual_seed(0)
    config = hf.Dinov2Config(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=56, patch_size=14
    )
    model = hf.Dinov2Model(config)
    for weight in model.parameters():
        torch.nn.init.normal_(weight, 0, 0.2)
    model.save_pretrained(path)
    settings = {
        "image_processor_type": "BitImageProcessor",
        "do_center_crop": True,
        "crop_size": {"height": 28, "width": 28},
    }
    settings |= {
        "do_resize": True,
        "size": {"shortest_edge": 32},
        "resample": 3,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
    }
    settings |= {
        "do_normalize": True,
        "image_mean": [0.4, 0.5, 0.6],
        "image_std": [0.2, 0.3, 0.25],
        "do_convert_rgb": True,
    }
    (path / "preprocessor_config.json").write_text(json.dumps(settings))
