"""Writes real ONNX files of one 1 x 1 convolution, for nets whose weights are not at hand."""

from __future__ import annotations

import struct
from pathlib import Path

_FLOAT = 1


def write(
    path: Path,
    weight: tuple[float, float, float],
    bias: float,
    shape: tuple[int | str, ...],
    sigmoid: bool = True,
) -> Path:
    """An ONNX file with input 'img' of `shape` (N, 3, H, W; a text is a free axis) and output 'mask' (N, 1,
    H, W).
    """
    nodes = [
        _node("Conv", ("img", "weight", "bias"), "logit"),
        _node("Sigmoid" if sigmoid else "Identity", ("logit",), "mask"),
    ]
    tensors = [_tensor("weight", (1, 3, 1, 1), weight), _tensor("bias", (1,), (bias,))]
    graph = (
        b"".join(_field(1, node) for node in nodes)
        + _field(2, b"tiny")
        + b"".join(_field(5, t) for t in tensors)
    )
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


def _node(kind: str, inputs: tuple[str, ...], output: str, attributes: bytes = b"") -> bytes:
    return (
        b"".join(_field(1, name.encode()) for name in inputs)
        + _field(2, output.encode())
        + _field(4, kind.encode())
        + attributes
    )


def _tensor(name: str, shape: tuple[int, ...], values: tuple[float, ...]) -> bytes:
    dims = b"".join(_number(1, n) for n in shape)
    return (
        dims
        + _number(2, _FLOAT)
        + _field(8, name.encode())
        + _field(9, struct.pack(f"<{len(values)}f", *values))
    )


def _value(name: str, shape: tuple[int | str, ...]) -> bytes:
    dims = b"".join(_field(1, _number(1, n) if isinstance(n, int) else _field(2, n.encode())) for n in shape)
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, _FLOAT) + _field(2, dims)))


def pixels_as_boxes(path: Path, side: int, wide: float) -> Path:
    """An ONNX file shaped like a YOLOv8 of one class: every pixel is a box of `wide` pixels around it, with
    its red as the score.
    """
    area = side * side
    places = (
        [float(at % side) + 0.5 for at in range(area)]
        + [float(at // side) + 0.5 for at in range(area)]
        + [wide] * (2 * area)
        + [0.0] * area
    )
    shape = _number(1, 3) + _number(2, 7) + _field(8, b"shape") + _field(9, struct.pack("<3q", 1, 5, area))
    nodes = [
        _node("Conv", ("images", "weight"), "map"),
        _node("Reshape", ("map", "shape"), "flat"),
        _node("Add", ("flat", "places"), "output0"),
    ]
    tensors = [
        _tensor("weight", (5, 3, 1, 1), (0.0,) * 12 + (1.0, 0.0, 0.0)),
        shape,
        _tensor("places", (1, 5, area), tuple(places)),
    ]
    graph = (
        b"".join(_field(1, node) for node in nodes)
        + _field(2, b"boxes")
        + b"".join(_field(5, t) for t in tensors)
    )
    graph += _field(11, _value("images", (1, 3, side, side))) + _field(12, _value("output0", (1, 5, area)))
    path.write_bytes(_number(1, 8) + _field(7, graph) + _field(8, _number(2, 13)))
    return path


def colours_as_joints(
    path: Path, size: tuple[int, int], joints: int = 17, names: tuple[str, str] = ("simcc_x", "simcc_y")
) -> Path:
    """An ONNX file of DWPose's interface, crops of `size` (w, h): joint 0 is where it is reddest, 1 greenest,
    2 bluest, all others are nowhere.
    """
    wide, high = size
    weight = [
        value for k in range(joints) for value in ([float(c == k) for c in range(3)] if k < 3 else [0.0] * 3)
    ]
    bias = [0.0] * 3 + [-1.0] * (joints - 3)
    nodes = [_node("Conv", ("input", "weight", "bias"), "maps")]
    tensors = [_tensor("weight", (joints, 3, 1, 1), tuple(weight)), _tensor("bias", (joints,), tuple(bias))]
    for name, axis, length in ((names[0], 2, wide), (names[1], 3, high)):
        # every pixel is two bins
        twice = [float(b == 2 * a) for a in range(length) for b in range(2 * length)]
        nodes += [
            _node("ReduceMax", ("maps",), f"along_{name}", _ints("axes", (axis,)) + _ints("keepdims", 0)),
            _node("MatMul", (f"along_{name}", f"bins_{name}"), name),
        ]
        tensors.append(_tensor(f"bins_{name}", (length, 2 * length), tuple(twice)))
    graph = (
        b"".join(_field(1, node) for node in nodes)
        + _field(2, b"joints")
        + b"".join(_field(5, t) for t in tensors)
    )
    graph += _field(11, _value("input", ("N", 3, high, wide)))
    graph += _field(12, _value(names[0], ("N", joints, 2 * wide))) + _field(
        12, _value(names[1], ("N", joints, 2 * high))
    )
    path.write_bytes(_number(1, 8) + _field(7, graph) + _field(8, _number(2, 13)))
    return path


def brightness_as_feeling(path: Path, side: int = 64, labels: int = 8) -> Path:
    """An ONNX file of FER+'s interface: label 3 by the brightness of the upper half, label 1 by that of the
    lower.
    """
    area = side * side
    weight = [0.0] * (area * labels)
    for at in range(area):
        weight[at * labels + (3 if at < area // 2 else 1)] = 0.1 / area
    shape = _number(1, 2) + _number(2, 7) + _field(8, b"shape") + _field(9, struct.pack("<2q", 1, area))
    nodes = [
        _node("Reshape", ("Input3", "shape"), "flat"),
        _node("MatMul", ("flat", "weight"), "Plus692_Output_0"),
    ]
    graph = (
        b"".join(_field(1, node) for node in nodes)
        + _field(2, b"feeling")
        + _field(5, shape)
        + _field(5, _tensor("weight", (area, labels), tuple(weight)))
    )
    graph += _field(11, _value("Input3", (1, 1, side, side))) + _field(
        12, _value("Plus692_Output_0", (1, labels))
    )
    path.write_bytes(_number(1, 8) + _field(7, graph) + _field(8, _number(2, 13)))
    return path


def colours_as_tags(path: Path, side: int = 32) -> Path:
    """An ONNX file of the WD taggers' interface, (N, side, side, 3) BGR 0..255 in, (N, 4) out: how blue,
    green and red it is, and one half.
    """
    weight = [1 / 255 if c == k else 0.0 for c in range(3) for k in range(4)]
    nodes = [
        _node("ReduceMean", ("input",), "mean", _ints("axes", (1, 2)) + _ints("keepdims", 0)),
        _node("MatMul", ("mean", "weight"), "shares"),
        _node("Add", ("shares", "rest"), "predictions_sigmoid"),
    ]
    tensors = [_tensor("weight", (3, 4), tuple(weight)), _tensor("rest", (4,), (0.0, 0.0, 0.0, 0.5))]
    graph = (
        b"".join(_field(1, node) for node in nodes)
        + _field(2, b"tags")
        + b"".join(_field(5, t) for t in tensors)
    )
    graph += _field(11, _value("input", ("N", side, side, 3))) + _field(
        12, _value("predictions_sigmoid", ("N", 4))
    )
    path.write_bytes(_number(1, 8) + _field(7, graph) + _field(8, _number(2, 13)))
    return path


def _ints(name: str, value: int | tuple[int, ...]) -> bytes:
    """An attribute: a number, or a list of them."""
    held = (
        _number(3, value) + _number(20, 2)
        if isinstance(value, int)
        else b"".join(_number(8, n) for n in value) + _number(20, 7)
    )
    return _field(5, _field(1, name.encode()) + held)
