"""FiftyOne's own dataset: pictures, layers and figures as masks on disk, all that the frame table says as
fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np

from animelayers.dataset.output import Output
from animelayers.exports import picture as pictures
from animelayers.exports.base import Piece
from animelayers.exports.coco import CHARACTER, EFFECT, Coco
from animelayers.exports.rows import finite, listed, readable
from animelayers.exports.select import stem
from animelayers.imaging import codecs
from animelayers.record.schema import Row

INSTANCES = "instances"
_FOLDER = f"fields/{INSTANCES}.detections"  # FiftyOne finds relative paths by the field's name in it
_OWN = frozenset(
    {"id", "filepath", "tags", "metadata", "width", "height", "caption", INSTANCES, CHARACTER, EFFECT, "mask"}
)
"""Fields that are told otherwise than as the column of that name, or that FiftyOne has for itself."""


@dataclass(frozen=True, kw_only=True)
class FiftyOne(Coco):
    """data/NAME.png, the frame with all layers, samples.json and metadata.json, and as files below fields/
    the masks they name.

    `fiftyone.Dataset.from_dir(dataset_dir=FOLDER, dataset_type=fiftyone.types.FiftyOneDataset)`.
    ``instances``: a detection per character, its mask within its box, `index` its id in the clip;
    ``character`` and ``effect``, of a training set ``mask``: segmentations, 255 from alpha one half on.
    Columns of the frame table are fields by their names, those with several values lists; flags are tags.
    ``names`` and ``caption`` as for COCO.
    """

    def pieces(self, output: Output) -> Iterator[Piece]:
        """A picture with its masks each. Raises ValueError as for COCO."""
        for row, piece in zip(self.select.rows(output), super().pieces(output), strict=True):
            name = stem(row)
            ids = (
                listed("instance_ids", row.get("instance_ids") or "1")
                if pictures.shows(row, CHARACTER)
                else []
            )
            masks = [f"{_FOLDER}/{name}_{number}.png" for number in ids]
            masks += [f"fields/{layer}/{name}.png" for layer in (CHARACTER, EFFECT, "mask")]
            yield Piece(
                (f"data/{name}.png", *masks),
                partial(self._files, output, row, piece.make),
                piece.frames,
                piece.what,
            )

    def index(self, output: Output, folder: str) -> Iterator[Piece]:
        """The samples, written as they are made, and what tells FiftyOne what they are."""
        about = {"name": "animelayers", "media_type": "image", "info": {"description": "Layers of animation"}}
        yield Piece(("metadata.json",), lambda: {"metadata.json": json.dumps(about, indent=1).encode()}, 0)
        yield Piece(("samples.json",), lambda: {"samples.json": self._samples(output)}, 0)

    def _files(self, output: Output, row: Row, make: Any) -> dict[str, bytes]:
        found = {f"data/{name.rpartition('/')[2]}": data for name, data in make().items()}
        for field, number, mask in self._shapes(output, row):
            if number:
                x, y, w, h = cv2.boundingRect(mask)
                found[f"{_FOLDER}/{stem(row)}_{number}.png"] = codecs.encode_png(
                    np.ascontiguousarray(mask[y : y + h, x : x + w])
                )
            else:
                found[f"fields/{field}/{stem(row)}.png"] = codecs.encode_png(mask)
        return found

    def _shapes(self, output: Output, row: Row) -> Iterator[tuple[str, int, np.ndarray]]:
        """The masks of a frame, uint8 (H, W), 0 or 255: their field, and of a character its name and number."""
        if pictures.shows(row, CHARACTER) and not row.get("origin"):
            yield CHARACTER, 0, (pictures.stored(output, row, CHARACTER)[..., 3] > 127) * np.uint8(255)
        for name, number, mask in self._masks(output, row):
            kind = name if number or name == EFFECT else "mask"
            yield kind, number, mask * np.uint8(255)

    def _samples(self, output: Output) -> Iterator[bytes]:
        columns = [field.name for field in readable(output.table.schema) if field.name not in _OWN]
        yield b'{"samples": ['
        for number, row in enumerate(self.select.rows(output)):
            yield (b",\n" if number else b"\n") + json.dumps(
                finite(self._sample(output, row, columns)), ensure_ascii=False
            ).encode()
        yield b"]}\n"

    def _sample(self, output: Output, row: Row, columns: list[str]) -> dict[str, Any]:
        name, (width, height) = stem(row), (row["width"], row["height"])
        fields: dict[str, Any] = {
            column: value for column in columns if (value := listed(column, row.get(column))) is not None
        }
        found: list[dict[str, Any]] = []
        for field, number, mask in self._shapes(output, row):
            if not number:
                fields[field] = {"_cls": "Segmentation", "mask_path": f"fields/{field}/{name}.png"}
                continue
            x, y, w, h = cv2.boundingRect(mask)
            box = [x / width, y / height, w / width, h / height]
            path = f"{_FOLDER}/{name}_{number}.png"
            found.append(
                {
                    "_cls": "Detection",
                    "label": field,
                    "bounding_box": box,
                    "index": number,
                    "mask_path": path,
                    "tags": [],
                    "attributes": {},
                }
            )
        if found:
            fields[INSTANCES] = {"_cls": "Detections", "detections": found}
        if text := self.caption.of(row, "frame"):
            fields["caption"] = text
        about = {
            "_cls": "ImageMetadata",
            "mime_type": "image/png",
            "width": width,
            "height": height,
            "num_channels": 3,
        }
        return {
            "filepath": f"data/{name}.png",
            "tags": listed("flags", row.get("flags") or ""),
            "metadata": about,
            "_media_type": "image",
            **fields,
        }
