"""Columns added to a finished output: Parquets of their own beside it, which touch none of its files."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from animelayers.record.schema import IDENTITY, Row
from animelayers.sinks.frames import frame_table
from animelayers.sinks.sink import Files, Sink

log = logging.getLogger(__name__)

FOLDER = "annotations"
_KEPT = (*IDENTITY, "frame_index", "timestamp_s", "drawing")
_OWN = {*_KEPT, "frame_id", "drawing_of", "shard"}  # columns that say which frame it is, not what it shows


class Columns(Sink):
    """Annotations of an output under a name: OUTPUT/annotations/NAME/metadata/*.parquet, one row per frame,
    joined by `Output` on frame_id.

    ``path``: the output. ``name``: of this set of annotations; another run under the same name goes on with
    it, or is refused if its stages differ. ``columns``: of the record, those that are stored. Commit and
    resume are those of every sink.
    """

    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, path: str, name: str = "default", columns: Iterable[str] = ()) -> None:
        """Raises ValueError for a name that is no plain name of a folder."""
        if not name.replace("-", "").replace("_", "").isalnum():
            raise ValueError(f"the name of annotations is made of letters, digits, - and _, not {name!r}")
        super().__init__(f"{path.rstrip('/')}/{FOLDER}/{name}")
        self._columns = tuple(columns)

    @property
    def takes(self) -> tuple[str, ...]:
        """The columns that are stored, and those that tell which frames they are of."""
        return (*_KEPT, *self._columns)

    def lay_out(
        self, name: str, clips: Sequence[Row], layers: Sequence[str], footer: Mapping[str, str]
    ) -> tuple[Files, pa.Table]:
        """No files, and the rows of the clips."""
        rows = [{column: clip[column] for column in self.takes if column in clip} for clip in clips]
        places: list[list[dict[str, object]]] = [[{} for _ in range(len(row["drawing"]))] for row in rows]
        return {}, frame_table(rows, places, None, (), footer)  # type: ignore[arg-type]

    def files_of(self, table: pa.Table) -> set[str]:
        """None."""
        return set()


def join(frames: pa.Table, added: pa.Table, name: str, filled: Collection[str] | None = None) -> pa.Table:
    """A frame table with the columns of annotations `name`, null where they do not know a frame; what two
    sets name, the last by name has.

    ``filled``: their columns that hold a value in some row, of which `added` may be only a few; the others
    are left out.
    """
    if filled is None:
        filled = [column for column in added.column_names if added[column].null_count < len(added)]
    place = pc.index_in(frames["frame_id"], added["frame_id"])
    for column in added.column_names:
        if (
            column in ("frame_id", "drawing_of", "shard", "error", "error_type", "attempt")
            or column in _KEPT
            or column not in filled
        ):
            continue
        values = added[column].take(place)
        if column in frames.column_names:
            log.debug("annotations %s replace column %s", name, column)
            frames = frames.set_column(frames.column_names.index(column), column, values)
        else:
            frames = frames.append_column(column, values)
    return frames
