"""BLIP-2: Li et al., Bootstrapping language-image pre-training with frozen image encoders and large language
models, 2023.
"""

from __future__ import annotations

from typing import Unpack

import numpy as np

from animelayers.models.net import Placed
from animelayers.models.writing import Writer
from animelayers.options import Count, Named


class Blip2(Writer):
    """Short captions from BLIP-2, with the language model OPT or T5 inside.

    It goes on with a text instead of obeying an instruction: ``prompt`` is that text, in place of the
    instruction ('' for none; 'Question: … Answer:' asks). Other options: see `Writer`.
    """

    kinds = ("blip-2",)
    family = "Blip2ForConditionalGeneration"

    def __init__(
        self,
        weights: Named = "blip2-opt-2.7b",
        prompt: str = "",
        tokens: Count = 40,
        **placed: Unpack[Placed],
    ) -> None:
        super().__init__(weights, tokens, **placed)
        self._prompt = prompt

    def prepared(self, pictures: list[np.ndarray], instruction: str) -> dict[str, np.ndarray]:
        """Pixels, and the prompt behind the places of the picture."""
        text = [self._prompt] * len(pictures)
        return dict(
            self._processor(
                images=pictures, text=text, input_data_format="channels_last", return_tensors="np"
            )
        )
