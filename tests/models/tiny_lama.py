"""Small TorchScript files with LaMa's interface and random weights: they prove the plumbing, not quality."""

from __future__ import annotations

from pathlib import Path

import torch


class Painter(torch.nn.Module):
    """Convolutions over the picture without its hole, pasted into it as the real file does; NaN for pictures
    brighter than `limit`.
    """

    def __init__(self, limit: float = 2.0) -> None:
        super().__init__()
        self.limit = limit
        self.net = torch.nn.Sequential(
            torch.nn.Conv2d(4, 8, 5, padding=2),
            torch.nn.ReLU(),
            torch.nn.Conv2d(8, 3, 5, padding=2),
            torch.nn.Sigmoid(),
        )

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        made = self.net(torch.cat([image * (1 - mask), mask], 1))
        made = torch.where(image.mean([1, 2, 3], keepdim=True) > self.limit, torch.nan, made)
        return mask * made + (1 - mask) * image


class Shrinker(torch.nn.Module):
    """Another program of two tensors: half the picture."""

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return image[:, :, ::2]


def save(path: Path, module: torch.nn.Module | None = None) -> Path:
    torch.manual_seed(0)
    torch.jit.script(module or Painter()).save(str(path))
    return path
