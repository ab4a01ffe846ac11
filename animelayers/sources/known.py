"""What earlier annotation runs told of the clips of an output, for stages that use it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from animelayers.sinks import columns, metadata
from animelayers.sinks.store import Store
from animelayers.storage import inside

log = logging.getLogger(__name__)

_KEYS = ("clip_id", "frame_id", "frame_index", "error")


class Known:
    """The columns of the record among `wanted` that the sets of annotations of an output hold; of two sets
    the last by name has a column.

    Reads nothing but these columns. Raises `SinkError` for a damaged Parquet.
    """

    def __init__(self, path: str, wanted: Iterable[str]) -> None:
        wanted = sorted({*wanted})
        self._sets: list[tuple[pa.Table, dict[str, list[int]]]] = []
        for name in Store(path).folders(columns.FOLDER) if wanted else ():
            table = metadata.load(Store(inside(path, f"{columns.FOLDER}/{name}")), [*_KEYS, *wanted])[0]
            if held := [
                column
                for column in wanted
                if column in table.column_names and table[column].null_count < len(table)
            ]:
                self._sets = [
                    (rest, places)
                    for other, places in self._sets
                    if (rest := _without(other, held)) is not None
                ]
                self._sets.append((table.select(["frame_index", *held]), _places(table)))

    def complete(self, clips: Mapping[str, Sequence[int]]) -> list[str]:
        """The columns that are known of every frame of some clips, given by id with their frame indices; of
        the others a warning tells.

        What is known of some frames only is not used: else what a stage makes of a clip would depend on how
        far another run came.
        """
        found = []
        for table, places in self._sets:
            lacking = sum(
                len(indices) for clip, indices in clips.items() if len(places.get(clip, ())) < len(indices)
            )
            names = [name for name in table.column_names if name != "frame_index"]
            whole = [] if lacking else [name for name in names if not table[name].null_count]
            if len(whole) < len(names):
                log.warning(
                    "not used, since annotations do not know it of all frames: %s",
                    ", ".join({*names} - {*whole}),
                )
            found += whole
        return found

    def rows(self, clip: str) -> dict[int, dict[str, Any]]:
        """What is known of the frames of a clip, by their frame index."""
        made: dict[int, dict[str, Any]] = {}
        for table, places in self._sets:
            for row in table.take(pa.array(places.get(clip, []), pa.int64())).to_pylist():
                made.setdefault(row.pop("frame_index"), {}).update(row)
        return made


def _without(table: pa.Table, held: Iterable[str]) -> pa.Table | None:
    """A table without some columns, or None where it has no other."""
    left = [name for name in table.column_names if name not in held]
    return table.select(left) if len(left) > 1 else None


def _places(table: pa.Table) -> dict[str, list[int]]:
    """The rows of each clip."""
    places: dict[str, list[int]] = {}
    for i, clip in enumerate(table["clip_id"].to_pylist()):
        places.setdefault(clip, []).append(i)
    return places
