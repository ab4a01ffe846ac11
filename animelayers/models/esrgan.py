"""Enlargement by a torch checkpoint (.pth, .safetensors) of any architecture that spandrel knows: ESRGAN,
Compact, SwinIR, DAT …
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from animelayers.imaging.tiles import enlarged
from animelayers.models.constants import SAID, SMALLEST
from animelayers.models.net import Net, Placed
from animelayers.weights import WeightsError, find

_RGB = (3, 3)  # channels that go in and come out


class Spandrel:
    """Enlarges pictures with a checkpoint whose architecture spandrel finds from its keys, tile by tile.

    ``weights``: the path of a .pth (loaded with weights_only) or .safetensors, or a name of the table.
    ``tile``, ``overlap``: as `RealESRGAN` has them. ``placed``: as `Net` has them.
    """

    def __init__(self, weights: str, tile: int = 192, overlap: int = 20, **placed: Unpack[Placed]) -> None:
        """Raises WeightsError for a file that is missing, damaged, incomplete or no net from RGB to RGB;
        RuntimeError without spandrel.
        """
        if tile < SMALLEST or overlap < 0:
            raise ValueError(
                f"tile must be {SMALLEST} or more and overlap 0 or more, not {tile} and {overlap}"
            )
        try:
            import spandrel
        except ImportError:
            raise RuntimeError(
                "a .pth is read by the package spandrel, which is not installed: pip install 'animelayers[enhance]'"
            ) from None
        path = find(weights)
        try:
            found: Any = spandrel.MAIN_REGISTRY.load(spandrel.canonicalize_state_dict(_numbers(path)))
        except (
            spandrel.UnsupportedModelError,
            RuntimeError,
            KeyError,
            ValueError,
            pickle.UnpicklingError,
        ) as problem:
            said = " ".join(str(problem).split())[:SAID] or type(problem).__name__
            raise WeightsError(
                f"{path} is no complete checkpoint of an architecture that spandrel {spandrel.__version__} knows: {said}"
            ) from problem
        if (
            not isinstance(found, spandrel.ImageModelDescriptor)
            or (found.input_channels, found.output_channels) != _RGB
        ):
            raise WeightsError(
                f"{path} ({found.architecture.name}) does not take RGB pictures to RGB pictures"
            )
        self.scale, self.architecture = int(found.scale), str(found.architecture.name)
        self._tile, self._overlap = tile, overlap
        # the descriptor pads what the architecture cannot take, and the module inside it is the one that was
        # moved
        self._net = Net(found.model, lambda _, pictures: found(pictures), **placed)

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """A uint8 sRGB (H, W, 3) picture enlarged to (scale H, scale W, 3)."""
        return enlarged(picture, self._one, self.scale, self._tile, self._overlap)

    def _one(self, picture: np.ndarray) -> np.ndarray:
        planes = np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
        enlarged_tile: np.ndarray = (
            np.rint(np.clip(self._net(planes)[0][0], 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
        )
        return enlarged_tile


def _numbers(path: Path) -> dict[str, Any]:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    import torch

    loaded = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(loaded, dict):
        raise ValueError(f"holds a {type(loaded).__name__}, not a mapping of names to tensors")
    return loaded
