"""CLIPSeg: Lueddecke and Ecker, Image segmentation using text and image prompts, 2022, through the
transformers package.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import cv2
import numpy as np

from animelayers.models import checkpoint
from animelayers.models.constants import LOGIT
from animelayers.models.net import Net, Placed
from animelayers.options import Named


class ClipSeg:
    """How likely each pixel is what each of some prompts says: a `protocols.Proposer`.

    A picture's features are computed once for all prompts, and those of the prompts once per process.
    ``weights``: a name of the table of weights, or a folder with the model's safetensors, its tokenizer and
    its `preprocessor_config.json`, which tells size and normalisation. ``placed``: see `net.Net`; its batch
    counts pictures. Raises WeightsError for weights that are missing or another model's.
    """

    def __init__(self, weights: Named = "clipseg", **placed: Unpack[Placed]) -> None:
        path = checkpoint.folder(weights, ("clipseg",))
        self._processor = checkpoint.processor("AutoImageProcessor", path)
        self._tokenizer = checkpoint.processor("AutoTokenizer", path)
        self._net = Net(checkpoint.model("CLIPSegForImageSegmentation", path), _logits, **placed)
        self._words: dict[str, np.ndarray] = {}

    def __call__(self, pictures: Sequence[np.ndarray], prompts: Sequence[str]) -> list[np.ndarray]:
        """As `protocols.Proposer`."""
        if not pictures or not prompts:
            return [np.zeros((len(prompts), *picture.shape[:2]), np.float32) for picture in pictures]
        words = self._features(prompts)
        found = []
        for start in range(0, len(pictures), self._net.batch):
            part = [np.ascontiguousarray(picture) for picture in pictures[start : start + self._net.batch]]
            pixels = self._processor(images=part, input_data_format="channels_last", return_tensors="np")[
                "pixel_values"
            ]
            for picture, logits in zip(
                part, self._net(pixels, np.stack([words] * len(part)))[0], strict=True
            ):
                found.append(enlarged(1 / (1 + np.exp(-np.clip(logits, -LOGIT, LOGIT))), picture.shape[:2]))
        return found

    def _features(self, prompts: Sequence[str]) -> np.ndarray:
        """The features of the prompts, float32 (P, C)."""
        import torch

        new = [prompt for prompt in dict.fromkeys(prompts) if prompt not in self._words]
        if new:
            tokens = self._tokenizer(new, padding=True, truncation=True, return_tensors="pt").to(
                self._net.device
            )
            with torch.inference_mode():
                features = self._net.module.clip.get_text_features(
                    tokens["input_ids"], attention_mask=tokens["attention_mask"]
                ).pooler_output
            self._words.update(zip(new, features.float().cpu().numpy(), strict=True))
        return np.stack([self._words[prompt] for prompt in prompts])


def _logits(module: Any, pixels: Any, words: Any) -> Any:
    """Logits (N, P, h, w) of pixels (N, 3, h, w) and words (N, P, C): the library's forward with its first
    step done once for all prompts.
    """
    count, prompts = words.shape[:2]
    wanted = [layer + 1 for layer in module.extract_layers]
    states = module.clip.vision_model(
        pixels, interpolate_pos_encoding=True, output_hidden_states=wanted
    ).hidden_states
    logits = module.decoder(
        [states[layer].repeat_interleave(prompts, 0) for layer in wanted], words.flatten(0, 1)
    ).logits
    return logits.reshape(count, prompts, *logits.shape[-2:])


def enlarged(planes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Planes float32 (P, h, w) scaled to (P, H, W), `size` H and W, linearly: what was 0..1 stays so."""
    if not len(planes):
        return np.zeros((0, *size), np.float32)
    return np.stack(
        [cv2.resize(plane.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR) for plane in planes]
    )
