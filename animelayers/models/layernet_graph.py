"""LayerNet and ClickNet as graphs of OpenVINO, written down from their weights: a processor runs them without
torch, which takes seconds to come up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from animelayers.models.device import core
from animelayers.models.onnx import threads
from animelayers.weights import WeightsError

CHANNELS = 9
"""Planes the net is shown: the picture's three, the plate's three, where the plate is known, how far the
picture differs from it, how much the shot changes there.
"""
STEP = 16
"""Sides of what it is shown are multiples of this."""
SEEN = (1, 3, 6, 13, 18)
"""Blocks of the encoder whose planes the decoder sees."""
_STRIDED = {0, 2, 4, 7, 14}  # blocks of the encoder that halve the size
_BLOCKS, _LEVELS = 19, 4  # of the encoder, and of the decoder
_BOUND = 6.0  # of relu6
_ROWS_AND_COLUMNS = (2, 3)
_UNPADDED = (0, 0, 0, 0)
_LEAST = 64  # pixels of the sides that a graph is tried with
_TOLD = 300  # characters of what a library says of weights


class Compiled:
    """A net by OpenVINO, one compiled graph per size; ``given``: planes it is shown.

    Raises WeightsError for weights of another net, ``name`` says of which they should be.
    """

    def __init__(self, weights: Mapping[str, np.ndarray], precision: str, given: int, name: str) -> None:
        self._core, self._weights, self._precision = core(), weights, precision
        self._compiled: dict[tuple[int, ...], Any] = {}
        try:
            graph(weights, (1, given, _LEAST, _LEAST))
        except (RuntimeError, ValueError, IndexError, WeightsError) as problem:  # of another shape
            raise WeightsError(
                f"these weights are none of {name}: {' '.join(str(problem).split())[:_TOLD]}"
            ) from problem

    def __call__(self, planes: np.ndarray) -> np.ndarray:
        """Coverage float32 (N, K, H, W), 0..1, of planes float32 (N, given, H, W)."""
        if planes.shape not in self._compiled:
            hint = {
                "INFERENCE_PRECISION_HINT": "bf16" if self._precision == "bf16" else "f32",
                "INFERENCE_NUM_THREADS": threads(),
                "PERFORMANCE_HINT": "LATENCY",
            }
            made = graph(self._weights, planes.shape)
            self._compiled[planes.shape] = self._core.compile_model(made, "CPU", hint)
        answer: np.ndarray = self._compiled[planes.shape]([planes])[0]
        return answer.astype(np.float32)


def graph(weights: Mapping[str, np.ndarray], shape: tuple[int, ...]) -> Any:
    """The net for planes of `shape` (N, C, H, W): an OpenVINO model with coverage (N, K, H, W), 0..1, as its
    output. How many layers K it tells is in the weights.

    The same as `layernet_net.LayerNet` with a sigmoid. Raises WeightsError where weights are missing, ValueError or
    RuntimeError where they are for other planes.
    """
    import openvino
    from openvino import opset13 as ops

    net = _Net(weights, ops)
    planes = ops.parameter(list(shape), np.float32, name="planes")
    found, up = [], planes
    for number in range(_BLOCKS):
        up = net.block(number, up)
        if number in SEEN:
            found.append(up)
    told, seen = [], planes
    for level in range(_LEVELS):
        seen = net.conv(f"evidence.{level}.0", seen, 2, "relu")
        told.append(seen)
    gate = net.conv("whole", ops.reduce_mean(found[-1], np.array(_ROWS_AND_COLUMNS), keep_dims=True))
    up = ops.multiply(net.conv("top.0", found[-1], 1, "relu"), ops.sigmoid(gate))
    for level in reversed(range(_LEVELS)):
        up = net.conv(
            f"decoder.{level}.0",
            ops.concat([net.like(up, found[level]), found[level], told[level]], 1),
            1,
            "relu",
        )
        up = net.context(level, up)
        if level == 2:
            up = ops.add(up, net.conv("more.0", up, 1, "relu"))
    logits = net.like(net.conv("layers", up), planes)
    fine = net.conv("edges.1", net.conv("edges.0.0", ops.concat([planes, logits], 1), 1, "relu"))
    return openvino.Model([ops.sigmoid(ops.add(logits, fine))], [planes], "layernet")


class _Net:
    def __init__(self, weights: Mapping[str, np.ndarray], ops: Any) -> None:
        self._weights, self._ops = weights, ops

    def conv(self, name: str, planes: Any, stride: int = 1, after: str = "") -> Any:
        """A convolution with what comes after it: '', 'relu' or 'relu6'."""
        ops, weight, bias = self._ops, self._stored(f"{name}.weight"), self._stored(f"{name}.bias")
        pad = weight.shape[2] // 2
        given = planes.output(0).partial_shape[1].get_length()
        how = ([stride, stride], [pad, pad], [pad, pad], [1, 1])
        if weight.shape[1] == 1 and given > 1:
            made = ops.group_convolution(planes, ops.constant(weight[:, None]), *how)
        else:
            made = ops.convolution(planes, ops.constant(weight), *how)
        made = ops.add(made, ops.constant(bias.reshape(1, -1, 1, 1)))
        return {
            "": lambda: made,
            "relu": lambda: ops.relu(made),
            "relu6": lambda: ops.clamp(made, 0.0, _BOUND),
        }[after]()

    def block(self, number: int, planes: Any) -> Any:
        """A block of the encoder."""
        name, stride = f"encoder.blocks.{number}", 2 if number in _STRIDED else 1
        if number in (0, _BLOCKS - 1):
            return self.conv(f"{name}.0", planes, stride, "relu6")
        made = planes
        last = 1 if number == 1 else 2
        for step in range(last):
            made = self.conv(f"{name}.convs.{step}.0", made, stride if step == last - 1 else 1, "relu6")
        made = self.conv(f"{name}.convs.{last}", made)
        same = made.output(0).partial_shape == planes.output(0).partial_shape
        return self._ops.add(planes, made) if same and stride == 1 else made

    def context(self, level: int, planes: Any) -> Any:
        """The blocks that look far about at a level of the decoder, where the weights have any."""
        number = 0
        while f"context.{level}.{number}.near.weight" in self._weights:
            name = f"context.{level}.{number}"
            wide = self.conv(f"{name}.wide.0", self.conv(f"{name}.far", planes), 1, "relu")
            planes, number = self._ops.add(planes, self.conv(f"{name}.near", wide)), number + 1
        return planes

    def like(self, planes: Any, other: Any) -> Any:
        """Planes brought to the size of others, bilinearly between the middles of pixels."""
        size = np.array([side.get_length() for side in list(other.output(0).partial_shape)[2:]])
        return self._ops.interpolate(
            planes,
            size,
            "linear_onnx",
            "sizes",
            _UNPADDED,
            _UNPADDED,
            "half_pixel",
            axes=np.array(_ROWS_AND_COLUMNS),
        )

    def _stored(self, name: str) -> np.ndarray:
        if name not in self._weights:
            raise WeightsError(f"{name} is missing")
        return self._weights[name]
