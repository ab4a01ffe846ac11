"""SAM 3 (Meta, 2025) through transformers: every instance of a thing that a word names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import cv2
import numpy as np

from animelayers.models import checkpoint
from animelayers.models.net import Net, Placed
from animelayers.models.protocols import Segments
from animelayers.options import Share, Weighted

_MOST = 32  # instances of one word in a picture


class Sam3:
    """A segmenter that is asked in words.

    ``weights``: a registered name or a folder in the model hub's format. ``prompts``: what the characters may
    be called; the picture is looked at once for all of them. ``confidence_threshold``: score below which an
    instance is none, 0..1. Other options are those of `Net`.
    """

    def __init__(
        self,
        weights: Weighted = "sam3",
        prompts: Sequence[str] = ("person", "cartoon character", "animal"),
        confidence_threshold: Share = 0.5,
        **placed: Unpack[Placed],
    ) -> None:
        """Raises ValueError for a bad option, WeightsError where the weights cannot be had or are of another
        kind.
        """
        if not prompts or not all(str(prompt).strip() for prompt in prompts):
            raise ValueError("prompts must name one thing at least, each in a word or two")
        if not 0 < confidence_threshold < 1:
            raise ValueError(f"confidence_threshold must be between 0 and 1, not {confidence_threshold}")
        path = checkpoint.folder(str(weights), ("sam3",))
        model, processor = checkpoint.model("Sam3Model", path), checkpoint.processor("Sam3Processor", path)
        self.names, self._threshold = [str(prompt) for prompt in prompts], confidence_threshold
        images = processor.image_processor
        self._side = int(images.size["height"])
        self._mean, self._std = (
            np.array(value, np.float32) * 255 for value in (images.image_mean, images.image_std)
        )
        self._words = dict(processor(text=self.names, return_tensors="pt"))
        self._net = Net(model, self._asked, **placed)

    def __call__(self, pictures: Sequence[np.ndarray]) -> list[Segments]:
        """As `protocols.Segmenter`."""
        if not len(pictures):
            return []
        size = (self._side, self._side)
        planes = [
            (cv2.resize(p, size, interpolation=cv2.INTER_AREA).astype(np.float32) - self._mean) / self._std
            for p in pictures
        ]
        scores, masks = self._net(np.stack(planes).transpose(0, 3, 1, 2))
        return [
            self._segments(a, b, picture.shape[:2])
            for a, b, picture in zip(scores, masks, pictures, strict=True)
        ]

    def _segments(self, scores: np.ndarray, masks: np.ndarray, shape: tuple[int, ...]) -> Segments:
        """Scores (P, K) and logits (P, K, h, w) of P words, as the segments of a picture (H, W), best first."""
        kept = sorted(np.argwhere(scores > self._threshold).tolist(), key=lambda at: -scores[at[0], at[1]])
        planes = [cv2.resize(masks[p, k], shape[::-1], interpolation=cv2.INTER_LINEAR) > 0 for p, k in kept]
        there = [i for i, plane in enumerate(planes) if plane.any()]
        found = np.stack([planes[i] for i in there]) if there else np.zeros((0, *shape), bool)
        return Segments(
            found,
            np.array([scores[p, k] for p, k in (kept[i] for i in there)], np.float32),
            [self.names[kept[i][0]] for i in there],
        )

    def _asked(self, model: Any, pixels: Any) -> tuple[Any, Any]:
        """The scores (N, P, K) and mask logits (N, P, K, h, w) of the best K instances of each of P words in
        N pictures.
        """
        import torch

        seen = model.get_vision_features(pixel_values=pixels)
        scores, masks = [], []
        for p in range(len(self.names)):
            words = {
                name: tensor[p : p + 1].to(pixels.device).expand(len(pixels), -1)
                for name, tensor in self._words.items()
            }
            made = model(vision_embeds=seen, **words)
            sure = made.pred_logits.sigmoid() * (
                1 if made.presence_logits is None else made.presence_logits.sigmoid()
            )
            best = sure.topk(min(_MOST, sure.shape[1]), dim=1)
            scores.append(best.values)
            masks.append(
                torch.stack([planes[at] for planes, at in zip(made.pred_masks, best.indices, strict=True)])
            )
        return torch.stack(scores, 1), torch.stack(masks, 1)
