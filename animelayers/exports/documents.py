"""What layered files have in common: one per drawing, and beside it what tells whether somebody changed it."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from animelayers.dataset.output import Output
from animelayers.exports.base import Exporter, Piece
from animelayers.exports.stack import Layer, decoded, digests, stack
from animelayers.record.schema import Row


@dataclass(frozen=True, kw_only=True)
class Documents(Exporter):
    """An exporter that writes EPISODE/scene0003_frame000120.SUFFIX for every drawing, and a JSON of that name
    beside it.

    The JSON holds the frame's id, the caption that lay beside the input, and a digest of each layer as
    exported. ``plate``, ``frame``: whether the clean plate and the whole frame lie in the file, hidden.
    """

    suffix: ClassVar[str]
    plate: bool = True
    frame: bool = True

    @classmethod
    def prepared(cls, layers: Sequence[Layer]) -> Sequence[Layer]:
        """The layers as they stand in the file."""
        return layers

    @abstractmethod
    def encode(self, layers: Sequence[Layer]) -> bytes:
        """The file of some layers of one size, the lowest first."""

    def pieces(self, output: Output) -> Iterator[Piece]:
        """A file and its JSON per chosen drawing."""
        for row in self.select.rows(output):
            name = row["frame_id"]
            yield Piece(
                (f"{name}.{self.suffix}", f"{name}.json"), partial(self._made, output, row), what=name
            )

    def _made(self, output: Output, row: Row) -> Mapping[str, bytes]:
        layers = self.prepared(stack(decoded(output, row), row, self.plate, self.frame))
        if not layers:
            raise ValueError("neither a character nor a background is stored")
        note = {
            "export": self.suffix,
            "frame_id": row["drawing_of"] or row["frame_id"],
            "layers": digests(layers),
        }
        note |= {"caption": row["caption_given"]} if row.get("caption_given") else {}
        text = json.dumps(note, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        return {
            f"{row['frame_id']}.{self.suffix}": self.encode(layers),
            f"{row['frame_id']}.json": text.encode(),
        }
