"""RapidOCR: PaddleOCR's PP-OCRv6 in ONNX Runtime; the weights ship inside the package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from animelayers.models.onnx import threads
from animelayers.models.protocols import Line

_LONG = 960  # pixels of the long side in which lines are looked for


class RapidOcr:
    """Lines of text, Latin, Chinese and Japanese: a `protocols.Reader`. It runs on the CPU and loads nothing
    from outside its package.

    Raises RuntimeError where the package is not installed.
    """

    def __init__(self) -> None:
        try:
            from rapidocr import RapidOCR
        except ImportError as error:
            raise RuntimeError(
                f"reading text needs the package rapidocr: pip install animelayers[ocr] ({error})"
            ) from error
        settings = {
            "Global.log_level": "error",
            "Global.use_cls": False,  # which way up a line is: they stand upright
            # else the short side of a strip is enlarged to 736 pixels: seconds a picture, and words torn
            # apart
            "Det.limit_type": "max",
            "Det.limit_side_len": _LONG,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads(),
        }
        self._read: Any = RapidOCR(params=settings)

    def __call__(self, pictures: Sequence[np.ndarray]) -> list[list[Line]]:
        """As `protocols.Reader`."""
        return [self._lines(picture) for picture in pictures]

    def _lines(self, picture: np.ndarray) -> list[Line]:
        found = self._read(np.ascontiguousarray(picture[..., ::-1]))
        if found.txts is None:
            return []
        lines = []
        for text, score, corners in zip(found.txts, found.scores, found.boxes, strict=True):
            low, high = np.floor(np.min(corners, 0)).astype(int), np.ceil(np.max(corners, 0)).astype(int)
            lines.append(
                Line(
                    str(text),
                    float(score),
                    (int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])),
                )
            )
        return sorted(lines, key=lambda line: (line.box[1], line.box[0]))
