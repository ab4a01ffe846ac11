"""Tiny checkpoints of ViTPose and VideoMAE with random weights, saved as the real ones are: they prove the
plumbing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def _random(model: Any, path: Path) -> None:
    import torch

    for weight in model.parameters():
        torch.nn.init.normal_(weight, 0, 0.2)
    model.save_pretrained(path)


def vitpose(path: Path, experts: int = 1, labels: int = 17) -> Path:
    """ViTPose for crops of 64 x 48 pixels; with several experts ViTPose++."""
    import torch
    import transformers as hf

    torch.manual_seed(0)
    more = {"num_experts": experts, "part_features": 8} if experts > 1 else {}
    sizes = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": [64, 48],
        "patch_size": [16, 16],
    }
    backbone = hf.VitPoseBackboneConfig(**sizes, **more, out_indices=[2])
    _random(hf.VitPoseForPoseEstimation(hf.VitPoseConfig(backbone_config=backbone, num_labels=labels)), path)
    hf.VitPoseImageProcessor(size={"height": 64, "width": 48}).save_pretrained(path)
    return path


def videomae(path: Path) -> Path:
    """VideoMAE for four frames of 32 pixels and three actions."""
    import torch
    import transformers as hf

    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    labels = {0: "walking the dog", 1: "sword fighting", 2: "dancing"}
    config = hf.VideoMAEConfig(
        image_size=32, patch_size=8, num_frames=4, tubelet_size=2, id2label=labels, **sizes
    )
    _random(hf.VideoMAEForVideoClassification(config), path)
    hf.VideoMAEImageProcessor(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    ).save_pretrained(path)
    return path
