"""A tiny SDXL inpainting checkpoint with random weights, saved as the real ones are: it proves the plumbing,
not quality.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def folder(path: Path) -> Path:
    """A folder of diffusers with the parts of `diffusers/stable-diffusion-xl-1.0-inpainting-0.1`."""
    import diffusers
    import torch
    import transformers as hf

    torch.manual_seed(0)
    text: dict[str, Any] = {
        "hidden_size": 32, "intermediate_size": 37, "num_attention_heads": 4, "num_hidden_layers": 2, "projection_dim": 32,
        "vocab_size": 300, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1, "hidden_act": "gelu",
    }  # fmt: skip
    signs = "abcdefghijklmnopqrstuvwxyz,."
    words = {
        w: i for i, w in enumerate(["<|startoftext|>", "<|endoftext|>", *signs, *(f"{s}</w>" for s in signs)])
    }

    def tokenizer() -> Any:
        return hf.CLIPTokenizer(vocab=words, merges=[], model_max_length=77)

    diffusers.StableDiffusionXLInpaintPipeline(
        vae=diffusers.AutoencoderKL(
            block_out_channels=[8, 16],
            norm_num_groups=4,
            down_block_types=["DownEncoderBlock2D"] * 2,
            up_block_types=["UpDecoderBlock2D"] * 2,
            latent_channels=4,
        ),
        text_encoder=hf.CLIPTextModel(hf.CLIPTextConfig(**text)),
        text_encoder_2=hf.CLIPTextModelWithProjection(hf.CLIPTextConfig(**text)),
        tokenizer=tokenizer(),
        tokenizer_2=tokenizer(),
        unet=diffusers.UNet2DConditionModel(
            block_out_channels=(8, 16),
            norm_num_groups=4,
            layers_per_block=1,
            in_channels=9,
            out_channels=4,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            attention_head_dim=(2, 4),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            transformer_layers_per_block=(1, 1),
            projection_class_embeddings_input_dim=80,
            cross_attention_dim=64,
        ),
        scheduler=diffusers.EulerDiscreteScheduler(),
    ).save_pretrained(path, safe_serialization=True)
    return path
