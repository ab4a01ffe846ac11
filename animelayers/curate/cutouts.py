"""Characters cut out of a finished output, and the contact pictures made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from animelayers.curate.tracklets import Seen, Tracklet
from animelayers.dataset.output import Output
from animelayers.imaging import codecs
from animelayers.imaging.sheet import checkerboard, contact_sheet, over

_COLUMNS = ("frame_id", "shard", "instance_ids")
_SOFT = 3  # pixels of soft outline that belong to a figure beyond its labels


class Cutouts:
    """Reads characters of an output as pictures, a drawing at a time."""

    def __init__(self, output: Output) -> None:
        self._output = output
        places = [
            name for name in output.table.column_names if name.split("_")[0] in ("character", "instances")
        ]
        places = [name for name in places if name.endswith(("_file", "_offset", "_size", "_xxh3"))]
        self._places = output.table.select([*_COLUMNS, *places])

    def cut(self, seen: Seen) -> np.ndarray:
        """One character of a drawing, uint8 RGBA (H, W, 4) within its box; nobody else's pixels."""
        row = self._places.slice(seen.row, 1).to_pylist()[0]
        x, y, w, h = seen.box
        picture = self._layer(row, "character")[y : y + h, x : x + w].copy()
        if row.get("instances_file"):
            labels = self._layer(row, "instances")[y : y + h, x : x + w]
            own = (labels == seen.instance).astype(np.uint8)
            near = cv2.dilate(own, np.ones((2 * _SOFT + 1,) * 2, np.uint8))
            picture[..., 3] = np.where((own > 0) | ((near > 0) & (labels == 0)), picture[..., 3], 0)
        return picture

    def contact(self, track: Tracklet, height: int = 160) -> np.ndarray:
        """The drawings of a track side by side on a checkerboard, uint8 (H, W, 3)."""
        return contact_sheet(
            [_shown(self.cut(seen), height) for seen in track.drawings[:: -(-len(track.drawings) // 6) or 1]],
            6,
        )

    def _layer(self, row: dict[str, Any], name: str) -> np.ndarray:
        return codecs.decode(self._output.stored(row, name))


def picture_name(track: str) -> str:
    """The file of a track's contact picture; no part of a track's name has a '~'."""
    return f"{track.replace('/', '~')}.jpg"


def references(folder: str) -> list[tuple[str, Path]]:
    """The pictures of a folder FOLDER/NAME/*.png (also jpg, webp) with the name of their character, sorted.
    Raises ValueError for none.
    """
    kinds = (".png", ".jpg", ".jpeg", ".webp")
    found = [
        (path.parent.name, path)
        for path in sorted(Path(folder).expanduser().glob("*/*"))
        if path.suffix.lower() in kinds
    ]
    if not found:
        raise ValueError(f"references={folder}: there is no {folder}/NAME/*.png")
    return found


def reference(path: Path) -> np.ndarray:
    """A reference picture uint8 (H, W, 4), cut to what is not transparent. Raises ValueError for a file that
    is no picture.
    """
    try:
        picture = codecs.decode(path.read_bytes())
    except (OSError, ValueError) as damaged:
        raise ValueError(f"{path} is no picture: {damaged}") from None
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    if picture.shape[2] == 3:
        picture = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    x, y, w, h = cv2.boundingRect((picture[..., 3] > 127).astype(np.uint8))
    return np.ascontiguousarray(picture[y : y + h, x : x + w]) if w else picture


def _shown(cutout: np.ndarray, height: int) -> np.ndarray:
    scale = height / len(cutout)
    size = (max(1, min(2 * height, round(cutout.shape[1] * scale))), height)
    small = cv2.resize(cutout, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return over(small, checkerboard(height, size[0]))
