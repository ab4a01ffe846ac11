"""An episode as a folder of layers with metadata and statistics: one tree per episode."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from animelayers.dataset.output import Output
from animelayers.exports import entries, statistics
from animelayers.exports.base import Data, Exporter, Piece
from animelayers.exports.entries import PLACES, path
from animelayers.exports.picture import stored, whole
from animelayers.exports.rows import finite, line
from animelayers.exports.select import unpacked
from animelayers.imaging import codecs
from animelayers.imaging.vectors import unit
from animelayers.record.schema import Row

_QUALITY = 95


@dataclass(frozen=True, kw_only=True)
class Episode(Exporter):
    """EPISODE/layers/{character,effects,background}/, metadata/ and statistics/, every frame, values that
    nothing told null.

    metadata/frame_annotations.json is a list with one entry per frame (see `entries.entry`); a frame that
    holds a drawing names the files of its drawing. character_embeddings.npy is float32 (frames, numbers) in
    the order of that list, rows of unit length, zeros for a frame without a character, from the first of
    ``embeddings`` (columns of the frame table) that there is; without any there is no such file.
    temporal_mapping.json tells the frames of each scene and which of them show each drawing. A background
    that is stored as no JPEG is made one of quality 95.
    """

    embeddings: Sequence[str] = ("dinov2_character", "clip_character", "visual_character")

    def __post_init__(self) -> None:
        # the chain of a scene has no gaps
        object.__setattr__(self, "select", replace(self.select, held=True))

    def pieces(self, output: Output) -> Iterator[Piece]:
        """The layers of a drawing each. Raises ValueError for a training set, which has no episodes."""
        whole(output)
        scene, seen = ("", ""), set[str]()
        for row in unpacked(_told_apart(self.select.table(output))):
            if (row["episode"], row["scene_id"]) != scene:
                scene, seen = (row["episode"], row["scene_id"]), set()
            drawing = row["drawing_of"] or row["frame_id"]
            names = {
                layer: f"{row['episode']}/{path(row, layer)}" for layer in PLACES if row.get(f"{layer}_file")
            }
            yield Piece(
                () if drawing in seen else tuple(names.values()),
                partial(_drawing, output, row, names),
                1,
                row["known_as"],
            )
            seen.add(drawing)

    def index(self, output: Output, folder: str) -> Iterator[Piece]:
        """What is told of each episode."""
        table = _told_apart(self.select.table(output))
        for episode in table["episode"].unique().to_pylist():
            frames = table.filter(pc.equal(table["episode"], episode))
            yield _file(f"{episode}/metadata/frame_annotations.json", partial(_list, frames))
            yield _file(
                f"{episode}/metadata/temporal_mapping.json",
                partial(_json, statistics.temporal, episode, frames),
            )
            yield _file(
                f"{episode}/statistics/scene_distribution.json",
                partial(_json, statistics.scenes, episode, frames),
            )
            failed = output.errors.filter(pc.equal(output.errors["episode"], episode))
            yield _file(
                f"{episode}/statistics/quality_report.json",
                partial(_json, statistics.quality, episode, frames, failed),
            )
            if column := next((name for name in self.embeddings if name in frames.column_names), None):
                yield _file(f"{episode}/metadata/character_embeddings.npy", partial(_npy, frames, column))


def _told_apart(table: pa.Table) -> pa.Table:
    """A frame table in which frames and scenes of an episode of several inputs, such as a folder of stills,
    have their input in their names.

    Each picture is scene0000_frame000000 of itself. ``known_as`` is the id they had.
    """
    pairs = table.select(["episode", "source"]).group_by(["episode", "source"]).aggregate([])
    crowded = {episode for episode, count in Counter(pairs["episode"].to_pylist()).items() if count > 1}
    rows = table.select(["episode", "scene_id", "frame_id", "drawing_of"]).to_pylist()
    changed: dict[str, list[str | None]] = {"scene_id": [], "frame_id": [], "drawing_of": []}
    for row in rows:
        more = row["episode"] in crowded
        changed["scene_id"].append(
            f"{row['frame_id'].partition('/')[0]}-{row['scene_id']}" if more else row["scene_id"]
        )
        for column in ("frame_id", "drawing_of"):
            changed[column].append(
                f"{row['episode']}/{row[column].replace('/', '-')}" if more and row[column] else row[column]
            )
    apart = table.append_column("known_as", table["frame_id"])
    for column, values in changed.items():
        apart = apart.set_column(apart.column_names.index(column), column, pa.array(values, pa.string()))
    return apart


def _file(name: str, data: Callable[[], Data]) -> Piece:
    return Piece((name,), lambda: {name: data()}, 0)


def _json(tell: Callable[..., dict[str, Any]], *about: Any) -> bytes:
    return json.dumps(finite(tell(*about)), indent=2, ensure_ascii=False).encode() + b"\n"


def _list(frames: pa.Table) -> Iterator[bytes]:
    """One entry in a line each."""
    before: Row | None = None
    row: Row | None = None
    mark = b"[\n"
    for after in chain(unpacked(frames, embeddings=True), [None]):
        if row is not None:
            yield mark + line(entries.entry(row, before, after)).rstrip("\n").encode()
            mark = b",\n"
        before, row = row, after
    yield b"\n]\n"


def _drawing(output: Output, row: Row, names: Mapping[str, str]) -> dict[str, bytes]:
    made = {}
    for layer, name in names.items():
        data = output.stored(row, layer)
        made[name] = (
            codecs.encode_jpeg(stored(output, row, layer), _QUALITY)
            if layer == "background" and data[:2] != b"\xff\xd8"
            else data
        )
    return made


def _npy(frames: pa.Table, column: str) -> bytes:
    """A .npy of a column of embeddings. Raises ValueError where frames have embeddings of different lengths."""
    values = frames[column].combine_chunks()
    long = {len(value) for value in values.to_pylist() if value}
    if len(long) != 1:
        raise ValueError(
            f"{column} has embeddings of lengths {sorted(long)}: annotate the output again with one model"
        )
    made = np.array([value or [0.0] * max(long) for value in values.to_pylist()], np.float32)
    buffer = io.BytesIO()
    np.save(buffer, unit(made), allow_pickle=False)
    return buffer.getvalue()
