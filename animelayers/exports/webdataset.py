"""Tars for WebDataset: the layers as they are stored, the caption, and what the frame table says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from animelayers.dataset.output import Output
from animelayers.exports import picture as pictures
from animelayers.exports import rows
from animelayers.exports.base import Data, Exporter, Piece
from animelayers.exports.caption import Caption
from animelayers.exports.select import stem
from animelayers.imaging import codecs
from animelayers.options import Positive
from animelayers.record.layers import LAYERS
from animelayers.record.schema import Row
from animelayers.sinks.tar import Member, chunks

_FRAME = "frame"
_CHANNELS = {layer.name: layer.channels for layer in LAYERS if layer.numbered and layer.channels != 3}


@dataclass(frozen=True, kw_only=True)
class WebDataset(Exporter):
    """shard-000000.tar with KEY.frame.png KEY.character.png KEY.background.jpg … KEY.txt KEY.json; all
    samples have the same members.

    Layers are the bytes of the output; of one that a frame has not, such as an effect, there is an empty
    picture. ``layers``: of frame (all put together, encoded anew), character, mask, background, shadow,
    effect, instances; those the output has not are left out. ``shard_mb``: megabytes after which a shard
    closes. Keys have no dots, at which readers cut them.
    """

    caption: Caption = field(default_factory=Caption)
    layers: Sequence[str] = (_FRAME, "character", "mask", "background", "effect")
    shard_mb: Positive = 256

    def pieces(self, output: Output) -> Iterator[Piece]:
        """A shard each; its size is told from the sizes of the stored layers."""
        self.caption.check(output.table.column_names)
        layers = [layer for layer in self.layers if layer in output.layers or layer == _FRAME]
        if _FRAME in layers:
            pictures.check(output, [_FRAME], "alpha")
        if not layers or self.shard_mb <= 0:
            raise ValueError(
                f"export.layers names none of {output.layers}, or export.shard_mb is not above 0"
            )
        kinds = {layer: _suffix(output, layer) for layer in layers if layer != _FRAME}
        number, size, waiting = 0, 0, list[Row]()
        for row in self.select.rows(output):
            waiting.append(row)
            size += sum(row[f"{layer}_size"] or 0 for layer in kinds) * (2 if _FRAME in layers else 1)
            if size >= self.shard_mb * 1_000_000:
                yield self._shard(output, number, waiting, layers, kinds)
                number, size, waiting = number + 1, 0, []
        if waiting:
            yield self._shard(output, number, waiting, layers, kinds)

    def _shard(
        self, output: Output, number: int, chosen: Sequence[Row], layers: Sequence[str], kinds: dict[str, str]
    ) -> Piece:
        name = f"shard-{number:06d}.tar"

        def make() -> dict[str, Data]:
            return {name: chunks(self._members(output, chosen, layers, kinds))}  # type: ignore[arg-type]

        return Piece((name,), make, len(chosen), f"{chosen[0]['frame_id']} and what follows")

    def _members(
        self, output: Output, chosen: Sequence[Row], layers: Sequence[str], kinds: dict[str, str]
    ) -> Iterator[Member]:
        for row in chosen:
            key = stem(row)
            for layer in layers:
                if layer == _FRAME:
                    yield Member(
                        f"{key}.{_FRAME}.png", codecs.encode_png(pictures.stored(output, row, _FRAME))
                    )
                elif layer == "instances":
                    yield Member(f"{key}.{layer}.png", codecs.encode_png(pictures.labels(output, row)))
                else:
                    data = output.stored(row, layer) if row[f"{layer}_file"] else _empty(row, layer)
                    yield Member(f"{key}.{layer}.{kinds[layer]}", data)
            yield Member(f"{key}.txt", self.caption.of(row, _FRAME).encode())
            yield Member(
                f"{key}.json",
                rows.line({name: rows.listed(name, value) for name, value in pictures.facts(row).items()})
                .rstrip("\n")
                .encode(),
            )


def _suffix(output: Output, layer: str) -> str:
    return PurePosixPath(next(file for file in output.table[f"{layer}_file"].to_pylist() if file)).suffix[1:]


def _empty(row: Row, layer: str) -> bytes:
    """A picture of an empty layer."""
    channels = _CHANNELS.get(layer)
    if channels is None:
        raise ValueError(f"no layer {layer!r}: choose export.layers without it")
    shape = (row["height"], row["width"])
    return codecs.encode_png(np.zeros(shape if channels == 1 else (*shape, channels), np.uint8))
