"""CastNet: the package's own net that knows a drawn person again, from her cut-outs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

import cv2
import numpy as np

from animelayers.imaging.square import boxed
from animelayers.imaging.vectors import unit
from animelayers.models.net import Net, Placed
from animelayers.options import Named
from animelayers.weights import WeightsError, find

SIDE = 48
"""Pixels of a side of what the net sees."""
_MARGIN = 1  # pixels around the figure
_AHEAD = 256  # cut-outs that are made ready at a time


class CastNet:
    """The net, called on cut-outs.

    ``weights``: a registered name, or the path of a safetensors file that `animelayers train_castnet` wrote.
    ``placed``: see `net.Net`. Raises WeightsError for weights that are missing or another net's.
    """

    width = 96

    def __init__(self, weights: Named = "castnet", **placed: Unpack[Placed]) -> None:
        self._net = Net(net(find(weights)), **placed)

    def __call__(self, cutouts: Sequence[np.ndarray]) -> np.ndarray:
        """Embeddings float32 (N, 96) of N cut-outs, straight RGBA uint8 (H, W, 4) of any sizes: of unit
        length, zeros for one that shows nothing.
        """
        made = np.zeros((len(cutouts), self.width), np.float32)
        there = [i for i, cutout in enumerate(cutouts) if boxed(cutout[..., 3])]
        for start in range(0, len(there), _AHEAD):
            now = there[start : start + _AHEAD]
            views = np.stack([ready(cutouts[i]).transpose(2, 0, 1) for i in now])
            # as she is and mirrored: who she is does not change
            made[now] = unit(self._net(views)[0] + self._net(np.ascontiguousarray(views[..., ::-1]))[0])
        return made


def ready(cutout: np.ndarray) -> np.ndarray:
    """What the net is shown of a cut-out, uint8 (48, 48, 4): the box of what is more than half covered, as
    large as fits, in the middle; transparent where there is nothing.
    """
    square = np.zeros((SIDE, SIDE, 4), np.uint8)
    box = boxed(cutout[..., 3])
    if box is None:
        return square
    x, y, w, h = box
    scale = (SIDE - 2 * _MARGIN) / max(w, h)
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    part = np.ascontiguousarray(cutout[y : y + h, x : x + w])
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (SIDE - size[0]) // 2, (SIDE - size[1]) // 2
    square[top : top + size[1], left : left + size[0]] = small
    return square


def net(path: Path) -> Any:
    """The torch module of a safetensors file. Raises WeightsError for a file that is none of CastNet."""
    import torch
    from safetensors.numpy import load_file

    from animelayers.models.castnet_net import CastNet as Module

    module = Module()
    try:
        held = {name: torch.from_numpy(np.array(value)).float() for name, value in load_file(path).items()}
        missing = module.load_state_dict(held, strict=False)
        lost = [name for name in missing.missing_keys if not name.endswith("num_batches_tracked")]
        if lost or missing.unexpected_keys:
            raise ValueError(f"{[*lost, *missing.unexpected_keys][:3]} do not fit")
    except Exception as problem:
        raise WeightsError(f"{path} holds no weights of CastNet: {str(problem).splitlines()[0]}") from problem
    return module.eval()


def facts(path: Path) -> dict[str, Any]:
    """What a file of weights says of its making."""
    from safetensors import safe_open

    with safe_open(path, "numpy") as held:
        found: dict[str, Any] = json.loads((held.metadata() or {}).get("castnet", "{}"))
    return found
