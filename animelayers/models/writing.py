"""What models of the transformers package share that answer in words: pictures of one size go through
together, the likeliest word is taken.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Unpack

import numpy as np

from animelayers.models import checkpoint, net
from animelayers.models.net import Net, Placed


class Writer(ABC):
    """A `protocols.Captioner` of the transformers package.

    ``weights``: a name of the table of weights, or a folder with the model's safetensors, tokenizer and
    processor. ``tokens``: how long a caption may be. ``placed``: see `net.Net`; its batch counts pictures,
    and the weights themselves are kept in its precision. Pictures of one size have prompts of one length, so
    that nothing is padded and each gives what it gives alone. The likeliest token is taken each time, nothing
    is drawn at random. Raises WeightsError for weights that are missing or another model's, ValueError for a
    length below 1.
    """

    kinds: ClassVar[tuple[str, ...]]
    """The model types (of `config.json`) it can be."""
    family: ClassVar[str]
    """The class of the transformers package."""

    def __init__(self, weights: str, tokens: int = 64, **placed: Unpack[Placed]) -> None:
        if tokens < 1:
            raise ValueError(f"tokens must be 1 or more, not {tokens}")
        path = checkpoint.folder(weights, self.kinds)
        self._processor = checkpoint.processor("AutoProcessor", path)
        module = checkpoint.model(self.family, path)
        # a model of gigabytes is not kept in fp32 to be computed in bf16
        kind = net.dtype(net.pick(placed.get("device", "auto")), placed.get("precision", "auto"))
        self._tokens, self._names = tokens, tuple[str, ...]()
        self._net = Net(module.to(kind), self._written, **placed)

    @abstractmethod
    def prepared(self, pictures: list[np.ndarray], instruction: str) -> dict[str, np.ndarray]:
        """The model's inputs for N pictures of one size: arrays whose first axis is N."""

    def __call__(self, pictures: Sequence[np.ndarray], instruction: str) -> list[str]:
        """As `protocols.Captioner`."""
        captions = [""] * len(pictures)
        for shape in dict.fromkeys(picture.shape for picture in pictures):
            alike = [i for i, picture in enumerate(pictures) if picture.shape == shape]
            for start in range(0, len(alike), self._net.batch):
                part = alike[start : start + self._net.batch]
                inputs = self.prepared([np.ascontiguousarray(pictures[i]) for i in part], instruction)
                self._names = tuple(inputs)
                (made,) = self._net(*inputs.values())
                for i, text in zip(
                    part,
                    self._processor.tokenizer.batch_decode(made.astype(np.int64), skip_special_tokens=True),
                    strict=True,
                ):
                    captions[i] = text.strip()
        return captions

    def shaped(self, module: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        """The inputs as the module's own `generate` wants them."""
        return inputs

    def _written(self, module: Any, *tensors: Any) -> Any:
        """What the model writes: token ids (N, tokens), filled up with the padding token."""
        import torch

        inputs = self.shaped(module, dict(zip(self._names, tensors, strict=True)))
        pad = self._processor.tokenizer.pad_token_id
        made = module.generate(
            **inputs, do_sample=False, num_beams=1, max_new_tokens=self._tokens, pad_token_id=pad
        )
        asked = inputs["input_ids"]
        length = asked.shape[1]
        # the prompt is repeated by all but encoder-decoders
        if made.shape[1] >= length and torch.equal(made[:, :length], asked):
            made = made[:, length:]
        return torch.nn.functional.pad(
            made[:, : self._tokens], (0, max(0, self._tokens - made.shape[1])), value=pad
        )
