"""LayerNet and ClickNet as a torch module: MODNet's encoder, which knows people, and a decoder that is shown the
clean plate as well, or what a person pointed at.

Sandler et al., MobileNetV2, CVPR 2018, for the encoder, with the weights MODNet was given (Ke et al., AAAI
2022); Sengupta et al., Background Matting, CVPR 2020, and Lin et al., 2021, for the plate as an input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
_CONTEXT = {1: 1, 2: 3, 3: 6}  # levels of the decoder, and blocks that look further there
_FAR, _WIDER = 7, 4  # sides of what they see, and how much wider they are inside
_COLOURS = 3
_LATER = "context."  # what weights of earlier trainings have not
_RARE = -3.0  # logit that answers begin at
_FINE = 12


class LayerNet(nn.Module):
    """Logits of the layers of pictures, of which `sigmoid` makes coverage.

    ``given``: planes it is shown; ``made``: layers it tells. The ``encoder`` sees all planes, ``evidence`` sees
    them once more and is added to what the encoder found of each size on the way up. ``context``: blocks that
    look far about, at a quarter to a sixteenth of the size. ``layers``: the answer at half size; ``coarse``: at
    an eighth; ``edges``: what the planes at full size add to it.
    """

    def __init__(self, given: int = CHANNELS, made: int = len(LAYERS)) -> None:
        super().__init__()
        self.encoder = _Encoder(given)
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
        self.context = nn.ModuleDict(
            {
                str(level): nn.Sequential(*(_Context(_DECODED[level]) for _ in range(times)))
                for level, times in _CONTEXT.items()
            }
        )
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
        found = self.encoder(planes)
        told, seen = [], planes
        for conv in self.evidence:
            seen = conv(seen)
            told.append(seen)
        up = self.top(found[-1]) * torch.sigmoid(self.whole(found[-1].mean((2, 3), keepdim=True)))
        coarse = up
        for level in reversed(range(len(_DECODED))):
            up = self.decoder[level](torch.cat([_like(up, found[level]), found[level], told[level]], 1))
            if str(level) in self.context:
                up = self.context[str(level)](up)
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


class _Context(nn.Module):
    """A residual that sees each plane far about, and then all planes of a place (Liu et al., A ConvNet for the
    2020s, CVPR 2022). It begins as nothing.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.far = nn.Conv2d(width, width, _FAR, padding=_FAR // 2, groups=width)
        self.wide = _Conv(width, _WIDER * width, kernel=1)
        self.near = nn.Conv2d(_WIDER * width, width, 1)
        nn.init.zeros_(self.near.weight)
        nn.init.zeros_(self.near.bias)  # type: ignore[arg-type]

    def forward(self, planes: Tensor) -> Tensor:
        made: Tensor = self.near(self.wide(self.far(planes)))
        return planes + made


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
        conv = _Strided if groups > 1 and stride > 1 else nn.Conv2d
        super().__init__(
            conv(given, made, kernel, stride, kernel // 2, groups=groups), nn.ReLU6(inplace=True)
        )


class _Strided(nn.Conv2d):
    """Each plane for itself, made smaller: on a processor in fp32, as torch's way back through it in bf16 takes five
    times as long and more.
    """

    def forward(self, planes: Tensor) -> Tensor:
        if planes.device.type != "cpu":
            return super().forward(planes)
        with torch.autocast("cpu", enabled=False):
            return super().forward(planes.float())


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


def completed(net: LayerNet, weights: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """Weights as `layernet.stored` reads them for a net; those of before there was `context` have it as the net
    begins, which is as nothing.
    """
    own = {name: torch.from_numpy(np.array(value)) for name, value in weights.items()}
    if not any(name.startswith(_LATER) for name in own):
        own |= {name: value for name, value in net.state_dict().items() if name.startswith(_LATER)}
    return own


def loaded(net: LayerNet, weights: Mapping[str, np.ndarray]) -> LayerNet:
    """The net with `completed` weights. Raises ValueError for weights of another net."""
    try:
        net.load_state_dict(completed(net, weights))
    except RuntimeError as problem:
        raise ValueError(" ".join(str(problem).split())) from problem
    return net


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
            own = conv.weight if number else conv.weight[:, :_COLOURS]
            if weight.size != own.numel():
                raise ValueError(
                    f"convolution {number} of a MobileNetV2 has {own.numel()} weights, this one has {weight.size}"
                )
            conv.weight.zero_()
            own.copy_(torch.from_numpy(weight.copy()).reshape(own.shape))
            conv.bias.copy_(torch.from_numpy(bias.copy().ravel()))  # type: ignore[union-attr]
    return net


def _like(planes: Tensor, other: Tensor) -> Tensor:
    """Planes brought to the size of others."""
    return functional.interpolate(planes, size=other.shape[2:], mode="bilinear", align_corners=False)
