"""Folders and a dataset configuration for kohya's sd-scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from animelayers.exports.base import Piece
from animelayers.exports.training import Files, Masked, Sample
from animelayers.options import Count, Side
from animelayers.output import Output

CONFIG = "dataset.toml"


@dataclass(frozen=True, kw_only=True)
class Kohya(Masked):
    """train/N_CONCEPT/NAME.png with captions NAME.txt, and dataset.toml, for `--train_data_dir FOLDER/train` or `--dataset_config`.

    ``mask``: alpha (pictures keep it and it weighs the loss, `alpha_mask`), files (masks/N_CONCEPT/NAME.png as `conditioning_data_dir`, for
    `--masked_loss`) or none. ``resolution``, ``batch_size``: of dataset.toml, whose paths are relative to the folder, so run the trainer
    there. A picture without a caption has no .txt; the trainer then takes the concept's name.
    """

    resolution: Side = 1024
    batch_size: Count = 1

    def files(self, sample: Sample) -> Files:
        """Picture and caption in the concept's folder, the mask under the same name in another."""
        name = f"{sample.repeats}_{sample.concept}/{sample.name}"
        return Files(f"train/{name}.png", f"train/{name}.txt" if sample.caption else "", f"masks/{name}.png" if self.mask == "files" else "")

    def index(self, output: Output) -> Iterator[Piece]:
        """dataset.toml."""
        yield Piece((CONFIG,), partial(self._config, output), 0)

    def _config(self, output: Output) -> dict[str, bytes]:
        subsets = [
            Subset(f"train/{repeats}_{concept}", concept, repeats, self.mask == "alpha", f"masks/{repeats}_{concept}" if self.mask == "files" else "")
            for concept, repeats in self.concepts(output).items()
        ]
        return {CONFIG: configuration(subsets, self.resolution, self.batch_size, self.caption.separator).encode()}


class Subset(NamedTuple):
    """A folder of pictures: their concept, their repeats in an epoch, whether their alpha weighs the loss, else the folder of their masks."""

    folder: str
    concept: str
    repeats: int
    alpha: bool
    masks: str = ""


def configuration(subsets: Iterable[Subset], resolution: int = 1024, batch_size: int = 1, separator: str = "") -> str:
    """dataset.toml of sd-scripts (its docs/config_README) for folders relative to where it lies."""
    lines = ["# Paths are relative to this folder: run the trainer in it.", "[general]", 'caption_extension = ".txt"']
    lines += [f"keep_tokens_separator = {json.dumps(separator)}"] if separator.strip() == "|||" else []
    lines += ["", "[[datasets]]", f"resolution = {resolution}", f"batch_size = {batch_size}", "enable_bucket = true"]
    for subset in subsets:
        lines += ["", "  [[datasets.subsets]]", f"  image_dir = {quoted(subset.folder)}", f"  num_repeats = {subset.repeats}"]
        # with masks of their own sd-scripts takes no class_tokens
        lines += [f"  conditioning_data_dir = {quoted(subset.masks)}"] if subset.masks else [f"  class_tokens = {quoted(subset.concept)}"]
        lines += ["  alpha_mask = true"] if subset.alpha else []
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A TOML string: JSON's escapes are valid in it."""
    return json.dumps(text, ensure_ascii=False)
