"""Drawings to files as they are."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from animelayers.engine.step import ClipStep
from animelayers.imaging import codecs
from animelayers.options import Quality
from animelayers.record.column import I64, U8


class Made(NamedTuple):
    """What `Pictures` writes."""

    layers: bytes
    layer_names: list[str]
    layer_sizes: I64
    width: int
    height: int


class Pictures(ClipStep):
    """One file of each drawing: frame.png, .jpg or .webp.

    ``format``: png and webp are lossless; ``quality`` (1..100) is that of jpeg, whose colour is kept at full
    size.
    """

    name = "pictures"

    def __init__(self, format: Literal["png", "jpeg", "webp"] = "png", quality: Quality = 95) -> None:
        """Raises ValueError for an unknown format or a quality out of range."""
        if format not in codecs.SUFFIXES or not 1 <= quality <= 100:
            raise ValueError(
                f"format is one of {', '.join(codecs.SUFFIXES)} and quality 1..100, not {format} and {quality}"
            )
        self.format, self.quality = format, quality

    def clip(self, *, frames: U8) -> Made:
        """Files, their name and sizes, width and height."""
        files = [self._encoded(frame) for frame in frames]
        sizes = np.array([[len(data)] for data in files], np.int64).reshape(len(files), 1)
        return Made(
            b"".join(files),
            [f"frame.{codecs.SUFFIXES[self.format]}"],
            sizes,
            frames.shape[2],
            frames.shape[1],
        )

    def _encoded(self, frame: np.ndarray) -> bytes:
        if self.format == "jpeg":
            return codecs.encode_jpeg(frame, self.quality)
        return codecs.encode_png(frame) if self.format == "png" else codecs.encode_webp(frame)
