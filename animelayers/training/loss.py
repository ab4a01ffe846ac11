"""What training makes small."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

WEIGHTS = (1.0, 1.8, 1.0)
"""Of figures, effects and shadows."""
_COARSE = 0.25  # of the coarse answer
_EDGES = 2.0  # of gradients
_AGREE = 1.0  # of agreement between neighbours
_OVERLAP = (0.4, 0.4, 0.25)  # of the overlap, for each layer: what a small figure weighs beside a large one
_WHOLE = 0.6  # of the overlap of one layer alone
# a layer counts that covers a tenth of some pixels; pixels that ease small ones
_FAINT, _SOME, _EASE = 0.1, 20, 10


def loss(logits: Tensor, coarse: Tensor, truth: Tensor, pairs: Tensor) -> Tensor:
    """One number, of logits (N, 3, H, W) and the coarse ones, for the true coverage (N, 3, H, W), 0..1.

    Cross entropy and L1 of alpha, L1 of its gradients (Rhemann et al. 2009 measure mattes so), overlap, and
    that errors are alike in drawings that follow each other: ``pairs`` int64 (P, 2) are numbers of drawings
    with one place.
    """
    weights = torch.tensor(WEIGHTS, device=logits.device)
    alpha = torch.sigmoid(logits)
    error = (alpha - truth).abs()
    each = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none") + error
    total = (each.mean((0, 2, 3)) * weights).sum()
    small = functional.adaptive_avg_pool2d(truth, (coarse.shape[2], coarse.shape[3]))
    total = (
        total
        + _COARSE
        * (
            functional.binary_cross_entropy_with_logits(coarse, small, reduction="none").mean((0, 2, 3))
            * weights
        ).sum()
    )
    total = total + _EDGES * ((_gradient(alpha) - _gradient(truth)).abs().mean((0, 2, 3)) * weights).sum()
    there = (truth > _FAINT).flatten(2).float().sum(2) > _SOME
    overlap = _alike(alpha, truth)
    shares = torch.tensor(_OVERLAP, device=logits.device)
    total = total + ((1 - overlap) * there * shares).sum() / len(truth)
    if len(pairs):
        drift = (alpha - truth)[pairs[:, 0]] - (alpha - truth)[pairs[:, 1]]
        total = total + _AGREE * (drift.abs().mean((0, 2, 3)) * weights).sum()
    return total


def layer_loss(logits: Tensor, coarse: Tensor, truth: Tensor) -> Tensor:
    """One number, as `loss`, of the logits (N, 1, H, W) of one layer and the coarse ones, for its true coverage
    (N, 1, H, W), 0..1, of drawings that have nothing to do with each other.
    """
    alpha = torch.sigmoid(logits)
    entropy = functional.binary_cross_entropy_with_logits
    small = functional.adaptive_avg_pool2d(truth, (coarse.shape[2], coarse.shape[3]))
    edges = (_gradient(alpha) - _gradient(truth)).abs().mean()
    there = (truth > _FAINT).flatten(2).float().sum(2) > _SOME
    return (
        entropy(logits, truth)
        + (alpha - truth).abs().mean()
        + _COARSE * entropy(coarse, small)
        + _EDGES * edges
        + _WHOLE * ((1 - _alike(alpha, truth)) * there).mean()
    )


def wrong(logits: Tensor, truth: Tensor, drawings: int) -> Tensor:
    """How wrong the figures and effects of each shot are, 0..1, of logits (N, 3, H, W) and the true coverage,
    `drawings` of each shot together.
    """
    return (1 - _alike(torch.sigmoid(logits), truth)[:, :2]).mean(1).reshape(-1, drawings).mean(1)


def _alike(alpha: Tensor, truth: Tensor) -> Tensor:
    """Overlap of each layer (N, 3), 0..1: least by most, which is 1 where both are alike. Product by sum
    would have faint layers opaque.
    """
    return (torch.minimum(alpha, truth).flatten(2).sum(2) + _EASE) / (
        torch.maximum(alpha, truth).flatten(2).sum(2) + _EASE
    )


def _gradient(planes: Tensor) -> Tensor:
    across = functional.pad(planes[..., :, 1:] - planes[..., :, :-1], (0, 1))
    down = functional.pad(planes[..., 1:, :] - planes[..., :-1, :], (0, 0, 0, 1))
    return across.abs() + down.abs()
