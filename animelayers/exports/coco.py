"""Instances in COCO's form: pictures, and masks as run lengths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from animelayers.dataset.output import Output
from animelayers.exports import picture as pictures
from animelayers.exports.base import Exporter, Piece
from animelayers.exports.caption import Caption
from animelayers.exports.select import stem
from animelayers.imaging import codecs
from animelayers.record.schema import Row

CHARACTER, EFFECT = "character", "effect"
LABELS = "annotations/instances.json"


@dataclass(frozen=True, kw_only=True)
class Coco(Exporter):
    """images/NAME.png, the frame with all layers, and annotations/instances.json: a mask per character and
    one of the effect.

    Masks are alpha from one half on, as compressed run lengths by pycocotools, in the order of the label map;
    `instance_id` tells the character's number in its clip. ``names``: a column with the characters' names, in
    the order of instance_ids, as a list or with commas, which become categories; without it there is one,
    character. An image's `caption` is that of the frame.
    """

    names: str | None = None
    caption: Caption = field(default_factory=Caption)

    def pieces(self, output: Output) -> Iterator[Piece]:
        """A picture each. Raises ValueError for an output without characters' masks or a column that is not
        there.
        """
        pictures.check(output, ("frame",), "alpha")
        self.caption.check(output.table.column_names)
        if self.names is not None and self.names not in output.table.column_names:
            raise ValueError(
                f"export.names={self.names} is no column of the frame table: annotate the output first"
            )
        for row in self.select.rows(output):
            name = f"images/{stem(row)}.png"
            yield Piece((name,), partial(_picture, output, row, name), 1, row["frame_id"])

    def index(self, output: Output, folder: str) -> Iterator[Piece]:
        """The annotations, written as they are made: no more than one frame's masks are in memory."""
        yield Piece((LABELS,), lambda: {LABELS: self._json(output)}, 0)

    def _json(self, output: Output) -> Iterator[bytes]:
        from pycocotools import mask as rle

        numbers = {name: number for number, name in enumerate(self._categories(output), 1)}
        yield b'{"info": {"description": "Layers of animation", "version": "1.0"}, "licenses": [],\n"categories": '
        yield json.dumps(
            [{"id": number, "name": name, "supercategory": ""} for name, number in numbers.items()],
            ensure_ascii=False,
        ).encode()
        yield b',\n"images": ['
        for number, row in enumerate(self.select.rows(output), 1):
            image = {
                "id": number,
                "file_name": f"{stem(row)}.png",
                "width": row["width"],
                "height": row["height"],
                "license": None,
            }
            yield _item(
                number, image | {"frame_id": row["frame_id"], "caption": self.caption.of(row, "frame")}
            )
        yield b'],\n"annotations": ['
        made = 0
        for number, row in enumerate(self.select.rows(output), 1):
            for name, instance, mask in self._masks(output, row):
                made += 1
                code = rle.encode(np.asfortranarray(mask, dtype=np.uint8))
                shape = {"bbox": rle.toBbox(code).tolist(), "area": int(rle.area(code)), "iscrowd": 0}
                shape["segmentation"] = {"size": code["size"], "counts": code["counts"].decode("ascii")}
                item: dict[str, Any] = {"id": made, "image_id": number, "category_id": numbers[name], **shape}
                yield _item(made, item | ({"instance_id": instance} if instance else {}))
        yield b"]}\n"

    def _categories(self, output: Output) -> list[str]:
        found = (
            {name for row in self.select.rows(output) for name in self._called(row).values()}
            if self.names
            else set()
        )
        return [CHARACTER, EFFECT, *sorted(found - {CHARACTER, EFFECT})]

    def _called(self, row: Row) -> dict[int, str]:
        """The names of a frame's characters by their ids; without those that have none."""
        names = row.get(self.names or "") or []
        pairs = zip(
            row.get("instance_ids") or (),
            names if isinstance(names, list) else names.split(","),
            strict=False,
        )
        return {
            number: str(name).strip()
            for number, name in pairs
            if str(name).strip() not in ("", "none", "unknown")
        }

    def _masks(self, output: Output, row: Row) -> Iterator[tuple[str, int, np.ndarray]]:
        if pictures.shows(row, CHARACTER):
            labels, names = pictures.labels(output, row), self._called(row)
            for number in np.unique(labels[labels > 0]).tolist():
                yield names.get(number, CHARACTER), number, labels == number
        # of a training set: what of the picture trains
        if row.get("origin") and (row.get("mask_file") or row.get("cutout")):
            yield CHARACTER, 0, pictures.trained(output, row) > 127
        if pictures.shows(row, EFFECT):
            mask = pictures.stored(output, row, EFFECT)[..., 3] > 127
            if mask.any():
                yield EFFECT, 0, mask


def _picture(output: Output, row: Row, name: str) -> dict[str, bytes]:
    return {name: codecs.encode_png(pictures.stored(output, row, "frame"))}


def _item(number: int, values: dict[str, Any]) -> bytes:
    return ("\n" if number == 1 else ",\n").encode() + json.dumps(values, ensure_ascii=False).encode()
