"""The characters of each shot as the frame table knows them: where each is seen best, and who is in a frame
together with whom.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from animelayers.dataset.tracks import tracks as joined
from animelayers.imaging.seams import Box
from animelayers.record.values import placed

_COLUMNS = (
    "clip_id",
    "frame_id",
    "drawing_of",
    "instance_ids",
    "instance_boxes",
    "width",
    "height",
    "mask_quality",
    "character_confidence",
)


class Seen(NamedTuple):
    """A character in a drawing: its row of the frame table, its id in the clip, which of the clip's `of` ids
    that is, counted from 0 in rising order, its box, and how well it is seen, 0..1."""

    row: int
    instance: int
    place: int
    of: int
    box: Box
    weight: float


class Tracklet(NamedTuple):
    """A character of a shot, followed over its clips: the shot's id and a number (ep-mkv/scene0003/1), its
    number of frames, drawings that show it well, in order of time, and the largest share of the frame's
    height that it takes."""

    name: str
    frames: int
    drawings: tuple[Seen, ...]
    high: float = 1.0

    @property
    def shot(self) -> str:
        """The shot's id."""
        return self.name.rpartition("/")[0]


class Tracklets(NamedTuple):
    """All tracks of an output, sorted by name, and `apart` int (M, 2): pairs of tracks that are in one frame
    together.
    """

    tracks: list[Tracklet]
    apart: np.ndarray


def tracklets(table: pa.Table, drawings: int = 8) -> Tracklets:
    """The tracks of a frame table, each with at most `drawings` of its drawings, the best of as many
    stretches of time.

    A drawing is good where the character is large, alone at its place, and its matte sure. Raises ValueError
    for a table without tracks.
    """
    if "instance_boxes" not in table.column_names:
        raise ValueError(
            "nobody was followed in it: run stage track (animelayers decompose with its default stages) first"
        )
    name_of = _names(table)
    ids_of: dict[str, list[int]] = {}
    for clip, instance in sorted(name_of):
        ids_of.setdefault(clip, []).append(instance)
    frames: dict[str, int] = {}
    high: dict[str, float] = {}
    seen: dict[str, list[Seen]] = {}
    together: set[tuple[str, str]] = set()
    for number, row in enumerate(_rows(table)):
        here = [
            (name_of[row["clip_id"], seen_here.instance], seen_here)
            for seen_here in _seen(number, row, ids_of.get(row["clip_id"], []))
        ]
        for name, found in here:
            frames[name] = frames.get(name, 0) + 1
            high[name] = max(high.get(name, 0.0), found.box[3] / max(1, row["height"]))
        together.update(combinations(sorted({name for name, _ in here}), 2))
        if row["drawing_of"] is None:
            for name, found in here:
                seen.setdefault(name, []).append(found)
    if not frames:
        raise ValueError("there is nobody in it: no frame has a character that was followed")
    names = sorted(frames)
    place = {name: i for i, name in enumerate(names)}
    apart = np.array(sorted((place[a], place[b]) for a, b in together), int).reshape(-1, 2)
    tracks = [Tracklet(name, frames[name], _best(seen.get(name, []), drawings), high[name]) for name in names]
    return Tracklets(tracks, apart)


def members(table: pa.Table) -> Iterator[tuple[Mapping[str, Any], list[str]]]:
    """Each row of a frame table (clip_id, frame_id, drawing_of …) with the names of the tracks in it, in the
    order of its `instance_ids`.
    """
    name_of = _names(table)
    for row in _rows(table):
        yield row, [name_of[row["clip_id"], instance] for instance in placed(row)]


def _names(table: pa.Table) -> dict[tuple[str, int], str]:
    rows = joined(table).to_pylist()
    # As clip ids tell shots: those of several pictures of a folder share episode and scene.
    return {
        (row["clip_id"], row["instance_id"]): "/".join([*row["clip_id"].split("/")[:2], str(row["track_id"])])
        for row in rows
    }


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    there = [name for name in _COLUMNS if name in table.column_names]
    for batch in table.select(there).to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()


def _seen(number: int, row: Mapping[str, Any], ids: Sequence[int]) -> Iterator[Seen]:
    boxes = placed(row)
    sure = 1.0
    for name in ("mask_quality", "character_confidence"):
        sure *= 1.0 if row.get(name) is None else max(0.05, float(row[name]))
    for instance, box in boxes.items():
        size = min(1.0, box[2] * box[3] / max(1, row["width"] * row["height"])) ** 0.5
        free = _free(box, [other for k, other in boxes.items() if k != instance])
        yield Seen(number, instance, ids.index(instance), len(ids), box, sure * size * free)


def _free(box: Box, others: Sequence[Box]) -> float:
    """The share of a box that no other box covers, at least 0.05."""
    covered = 0
    for x, y, w, h in others:
        wide, high = (
            min(box[0] + box[2], x + w) - max(box[0], x),
            min(box[1] + box[3], y + h) - max(box[1], y),
        )
        covered = max(covered, max(0, wide) * max(0, high))
    return max(0.05, 1 - covered / max(1, box[2] * box[3]))


def _best(seen: Sequence[Seen], most: int) -> tuple[Seen, ...]:
    """The best of each of `most` stretches; of equals the first."""
    edges = np.linspace(0, len(seen), min(most, len(seen)) + 1).astype(int)
    return tuple(max(seen[a:b], key=lambda drawing: drawing.weight) for a, b in pairwise(edges))
