"""CLIP (Radford et al., 2021) and its kin through the open_clip package: pictures and words in one space."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from animelayers.imaging.vectors import unit
from animelayers.models.embed import embedded, normalised
from animelayers.models.net import Net, Placed
from animelayers.options import Named
from animelayers.weights import WeightsError, find

_TOLD = 300  # characters of what the library says of a checkpoint


class OpenClip:
    """Embeds pictures and words: a `protocols.WordEmbedder`.

    ``weights``: a name of the table of weights or a folder with `open_clip_config.json` and the weights, as
    the model hub has them; or a file of weights, whose ``architecture`` is a name that open_clip knows.
    Normalisation is the checkpoint's own; pictures are seen whole, with bars of the mean colour, where the
    library would crop them. Words longer than the model reads are cut by its tokenizer. ``placed``: see
    `net.Net`. Raises WeightsError for weights that are missing or another model's.
    """

    def __init__(
        self, weights: Named = "openclip-vit-b-32", architecture: str = "ViT-B-32", **placed: Unpack[Placed]
    ) -> None:
        path = find(weights)
        module, self._tokens = _loaded(path, architecture)
        settings = module.visual.preprocess_cfg
        size = settings["size"]
        self._side = int(size if isinstance(size, int) else size[0])
        self._mean, self._std = tuple(settings["mean"]), tuple(settings["std"])
        self._net = Net(module, lambda module, pixels: module.encode_image(pixels), **placed)
        self._known: dict[str, np.ndarray] = {}
        self.width = len(self.text([""])[0])
        self.scale = float(module.logit_scale.exp())

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """As `protocols.Embedder`."""
        return embedded(
            self._net,
            pictures,
            self.width,
            lambda picture: normalised(picture, self._side, self._mean, self._std),
        )

    def text(self, words: Sequence[str]) -> np.ndarray:
        """As `protocols.WordEmbedder`; what was asked before is remembered."""
        import torch

        new = [text for text in dict.fromkeys(words) if text not in self._known]
        if new:
            with torch.inference_mode():
                found = self._net.module.encode_text(self._tokens(new).to(self._net.device))
            self._known.update(zip(new, unit(found.float().cpu().numpy()), strict=True))
        return (
            np.stack([self._known[text] for text in words])
            if words
            else np.zeros((0, self.width), np.float32)
        )


def _loaded(path: Path, architecture: str) -> tuple[Any, Any]:
    """The module with its weights, every one of them, and its tokenizer."""
    try:
        import open_clip
    except ImportError as error:
        raise WeightsError(
            f"{path} needs the package open_clip_torch: pip install 'animelayers[models]'"
        ) from error
    if path.is_dir():
        if not (path / "open_clip_config.json").is_file():
            raise WeightsError(
                f"{path} has no open_clip_config.json: bring the whole folder of the checkpoint, or name the file of weights alone"
            )
        name, file = f"local-dir:{path}", None
    elif architecture in open_clip.list_models():
        name, file = architecture, str(path)
    else:
        raise WeightsError(
            f"open_clip knows no architecture {architecture!r} for {path}: `open_clip.list_models()` has the names"
        )
    try:
        # pretrained_text would bring a language model from the hub before these weights replace it
        module = open_clip.create_model(
            name, pretrained=file, pretrained_text=False, require_pretrained=True, weights_only=True
        )
        return module, open_clip.get_tokenizer(name)
    except Exception as error:
        said = " ".join(str(error).split())[:_TOLD]
        raise WeightsError(
            f"{path} cannot be loaded by open_clip ({said}): bring the checkpoint again, or name its architecture"
        ) from error
