"""CastNet as a torch module: a small convolutional net that is shown a figure alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 96
_PLANES = (40, 80, 160)  # at a half, a quarter and an eighth of the side
_LEAST = 0.02  # of the deviation of a figure's colours, which are divided by it


class CastNet(nn.Module):
    """Unit vectors (N, 96) of cut-outs (N, 4, S, S), 0..255: alike where they show the same person.

    A figure is seen twice: as it is, and with each channel freed of its mean and deviation over her. Tinted
    light, haze and night change a channel by a factor and a summand, so of that the second is free.
    """

    def __init__(self) -> None:
        super().__init__()
        a, b, c = _PLANES
        self.body = nn.Sequential(
            *_conv(7, a, 2), *_conv(a, b, 2), *_conv(b, b), *_conv(b, c, 2), *_conv(c, c)
        )
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(8 * c, WIDTH)

    def forward(self, cutouts: Tensor) -> Tensor:
        """The vectors of cut-outs, colours and alpha 0..255."""
        return functional.normalize(self.head(self.drop(self.parts(cutouts))), dim=1)

    def parts(self, cutouts: Tensor) -> Tensor:
        """What is found of cut-outs by height, by side and in all, (N, 1280)."""
        found = self.body(shown(cutouts))
        rows = functional.adaptive_avg_pool2d(found, (4, 1)).flatten(1)
        sides = functional.adaptive_avg_pool2d(found, (1, 2)).flatten(1)
        return torch.cat([rows, sides, found.mean((2, 3)), found.amax((2, 3))], 1)


def shown(cutouts: Tensor) -> Tensor:
    """What the net sees of cut-outs (N, 4, S, S), 0..255: colours, colours without their mean and deviation,
    and alpha, (N, 7, S, S).
    """
    colour, alpha = cutouts[:, :3].float() / 255, cutouts[:, 3:].float() / 255
    weight = alpha.sum((2, 3), keepdim=True).clamp(min=1)
    mean = (colour * alpha).sum((2, 3), keepdim=True) / weight
    spread = (((colour - mean) ** 2 * alpha).sum((2, 3), keepdim=True) / weight).sqrt()
    free = (colour - mean) / (spread + _LEAST) * alpha * 0.5
    return torch.cat([(colour * 2 - 1) * alpha, free, alpha], 1)


def _conv(given: int, made: int, stride: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(given, made, 3, stride, 1, bias=False),
        nn.BatchNorm2d(made),
        nn.ReLU(inplace=True),
    ]
