"""Classifiers of moving pictures through the transformers package: VideoMAE (Tong et al., 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np

from animelayers.models import checkpoint
from animelayers.models.net import Net, Placed
from animelayers.options import Named


class VideoClassifier:
    """The likeliest of a checkpoint's actions (400 of Kinetics in the registered one): an
    `protocols.ActionTeller`, trained on photographs.

    ``weights``: a name of the table of weights, or a folder with the model's safetensors and its
    `preprocessor_config.json`; its `config.json` names the actions. ``placed``: see `net.Net`; its batch
    counts clips. Raises WeightsError for weights that are missing or another model's.
    """

    def __init__(self, weights: Named = "videomae-base-kinetics", **placed: Unpack[Placed]) -> None:
        path = checkpoint.folder(weights, ("videomae",))
        self._processor = checkpoint.processor("AutoImageProcessor", path)
        model = checkpoint.model("VideoMAEForVideoClassification", path)
        self.frames = int(model.config.num_frames)
        self._labels = {int(k): str(label) for k, label in model.config.id2label.items()}
        self._net = Net(model, _logits, **placed)

    def __call__(self, clips: Sequence[np.ndarray]) -> list[tuple[str, float]]:
        """As `protocols.ActionTeller`."""
        told: list[tuple[str, float]] = []
        for start in range(0, len(clips), self._net.batch):
            part = [
                [np.ascontiguousarray(frame) for frame in clip]
                for clip in clips[start : start + self._net.batch]
            ]
            pixels = [
                self._processor(clip, input_data_format="channels_last", return_tensors="np")["pixel_values"][
                    0
                ]
                for clip in part
            ]
            (logits,) = self._net(np.stack(pixels).astype(np.float32))
            likely = np.exp(logits - logits.max(1, keepdims=True))
            likely /= likely.sum(1, keepdims=True)
            told += [(self._labels[int(row.argmax())], float(row.max())) for row in likely]
        return told


def _logits(module: Any, pixels: Any) -> Any:
    return module(pixels).logits
