"""RealESRGAN's nets for animation through ncnn: enlargement that redraws lines, on any CPU, without torch."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from animelayers.imaging.tiles import enlarged
from animelayers.models.constants import SMALLEST
from animelayers.weights import WeightsError, find

_SCALE = 4  # of a net whose name does not say that it is 2
_OVERLAP, _OVERLAP_SMALL = 48, 20  # pixels that the nets look at around a tile, and the small ones


class RealESRGAN:
    """Enlarges drawings (Wang et al., Real-ESRGAN, ICCVW 2021), tile by tile, so that memory does not grow
    with the picture.

    ``weights``: realesr-animevideov3-x2 or -x4 (small), or realesrgan-x4plus-anime (better and five times as
    slow): two files of the table of weights, or two own ones, with the suffixes .param and .bin. ``scale``:
    what the net enlarges by; None: as the name ends. ``tile``: pixels of a tile's side, ``overlap``: pixels
    around it that are looked at; None: 48, or 20 for animevideov3, with which tiles are as the whole within a
    level. ``threads``: 0: as many as the process may use.
    """

    def __init__(
        self,
        weights: str,
        scale: int | None = None,
        tile: int = 256,
        overlap: int | None = None,
        threads: int = 0,
    ) -> None:
        """Raises ValueError for a bad size, RuntimeError without the package ncnn, WeightsError for files
        that are missing or broken.
        """
        if tile < SMALLEST or (overlap is not None and overlap < 0) or (scale is not None and scale < 1):
            raise ValueError(
                f"tile must be {SMALLEST} or more, overlap 0 or more and scale 1 or more, not {tile}, {overlap} and {scale}"
            )
        try:
            import ncnn
        except ImportError:
            raise RuntimeError(
                "RealESRGAN runs through the package ncnn, which is not installed: pip install 'animelayers[enhance]'"
            ) from None
        self.scale = scale or (2 if weights.endswith("x2") else _SCALE)
        self._tile = tile
        self._overlap = (
            overlap if overlap is not None else _OVERLAP_SMALL if "animevideov3" in weights else _OVERLAP
        )
        self._ncnn, self._net = ncnn, ncnn.Net()
        self._net.opt.use_vulkan_compute = False
        self._net.opt.num_threads = (
            threads or int(os.environ.get("OMP_NUM_THREADS", 0)) or os.cpu_count() or 1
        )
        layers, numbers = find(f"{weights}.param"), find(f"{weights}.bin")
        if self._net.load_param(str(layers)) or self._net.load_model(str(numbers)):
            raise WeightsError(f"{layers} and {numbers} are no net that ncnn reads: fetch them again")
        if {"data", "output"} - {*self._net.input_names(), *self._net.output_names()}:
            raise WeightsError(
                f"{layers} has no input 'data' or no output 'output': it is no net of RealESRGAN"
            )

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """A uint8 sRGB (H, W, 3) picture enlarged to (scale H, scale W, 3)."""
        return enlarged(picture, self._one, self.scale, self._tile, self._overlap)

    def _one(self, picture: np.ndarray) -> np.ndarray:
        extractor: Any = self._net.create_extractor()
        planes = np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32) / np.float32(255)
        # a Mat alone does not keep the array it points at
        extractor.input("data", self._ncnn.Mat(planes).clone())
        failed, made = extractor.extract("output")
        expected = (picture.shape[2], picture.shape[0] * self.scale, picture.shape[1] * self.scale)
        if failed or (found := np.array(made)).shape != expected:
            raise RuntimeError(
                f"the net made {'nothing' if failed else found.shape} of a tile {picture.shape}, not {expected}: is scale right?"
            )
        enlarged_tile: np.ndarray = np.rint(np.clip(found, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
        return enlarged_tile
