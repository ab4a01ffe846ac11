"""What enlarges a picture, by name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from animelayers.models.constants import MEANT
from animelayers.models.esrgan import Spandrel
from animelayers.models.net import Device
from animelayers.models.realesrgan import RealESRGAN

NAMES: Mapping[str, str] = {
    "RealESRGAN_x4plus_anime_6B": "realesrgan-x4plus-anime",
    **{
        name: name
        for name in ("realesrgan-x4plus-anime", "realesr-animevideov3-x2", "realesr-animevideov3-x4")
    },
}
"""Names of upscalers and of the weights behind them, which run through ncnn."""


class Upscaler(Protocol):
    """Enlarges pictures by a whole number, `scale`."""

    scale: int

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """A uint8 sRGB (H, W, 3) picture as (scale H, scale W, 3)."""
        ...


def upscaler(name: str, device: Device = "auto") -> Upscaler:
    """The upscaler of a name in `NAMES`, on the CPU, or of the path of a .pth or .safetensors, on `device`.

    Raises ValueError for any other name, WeightsError.
    """
    if name in NAMES:
        return RealESRGAN(NAMES[name])
    if name.endswith((".pth", ".safetensors")):
        return Spandrel(name, device=device)
    near = difflib.get_close_matches(name, NAMES, 1, MEANT)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ValueError(
        f"no upscaler is called {name!r}: {hint}there are {', '.join(NAMES)}, and the path of a .pth or .safetensors"
    )
