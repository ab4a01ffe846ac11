"""Optical flow: DIS (Kroeger et al., ECCV 2016) by OpenCV, RAFT (Teed and Deng, ECCV 2020) by torchvision."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, Unpack

import cv2
import numpy as np

from animelayers.models import checkpoint
from animelayers.models.constants import MIDDLE
from animelayers.models.net import Net, Placed, bucket
from animelayers.options import Count, Side, Weighted
from animelayers.weights import find

_CV2: Any = cv2  # whose type stubs lack the method
_LEAST = {"dis": 32, "raft": 128}
"""Pixels of the shorter side below which the pyramids of the methods have no level left; smaller pictures are
padded.
"""
_MULTIPLE = 8  # of which RAFT's sides are
_PAIRS = 4  # of pictures at once, where nothing else is asked


class DIS:
    """Dense inverse search: no weights, a few milliseconds on a CPU.

    ``preset``: 'ultrafast', 'fast' or 'medium'. ``side``: pixels of the long side above which pictures are
    reduced (0: never). Raises ValueError for another preset.
    """

    def __init__(self, preset: Literal["ultrafast", "fast", "medium"] = "medium", side: Side = 640) -> None:
        presets = {"ultrafast": 0, "fast": 1, "medium": 2}
        if preset not in presets:
            raise ValueError(f"preset {preset!r} of DIS is unknown: one of {', '.join(presets)}")
        self._preset, self._side = presets[preset], side

    def __call__(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
        """As `protocols.Flow`."""
        # not kept: it cannot be sent to another process
        method: Any = _CV2.DISOpticalFlow_create(self._preset)
        return [self._one(method, *pair) for pair in pairs]

    def _one(self, method: Any, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        greys = [cv2.cvtColor(_reduced(p, self._side), cv2.COLOR_RGB2GRAY) for p in (first, second)]
        flow = method.calc(*(_padded(grey, _LEAST["dis"], 1) for grey in greys), None)
        return _enlarged(flow[: greys[0].shape[0], : greys[0].shape[1]], first.shape[1::-1])


class RAFT:
    """A recurrent net over all pairs of pixels; torchvision's implementation.

    ``weights``: a name of `animelayers.weights` or the path of a checkpoint of torchvision (the small net's
    also of the authors). ``size``: 'small' or 'large', as the weights are. ``side``: as of `DIS`.
    ``updates``: turns of the recurrent part. Other options are those of `Net`; a flow is computed in fp32
    unless asked otherwise. Raises WeightsError for missing weights and for a file that is no checkpoint of
    this net, RuntimeError where CUDA cannot be had.
    """

    def __init__(
        self,
        weights: Weighted,
        size: Literal["small", "large"] = "small",
        *,
        side: Side = 640,
        updates: Count = 12,
        **placed: Unpack[Placed],
    ) -> None:
        if size not in ("small", "large"):
            raise ValueError(f"size {size!r} of RAFT is unknown: one of small, large")
        from torchvision.models import optical_flow

        path, what = find(str(weights)), f"RAFT {size}"
        state = checkpoint.state(path, what)
        net = optical_flow.raft_small() if size == "small" else optical_flow.raft_large()
        checkpoint.fill(
            net, _renamed(state) if any(str(k).startswith("module.") for k in state) else state, path, what
        )
        options: Placed = {"precision": "fp32", "batch": _PAIRS, **placed}
        self._net = Net(
            net, lambda net, first, second: net(first, second, num_flow_updates=updates)[-1], **options
        )
        self._side = side

    def __call__(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
        """As `protocols.Flow`."""
        small = [tuple(_reduced(p, self._side) for p in pair) for pair in pairs]
        result: list[np.ndarray] = [np.empty(0)] * len(pairs)
        for shape in dict.fromkeys(pair[0].shape for pair in small):
            same = [i for i, pair in enumerate(small) if pair[0].shape == shape]
            (flows,) = self._net(*(np.stack([_planes(small[i][k]) for i in same]) for k in (0, 1)))
            for i, flow in zip(same, flows.transpose(0, 2, 3, 1), strict=True):
                result[i] = _enlarged(flow[: shape[0], : shape[1]], pairs[i][0].shape[1::-1])
        return result


def _planes(picture: np.ndarray) -> np.ndarray:
    """What RAFT sees of a uint8 picture: float32 (3, H, W), -1..1, padded to multiples of 8."""
    return _padded(picture, _LEAST["raft"], _MULTIPLE).transpose(2, 0, 1).astype(np.float32) / MIDDLE - 1


def _reduced(picture: np.ndarray, side: int) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = side / max(height, width) if side else 1.0
    if scale >= 1:
        return picture
    return cv2.resize(
        picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )


def _padded(picture: np.ndarray, least: int, multiple: int) -> np.ndarray:
    """The picture with its edge repeated at the right and below, up to a size the method takes."""
    height, width = picture.shape[:2]
    below, right = (
        a - b
        for a, b in zip(
            bucket((max(least, height), max(least, width)), multiple), (height, width), strict=True
        )
    )
    return cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_REPLICATE)


def _enlarged(flow: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Flow of a reduced pair at full size (width, height), in its pixels."""
    if flow.shape[1::-1] == tuple(size):
        return np.ascontiguousarray(flow, np.float32)
    scale = (np.array(size) / flow.shape[1::-1]).astype(np.float32)
    result: np.ndarray = cv2.resize(np.ascontiguousarray(flow), size, interpolation=cv2.INTER_LINEAR) * scale
    return result


_NAMES: dict[str, str | Callable[[re.Match[str]], str]] = {
    r"^module\.": "",
    r"^fnet\.": "feature_encoder.",
    r"^cnet\.": "context_encoder.",
    r"(layer\d\.\d\.)conv(\d)\.": r"\1convnormrelu\2.0.",
    r"(_encoder\.)conv1\.": r"\1convnormrelu.0.",
    r"(_encoder\.)conv2\.": r"\1conv.",
    r"block\.encoder\.conv([cf])(\d)\.": lambda m: (
        f"block.motion_encoder.conv{'corr' if m[1] == 'c' else 'flow'}{m[2]}.0."
    ),
    r"block\.encoder\.conv\.": "block.motion_encoder.conv.0.",
    r"block\.gru\.": "block.recurrent_block.convgru1.",
}


def _renamed(state: dict[str, Any]) -> dict[str, Any]:
    """A checkpoint of the authors' small net under torchvision's names."""
    renamed = {}
    for name, value in state.items():
        for pattern, new in _NAMES.items():
            name = re.sub(pattern, new, name)
        renamed[name] = value
    return renamed
