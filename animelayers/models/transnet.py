"""TransNetV2: shot boundaries by a net that looks at a hundred frames at once."""

from __future__ import annotations

from array import array
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from animelayers.models import checkpoint
from animelayers.weights import WeightsError, find

SIZE = (48, 27)
"""Width and height of the frames the net sees."""

WINDOW, KEPT = 100, 50
"""Frames the net sees at once, and of these the ones in the middle whose answer counts."""

_DILATIONS = (1, 2, 4, 8)
# bits of a channel that colours are told apart by, those left out, and colours there are then
_BITS, _DROPPED, _COLOURS = 3, 5, 512
_NEIGHBOURS = 101  # frames that a frame's likeness to is given to the net, itself in the middle


class TransNet:
    """A shot detector (`sources.shots.Detector`) that cuts where TransNetV2 is above one half: behind the
    last frame of such a run.

    ``weights`` is a name of `animelayers.weights` or the path of a state dict. Fed with frames in order;
    keeps 100 small frames and a number per frame. Raises WeightsError for missing weights and for a file of
    another net. Soucek, Lokoc: TransNet V2, an effective deep network architecture for fast shot transition
    detection, 2020.
    """

    def __init__(self, weights: str | Path = "transnetv2") -> None:
        self._net = load(find(str(weights)))
        self._window: list[np.ndarray] = []
        self._chance = array("f")
        self._seen = 0

    def add(self, picture: np.ndarray) -> None:
        """The next frame, uint8 BGR (H, W, 3)."""
        small = cv2.resize(picture, SIZE, interpolation=cv2.INTER_AREA)[..., ::-1]
        self._put(small, 1 + (WINDOW - KEPT) // 2 * (self._seen == 0))
        self._seen += 1

    def chances(self) -> np.ndarray:
        """How sure the net is that a shot ends with each frame, float32 [T], 0..1. Nothing may be added
        afterwards.
        """
        while len(self._chance) < self._seen:
            self._put(self._window[-1], 1)
        return np.array(self._chance[: self._seen], np.float32)

    def cuts(self) -> list[int]:
        """The first frames of the second and later shots."""
        above = np.concatenate([self.chances() > 0.5, [False]])
        ends = np.flatnonzero(above[:-1] & ~above[1:]) + 1
        return [cut for cut in ends.tolist() if cut < self._seen]

    def _put(self, small: np.ndarray, times: int) -> None:
        self._window += [small] * times
        if len(self._window) == WINDOW:
            with torch.inference_mode():
                chance = torch.sigmoid(self._net(torch.from_numpy(np.stack(self._window)[None])))[0]
            self._chance.extend(chance[(WINDOW - KEPT) // 2 : (WINDOW + KEPT) // 2].tolist())
            del self._window[:KEPT]


@cache
def load(path: Path) -> Net:
    """The net of a state dict, its width read from it, ready to be asked. Raises WeightsError where keys or
    shapes are another net's.
    """
    state = checkpoint.state(path, "TransNetV2")
    try:
        width, hidden = len(state["SDDCNN.0.DDCNN.0.bn.weight"]) // len(_DILATIONS), len(state["fc1.bias"])
    except (KeyError, TypeError) as error:
        raise WeightsError(f"{path} is no checkpoint of TransNetV2: {error} is missing") from error
    net = Net(width, hidden)
    checkpoint.fill(net, state, path, "TransNetV2")
    return net.eval()


class Net(nn.Module):
    """The net; attributes are named as in the published state dict. ``width``: filters per dilation of the
    first stage.
    """

    def __init__(self, width: int = 16, hidden: int = 1024) -> None:
        super().__init__()
        out = [len(_DILATIONS) * width * 2**stage for stage in range(3)]
        self.SDDCNN = nn.ModuleList(
            _Stage(before, after) for before, after in zip([3, *out], out, strict=False)
        )
        self.frame_sim_layer = _Similarity(sum(out))
        self.color_hist_layer = _Similarity(0)
        self.fc1 = nn.Linear(out[-1] * (SIZE[0] // 8) * (SIZE[1] // 8) + 2 * 128, hidden)
        self.cls_layer1 = nn.Linear(hidden, 1)
        # marks every frame of a transition; in the state dict, not asked here
        self.cls_layer2 = nn.Linear(hidden, 1)

    def forward(self, frames: Tensor) -> Tensor:
        """Log odds (N, T) that a shot ends with each of `frames`, uint8 RGB (N, T, 27, 48, 3)."""
        x = frames.permute(0, 4, 1, 2, 3).float() / 255
        means = []
        for stage in self.SDDCNN:
            x = stage(x)
            means.append(x.mean((3, 4)).transpose(1, 2))
        parts = [_histograms(frames), torch.cat(means, 2), x.permute(0, 2, 3, 4, 1).flatten(2)]
        joined = torch.cat([self.color_hist_layer(parts[0]), self.frame_sim_layer(parts[1]), parts[2]], 2)
        answer: Tensor = self.cls_layer1(functional.relu(self.fc1(joined)))[..., 0]
        return answer


class _Stage(nn.Module):
    """Two blocks of dilated convolutions with a shortcut around the second, then half the size."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.DDCNN = nn.ModuleList([_Block(before, after), _Block(after, after)])

    def forward(self, x: Tensor) -> Tensor:
        first = functional.relu(self.DDCNN[0](x))
        return functional.avg_pool3d(functional.relu(self.DDCNN[1](first)) + first, (1, 2, 2))


class _Block(nn.Module):
    """Convolutions that reach 1, 2, 4 and 8 frames back and ahead, side by side."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        each = after // len(_DILATIONS)
        for reach in _DILATIONS:
            self.add_module(f"Conv3D_{reach}", _Separable(before, each, reach))
        self.bn = nn.BatchNorm3d(after, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        normal: Tensor = self.bn(torch.cat([getattr(self, f"Conv3D_{reach}")(x) for reach in _DILATIONS], 1))
        return normal


class _Separable(nn.Module):
    """A convolution over space, then one over time."""

    def __init__(self, before: int, after: int, reach: int) -> None:
        super().__init__()
        space = nn.Conv3d(before, 2 * after, (1, 3, 3), padding=(0, 1, 1), bias=False)
        self.layers = nn.ModuleList(
            [
                space,
                nn.Conv3d(
                    2 * after, after, (3, 1, 1), padding=(reach, 0, 0), dilation=(reach, 1, 1), bias=False
                ),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        over_time: Tensor = self.layers[1](self.layers[0](x))
        return over_time


class _Similarity(nn.Module):
    """How like each frame is to the 50 before and after it, by its features (N, T, C); ``project`` features
    go through a layer first.
    """

    def __init__(self, project: int) -> None:
        super().__init__()
        self.projection = nn.Linear(project, 128) if project else None
        self.fc = nn.Linear(_NEIGHBOURS, 128)

    def forward(self, x: Tensor) -> Tensor:
        if self.projection is not None:
            x = self.projection(x)
        x = functional.normalize(x, dim=2)
        near = functional.pad(x @ x.transpose(1, 2), (_NEIGHBOURS // 2, _NEIGHBOURS // 2))
        time = torch.arange(x.shape[1])
        near = near[:, time[:, None], time[:, None] + torch.arange(_NEIGHBOURS)]
        answer: Tensor = functional.relu(self.fc(near))
        return answer


def _histograms(frames: Tensor) -> Tensor:
    """How often each of 512 colours is in each frame, float32 (N, T, 512)."""
    r, g, b = (frames.long() >> _DROPPED).unbind(-1)
    bins = ((r << 2 * _BITS) + (g << _BITS) + b).flatten(2)
    counts = torch.zeros(*bins.shape[:2], _COLOURS)
    return counts.scatter_add_(2, bins, torch.ones(bins.shape))
