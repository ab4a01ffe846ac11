"""ViTMatte (Yao et al., Information Fusion 2024): a plain vision transformer that fills in the unknown band
of a trimap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Unpack

import cv2
import numpy as np

from animelayers.imaging.trimap import OPEN
from animelayers.imaging.window import Window, window
from animelayers.models import checkpoint
from animelayers.models.constants import MIDDLE
from animelayers.models.net import Net, Placed
from animelayers.options import Named, Side

_AROUND = 32  # pixels around the band that the net sees
# sides are multiples of it, and so of the 32 that the net needs: few shapes, so that graphs and kernels are
# reused
_STEP = 128


class VitMatte:
    """ViTMatte through the transformers package, on the crop that holds the unknown band; crops of one shape
    go through together.

    ``weights``: a registered name (vitmatte-small, vitmatte-base) or a folder as `save_pretrained` leaves it.
    ``longest``: pixels of the longer side of a crop above which it is shown reduced. Other options are those
    of `Net`.
    """

    def __init__(
        self, weights: Named = "vitmatte-small", longest: Side = 1024, **placed: Unpack[Placed]
    ) -> None:
        """Raises ValueError for an option out of range, WeightsError for weights that are missing or of
        another architecture.
        """
        if longest < _STEP:
            raise ValueError(f"longest must be at least {_STEP} pixels, not {longest}")
        self._longest = longest // _STEP * _STEP
        self._net = Net(
            checkpoint.model("VitMatteForImageMatting", checkpoint.folder(weights, ("vitmatte",))),
            lambda net, planes: net(pixel_values=planes).alphas[:, 0],
            **placed,
        )

    def __call__(self, pictures: Sequence[np.ndarray], trimaps: Sequence[np.ndarray]) -> list[np.ndarray]:
        """As `protocols.Refiner`."""
        alphas = [trimap.astype(np.float32) / np.float32(255) for trimap in trimaps]
        crops: dict[tuple[int, ...], list[tuple[int, Window, tuple[int, int], np.ndarray]]] = defaultdict(
            list
        )
        for i, (picture, trimap) in enumerate(zip(pictures, trimaps, strict=True)):
            where = window((trimap == OPEN).view(np.uint8), _AROUND)
            if where is not None:
                planes, size = self._planes(picture[where], trimap[where])
                crops[planes.shape].append((i, where, size, planes))
        for same in crops.values():
            (found,) = self._net(np.stack([planes for *_, planes in same]))
            for (i, where, (width, height), _), plane in zip(same, found, strict=True):
                alpha = alphas[i][where]
                fitted = cv2.resize(plane[:height, :width], alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
                cv2.copyTo(fitted.clip(0, 1), (trimaps[i][where] == OPEN).view(np.uint8), alpha)
        return alphas

    def _planes(self, picture: np.ndarray, trimap: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
        """What the net sees, float32 (4, h, w): colours -1..1 and trimap 0..1, and the (width, height) of it
        that is picture.
        """
        height, width = trimap.shape
        scale = min(1.0, self._longest / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        planes = np.zeros((4, *(-(-side // _STEP) * _STEP for side in size[::-1])), np.float32)
        shown = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        inside = planes[:, : size[1], : size[0]]
        inside[:3] = shown.transpose(2, 0, 1) / np.float32(MIDDLE) - 1
        inside[3] = cv2.resize(trimap, size, interpolation=cv2.INTER_NEAREST) / np.float32(255)
        return planes, size
