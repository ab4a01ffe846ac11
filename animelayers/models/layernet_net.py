"""LayerNet and ClickNet as a torch module: MODNet's encoder, which knows people, and a decoder that is shown the
clean plate as well, or what a person pointed at.

Sandler et al., MobileNetV2, CVPR 2018, for the encoder, with the weights MODNet was given (Ke et al., AAAI
2022); Sengupta et al., Background Matting, CVPR 2020, and Lin et al., 2021, for the plate as an input.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from animelayers.models.constants import MIDDLE
from animelayers.models.layernet_graph import CHANNELS, SEEN

LAYERS = ("character", "effect", "shadow")
"""What it answers with, in this order."""
# MobileNetV2's table 2
_BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_FEATURES = (16, 24, 32, 96, 1280)  # planes at a half, a quarter … of the size
_EVIDENCE = (16, 24, 32, 32)
_DECODED = (32, 48, 64, 96)
_COLOURS = 3
_RARE = -3.0  # logit that answers begin at
_FINE = 12


class LayerNet(nn.Module):
    """Logits of the layers of pictures, of which `sigmoid` makes coverage.

    ``given``: planes it is shown, of which the ``encoder`` sees the first `seen`, the picture alone unless it is told
    otherwise; ``made``: layers it tells. ``evidence`` sees all planes, and is added to what the encoder found
    of each size on the way up. ``layers``: the answer at half size; ``coarse``: at an eighth; ``edges``: what
    the planes at full size add to it.
    """

    def __init__(self, given: int = CHANNELS, seen: int = _COLOURS, made: int = len(LAYERS)) -> None:
        super().__init__()
        self.seen = seen
        self.encoder = _Encoder(seen)
        self.evidence = nn.ModuleList(
            _Conv(before, after, 2) for before, after in zip((given, *_EVIDENCE), _EVIDENCE, strict=False)
        )
        self.top = _Conv(_FEATURES[-1], _DECODED[-1], kernel=1)
        self.whole = nn.Conv2d(_FEATURES[-1], _DECODED[-1], 1)
        above = (*_DECODED[1:], _DECODED[-1])
        self.decoder = nn.ModuleList(
            _Conv(over + found + told, own)
            for over, found, told, own in zip(above, _FEATURES, _EVIDENCE, _DECODED, strict=False)
        )
        self.more = _Conv(_DECODED[2], _DECODED[2])
        self.layers = nn.Conv2d(_DECODED[0], made, 3, padding=1)
        self.coarse = nn.Conv2d(_DECODED[2], made, 3, padding=1)
        self.edges = nn.Sequential(_Conv(given + made, _FINE), nn.Conv2d(_FINE, made, 3, padding=1))
        for head in (self.layers, self.coarse):
            nn.init.normal_(head.weight, 0, 0.01)
            nn.init.constant_(head.bias, _RARE)  # type: ignore[arg-type]
        nn.init.zeros_(self.edges[1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.edges[1].bias)  # type: ignore[arg-type]

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, made, H, W) and, coarser, (N, made, H/8, W/8) of planes float (N, given, H, W), as `planes`
        makes them for LayerNet.
        """
        found = self.encoder(planes[:, : self.seen])
        told, seen = [], planes
        for conv in self.evidence:
            seen = conv(seen)
            told.append(seen)
        up = self.top(found[-1]) * torch.sigmoid(self.whole(found[-1].mean((2, 3), keepdim=True)))
        coarse = up
        for level in reversed(range(len(_DECODED))):
            up = self.decoder[level](torch.cat([_like(up, found[level]), found[level], told[level]], 1))
            if level == 2:
                up = up + self.more(up)
                coarse = self.coarse(up)
        logits = _like(self.layers(up), planes)
        return logits + self.edges(torch.cat([planes, logits], 1)), coarse


class _Conv(nn.Sequential):
    def __init__(self, given: int, made: int, stride: int = 1, kernel: int = 3) -> None:
        conv = nn.Conv2d(given, made, kernel, stride, kernel // 2)
        nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
        super().__init__(conv, nn.ReLU(inplace=True))


class _Encoder(nn.Module):
    """MobileNetV2 without its classifier, batch norms folded into the convolutions."""

    def __init__(self, seen: int) -> None:
        super().__init__()
        blocks: list[nn.Module] = [_Bounded(seen, 32, 3, 2)]
        given = 32
        for wider, made, times, stride in _BLOCKS:
            for n in range(times):
                blocks.append(_Block(given, made, stride if n == 0 else 1, wider))
                given = made
        blocks.append(_Bounded(given, _FEATURES[-1], 1, 1))
        self.blocks = nn.ModuleList(blocks)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Features of `_FEATURES` planes, at a half, a quarter, an eighth, a sixteenth and a thirty-second of
        the size.
        """
        found = []
        for number, block in enumerate(self.blocks):
            picture = block(picture)
            if number in SEEN:
                found.append(picture)
        return found


class _Bounded(nn.Sequential):
    def __init__(self, given: int, made: int, kernel: int, stride: int, groups: int = 1) -> None:
        super().__init__(
            nn.Conv2d(given, made, kernel, stride, kernel // 2, groups=groups), nn.ReLU6(inplace=True)
        )


class _Block(nn.Module):
    """An inverted residual: wider, each plane for itself, narrow again."""

    def __init__(self, given: int, made: int, stride: int, wider: int) -> None:
        super().__init__()
        inner = given * wider
        first = [_Bounded(given, inner, 1, 1)] if wider > 1 else []
        self.convs = nn.Sequential(
            *first, _Bounded(inner, inner, 3, stride, inner), nn.Conv2d(inner, made, 1)
        )
        self.added = stride == 1 and given == made

    def forward(self, planes: Tensor) -> Tensor:
        made: Tensor = self.convs(planes)
        return planes + made if self.added else made


def planes(pictures: Tensor, plates: Tensor, known: Tensor, difference: Tensor, change: Tensor) -> Tensor:
    """What the net is shown, float (N, 9, H, W).

    Pictures and plates uint8 (N, 3, H, W); where those are known, how far the pictures differ from them and
    how much their shots change, each uint8 (N, 1, H, W).
    """
    share = known.float() / 255
    scale, middle = 1 / MIDDLE, 1.0  # as MODNet was shown its pictures
    return torch.cat(
        [
            pictures.float() * scale - middle,
            (plates.float() * scale - middle) * share,
            share,
            difference.float() / 255,
            change.float() / 255,
        ],
        1,
    )


def begun(convolutions: Sequence[tuple[np.ndarray, np.ndarray]]) -> LayerNet:
    """A net with the encoder of another and everything else at random.

    ``convolutions``: weights and biases of a MobileNetV2 in the order it computes them. Raises ValueError
    where they are none of one.
    """
    net = LayerNet()
    mine = [module for module in net.encoder.modules() if isinstance(module, nn.Conv2d)]
    with torch.no_grad():
        for number, conv in enumerate(mine):
            weight, bias = convolutions[number] if number < len(convolutions) else (np.zeros(0), np.zeros(0))
            if weight.size != conv.weight.numel():
                raise ValueError(
                    f"convolution {number} of a MobileNetV2 has {conv.weight.numel()} weights, this one has {weight.size}"
                )
            conv.weight.copy_(torch.from_numpy(weight.copy()).reshape(conv.weight.shape))
            conv.bias.copy_(torch.from_numpy(bias.copy().ravel()))  # type: ignore[union-attr]
    return net


def _like(planes: Tensor, other: Tensor) -> Tensor:
    """Planes brought to the size of others."""
    return functional.interpolate(planes, size=other.shape[2:], mode="bilinear", align_corners=False)
