"""The mask decoder of SAM 2 (Ravi et al., 2024) for many points of one picture, over the weights of either
package.

It computes what the packages' own decoders compute, with half of the arithmetic. What depends on the picture
alone is computed once for all points. An attention between 4,096 places and a handful of tokens projects the
tokens with the product of both matrices instead of projecting the places. What the masks are upscaled from is
computed only for points that pass the predicted IoU. Upscaling by transposed convolutions of stride 2 is a
product of matrices per place, so that nothing changes its layout on the way.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

from animelayers.models.sam2_masks_parts import Attention, Parts

Tensor = Any
# tokens: the masks' scores and the three masks, not the object's score and the mask for a single answer
_WANTED = [1, 3, 4, 5]


class Embedded(NamedTuple):
    """What all points of a picture share: `keys` and `places` (1, H * W, C), and the fine features in the
    order of upscaling.
    """

    keys: Tensor
    places: Tensor
    middle: Tensor
    fine: Tensor
    shape: tuple[int, int]


class Decoder:
    """`parts` on their device; `places` (1, C, H, W) the positional encoding of the places, `nothing` (C,)
    what stands for no mask given.
    """

    def __init__(self, parts: Parts, places: Tensor, nothing: Tensor) -> None:
        self._parts, self._nothing = parts, nothing
        self._places = places.flatten(2).transpose(1, 2)
        self._up1, self._up2 = (
            up.weight.permute(0, 2, 3, 1).flatten(1).contiguous() for up in (parts.up1, parts.up2)
        )

    def picture(self, embedding: Tensor, middle: Tensor, fine: Tensor) -> Embedded:
        """Prepare a picture's features (C, H, W), (C / 4, 2 H, 2 W) and (C / 8, 4 H, 4 W)."""
        _, h, w = embedding.shape
        twice = middle.unflatten(1, (h, 2)).unflatten(3, (w, 2)).permute(1, 3, 2, 4, 0)
        four = fine.unflatten(1, (h, 2, 2)).unflatten(4, (w, 2, 2)).permute(1, 4, 2, 5, 3, 6, 0)
        keys = (embedding + self._nothing[:, None, None]).flatten(1).T[None]
        parts = self._parts
        return Embedded(
            keys,
            keys + self._places,
            twice.reshape(h * w, 4, -1) + parts.up1.bias,
            four.reshape(4 * h * w, 4, -1) + parts.up2.bias,
            (h, w),
        )

    def __call__(self, picture: Embedded, prompts: Tensor, least: float) -> tuple[Tensor, Tensor, Tensor]:
        """The three masks of N points, from their `prompts` (N, T, C).

        Gives the predicted IoU (N, 3) of all, the points (M,) with one above `least`, and their logits (M, 3,
        4 H, 4 W).
        """
        import torch

        parts = self._parts
        given = torch.cat([parts.tokens.expand(len(prompts), -1, -1), prompts], dim=1)
        tokens, keys, placed = given, picture.keys, picture.places
        for number, block in enumerate(parts.blocks):
            asked = tokens + given if number else tokens
            answer = _attend(block.own, asked, asked, tokens)
            tokens = block.norm1(tokens + answer if number else answer)
            tokens = block.norm2(tokens + _to_image(block.to_image, tokens + given, keys, placed))
            tokens = block.norm3(tokens + block.mlp(tokens))
            keys = block.norm4(_to_tokens(block.to_tokens, keys, placed, tokens + given, tokens))
            placed = keys + self._places
        tokens, given = tokens[:, _WANTED], given[:, _WANTED]
        tokens = parts.final_norm(tokens + _to_image(parts.final, tokens + given, keys, placed))
        ious = parts.iou_head(tokens[:, 0])[:, 1:].float()
        rows = torch.nonzero((ious > least).any(dim=1))[:, 0]
        kept = keys if len(rows) == len(keys) else keys[rows]
        return ious, rows, self._upscale(picture, kept, tokens[rows, 1:])

    def _upscale(self, picture: Embedded, keys: Tensor, tokens: Tensor) -> Tensor:
        import torch
        from torch.nn import functional

        parts, norm, (h, w), gelu = self._parts, self._parts.up_norm, picture.shape, torch.ops.aten.gelu_
        twice = (keys @ self._up1).unflatten(2, (4, -1)).add_(picture.middle)
        twice = gelu(
            functional.layer_norm(twice, twice.shape[-1:], norm.weight, norm.bias, norm.eps)
        ).flatten(1, 2)
        four = gelu((twice @ self._up2).unflatten(2, (4, -1)).add_(picture.fine)).flatten(1, 2)
        looks = torch.stack([net(tokens[:, k]) for k, net in enumerate(parts.hypernets[1:])], dim=1)
        logits = (looks @ four.transpose(1, 2)).unflatten(2, (h, w, 2, 2, 2, 2))
        return logits.permute(0, 1, 2, 4, 6, 3, 5, 7).reshape(-1, 3, 4 * h, 4 * w)


def _split(values: Tensor, heads: int) -> Tensor:
    """(N, T, D) as (N, T, heads, D / heads)."""
    return values.unflatten(2, (heads, -1))


def _attend(attention: Attention, asked: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    from torch.nn import functional

    parts = ((attention.query, asked), (attention.key, keys), (attention.value, values))
    q, k, v = (_split(layer(what), attention.heads).transpose(1, 2) for layer, what in parts)
    return attention.out(functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


def _scores(tokens: Tensor, layer: Any, placed: Tensor) -> Tensor:
    """Scaled products of tokens (N, T, heads, D) with the places (N or 1, P, C) as `layer` projects them: (N,
    heads * T, P).

    Without the products with the layer's bias, which are the same for all places.
    """
    import torch

    folded = torch.einsum("nthd,hdc->nhtc", tokens, layer.weight.unflatten(0, (tokens.shape[2], -1))).flatten(
        1, 2
    )
    return (folded / sqrt(tokens.shape[-1])) @ placed.transpose(1, 2)


def _to_image(attention: Attention, asked: Tensor, keys: Tensor, placed: Tensor) -> Tensor:
    """What N x T tokens see in the picture, whose keys are (N, P, C), or (1, P, C) where no point has changed
    them yet.
    """
    import torch

    count, heads = asked.shape[:2], attention.heads
    if len(keys) == 1:
        return _attend(attention, asked.flatten(0, 1)[None], placed, keys).view(*count, -1)
    # The bias of the key layer is the same for all places, so the softmax does not see it.
    scores = _scores(_split(attention.query(asked), heads), attention.key, placed)
    seen = (scores.softmax(dim=2) @ keys).unflatten(1, (heads, -1))
    values = (
        torch.einsum("nhtc,hdc->nthd", seen, attention.value.weight.unflatten(0, (heads, -1))).flatten(2)
        + attention.value.bias
    )
    return attention.out(values)


def _to_tokens(attention: Attention, keys: Tensor, placed: Tensor, named: Tensor, tokens: Tensor) -> Tensor:
    """`keys` (N or 1, P, C) and what each place sees in N x T `tokens`, known by `named`: (N, P, C)."""
    import torch

    heads = attention.heads
    k, v = _split(attention.key(named), heads), _split(attention.value(tokens), heads)
    bias = torch.einsum("nthd,hd->nht", k, attention.query.bias.unflatten(0, (heads, -1))).flatten(1) / sqrt(
        k.shape[-1]
    )
    # Places last: a softmax over eight neighbours in memory takes fifteen times as long on a CPU.
    scores = (
        _scores(k, attention.query, placed)
        .add_(bias[:, :, None])
        .unflatten(1, (heads, -1))
        .softmax(dim=2)
        .flatten(1, 2)
    )
    answers = torch.einsum("nthd,chd->nhtc", v, attention.out.weight.unflatten(1, (heads, -1))).flatten(1, 2)
    # The shares of each head sum to one, so each head adds its part of the bias.
    seen = scores.transpose(1, 2) @ (answers + attention.out.bias / heads)
    return seen.add_(keys) if seen.dtype == keys.dtype else seen + keys
