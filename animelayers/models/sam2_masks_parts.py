"""What the mask decoder of SAM 2 (Ravi et al., 2024) is made of, taken out of either package's module by the
same names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

Tensor = Any


class Attention(NamedTuple):
    """The four linear layers of an attention and its number of heads."""

    query: Any
    key: Any
    value: Any
    out: Any
    heads: int


class Block(NamedTuple):
    """A block of the two-way transformer, its parts in the order they run."""

    own: Attention
    norm1: Any
    to_image: Attention
    norm2: Any
    mlp: Any
    norm3: Any
    to_tokens: Attention
    norm4: Any


class Parts(NamedTuple):
    """What a decoder is made of. `tokens`: (6, C), the output tokens: object score, IoU, four masks."""

    blocks: Sequence[Block]
    final: Attention
    final_norm: Any
    tokens: Tensor
    up1: Any
    up_norm: Any
    up2: Any
    hypernets: Sequence[Any]
    iou_head: Any


def of_package(decoder: Any) -> Parts:
    """The parts of `sam2`'s MaskDecoder."""
    up1, norm, _, up2, _ = decoder.output_upscaling
    return _parts(decoder, "norm", "norm_final_attn", "out_proj", "num_heads", (up1, norm, up2))


def of_transformers(decoder: Any) -> Parts:
    """The parts of transformers' Sam2MaskDecoder."""
    up = decoder.upscale_conv1, decoder.upscale_layer_norm, decoder.upscale_conv2
    return _parts(decoder, "layer_norm", "layer_norm_final_attn", "o_proj", "num_attention_heads", up)


def _parts(decoder: Any, norm: str, final_norm: str, out: str, heads: str, up: tuple[Any, Any, Any]) -> Parts:
    import torch

    def attention(made: Any) -> Attention:
        return Attention(made.q_proj, made.k_proj, made.v_proj, getattr(made, out), getattr(made, heads))

    def block(made: Any) -> Block:
        one, two, three, four = (getattr(made, f"{norm}{k}") for k in range(1, 5))
        to_image, to_tokens = (
            attention(made.cross_attn_token_to_image),
            attention(made.cross_attn_image_to_token),
        )
        return Block(attention(made.self_attn), one, to_image, two, made.mlp, three, to_tokens, four)

    way = decoder.transformer
    tokens = torch.cat([decoder.obj_score_token.weight, decoder.iou_token.weight, decoder.mask_tokens.weight])
    blocks, final = [block(layer) for layer in way.layers], attention(way.final_attn_token_to_image)
    return Parts(
        blocks,
        final,
        getattr(way, final_norm),
        tokens,
        *up,
        decoder.output_hypernetworks_mlps,
        decoder.iou_prediction_head,
    )
