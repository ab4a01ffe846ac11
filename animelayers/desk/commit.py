"""Corrections put into an output: its clips made anew as its edits say, and what was made before, again.

They stand beside the layers that the job made, which stay as they are.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

from animelayers import edits
from animelayers.dataset import tracks
from animelayers.dataset.output import Output
from animelayers.desk.shots import one
from animelayers.edits.remake import Remake
from animelayers.models.inpaint import OpenCV
from animelayers.record.schema import Row
from animelayers.sinks import Columns, Shards, corrections, dataset, metadata, parquet
from animelayers.sinks.store import Store
from animelayers.sources import Layers
from animelayers.stages.background import Background

EDITS = "edits"
"""The folder of an output that its corrections are saved in."""
_OF_FIGURES = (
    "character",
    "instance",
    "mask_quality",
    "fragments",
    "holes",
    "occlusion",
    "keypoints",
    "shot_size",
    "pose",
)


class CorrectionError(ValueError):
    """Something that was asked of a correction and makes no sense; the message says what."""


def apply(path: str, shot: str) -> list[str]:
    """Make the clips of an output anew that OUT/edits/SHOT changes; gives a line for each thing there that
    could not be taken.

    Raises `CorrectionError` where a clip cannot be made, `SinkError` where another desk writes at the same
    time or the output cannot be written.
    """
    base = Output(path, corrected=False)
    try:
        found = edits.find(base, Path(path) / EDITS / shot)
    except ValueError as nothing:
        raise CorrectionError(str(nothing)) from nothing
    clips = {frame_id: base.row(frame_id)["clip_id"] for frame_id in found.edits}
    source = Layers(path, corrected=False)
    plan = [row for row in source.plan().to_pylist() if row["clip_id"] in clips.values()]
    remake = Remake(dataset.description(Store(path)).get("config", {}), _filler())
    made: list[Row] = []
    for row in source.read(plan):
        theirs = {
            frame_id: edit for frame_id, edit in found.edits.items() if clips[frame_id] == row["clip_id"]
        }
        if row["error"]:
            raise CorrectionError(f"{row['clip_id']} cannot be read: {row['error']}")
        made.append(remake(row, theirs))
    _commit(path, base, made, _clips_of(base, shot, path))
    return found.problems


def take_back(path: str, shot: str) -> int:
    """Take back all corrections of a shot: its edits are deleted, and what was made stands again. Gives the
    number of clips.
    """
    store, base = Store(path), Output(path, corrected=False)
    clips = _clips_of(base, shot, path)
    for name in store.names(f"{EDITS}/{shot}", ""):
        store.remove(f"{EDITS}/{shot}/{name}")
    return _commit(path, base, [], clips)


def _commit(path: str, base: Output, made: Sequence[Row], clips: set[str]) -> int:
    """Put corrected clips in the place of all that there were of these clips."""
    store, run = Store(path), uuid.uuid4().hex
    sink = Shards(f"{path}/{corrections.FOLDER}")
    with sink.open(run):
        gone = clips & set(sink.committed())
        told = {clip: digest for clip, digest in corrections.made_of(store).items() if clip not in gone}
        sink.forget(gone)
        sink.describe({"kind": corrections.FOLDER})
        for clip in made:
            sink.write([{name: value for name, value in clip.items() if name in sink.takes}], run)
        ids = [str(clip["clip_id"]) for clip in made]
        now = corrections.digests(metadata.split(base.table, ids)[0])
        corrections.note(store, told | now)
    for name in store.folders("annotations"):
        _stale(path, name, clips, run)
    tracks.write(Output(path))
    return len(gone)


def _stale(path: str, name: str, clips: set[str], run: str) -> None:
    """Annotations of figures that are others now are left to be made again."""
    sink = Columns(path, name)
    there = metadata.names(sink.store)
    columns = (
        {
            column
            for column in parquet.read(sink.store, there[0]).column_names
            if not column.startswith("characters")
        }
        if there
        else set()
    )
    if any(word in column for column in columns for word in _OF_FIGURES):
        with sink.open(run):
            sink.forget(clips)


def _clips_of(output: Output, shot: str, path: str) -> set[str]:
    try:
        found = one(output, shot)
    except KeyError:
        raise CorrectionError(f"no shot {shot!r} in {path}") from None
    return {output.row(carrier)["clip_id"] for carrier in found.carriers}


def _filler() -> Background:
    """What fills the background where a figure covers more of it now, and shows the frame where it covers
    less.
    """
    return Background(OpenCV("telea"))
