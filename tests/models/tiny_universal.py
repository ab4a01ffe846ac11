"""Tiny checkpoints of mask transformers with random weights, saved as the real ones are: they prove the
plumbing, not quality.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

NAMES = ("person", "dog", "sky", "sea")


def mask2former(path: Path, names: tuple[str, ...] = NAMES, size: dict[str, int] | None = None) -> Any:
    """Save a folder of Mask2Former and give the net."""
    import torch
    import transformers as hf

    torch.manual_seed(3)
    stages = [f"stage{k}" for k in range(1, 5)]
    swin = hf.SwinConfig(
        image_size=64, embed_dim=8, depths=[1] * 4, num_heads=[1] * 4, window_size=4, out_features=stages
    )
    config = hf.Mask2FormerConfig(
        backbone_config=swin, feature_size=32, mask_feature_size=32, hidden_dim=32, encoder_layers=1, decoder_layers=2,
        num_attention_heads=2, num_queries=12, encoder_feedforward_dim=32, dim_feedforward=32, id2label=dict(enumerate(names)),
    )  # fmt: skip
    net = hf.Mask2FormerForUniversalSegmentation(config)
    embedder = net.model.transformer_module.decoder.mask_predictor.mask_embedder
    _decided(net, [layer for layer in embedder.modules() if isinstance(layer, torch.nn.Linear)][-1])
    net.save_pretrained(path)
    colours = {"image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.3, 0.25]}  # not the class's own
    hf.Mask2FormerImageProcessor(
        size=size or {"shortest_edge": 64, "longest_edge": 160}, **colours
    ).save_pretrained(path)
    return net


def eomt(path: Path) -> Any:
    """Save a folder of EoMT and give the net."""
    import torch
    import transformers as hf

    torch.manual_seed(1)
    config = hf.EomtConfig(
        hidden_size=16, num_hidden_layers=3, num_attention_heads=2, image_size=64, patch_size=16, num_queries=12, num_blocks=1,
        num_upscale_blocks=2, num_register_tokens=1, id2label=dict(enumerate(NAMES)),
    )  # fmt: skip
    net = hf.EomtForUniversalSegmentation(config)
    _decided(net, net.mask_head.fc3)
    net.save_pretrained(path)
    hf.EomtImageProcessor(size={"shortest_edge": 64, "longest_edge": 64}, do_pad=True).save_pretrained(path)
    return net


def _decided(net: Any, last: Any) -> None:
    """Heads that are sure of their random answers; ``last`` is the last layer of that for masks."""
    import torch

    with torch.no_grad():
        net.class_predictor.weight.mul_(40)
        last.weight.mul_(40)
    net.eval()
