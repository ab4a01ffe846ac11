"""Folders and a dataset configuration for kohya's sd-scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal, NamedTuple

from animelayers.dataset.output import Output
from animelayers.exports.base import Piece
from animelayers.exports.training import Files, Masked, Sample
from animelayers.options import Count, Side, Size

CONFIG = "dataset.toml"
RELATIVE = ("# Paths are relative to this folder: run the trainer in it.",)


@dataclass(frozen=True, kw_only=True)
class Kohya(Masked):
    """train/N_CONCEPT/NAME.png with captions NAME.txt, and dataset.toml, for `--train_data_dir FOLDER/train`
    or `--dataset_config`.

    ``mask``: alpha (pictures keep it and it weighs the loss, `alpha_mask`), files (masks/N_CONCEPT/NAME.png
    as `conditioning_data_dir`, for `--masked_loss`) or none. ``resolution`` (a side, or width and height),
    ``batch_size``: of dataset.toml. ``paths``: of dataset.toml, absolute, or relative for a folder that
    moves: the trainer must then run in it. A picture without a caption has no .txt; the trainer then takes
    the concept's name.
    """

    resolution: Side | Size = 1024
    batch_size: Count = 1
    paths: Literal["absolute", "relative"] = "absolute"

    silent: ClassVar[str] = "sd-scripts takes the name of their folder for it"

    def __post_init__(self) -> None:
        """Raises ValueError for options that do not go together, or that no configuration can hold."""
        super().__post_init__()
        checked(self.resolution, self.batch_size, self.paths)

    def files(self, sample: Sample) -> Files:
        """Picture and caption in the concept's folder, the mask under the same name in another."""
        name = f"{sample.repeats}_{sample.concept}/{sample.name}"
        return Files(
            f"train/{name}.png",
            f"train/{name}.txt" if sample.caption else "",
            f"masks/{name}.png" if self.mask == "files" else "",
        )

    def index(self, output: Output, folder: str) -> Iterator[Piece]:
        """dataset.toml."""
        yield Piece((CONFIG,), partial(self._config, output, "" if self.paths == "relative" else folder), 0)

    def _config(self, output: Output, home: str) -> dict[str, bytes]:
        subsets = [
            Subset(
                placed(home, f"train/{repeats}_{concept}"),
                concept,
                repeats,
                self.mask == "alpha",
                placed(home, f"masks/{repeats}_{concept}") if self.mask == "files" else "",
            )
            for concept, repeats in self.concepts(output).items()
        ]
        return {
            CONFIG: configuration(
                subsets, self.resolution, self.batch_size, self.caption.separator, not home
            ).encode()
        }


class Subset(NamedTuple):
    """A folder of pictures: their concept, their repeats in an epoch, whether their alpha weighs the loss,
    else the folder of their masks.
    """

    folder: str
    concept: str
    repeats: int
    alpha: bool
    masks: str = ""


def configuration(
    subsets: Iterable[Subset],
    resolution: int | Sequence[int],
    batch_size: int,
    separator: str = "",
    relative: bool = False,
) -> str:
    """dataset.toml of sd-scripts (its docs/config_README)."""
    lines = [*(RELATIVE if relative else ()), "[general]", 'caption_extension = ".txt"']
    lines += [f"keep_tokens_separator = {quoted(separator)}"] if separator.strip() == "|||" else []
    lines += [
        "",
        "[[datasets]]",
        f"resolution = {json.dumps(sizes(resolution))}",
        f"batch_size = {batch_size}",
        "enable_bucket = true",
    ]
    for subset in subsets:
        lines += [
            "",
            "  [[datasets.subsets]]",
            f"  image_dir = {quoted(subset.folder)}",
            f"  num_repeats = {subset.repeats}",
        ]
        # with masks of their own sd-scripts takes no class_tokens
        lines += (
            [f"  conditioning_data_dir = {quoted(subset.masks)}"]
            if subset.masks
            else [f"  class_tokens = {quoted(subset.concept)}"]
        )
        lines += ["  alpha_mask = true"] if subset.alpha else []
    return "\n".join(lines) + "\n"


def checked(resolution: int | Sequence[int], batch_size: int, paths: str) -> None:
    """Raise ValueError for values that no dataset configuration can hold."""
    if not all(
        isinstance(side, int) and side >= 64
        for side in ([resolution] if isinstance(resolution, int) else [*resolution])
    ) or (not isinstance(resolution, int) and len(resolution) != 2):
        raise ValueError(
            f"export.resolution={resolution}: it is a side in pixels, 64 or more, or a width and a height, [1024,768]"
        )
    if not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError(f"export.batch_size={batch_size}: it is a number of pictures, 1 or more")
    if paths not in ("absolute", "relative"):
        raise ValueError(f"export.paths={paths}: it is absolute or relative")


def sizes(resolution: int | Sequence[int]) -> int | list[int]:
    """A resolution as plain numbers."""
    return resolution if isinstance(resolution, int) else [*resolution]


def placed(home: str, name: str) -> str:
    """A folder's path in a configuration: below `home`, or relative where that is ''."""
    return f"{home}/{name}" if home else name


def quoted(text: str) -> str:
    """A TOML string: JSON's escapes are valid in it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
