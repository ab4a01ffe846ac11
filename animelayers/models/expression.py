"""FER+: Barsoum et al., Training deep networks for facial expression recognition with crowd-sourced label
distribution, 2016.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import cv2
import numpy as np

from animelayers.models.device import Device
from animelayers.models.onnx import Onnx
from animelayers.options import Weighted
from animelayers.weights import WeightsError

log = logging.getLogger(__name__)

LABELS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")


class FerPlus:
    """The expression of a face, one of `LABELS`: a `protocols.ExpressionTeller` of photographs.

    On drawings it guesses: of nine drawn sprites it told one right. For those ask zero-shot questions.
    ``weights``: a name of the table of weights or an ONNX file, input (1, 1, 64, 64) grey levels, output (1,
    8) logits. Raises WeightsError for a file that is missing or another net's.
    """

    side = 64

    def __init__(self, weights: Weighted = "ferplus", device: Device = "auto") -> None:
        self._path = weights
        self._net = Onnx(weights, precision="fp32", device=device, batch=1)
        log.warning(
            "FER+ knows photographs of faces; of drawings it gets about one in nine right: the stage questions tells their expression"
        )

    def __call__(self, faces: Sequence[np.ndarray]) -> list[tuple[str, float]]:
        """As `protocols.ExpressionTeller`."""
        return [self._one(face) for face in faces]

    def _one(self, face: np.ndarray) -> tuple[str, float]:
        grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY).astype(np.float32)
        logits = self._net(grey[None, None])
        if logits.shape != (1, len(LABELS)):
            raise WeightsError(
                f"{self._path} answers {logits.shape}, wanted is (1, {len(LABELS)}): bring the file of FER+ again"
            )
        chances = np.exp(logits[0] - logits[0].max())
        best = int(chances.argmax())
        return LABELS[best], float(chances[best] / chances.sum())
