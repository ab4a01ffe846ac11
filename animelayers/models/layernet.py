"""LayerNet: the package's own net for drawings. It finds figures, effects and shadows in a picture, the
better where it is shown the clean plate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from animelayers.imaging.evidence import PlateEvidence, nothing
from animelayers.models.constants import BYTE, MIDDLE
from animelayers.models.device import Device, pick
from animelayers.models.layernet_graph import CHANNELS, STEP, Compiled
from animelayers.models.onnx import Precision, bf16_pays, threads
from animelayers.models.portrait import SPECK, shrink
from animelayers.models.protocols import Mattes
from animelayers.options import Batch, Side, Weighted
from animelayers.weights import WeightsError, find

Runtime = Literal["auto", "openvino", "torch"]
_LEAST = 4 * STEP  # pixels that the long side has at least
_SURE = 0.5
# convolutions that see all planes, and how many
_SHOWN, _KERNEL = {"evidence.0.0.weight": CHANNELS, "edges.0.0.weight": CHANNELS + 3}, 4
_FIRST, _COLOURS = "encoder.blocks.0.0.weight", 3
_TOLD = 300  # characters of what a library says of weights


class LayerNet:
    """The net, as a matte of single pictures and as what a shot asks with its evidence.

    ``weights``: a registered name, or the path of a safetensors file that `animelayers train_layers` wrote.
    ``side``: pixels of the long side of what the net sees. ``runtime`` 'auto' is OpenVINO on the CPU and
    torch on a GPU; ``precision`` 'auto' is bf16 where the processor has it (see `onnx.bf16_pays`) or on a
    GPU, else fp32. ``batch``: pictures torch gets at once. Raises WeightsError for weights that are missing
    or are none of LayerNet, ValueError for a combination that does not exist.
    """

    def __init__(
        self,
        weights: Weighted = "layernet",
        *,
        side: Side = 384,
        runtime: Runtime = "auto",
        device: Device = "cpu",
        precision: Precision = "auto",
        batch: Batch = 8,
    ):
        if side < _LEAST:
            raise ValueError(f"side must be {_LEAST} or more, not {side}")
        if precision == "int8":
            raise ValueError("LayerNet computes in fp32 or bf16: precision=auto takes what is faster here")
        self.side, self._batch = side, batch
        self._device = pick(device) if device != "cpu" else "cpu"
        if runtime == "openvino" and self._device != "cpu":
            raise ValueError("runtime openvino runs on the CPU only: with a GPU use runtime=torch or auto")
        path = find(str(weights))
        weighed = stored(path)
        fast = self._device == "cuda" or bf16_pays()
        self.precision = ("bf16" if fast else "fp32") if precision == "auto" else precision
        try:
            self._graph = (
                None
                if runtime == "torch" or self._device != "cpu"
                else Compiled(weighed, self.precision, CHANNELS, "LayerNet")
            )
            self._net = None if self._graph else _Torch(weighed, self._device, self.precision)
        except WeightsError as problem:
            raise WeightsError(f"{path}: {problem}") from problem

    def __call__(self, pictures: Sequence[np.ndarray]) -> Mattes:
        """As `protocols.Matte`: each picture for itself."""
        mattes = Mattes([], [], [])
        for picture in pictures:
            small = shrink(picture, self.size(picture.shape))
            alpha = self.labels([small], [nothing(small.shape)])[0][0]
            there = alpha > _SURE
            empty = there.mean() < SPECK
            whole = cv2.resize(alpha, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
            mattes.alpha.append(np.zeros_like(whole) if empty else whole)
            mattes.model.append("none" if empty else "layernet")
            mattes.confidence.append(float(1 - alpha.mean() if empty else alpha[there].mean()))
        return mattes

    def size(self, shape: tuple[int, ...], share: float = 1) -> tuple[int, int]:
        """Width and height at which a picture (H, W, …) is looked at: multiples of 16, the long side `side`
        at most, or about a share of it.
        """
        return sized(shape, self.side, share)

    def labels(self, pictures: Sequence[np.ndarray], told: Sequence[PlateEvidence]) -> list[np.ndarray]:
        """As `Layering`."""
        found: list[np.ndarray] = []
        for start in range(0, len(pictures), self._batch):
            part = slice(start, start + self._batch)
            planes = [
                _planes(picture, evidence)
                for picture, evidence in zip(pictures[part], told[part], strict=True)
            ]
            if self._graph is not None:
                found += [self._graph(each[None])[0] for each in planes]
            elif self._net is not None:
                found += list(self._net(np.stack(planes)))
        return found


def sized(shape: tuple[int, ...], side: int, share: float = 1) -> tuple[int, int]:
    """Width and height at which a picture (H, W, …) is shown to a net: multiples of 16, the long side `side` at
    most, or about a share of it.
    """
    height, width = shape[:2]
    scale = share * (side // STEP * STEP) / max(height, width)
    return max(STEP, round(width * scale / STEP) * STEP), max(STEP, round(height * scale / STEP) * STEP)


def stored(path: Path) -> Mapping[str, np.ndarray]:
    """The weights of a safetensors file, float32; those of before the net was shown what changes, or its encoder
    more than the picture, take no notice of it. Raises WeightsError for a file that is none.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        found = {name: value.astype(np.float32) for name, value in load_file(path).items()}
    except (SafetensorError, OSError, ValueError, TypeError) as problem:
        raise WeightsError(
            f"{path} cannot be read as weights of LayerNet ({problem}): give one that train_layers wrote"
        ) from problem
    for name, planes in _SHOWN.items():
        if name in found and found[name].ndim == _KERNEL and found[name].shape[1] == planes - 1:
            found[name] = np.insert(found[name], CHANNELS - 1, 0, axis=1)
    first = found.get(_FIRST)
    if first is not None and first.ndim == _KERNEL and first.shape[1] == _COLOURS:
        found[_FIRST] = np.pad(first, [(0, 0), (0, CHANNELS - _COLOURS), (0, 0), (0, 0)])
    return found


def _planes(picture: np.ndarray, told: PlateEvidence) -> np.ndarray:
    """What the net is shown, float32 (9, h, w): as `layernet_net.planes`, in NumPy."""
    made = np.empty((CHANNELS, *picture.shape[:2]), np.float32)
    known = told.known * np.float32(BYTE)
    for channel in range(picture.shape[2]):
        np.multiply(picture[..., channel], np.float32(1 / MIDDLE), out=made[channel])
        made[channel] -= 1
        np.multiply(told.plate[..., channel], np.float32(1 / MIDDLE), out=made[3 + channel])
        made[3 + channel] -= 1
        made[3 + channel] *= known
    made[6] = known
    np.multiply(told.difference, np.float32(BYTE), out=made[7])
    np.multiply(told.change, np.float32(BYTE), out=made[8])
    return made


class _Torch:
    """The net by torch, on any device."""

    def __init__(self, weights: Mapping[str, np.ndarray], device: str, precision: str):
        import torch

        from animelayers.models.layernet_net import LayerNet as Net
        from animelayers.models.layernet_net import loaded

        self._torch, self._device, self._fast = torch, device, precision == "bf16"
        try:
            net = loaded(Net(), weights)
        except ValueError as problem:
            raise WeightsError(f"these weights are none of LayerNet: {str(problem)[:_TOLD]}") from problem
        self._net = net.to(device).to(memory_format=torch.channels_last).eval()
        if device == "cpu":
            torch.set_num_threads(threads())

    def __call__(self, planes: np.ndarray) -> np.ndarray:
        torch = self._torch
        given = torch.from_numpy(planes).to(self._device, memory_format=torch.channels_last)
        with torch.no_grad(), torch.autocast(self._device.split(":")[0], torch.bfloat16, enabled=self._fast):
            logits, _ = self._net(given)
        return np.asarray(torch.sigmoid(logits.float()).cpu().numpy())
