"""A matting net that costs nothing: it answers at once, whatever it sees, so that all around it can be
measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

SIDE = 320
"""Pixels of its square input and output: the size of U-2-Net."""


def answer(alpha: np.ndarray) -> np.ndarray:
    """The net's output for a known alpha uint8 (H, W): float32 (SIDE, SIDE), 0..1."""
    return cv2.resize(alpha, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def write(alpha: np.ndarray, path: Path) -> Path:
    """Write it as a file (.xml, with a .bin beside it) that `animelayers.models.saliency` takes for
    U-2-Net's, and return the path.
    """
    import openvino
    from openvino import opset13

    seen = opset13.parameter([1, 3, SIDE, SIDE], openvino.Type.f32)
    openvino.save_model(
        openvino.Model([opset13.constant(answer(alpha)[None, None])], [seen]), path, compress_to_fp16=False
    )
    return path


class _Answers:
    """What a rembg session asks of ONNX Runtime."""

    def __init__(self, answer: np.ndarray) -> None:
        self._answer, self.name = answer[None, None], "picture"

    def get_inputs(self) -> list[_Answers]:
        return [self]

    def run(self, *_: Any) -> list[np.ndarray]:
        return [self._answer]


def session(alpha: np.ndarray) -> Any:
    """The same as a session of rembg: its own normalisation and resizing around the answer."""
    from rembg.sessions.u2netp import U2netpSession

    made = U2netpSession.__new__(U2netpSession)
    made.inner_session = _Answers(answer(alpha))
    return made
