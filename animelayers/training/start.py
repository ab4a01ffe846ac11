"""Where training begins, and the file it ends in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save

from animelayers.models import layernet
from animelayers.models.device import core
from animelayers.models.layernet_net import LayerNet, begun, loaded
from animelayers.weights import WeightsError, find

MODNET, IMAGENET, RANDOM = "modnet", "imagenet", "random"
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of what torchvision's nets are shown


def chosen(name: str, seed: int = 0) -> Callable[[], LayerNet]:
    """What makes the net that training begins from.

    'modnet': MODNet's encoder, which knows people. 'imagenet': the same encoder as it was trained on
    ImageNet, which knows things. 'random'. Or a safetensors file of an earlier training. Raises WeightsError
    where the weights are not here, or where there is no such file.
    """
    if name == RANDOM:
        return lambda: random(seed)
    if name == IMAGENET:
        find("mobilenetv2")
        return lambda: _seeded(seed, lambda: photographs("mobilenetv2"))
    path = find(name)
    return lambda: _seeded(seed, lambda: beginning(path) if name == MODNET else from_file(path))


def random(seed: int = 0) -> LayerNet:
    """A net that knows nothing; equal seeds, equal nets."""
    return _seeded(seed, LayerNet)


def _seeded(seed: int, make: Callable[[], LayerNet]) -> LayerNet:
    """What is made, with what of it is random by a seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make()


def from_file(path: Path) -> LayerNet:
    """The net of a safetensors file as `stored` writes them. Raises WeightsError for a file that is none."""
    try:
        return loaded(LayerNet(), layernet.stored(path))
    except ValueError as problem:
        raise WeightsError(f"{path} holds no weights of LayerNet: {problem}") from problem


def stored(net: torch.nn.Module, path: Path, facts: Mapping[str, Any], name: str = "layernet") -> None:
    """Write a net as a safetensors file of float16; ``facts`` go into its metadata as JSON, under the one key
    ``name``.
    """
    weights = {
        key: value.detach().to("cpu", torch.float16).contiguous().numpy()
        for key, value in net.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(save(weights, {name: json.dumps(facts)}))
    part.replace(path)


def beginning(path: Path) -> LayerNet:
    """LayerNet with MODNet's encoder, read from its ONNX file. Raises ValueError for a file that is not
    MODNet.
    """
    return begun(convolutions(path))


def photographs(weights: str) -> LayerNet:
    """LayerNet with the encoder of an ImageNet MobileNetV2, its batch norms and what it is shown folded into
    the convolutions.
    """
    from animelayers.models.embed import mobilenet

    layers = [
        each
        for each in mobilenet(weights).features.modules()
        if isinstance(each, torch.nn.Conv2d | torch.nn.BatchNorm2d)
    ]
    folded = []
    for conv, norm in zip(layers[::2], layers[1::2], strict=True):
        assert isinstance(conv, torch.nn.Conv2d) and isinstance(norm, torch.nn.BatchNorm2d)
        whole = torch.nn.utils.fuse_conv_bn_eval(conv, norm)
        assert whole.bias is not None
        folded.append((whole.weight.detach().numpy(), whole.bias.detach().numpy()))
    weight, bias = folded[0]
    scale, middle = (np.array(each, np.float32)[None, :, None, None] for each in (_STD, _MEAN))
    # it is shown -1..1 here
    folded[0] = (weight * 0.5 / scale, bias + (weight * (0.5 - middle) / scale).sum((1, 2, 3)))
    return begun(folded)


def convolutions(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights and biases of the convolutions of an ONNX net, in the order they are computed."""
    found = []
    for op in core().read_model(path).get_ops():
        number = re.match(r"Conv_(\d+)/", op.get_friendly_name())
        if op.get_type_name() in ("Convolution", "GroupConvolution") and number:
            added = next(
                c.get_node()
                for c in op.output(0).get_target_inputs()
                if c.get_node().get_type_name() == "Add"
            )
            bias = next(
                i.get_node()
                for i in added.input_values()
                if i.get_node().get_friendly_name() != op.get_friendly_name()
            )
            found.append((int(number[1]), _constant(op.input_value(1).get_node()), _constant(bias)))
    return [(weight, bias) for _, weight, bias in sorted(found, key=lambda each: each[0])]


def _constant(node: object) -> np.ndarray:
    while node.get_type_name() != "Constant":  # type: ignore[attr-defined]
        node = node.input_value(0).get_node()  # type: ignore[attr-defined]
    return np.array(node.data)  # type: ignore[attr-defined]
