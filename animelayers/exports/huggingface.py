"""Data sets as Hugging Face's `datasets` reads them: folders of pictures with metadata.jsonl, and Parquet
with pictures inside.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from animelayers.dataset.output import Output
from animelayers.exports import picture as pictures
from animelayers.exports import rows
from animelayers.exports.base import Exporter, Piece
from animelayers.exports.caption import Caption
from animelayers.exports.picture import Picture
from animelayers.exports.select import stem
from animelayers.imaging import codecs
from animelayers.options import Count
from animelayers.record.schema import Row

_IMAGE = pa.struct({"bytes": pa.binary(), "path": pa.string()})
_ROWS = 16  # of a row group: a page that a reader takes at a time


@dataclass(frozen=True, kw_only=True)
class _Rows(Exporter):
    """One row per drawing: a picture of each layer (null where it is empty), ``text``, and what the frame
    table says of it.
    """

    picture: Picture = field(default_factory=Picture)
    caption: Caption = field(default_factory=Caption)

    layers: ClassVar[tuple[str, ...]] = ("frame", "character", "background")

    def _layers(self, output: Output) -> tuple[str, ...]:
        return tuple(self.picture.layers or (("frame",) if pictures.curated(output) else self.layers))

    def _check(self, output: Output) -> None:
        pictures.check(output, self._layers(output), self._backdrop)
        self.caption.check(output.table.column_names)
        if self._backdrop == "other_scene":
            raise ValueError(
                "picture.background=other_scene is for exports of one trainer; choose alpha, solid, blur or inpainted"
            )

    @property
    def _backdrop(self) -> str:
        return self.picture.background or "alpha"

    def _text(self, output: Output, row: Row) -> str:
        """Of the first layer that is there."""
        layer = next(
            (layer for layer in self._layers(output) if pictures.shows(row, layer)), self._layers(output)[0]
        )
        return self.caption.of(row, layer, pictures.words(row, layer, self._backdrop))

    def _encoded(self, output: Output, row: Row) -> dict[str, bytes]:
        """The PNG of each layer that is there."""
        there = [layer for layer in self._layers(output) if pictures.shows(row, layer)]
        return {
            layer: codecs.encode_png(
                pictures.placed(output, row, layer, self._backdrop, shadow=self.picture.shadow)
            )
            for layer in there
        }

    def _card(self, output: Output, files: str) -> Piece:
        def make() -> dict[str, bytes]:
            shown = len(self.select.table(output)), ", ".join(self._layers(output))
            return {"README.md": rows.card(output, *shown, files)}

        return Piece(("README.md",), make, 0)


@dataclass(frozen=True, kw_only=True)
class HfImageFolder(_Rows):
    """train/LAYER/NAME.png and train/metadata.jsonl, for `load_dataset("imagefolder", data_dir=FOLDER)`: a
    column of pictures per layer.
    """

    def pieces(self, output: Output) -> Iterator[Piece]:
        """A frame each."""
        self._check(output)
        for row in self.select.rows(output):
            names = {
                layer: f"train/{layer}/{stem(row)}.png"
                for layer in self._layers(output)
                if pictures.shows(row, layer)
            }
            yield Piece(tuple(names.values()), partial(self._frame, output, row, names), 1, row["frame_id"])

    def index(self, output: Output, folder: str) -> Iterator[Piece]:
        """metadata.jsonl, last of all, so that a folder that has one is whole; and the card."""
        yield self._card(output, "train/**")
        yield Piece(("train/metadata.jsonl",), lambda: {"train/metadata.jsonl": self._lines(output)}, 0)

    def _frame(self, output: Output, row: Row, names: Mapping[str, str]) -> dict[str, bytes]:
        return {names[layer]: data for layer, data in self._encoded(output, row).items()}

    def _lines(self, output: Output) -> Iterator[bytes]:
        known = [field.name for field in rows.readable(output.table.schema)]
        for row in self.select.rows(output):
            there = {layer: pictures.shows(row, layer) for layer in self._layers(output)}
            files = {
                f"{layer}_file_name": f"{layer}/{stem(row)}.png" if there[layer] else None
                for layer in self._layers(output)
            }
            yield rows.line(
                {
                    **files,
                    "text": self._text(output, row),
                    **{name: rows.listed(name, row[name]) for name in known if name in row},
                }
            ).encode()


@dataclass(frozen=True, kw_only=True)
class HfParquet(_Rows):
    """data/train-00000-of-00004.parquet with pictures inside (`{bytes, path}` and the metadata that makes
    them `Image` features), and a card.

    ``rows_per_file``: drawings in a file; one is in memory at a time, encoded.
    """

    rows_per_file: Count = 256

    def pieces(self, output: Output) -> Iterator[Piece]:
        """A file each."""
        self._check(output)
        if self.rows_per_file < 1:
            raise ValueError("export.rows_per_file must be above 0")
        schema, count, waiting = (
            self._schema(output),
            -(-len(self.select.table(output)) // self.rows_per_file),
            [],
        )
        number = 0
        for row in self.select.rows(output):
            waiting.append(row)
            if len(waiting) == self.rows_per_file:
                yield self._file(output, schema, waiting, number, count)
                number, waiting = number + 1, []
        if waiting:
            yield self._file(output, schema, waiting, number, count)

    def index(self, output: Output, folder: str) -> Iterator[Piece]:
        """The card."""
        yield self._card(output, "data/*.parquet")

    def _file(
        self, output: Output, schema: pa.Schema, chosen: Sequence[Row], number: int, count: int
    ) -> Piece:
        name = f"data/train-{number:05d}-of-{count:05d}.parquet"
        return Piece(
            (name,),
            partial(self._parquet, output, schema, chosen, name),
            len(chosen),
            f"{chosen[0]['frame_id']} and what follows",
        )

    def _schema(self, output: Output) -> pa.Schema:
        told = rows.readable(output.table.schema)
        features: dict[str, Any] = {layer: {"_type": "Image"} for layer in self._layers(output)}
        features |= {"text": {"dtype": "string", "_type": "Value"}} | {
            field.name: rows.feature(field.type) for field in told
        }
        fields = [pa.field(layer, _IMAGE) for layer in self._layers(output)] + [
            pa.field("text", pa.string()),
            *told,
        ]
        return pa.schema(fields, {"huggingface": json.dumps({"info": {"features": features}})})

    def _parquet(
        self, output: Output, schema: pa.Schema, chosen: Sequence[Row], name: str
    ) -> dict[str, bytes]:
        buffer = pa.BufferOutputStream()
        with pq.ParquetWriter(buffer, schema, compression="zstd") as writer:
            for start in range(0, len(chosen), _ROWS):
                writer.write_table(
                    pa.Table.from_pylist(
                        [self._row(output, row, schema) for row in chosen[start : start + _ROWS]], schema
                    )
                )
        return {name: buffer.getvalue().to_pybytes()}

    def _row(self, output: Output, row: Row, schema: pa.Schema) -> Row:
        encoded = self._encoded(output, row)
        files = {
            layer: {"bytes": encoded[layer], "path": f"{stem(row)}_{layer}.png"} if layer in encoded else None
            for layer in self._layers(output)
        }
        return {
            **{name: rows.listed(name, row.get(name)) for name in schema.names},
            **files,
            "text": self._text(output, row),
        }
