"""Tiny checkpoints of SAM 2 and EdgeTAM with random weights, saved as the real ones are: they prove the
plumbing, not quality.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

SMALL = {
    "image_encoder.trunk.embed_dim": 16,
    "image_encoder.trunk.stages": [1, 1, 2, 1],
    "image_encoder.trunk.global_att_blocks": [3],
    "image_encoder.trunk.window_spec": [8, 4, 8, 4],
    "image_encoder.neck.backbone_channel_list": [128, 64, 32, 16],
    "memory_attention.num_layers": 1,
}


def package(path: Path) -> None:
    """A checkpoint of the `sam2` package in the shape of `SMALL`."""
    import torch

    from animelayers.models import sam2_track

    torch.manual_seed(0)
    torch.save({"model": sam2_track.build("tiny", SMALL).state_dict()}, path)


def folder(path: Path, family: str) -> None:
    """A folder of the transformers package: model and processor of `family`."""
    import torch
    import transformers as hf

    torch.manual_seed(0)
    wide = {"hidden_size": 128}
    shared: dict[str, Any] = {
        "image_size": 128,
        "memory_attention_hidden_size": 128,
        "memory_attention_num_layers": 1,
        "memory_attention_feed_forward_hidden_size": 128,
        "memory_attention_rope_feat_sizes": [8, 8],
        "memory_encoder_hidden_size": 128,
        "memory_encoder_output_channels": 64,
        "mask_downsampler_embed_dim": 128,
        "memory_fuser_embed_dim": 128,
        "memory_fuser_intermediate_dim": 128,
    }
    prompt = {**wide, "image_size": 128, "patch_size": 16}
    decoder = {**wide, "iou_head_hidden_dim": 128, "mlp_dim": 64, "num_attention_heads": 4}
    if family == "sam2":
        backbone = hf.Sam2HieraDetConfig(
            hidden_size=16,
            blocks_per_stage=[1, 2, 2, 1],
            embed_dim_per_stage=[16, 32, 64, 128],
            num_attention_heads_per_stage=[1, 2, 4, 8],
            window_size_per_stage=[8, 4, 8, 4],
            global_attention_blocks=[4],
            image_size=[128, 128],
        )
        sizes = {
            "backbone_channel_list": [128, 64, 32, 16],
            "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
            "fpn_hidden_size": 128,
        }
        vision = hf.Sam2VisionConfig(backbone_config=backbone, **sizes)
        config = hf.Sam2VideoConfig(
            vision_config=vision, prompt_encoder_config=prompt, mask_decoder_config=decoder, **shared
        )
        model = hf.Sam2VideoModel(config)
    else:
        timm = hf.TimmWrapperConfig(
            architecture="repvit_m1",
            model_args={
                "in_chans": 3, "features_only": True, "out_indices": [0, 1, 2, 3],
                "embed_dim": [8, 16, 32, 64], "depth": [1, 1, 1, 1],
            },
        )  # fmt: skip
        sizes = {
            "backbone_channel_list": [64, 32, 16, 8],
            "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
            "fpn_hidden_size": 128,
        }
        vision = hf.EdgeTamVisionConfig(backbone_config=timm, **sizes)
        latents = {
            "perceiver_resampler_num_latents": 16,
            "perceiver_resampler_num_latents_2d": 16,
            "memory_attention_rope_k_sizes": [4, 4],
        }
        config = hf.EdgeTamVideoConfig(
            vision_config=vision,
            prompt_encoder_config=prompt,
            mask_decoder_config=decoder,
            **latents,
            **shared,
        )
        model = hf.EdgeTamVideoModel(config)
    model.save_pretrained(path)
    size = {"height": 128, "width": 128}
    still = hf.Sam2ImageProcessor(size=size, mask_size={"height": 32, "width": 32})
    hf.Sam2VideoProcessor(
        image_processor=still, video_processor=hf.Sam2VideoVideoProcessor(size=size), target_size=128
    ).save_pretrained(path)
