"""Computes the few heaviest convolutions of a net in int8, after the ranges its channels have on drawn
scenes; needs only OpenVINO.

In matting nets a handful of convolutions at full size do most of the work, and the many small ones, above all
the first, are what int8 spoils. So only the heavy ones are given FakeQuantize, which OpenVINO's CPU plugin
turns into int8 kernels.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from animelayers.models.device import core

log = logging.getLogger(__name__)

Channels = Mapping[str, np.ndarray]
"""By name of a convolution: least, most, mean and mean square of each channel of its input, float32 (4, C).
"""

_RECIPE = 1  # part of the cache's name: count up when the figures or the choice of convolutions change
_SHARE = 0.75  # of all multiplications: beyond it the time hardly falls, but masks begin to differ
_FIRST = 4  # convolutions next to the picture, whose rounding everything after them inherits
# frames of a scene, their width and height; and how far apart those are that are looked at
_DRAWN, _APART = (6, (640, 360)), 5
_DIGITS = 16  # of a digest in the cache's name
_FIGURES = 4  # of a channel: least, most, mean and mean square
_WITHIN = (0, 2, 3)  # axes that are gone over for the figures of a channel
_NOTHING = 1e-6  # values that are none
_UNEVEN = 1e-3  # of the widest range, that a channel has at least
_LEVELS, _TOP = 256, 127 / 128  # of int8, and the largest of a range from -1 on
_SMALLEST = 1e-12  # weight of a channel, at least
_EVEN = 0.5  # how much of the unevenness of channels is moved into the weights: the root, as in SmoothQuant


def drawn() -> list[np.ndarray]:
    """The pictures ranges are measured on: two of each drawn scene, uint8 sRGB (360, 640, 3)."""
    from animelayers import samples

    return [frame for name in samples.SCENES for frame in samples.scene(name, *_DRAWN).frames[::_APART]]


def channels(path: str | Path, batches: Callable[[], Sequence[np.ndarray]]) -> Channels:
    """The ranges of the net at `path`, measured on `batches()` once and kept beside the file under a name
    with its digest.

    `batches` are normalised float32 (1, 3, H, W). Several processes may ask at once: each writes the same
    figures, the last one stays. Where the folder cannot be written they are measured anew by every process.
    """
    path = Path(path)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()[:_DIGITS]
    kept = path.with_name(f".{path.stem}.int8-{_RECIPE}-{digest}.npz")
    try:
        with np.load(kept) as file:
            return dict(file)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        log.warning("%s is broken, measuring again: %s", kept, error)
    found = observe(path, batches())
    try:
        with tempfile.TemporaryDirectory(prefix=".int8-", dir=path.parent) as folder:
            part = Path(folder) / "part.npz"
            np.savez(part, **found)  # type: ignore[arg-type]
            os.replace(part, kept)
    except OSError as error:
        log.info("the ranges of %s are not kept: %s", path, error)
    return found


def observe(path: str | Path, batches: Sequence[np.ndarray]) -> Channels:
    """The ranges over normalised `batches`, float32 (1, 3, H, W), of the inputs of all convolutions worth
    int8; ValueError for none.
    """
    if not batches:
        raise ValueError("ranges for int8 are measured on pictures, and there are none")
    import openvino
    from openvino import opset13 as ops

    seen: dict[str, list[np.ndarray]] = {}
    for shape in sorted({batch.shape for batch in batches}):
        model = core().read_model(str(path))
        model.reshape(list(shape))
        axes, results, names = ops.constant(np.array(_WITHIN, np.int64)), [], _heavy(model)
        if not names:
            raise ValueError(f"{path} has no convolutions worth int8")
        for node in (n for n in model.get_ordered_ops() if n.get_friendly_name() in names):
            given = node.input_value(0)
            figures = (ops.reduce_min(given, axes), ops.reduce_max(given, axes), ops.reduce_mean(given, axes))
            results += [ops.result(f) for f in (*figures, ops.reduce_mean(ops.multiply(given, given), axes))]
        exact = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
        net = core().compile_model(openvino.Model(results, model.get_parameters(), "ranges"), "CPU", exact)
        for batch in (b for b in batches if b.shape == shape):
            said = net([batch])
            for i, name in enumerate(names):
                seen.setdefault(name, []).append(np.stack([said[_FIGURES * i + k] for k in range(_FIGURES)]))
    merged = {name: np.stack(of) for name, of in seen.items()}
    return {
        n: np.stack([s[:, 0].min(0), s[:, 1].max(0), s[:, 2].mean(0), s[:, 3].mean(0)]).astype(np.float32)
        for n, s in merged.items()
    }


def quantise(model: Any, ranges: Channels) -> None:
    """Put the convolutions that `ranges` names into int8, in place.

    Activations: one range per tensor, after the channels were evened out by their own (Xiao et al.,
    SmoothQuant, 2023). Weights: symmetric, one range per output channel. The mean error of the rounded
    weights is taken off the output (Nagel et al., ICCV 2019), without which masks are lost. Raises ValueError
    where a named convolution is not in the model.
    """
    from openvino import opset13 as ops

    nodes = {n.get_friendly_name(): n for n in model.get_ordered_ops()}
    if missing := sorted(set(ranges) - set(nodes)):
        raise ValueError(f"the ranges are another net's: it has no {missing[0]}")

    def fake(
        given: Any, low: np.ndarray, high: np.ndarray, to: tuple[np.ndarray, np.ndarray], levels: int
    ) -> Any:
        return ops.fake_quantize(
            given, *(ops.constant(np.asarray(v, np.float32)) for v in (low, high, *to)), levels
        )

    for name, (least, most, mean, _) in ranges.items():
        node = nodes[name]
        reach = np.maximum(np.maximum(-least, most), _NOTHING)
        top = float(reach.max())
        even = (np.maximum(reach, _UNEVEN * top) / top) ** np.float32(_EVEN)
        limit = np.full((1, 1, 1, 1), np.max(reach / even), np.float32)
        span, signed = limit * even.reshape(1, -1, 1, 1), bool(least.min() < -_NOTHING)
        bottom, head = (-1.0, _TOP) if signed else (0.0, 1.0)
        given = fake(node.input_value(0), bottom * span, head * span, (bottom * limit, head * limit), _LEVELS)
        weight = node.input_value(1).get_node().get_data().astype(np.float32) * even.reshape(1, -1, 1, 1)
        bound = np.maximum(np.abs(weight).max((1, 2, 3), keepdims=True), np.float32(_SMALLEST))
        rounded = np.round(weight / bound * 127) * (bound / 127)
        off = ((weight - rounded) * (mean / even).reshape(1, -1, 1, 1)).sum((1, 2, 3)).reshape(1, -1, 1, 1)
        readers = list(node.output(0).get_target_inputs())
        node.input(0).replace_source_output(given.output(0))
        node.input(1).replace_source_output(
            fake(ops.constant(rounded), -bound, bound, (-bound, bound), 255).output(0)
        )
        mended = ops.add(node.output(0), ops.constant(off.astype(np.float32)))
        for reader in readers:
            reader.replace_source_output(mended.output(0))
    model.validate_nodes_and_infer_types()


def _heavy(model: Any) -> list[str]:
    """The names of the convolutions that make up `_SHARE` of a model of fixed shape, in its order, without
    the first ones.
    """
    found = [n for n in model.get_ordered_ops() if n.get_type_name() == "Convolution"]
    work = [int(np.prod(n.output(0).get_shape()) * np.prod(n.input_value(1).get_shape()[1:])) for n in found]
    before = np.zeros(len(found))
    order = np.argsort(work, kind="stable")[::-1]
    before[order] = np.cumsum([0, *(work[i] for i in order)])[:-1]
    fixed = [n.input_value(1).get_node().get_type_name() == "Constant" for n in found]
    return [
        n.get_friendly_name()
        for i, n in enumerate(found)
        if i >= _FIRST and fixed[i] and before[i] < _SHARE * sum(work)
    ]
