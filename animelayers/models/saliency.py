"""U-2-Net and the rest of rembg's zoo: nets that find what stands out. Good on creatures and 3D, coarse at
the outline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Unpack

import numpy as np

from animelayers.models import quantize
from animelayers.models.onnx import Onnx, Running
from animelayers.models.portrait import shrink, single
from animelayers.models.protocols import Mattes
from animelayers.options import Weighted

_Colour = tuple[float, float, float]
_MEAN: _Colour = (0.485, 0.456, 0.406)
_STD: _Colour = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Recipe:
    """How a net of the zoo wants its picture: a square of `side` pixels, RGB 0..1 minus `mean` over `std`;
    and what it returns.
    """

    side: int = 1024
    mean: _Colour = _MEAN
    std: _Colour = _STD
    logits: bool = False
    commercial: bool = True


_U2NET, _BIREFNET = Recipe(320), Recipe(logits=True)
ZOO = {
    "u2net": _U2NET,
    "u2netp": _U2NET,
    "u2net_human_seg": _U2NET,
    "silueta": _U2NET,
    "isnet-general-use": Recipe(mean=(0.5, 0.5, 0.5), std=(1.0, 1.0, 1.0)),
    "isnet-anime": Recipe(std=(1.0, 1.0, 1.0)),
    "birefnet-general": _BIREFNET,
    "birefnet-general-lite": _BIREFNET,
    "birefnet-portrait": _BIREFNET,
    "birefnet-dis": _BIREFNET,
    "birefnet-hrsod": _BIREFNET,
    "birefnet-cod": _BIREFNET,
    "birefnet-massive": _BIREFNET,
    "bria-rmbg": Recipe(commercial=False),
}
"""The matting nets of rembg 2.0.86 by its names, with the normalisation of its session classes."""

OWN = {"birefnet": _BIREFNET, "toonout": _BIREFNET}
"""Nets that are run from the user's own ONNX file: any BiRefNet, and ToonOut (Muratori, Seytre, 2025), which
is one tuned on anime.
"""


class Saliency:
    """A net of rembg's zoo, or of its kind, run on whole batches.

    ``name`` chooses the recipe (`ZOO`, `OWN`), ``weights`` the file: a registered name or a path, by default
    the one called `name`. Unlike rembg the picture is divided by 255, not by its own maximum, and the output
    is not stretched: an empty frame stays empty. The picture is squeezed to a square as these nets were
    trained; the matte is stretched back. ``allow_noncommercial`` admits nets whose licence forbids commercial
    use. Other options are those of `Onnx`. Raises ValueError for an unknown or refused name.
    """

    def __init__(
        self,
        name: str = "u2net",
        weights: Weighted | None = None,
        *,
        allow_noncommercial: bool = False,
        **options: Unpack[Running],
    ):
        recipes = ZOO | OWN
        if name not in recipes:
            raise ValueError(f"no net of the zoo is called {name!r}; known names are {', '.join(recipes)}")
        self.name, self._recipe = name, recipes[name]
        if not (self._recipe.commercial or allow_noncommercial):
            raise ValueError(
                f"the weights of {name} are for non-commercial use only: set allow_noncommercial=true to use them"
            )
        self._net = Onnx(weights or name, logits=self._recipe.logits, calibration=self._drawn, **options)

    def __call__(self, pictures: Sequence[np.ndarray]) -> Mattes:
        """As `protocols.Matte`."""
        return single(self.name, pictures, self.claim(pictures))

    def claim(self, pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The raw claims, float32 (side, side), 0..1, for N uint8 sRGB (H, W, 3)."""
        if not pictures:
            return []
        return list(np.clip(self._net(self._planes(pictures)), 0, 1))

    def _planes(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        mean, std = (np.array(v, np.float32) for v in (self._recipe.mean, self._recipe.std))
        batch = np.stack([shrink(p, (self._recipe.side,) * 2) for p in pictures])
        planes = np.empty((len(batch), 3, *batch.shape[1:3]), np.float32)
        for channel in range(planes.shape[1]):
            np.multiply(batch[..., channel], 1 / (255 * std[channel]), out=planes[:, channel])
            planes[:, channel] -= mean[channel] / std[channel]
        return planes

    def _drawn(self) -> list[np.ndarray]:
        """What the net sees of drawn scenes, to measure ranges for int8 on."""
        return [self._planes([picture]) for picture in quantize.drawn()]
