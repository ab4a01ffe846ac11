"""Folders and a dataset configuration for musubi-tuner: pictures, and the layers of a picture."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Literal

import numpy as np

from animelayers.dataset.output import Output
from animelayers.exports import picture as pictures
from animelayers.exports.base import Exporter, Piece
from animelayers.exports.caption import Caption
from animelayers.exports.kohya import CONFIG, RELATIVE, checked, placed, quoted, sizes
from animelayers.exports.select import stem
from animelayers.exports.training import Files, Sample, Trainer
from animelayers.imaging import codecs
from animelayers.imaging.recompose import recompose
from animelayers.options import Count, Size
from animelayers.record.schema import Row

_SILENT = "musubi-tuner leaves out what has no caption; annotate the output, or give caption.trigger or caption.template"


def captioned(text: str, row: Row) -> str:
    """A caption. Raises ValueError where there is none."""
    if not text:
        raise ValueError(f"{row['frame_id']} has no caption: {_SILENT}")
    return text


def head(resolution: Sequence[int], batch_size: int, relative: bool) -> list[str]:
    """The first lines of a dataset configuration. Raises ValueError for a resolution that is no width and
    height.
    """
    if isinstance(resolution, int | str):
        raise ValueError(f"export.resolution={resolution}: it is a width and a height, [1024,768]")
    lines = [*(RELATIVE if relative else ()), "[general]", f"resolution = {json.dumps(sizes(resolution))}"]
    return [*lines, 'caption_extension = ".txt"', f"batch_size = {batch_size}", "enable_bucket = true"]


def toml(lines: Sequence[str]) -> dict[str, bytes]:
    """The file of a dataset configuration."""
    return {CONFIG: ("\n".join(lines) + "\n").encode()}


@dataclass(frozen=True, kw_only=True)
class MusubiImage(Trainer):
    """images/CONCEPT/NAME.png with captions NAME.txt, and dataset.toml. The trainer knows no masks, so
    cut-outs stand on a backdrop.
    """

    resolution: Size = (1024, 1024)
    batch_size: Count = 1
    paths: Literal["absolute", "relative"] = "absolute"

    def __post_init__(self) -> None:
        """Raises ValueError for a background that the trainer would make black, and for values that no
        configuration can hold.
        """
        checked(self.resolution, self.batch_size, self.paths)
        if self.backdrop == "alpha":
            raise ValueError(
                "picture.background=alpha: musubi-tuner drops the alpha; choose solid, blur, inpainted or other_scene"
            )

    def files(self, sample: Sample) -> Files:
        """Picture and caption. Raises ValueError for a picture without a caption."""
        captioned(sample.caption, sample.row)
        return Files(*(f"images/{sample.concept}/{sample.name}.{suffix}" for suffix in ("png", "txt")))

    def index(self, output: Output, folder: str) -> Iterator[Piece]:
        """dataset.toml."""
        yield Piece((CONFIG,), partial(self._config, output, "" if self.paths == "relative" else folder), 0)

    def _config(self, output: Output, home: str) -> dict[str, bytes]:
        lines = head(self.resolution, self.batch_size, not home)
        for concept, repeats in self.concepts(output).items():
            lines += ["", "[[datasets]]", f"image_directory = {quoted(placed(home, f'images/{concept}'))}"]
            lines += [
                f"cache_directory = {quoted(placed(home, f'cache/{concept}'))}",
                f"num_repeats = {repeats}",
            ]
        return toml(lines)


@dataclass(frozen=True, kw_only=True)
class MusubiLayered(Exporter):
    """For Qwen-Image-Layered (`multiple_target`): NAME.png, what the layers over each other give, its caption
    NAME.txt, and RGBA layers.

    NAME_1.png the background, NAME_2.png the character, NAME_3.png the effect: always three, from back to
    front, an empty layer transparent. The model knows only "over", so an effect that adds light is over here
    too, and NAME.png differs from the frame there.
    """

    caption: Caption = field(default_factory=Caption)
    resolution: Size = (1024, 1024)
    batch_size: Count = 1
    paths: Literal["absolute", "relative"] = "absolute"

    layers: ClassVar[tuple[str, ...]] = ("background", "character", "effect")

    def __post_init__(self) -> None:
        """Raises ValueError for values that no configuration can hold."""
        checked(self.resolution, self.batch_size, self.paths)

    def pieces(self, output: Output) -> Iterator[Piece]:
        """A frame each."""
        pictures.check(output, ("background", "character"), "alpha")
        self.caption.check(output.table.column_names)
        for row in self.select.rows(output):
            name, text = f"images/{stem(row)}", captioned(self.caption.of(row, "frame"), row)
            files = (
                f"{name}.png",
                f"{name}.txt",
                *(f"{name}_{k}.png" for k in range(1, 1 + len(self.layers))),
            )
            yield Piece(files, partial(self._frame, output, row, name, text), 1, row["frame_id"])

    def index(self, output: Output, folder: str) -> Iterator[Piece]:
        """dataset.toml."""
        home = "" if self.paths == "relative" else folder
        lines = [*head(self.resolution, self.batch_size, not home), "", "[[datasets]]"]
        lines += [
            f"image_directory = {quoted(placed(home, 'images'))}",
            f"cache_directory = {quoted(placed(home, 'cache'))}",
        ]
        yield Piece((CONFIG,), partial(toml, [*lines, "multiple_target = true"]), 0)

    def _frame(self, output: Output, row: Row, name: str, text: str) -> dict[str, bytes]:
        layers = [_rgba(output, row, layer) for layer in self.layers]
        whole = np.ascontiguousarray(layers[0][..., :3])
        for layer in layers[1:]:
            whole = recompose(layer, whole)
        made = {f"{name}.png": codecs.encode_png(whole), f"{name}.txt": f"{text}\n".encode()}
        return made | {f"{name}_{k}.png": codecs.encode_png(layer) for k, layer in enumerate(layers, 1)}


def _rgba(output: Output, row: Row, layer: str) -> np.ndarray:
    if not pictures.shows(row, layer):
        return np.zeros((row["height"], row["width"], 4), np.uint8)
    picture = pictures.stored(output, row, layer)
    return (
        picture if picture.shape[2] == 4 else np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    )
