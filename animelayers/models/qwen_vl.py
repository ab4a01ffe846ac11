"""Qwen2-VL (Wang et al., 2024) and its successors of the same interface: Qwen2.5-VL, Qwen3-VL, Qwen3.5."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from animelayers.models.net import Placed
from animelayers.models.writing import Writer
from animelayers.options import Count, Named
from animelayers.weights import WeightsError


class QwenVL(Writer):
    """Captions from a vision-language model of the Qwen family, asked in its own chat template. Options: see
    `Writer`.

    How many pixels it looks at is the checkpoint's own setting (`preprocessor_config.json`).
    """

    kinds = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe", "qwen3_5", "qwen3_5_moe")
    family = "AutoModelForImageTextToText"

    def __init__(self, weights: Named = "qwen2-vl-7b", tokens: Count = 96, **placed: Unpack[Placed]) -> None:
        super().__init__(weights, tokens, **placed)
        if not self._processor.chat_template:
            raise WeightsError(
                f"{weights} has no chat template beside its weights (chat_template.jinja or .json): bring the whole folder"
            )

    def prepared(self, pictures: list[np.ndarray], instruction: str) -> dict[str, np.ndarray]:
        """The chat's tokens and the pictures' patches (N, patches, values)."""
        content = [{"type": "image"}, {"type": "text", "text": instruction}]
        prompt = self._processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
        )
        made = self._processor(
            text=[prompt] * len(pictures),
            images=pictures,
            input_data_format="channels_last",
            return_tensors="pt",
        )
        inputs = {name: value.numpy() for name, value in made.items()}
        inputs["pixel_values"] = inputs["pixel_values"].reshape(
            len(pictures), -1, inputs["pixel_values"].shape[-1]
        )
        return inputs

    def shaped(self, module: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        """The patches of all pictures one after the other."""
        return {**inputs, "pixel_values": inputs["pixel_values"].flatten(0, 1)}
