"""Writes real ONNX files of one 1 x 1 convolution, for nets whose weights are not at hand."""

from __future__ import annotations

import struct
from pathlib import Path

_FLOAT = 1


def write(path: Path, weight: tuple[float, float, float], bias: float, shape: tuple[int | str, ...], sigmoid: bool = True) -> Path:
    """An ONNX file with input 'img' of `shape` (N, 3, H, W; a text is a free axis) and output 'mask' (N, 1, H, W)."""
    nodes = [_node("Conv", ("img", "weight", "bias"), "logit"), _node("Sigmoid" if sigmoid else "Identity", ("logit",), "mask")]
    tensors = [_tensor("weight", (1, 3, 1, 1), weight), _tensor("bias", (1,), (bias,))]
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, b"tiny") + b"".join(_field(5, t) for t in tensors)
    graph += _field(11, _value("img", shape)) + _field(12, _value("mask", (shape[0], 1, *shape[2:])))
    path.write_bytes(_number(1, 8) + _field(7, graph) + _field(8, _number(2, 13)))
    return path


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _node(kind: str, inputs: tuple[str, ...], output: str) -> bytes:
    return b"".join(_field(1, name.encode()) for name in inputs) + _field(2, output.encode()) + _field(4, kind.encode())


def _tensor(name: str, shape: tuple[int, ...], values: tuple[float, ...]) -> bytes:
    dims = b"".join(_number(1, n) for n in shape)
    return dims + _number(2, _FLOAT) + _field(8, name.encode()) + _field(9, struct.pack(f"<{len(values)}f", *values))


def _value(name: str, shape: tuple[int | str, ...]) -> bytes:
    dims = b"".join(_field(1, _number(1, n) if isinstance(n, int) else _field(2, n.encode())) for n in shape)
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, _FLOAT) + _field(2, dims)))


def pixels_as_boxes(path: Path, side: int, wide: float) -> Path:
    """An ONNX file shaped like a YOLOv8 of one class: every pixel is a box of `wide` pixels around it, with its red as the score."""
    area = side * side
    places = [float(at % side) + 0.5 for at in range(area)] + [float(at // side) + 0.5 for at in range(area)] + [wide] * (2 * area) + [0.0] * area
    shape = _number(1, 3) + _number(2, 7) + _field(8, b"shape") + _field(9, struct.pack("<3q", 1, 5, area))
    nodes = [_node("Conv", ("images", "weight"), "map"), _node("Reshape", ("map", "shape"), "flat"), _node("Add", ("flat", "places"), "output0")]
    tensors = [_tensor("weight", (5, 3, 1, 1), (0.0,) * 12 + (1.0, 0.0, 0.0)), shape, _tensor("places", (1, 5, area), tuple(places))]
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, b"boxes") + b"".join(_field(5, t) for t in tensors)
    graph += _field(11, _value("images", (1, 3, side, side))) + _field(12, _value("output0", (1, 5, area)))
    path.write_bytes(_number(1, 8) + _field(7, graph) + _field(8, _number(2, 13)))
    return path
