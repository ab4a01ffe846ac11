"""Characters of other frames of the same show, to stand in front of somebody."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc

from animelayers.dataset.output import Output

log = logging.getLogger(__name__)

_COLUMNS = ("frame_id", "clip_id", "episode", "drawing_of", "character_bbox", "character_coverage")
_LEAST, _MOST = 0.03, 0.7  # coverage of a frame by a character that is worth cutting out
_TRIES = 4


class Cutout(NamedTuple):
    """A ``figure``, RGBA uint8 (h, w, 4) cropped to it, and how many characters it is, ``people``; None where
    nobody counted.
    """

    figure: np.ndarray
    people: int | None


class Cutouts:
    """Cut-outs of the characters of an output.

    ``path``: the output; its frame table is read when it is first asked.
    """

    def __init__(self, path: str) -> None:
        self._output = Output(path)
        self._rows: list[dict[str, Any]] | None = None

    def __call__(self, row: Mapping[str, Any], dice: np.random.Generator) -> Cutout | None:
        """A character of another clip, of the episode of `row` where it has one; None for none."""
        rows = [other for other in self._known() if other["clip_id"] != row["clip_id"]]
        near = [other for other in rows if other["episode"] == row["episode"]] or rows
        for _ in range(_TRIES if near else 0):
            other = near[int(dice.integers(len(near)))]
            x, y, w, h = other["character_bbox"]
            figure = self._output.layer(other["frame_id"], "character")[y : y + h, x : x + w]
            if figure[..., 3].any():
                return Cutout(np.ascontiguousarray(figure), other.get("instance_count"))
        return None

    def _known(self) -> list[dict[str, Any]]:
        if self._rows is None:
            table = self._output.table
            lacking = [name for name in (*_COLUMNS, "character_file") if name not in table.column_names]
            if lacking:
                raise ValueError(
                    f"{self._output.path} has no characters to stand in front: its frame table lacks {', '.join(lacking)}"
                )
            table = table.select(
                [*_COLUMNS, "character_file", *({"instance_count"} & {*table.column_names})]
            ).filter(pc.is_null(table["drawing_of"]))
            self._rows = [row for row in table.to_pylist() if row["character_file"] and _worth(row)]
            log.info("%d characters of %s may stand in front", len(self._rows), self._output.path)
        return self._rows


def _worth(row: Mapping[str, Any]) -> bool:
    return bool(_LEAST <= row["character_coverage"] <= _MOST and min(row["character_bbox"][2:]) > 0)
