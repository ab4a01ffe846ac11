"""Pictures of frames for the page: put together from layers, small ones made once and kept."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from animelayers.dataset.output import Output
from animelayers.imaging import codecs
from animelayers.imaging.sheet import fit
from animelayers.record.schema import LISTS, Row

THUMB = 240
"""Pixels of a small picture's width."""
_QUALITY = 82


class Thumbs:
    """Small pictures, made when they are first asked for and kept in a folder of this machine's, by the bytes
    they show.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, output: Output, row: Row, layer: str = "", width: int = THUMB) -> bytes:
        """A JPEG of a frame, or of one of its layers. Raises what reading the layer raises."""
        known = [
            [row.get(f"{name}_{part}") for part in ("xxh3", "size", "offset")]
            for name in ("background", "character", "effect", "shadow", layer)
        ]
        key = hashlib.sha256(
            repr(
                [output.path, row["drawing_of"] or row["frame_id"], row.get("shard"), known, layer, width]
            ).encode()
        ).hexdigest()
        path = self._folder / key[:2] / f"{key[2:34]}.jpg"
        if path.is_file():
            return path.read_bytes()
        picture = output.picture(row, layer) if layer else output.composed(row)
        data = codecs.encode_jpeg(np.ascontiguousarray(fit(picture, width)), _QUALITY)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.tmp")  # two tabs may ask at once
        draft.write_bytes(data)
        os.replace(draft, path)
        return data


def place_on_plate(plate: np.ndarray, camera: np.ndarray, size: tuple[int, int]) -> list[list[float]]:
    """The corners of a frame of `size` (width, height) on its plate uint8 (P, Q, 3), as shares of the plate's
    sides.
    """
    width, height = size
    corners = (
        np.array([[0, 0, 1], [width - 1, 0, 1], [width - 1, height - 1, 1], [0, height - 1, 1]], np.float64)
        @ camera.T
    )
    points = corners[:, :2] / corners[:, 2:]
    return [[float(x / plate.shape[1]), float(y / plate.shape[0])] for x, y in points]


def png(picture: np.ndarray) -> bytes:
    """A picture uint8 as PNG, quickly."""
    return codecs.encode_png(np.ascontiguousarray(picture))


def tinted(
    labels: np.ndarray, colours: dict[int, tuple[int, int, int]], before: np.ndarray | None = None
) -> np.ndarray:
    """Labels uint8 (h, w) as RGBA to lay over a frame: each in its colour, what is new against `before`
    stronger.
    """
    made = np.zeros((*labels.shape, 4), np.uint8)
    for label, colour in colours.items():
        made[labels == label] = (*colour, 110)
    if before is not None:
        made[(labels != before) & (labels > 0), 3] = 190
        made[(labels != before) & (labels == 0)] = (255, 70, 70, 150)
    edge = cv2.morphologyEx(labels, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    made[edge, 3] = 255
    return made


def facts(row: Row) -> dict[str, Any]:
    """What a row of the frame table tells of the frame: without where files lie, and without long vectors."""
    hidden = ("_offset", "_size", "_xxh3", "_file")
    return {
        k: v
        for k, v in row.items()
        if not k.endswith(hidden)
        and not (k not in LISTS and isinstance(v, list) and len(v) > 16)
        and v is not None
    }
