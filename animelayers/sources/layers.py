"""A finished output of this package read again: its clips, with their layers and whatever the frame table
knows of them.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from animelayers.dataset.output import Output
from animelayers.options import Count
from animelayers.record.schema import IDENTITY, RECORD, Row, blank
from animelayers.sinks import corrections, metadata, parquet
from animelayers.sinks.store import SinkError, Store
from animelayers.sources.known import Known
from animelayers.sources.listing import PICTURES
from animelayers.sources.plan import PLAN, kind_of, limited, message
from animelayers.sources.stored import BYTES, FILES, PIXELS, Clip

log = logging.getLogger(__name__)

PLANNED = PLAN.append(pa.field("part", pa.string()))
"""`PLAN`, and the Parquet that commits the clip. Its `size` is that of the clip's layer files, its `mtime_ns`
a checksum of their sizes.
"""

_READERS = 8  # a remote store answers in tens of milliseconds
_PARTS = 4  # Parquets a reader keeps


class _Listed(NamedTuple):
    """What the Parquets of an output hold: good clips by id, layers, and columns of the record that all of
    them have.
    """

    clips: dict[str, Row]
    layers: set[str]
    columns: set[str]


class Layers:
    """The good clips of an output, local or remote, shards or tree, under the ids they have there; clips that
    failed there are left out.

    ``path``: the output; ``corrected``: with what a person corrected in it. ``limit``: frames in all.
    ``row_bytes``: what is read at a time stays below it; a clip is never cut, so one that alone is larger
    raises the bound for the run. ``columns``: of the record, those to be read (None: all there are); only
    layers that these need are decoded, each by a seek. What annotation runs told of the clips comes along
    where it is asked for: see `knowing`.

    The frames are the layers put together again, effect and all, not those the layers were made of: they
    differ by the `recompose_psnr` of the frame table, on drawn scenes 40 dB with JPEG backgrounds and 50 dB
    and more with lossless ones, and 31 to 48 dB where an effect lies in front. Frames that hold a drawing
    still share it. The labels of a clip with one character, which no output stores, are its alpha from one
    half on; the effect of a clip without one is zeros. There is no context, and no plate: outputs hold plates
    with their holes filled, which no stage may take for evidence. ``layers`` are the files as they are
    stored, so that a pipeline without an encode stage passes them on byte for byte.
    """

    def __init__(
        self, path: str, *, limit: Count | None = None, row_bytes: Count = 128_000_000, columns: Sequence[str] | None = None,
        corrected: bool = True,
    ) -> None:  # fmt: skip
        """Raises ValueError for a limit below 1."""
        if limit is not None and limit < 1:
            raise ValueError("source.limit must be above 0")
        self.path, self.limit, self.row_bytes, self.corrected = path, limit, row_bytes, corrected
        self._asked = None if columns is None else tuple(columns)
        self._told: tuple[str, ...] = ()

    def __getstate__(self) -> dict[str, Any]:
        """Without what was read: a worker reads its own."""
        return {
            "path": self.path,
            "limit": self.limit,
            "row_bytes": self.row_bytes,
            "_asked": self.columns,
            "_told": self._told,
            "corrected": self.corrected,
        }

    @property
    def columns(self) -> tuple[str, ...]:
        """What `read` gives of the record. Raises `SinkError` for a folder that is no output."""
        if self._asked is not None:
            return self._asked
        there = {name for name, layers in PIXELS.items() if layers <= self._listed.layers}
        if "instance_ids" not in self._listed.columns:
            there.discard("instances")
        there |= {
            *IDENTITY,
            "frame_index",
            "timestamp_s",
            "drawing",
            "context",
            *FILES,
            *self._listed.columns,
            *self._told,
        }
        return tuple(name for name in RECORD if name in there)

    def giving(self, columns: Iterable[str]) -> Layers:
        """The same clips without those layers and files that are not among `columns`."""
        spared = {*PIXELS, *FILES} - set(columns)
        kept = Layers(
            self.path,
            limit=self.limit,
            row_bytes=self.row_bytes,
            columns=[name for name in self.columns if name not in spared],
            corrected=self.corrected,
        )
        kept._told = self._told
        kept.__dict__["_listed"] = self._listed  # looked into once
        return kept

    def about(self) -> tuple[int, float]:
        """How many inputs its clips are of, and how many frames they have."""
        rows = self._listed.clips.values()
        frames = sum(len(row["indices"]) for row in rows)
        return len({row["source"] for row in rows}), float(
            frames if self.limit is None else min(frames, self.limit)
        )

    def knowing(self, wanted: Iterable[str]) -> Layers:
        """The same clips, and those of some columns of the record that annotations of the output know of all
        their frames: see `Known`.
        """
        more = Layers(
            self.path,
            limit=self.limit,
            row_bytes=self.row_bytes,
            columns=self._asked,
            corrected=self.corrected,
        )
        more.__dict__["_listed"] = self._listed
        more._told = tuple(
            Known(self.path, wanted).complete(
                {clip: row["indices"] for clip, row in self._listed.clips.items()}
            )
        )
        return more

    def plan(self) -> pa.Table:
        """One row (`PLANNED`) per good clip, sorted by episode, shot and frame. Raises `SinkError` for a
        folder that is no output.
        """
        rows = sorted(
            self._listed.clips.values(),
            key=lambda row: (row["episode"], row["scene_id"], row["source"], row["indices"][0]),
        )
        pixel = sum(BYTES.get(name, 0) for name in self.columns)
        self.row_bytes = max(
            [self.row_bytes, *(row["drawings"] * row["width"] * row["height"] * pixel for row in rows)]
        )
        return pa.Table.from_pylist(rows, PLANNED)

    def limited(self, plan: pa.Table) -> pa.Table:
        """The plan cut after `limit` frames."""
        return limited(plan, self.limit)

    def read(self, plan: pa.Table | Iterable[Row]) -> Iterator[Row]:
        """One row (`columns`) per row of the plan, in its order. A clip that cannot be read has its `error`
        and blanks.
        """
        for row in plan.to_pylist() if isinstance(plan, pa.Table) else plan:
            try:
                yield self._failed(row, row["error"], row["error_type"]) if row["error"] else self._clip(row)
            except Exception as error:  # the boundary of this source: whatever a decoder raises becomes a row
                log.warning("%s: %s", row["clip_id"], message(error))
                yield self._failed(row, message(error), kind_of(error))

    def _clip(self, row: Row) -> Row:
        found = {
            there["frame_index"]: there
            for there in self._part(row["part"])
            if there["clip_id"] == row["clip_id"] and not there["error"]
        }
        if gone := [index for index in row["indices"] if index not in found]:
            raise ValueError(f"{self.path} does not hold frames {gone[:3]} of {row['clip_id']} any more")
        rows = [{"corrected": "none", **found[index]} for index in row["indices"]]
        if more := self._known.rows(row["clip_id"]):
            rows = [{**there, **more[there["frame_index"]]} for there in rows]
        clip = Clip(self._output, rows)
        given = {
            "drawing": clip.drawing,
            "context": blank("context"),
            "error": "",
            "error_type": "",
            "attempt": 0,
        }
        made = {**clip.columns(name for name in self.columns if name not in given), **given}
        return {name: made[name] for name in self.columns}

    def _failed(self, row: Row, error: str, error_type: str) -> Row:
        said = {"error": error, "error_type": error_type, "attempt": 1}
        return {
            name: said[name] if name in said else row[name] if name in IDENTITY else blank(name)
            for name in self.columns
        }

    @cached_property
    def _output(self) -> Output:
        return Output(self.path, self.corrected)

    @cached_property
    def _store(self) -> Store:
        return Store(self.path)

    @cached_property
    def _part(self) -> Any:
        return lru_cache(maxsize=_PARTS)(
            lambda name: corrections.rows(parquet.declared(self._store, name), name).to_pylist()
        )

    @cached_property
    def _known(self) -> Known:
        return Known(self.path, self._told)

    @cached_property
    def _listed(self) -> _Listed:
        names = metadata.names(self._store)
        if not names:
            raise SinkError(
                self._store.root,
                "no metadata/*.parquet there",
                "give source.path the folder a job wrote into",
            )
        with ThreadPoolExecutor(_READERS) as pool:
            parts = [
                part for part in pool.map(lambda name: _looked_into(self._store, name), names) if part.clips
            ]
        if self.corrected and (fixed := corrections.parts(self._store)):
            parts = [*(_looked_into(self._store, name) for name in fixed), *parts]
        # of two commits the lowest by name counts
        clips = {clip: row for part in reversed(parts) for clip, row in part.clips.items()}
        _name_kinds(clips.values())
        columns = set.intersection(*(part.columns for part in parts)) if parts else set()
        # of what nobody corrected no table tells
        columns |= {"corrected"} & set().union(*(part.columns for part in parts))
        return _Listed(clips, set().union(*(part.layers for part in parts)), columns)


def _looked_into(store: Store, name: str) -> _Listed:
    table = parquet.declared(store, name)
    table = table.filter(pc.equal(table["error"], ""))
    sizes = [column for column in table.column_names if column.endswith("_size")]
    layers = {column.removesuffix("_size") for column in sizes if table[column].null_count < len(table)}
    columns = {c for c in table.column_names if c in RECORD and RECORD[c].table and not table[c].null_count}
    wanted = [
        "clip_id",
        "source",
        "episode",
        "scene_id",
        "frame_index",
        "timestamp_s",
        "drawing_of",
        "width",
        "height",
    ]
    clips: dict[str, list[Row]] = {}
    for row in table.select([*wanted, *sizes]).sort_by("frame_index").to_pylist():
        clips.setdefault(row["clip_id"], []).append(row)
    return _Listed({clip: _planned(rows, sizes, name) for clip, rows in clips.items()}, layers, columns)


def _planned(rows: list[Row], sizes: list[str], part: str) -> Row:
    """The plan row of a clip, and its number of `drawings`."""
    drawn = [row for row in rows if row["drawing_of"] is None]
    bytes_of = np.array([[row[name] or 0 for name in sizes] for row in drawn], np.int64)
    times = [float("nan") if row["timestamp_s"] is None else row["timestamp_s"] for row in rows]
    return {
        **{name: rows[0][name] for name in ("clip_id", "source", "episode", "scene_id", "width", "height")},
        "indices": [row["frame_index"] for row in rows], "times": times, "context": [], "context_times": [], "context_pts": [], "pts": -1,
        "size": int(bytes_of.sum()), "mtime_ns": zlib.crc32(bytes_of.tobytes()), "error": "", "error_type": "",
        "part": part, "drawings": len(drawn),
    }  # fmt: skip


def _name_kinds(rows: Iterable[Row]) -> None:
    """Tell of each plan row what its source was: a film, an animated picture or a still."""
    rows = list(rows)
    frames: dict[str, int] = {}
    for row in rows:
        frames[row["source"]] = frames.get(row["source"], 0) + len(row["indices"])
    for row in rows:
        picture = PurePosixPath(row["source"]).suffix.lower().encode(errors="replace") in PICTURES
        row["kind"] = "video" if not picture else "animation" if frames[row["source"]] > 1 else "image"
