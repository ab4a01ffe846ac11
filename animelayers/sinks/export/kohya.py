"""Folders and a dataset configuration for kohya's sd-scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from animelayers.output import Output
from animelayers.sinks.export.base import Piece
from animelayers.sinks.export.training import Files, Masked, Sample

CONFIG = "dataset.toml"


@dataclass(frozen=True, kw_only=True)
class Kohya(Masked):
    """train/N_CONCEPT/NAME.png with captions NAME.txt, and dataset.toml, for `--train_data_dir FOLDER/train` or `--dataset_config`.

    ``mask``: alpha (pictures keep it and it weighs the loss, `alpha_mask`), files (masks/N_CONCEPT/NAME.png as `conditioning_data_dir`, for
    `--masked_loss`) or none. ``resolution``, ``batch_size``: of dataset.toml, whose paths are relative to the folder, so run the trainer
    there. A picture without a caption has no .txt; the trainer then takes the concept's name.
    """

    resolution: int = 1024
    batch_size: int = 1

    def files(self, sample: Sample) -> Files:
        """Picture and caption in the concept's folder, the mask under the same name in another."""
        name = f"{sample.repeats}_{sample.concept}/{sample.name}"
        return Files(f"train/{name}.png", f"train/{name}.txt" if sample.caption else "", f"masks/{name}.png" if self.mask == "files" else "")

    def index(self, output: Output) -> Iterator[Piece]:
        """dataset.toml."""
        yield Piece((CONFIG,), partial(self._config, output), 0)

    def _config(self, output: Output) -> dict[str, bytes]:
        lines = ["# Paths are relative to this folder: run the trainer in it.", "[general]", 'caption_extension = ".txt"']
        lines += [f"keep_tokens_separator = {json.dumps(self.caption.separator)}"] if self.caption.separator.strip() == "|||" else []
        lines += ["", "[[datasets]]", f"resolution = {self.resolution}", f"batch_size = {self.batch_size}", "enable_bucket = true"]
        for concept, repeats in self.concepts(output).items():
            folder = f"{repeats}_{concept}"
            lines += ["", "  [[datasets.subsets]]", f"  image_dir = {quoted(f'train/{folder}')}", f"  num_repeats = {repeats}"]
            # with masks of their own sd-scripts takes no class_tokens
            lines += [f"  conditioning_data_dir = {quoted(f'masks/{folder}')}"] if self.mask == "files" else [f"  class_tokens = {quoted(concept)}"]
            lines += ["  alpha_mask = true"] if self.mask == "alpha" else []
        return {CONFIG: ("\n".join(lines) + "\n").encode()}


def quoted(text: str) -> str:
    """A TOML string: JSON's escapes are valid in it."""
    return json.dumps(text, ensure_ascii=False)
