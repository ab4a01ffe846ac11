"""A tiny checkpoint of ViTMatte with random weights, saved as the real ones are: it proves the plumbing, not
quality.
"""

from __future__ import annotations

from pathlib import Path


def folder(path: Path) -> None:
    """A folder of the transformers package."""
    import torch
    import transformers as hf

    torch.manual_seed(0)
    shape = {
        "image_size": 64,
        "hidden_size": 16,
        "num_channels": 4,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "patch_size": 16,
    }
    backbone = hf.VitDetConfig(
        **shape, window_block_indices=[0], window_size=3, out_features=["stage2"], residual_block_indices=[1]
    )
    config = hf.VitMatteConfig(
        backbone_config=backbone,
        hidden_size=16,
        fusion_hidden_sizes=[16, 8, 8, 4],
        convstream_hidden_sizes=[4, 4, 4],
    )
    model = hf.VitMatteForImageMatting(config)
    for value in model.parameters():  # as they start its answers hardly depend on the picture
        torch.nn.init.normal_(value, std=0.3)
    model.save_pretrained(path)
