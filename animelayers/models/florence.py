"""Florence-2: Xiao et al., Advancing a unified representation for a variety of vision tasks, 2024."""

from __future__ import annotations

from typing import Literal, Unpack

import numpy as np

from animelayers.models.net import Placed
from animelayers.models.writing import Writer
from animelayers.options import Count, Named

TASKS = ("<CAPTION>", "<DETAILED_CAPTION>", "<MORE_DETAILED_CAPTION>")


class Florence2(Writer):
    """Captions from Florence-2, which knows tasks and no instructions.

    ``task``: `<CAPTION>`, `<DETAILED_CAPTION>` or `<MORE_DETAILED_CAPTION>`. Other options: see `Writer`.
    Raises ValueError for another task.
    """

    kinds = ("florence2",)
    family = "Florence2ForConditionalGeneration"

    def __init__(
        self,
        weights: Named = "florence-2-base",
        task: Literal["<CAPTION>", "<DETAILED_CAPTION>", "<MORE_DETAILED_CAPTION>"] = "<DETAILED_CAPTION>",
        tokens: Count = 96,
        **placed: Unpack[Placed],
    ) -> None:
        if task not in TASKS:
            raise ValueError(f"task {task!r} is unknown: {', '.join(TASKS)}")
        super().__init__(weights, tokens, **placed)
        self._task = task

    def prepared(self, pictures: list[np.ndarray], instruction: str) -> dict[str, np.ndarray]:
        """Pixels, and the task behind the places of the picture."""
        text = [self._task] * len(pictures)
        return dict(
            self._processor(
                images=pictures, text=text, input_data_format="channels_last", return_tensors="np"
            )
        )
