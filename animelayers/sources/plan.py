"""The plan: which frames of which input make each clip, before any of them is decoded at full size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from animelayers.sources.names import clip_id, scene_id

MEMBER = pa.struct({"source": pa.string(), "size": pa.int64(), "mtime_ns": pa.int64()})

PLAN = pa.schema(
    {
        "clip_id": pa.string(),
        "source": pa.string(),
        "episode": pa.string(),
        "scene_id": pa.string(),
        # image, animation (GIF, WebP, APNG, AVIF, TIFF pages), video, sequence (of pictures), problem
        "kind": pa.string(),
        "indices": pa.list_(pa.int64()),  # frames of the source, 0-based; a numbered picture's own number
        "times": pa.list_(pa.float64()),  # seconds from the first frame; NaN where nothing tells
        # frames of the whole shot that each of its clips brings along; none where one clip holds it
        "context": pa.list_(pa.int64()),
        "context_times": pa.list_(pa.float64()),
        # their time stamps; -1 where reading on from the one before is quicker than seeking
        "context_pts": pa.list_(pa.int64()),
        "pts": pa.int64(),  # presentation time stamp of the first frame in the stream's own unit; -1 unknown
        "width": pa.int64(),  # of the upright picture
        "height": pa.int64(),
        "size": pa.int64(),  # of the file
        "mtime_ns": pa.int64(),
        "digest": pa.string(),  # hex XXH3 of the input's bytes, '' where they were not read for it
        "reading": pa.string(),  # the filters a film's frames go through, see `fields.chain`; '' for none
        "told": pa.string(),  # notes on the clip that only the whole film gives
        # of each frame what only the whole film tells, joined by commas, '' for nothing; none for no doubt
        "doubts": pa.list_(pa.string()),
        "members": pa.list_(MEMBER),  # the files of a sequence's frames
        "context_members": pa.list_(MEMBER),
        "captions": pa.list_(pa.string()),  # that lay beside each frame, '' for none; none for none at all
        # the files of each frame in source.mattes, '' for none; none for none at all
        "mattes": pa.list_(pa.string()),
        "aspect": pa.string(),  # the shape of a pixel as it is given, width:height
        "error": pa.string(),
        "error_type": pa.string(),
    }
)
"""One row per clip, and one for every input, or rest of an input, that cannot be read."""


@dataclass(frozen=True)
class Input:
    """One file under the root, as listed: nothing of it has been read.

    ``source`` is the path relative to the root, as text; ``name`` the first part of the ids of its clips;
    ``episode`` the folder or film they belong to; ``numbered`` tells that scene, frame and time stand in the
    file's own name. ``kind`` is image, video, sequence or problem; a problem carries its ``error``, a
    sequence of pictures its ``members`` with their ``numbers``.
    """

    source: str
    kind: str
    size: int
    mtime_ns: int
    name: str
    episode: str
    numbered: bool = False
    error: str = ""
    error_type: str = ""
    members: tuple[Input, ...] = ()
    numbers: tuple[int, ...] = ()

    @property
    def file(self) -> dict[str, Any]:
        """What opening it takes."""
        return {"source": self.source, "size": self.size, "mtime_ns": self.mtime_ns}

    def row(
        self, scene: int, indices: Sequence[int], times: Sequence[float], size: tuple[int, int], pts: int = -1
    ) -> dict[str, Any]:
        """A plan row of this input; `size` is width and height."""
        return {
            "clip_id": clip_id(self.name, scene, indices[0]),
            "source": self.source,
            "episode": self.episode,
            "scene_id": scene_id(scene),
            "kind": self.kind,
            "indices": list(indices),
            "times": list(times),
            "context": [],
            "context_times": [],
            "context_pts": [],
            "pts": pts,
            "width": size[0],
            "height": size[1],
            "size": self.size,
            "mtime_ns": self.mtime_ns,
            "digest": "",
            "reading": "",
            "told": "",
            "doubts": [],
            "members": [],
            "context_members": [],
            "captions": [],
            "mattes": [],
            "aspect": "1:1",
            "error": self.error,
            "error_type": self.error_type,
        }

    def failed(self, error: Exception | str, scene: int = 0, frame: int = 0) -> dict[str, Any]:
        """The plan row that says what is wrong with this input, from `frame` of `scene` on."""
        said = replace(self, error=message(error), error_type=kind_of(error))
        return said.row(scene, [frame], [], (0, 0)) | {"indices": []}


def message(error: Exception | str) -> str:
    """`source: what went wrong`, on one line."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    # a decoder that stumbled over what it read
    if not isinstance(error, str | OSError | ValueError | EOFError):
        text = f"is damaged: {type(error).__name__}: {text}"
    return "source: " + " ".join(str(text).split())


def kind_of(error: Exception | str) -> str:
    """Class name of an error; ValueError for one that was only put into words."""
    return "ValueError" if isinstance(error, str) else type(error).__name__


def sample(
    times: np.ndarray, every: int, fps: float | None, start: float | None, end: float | None
) -> np.ndarray:
    """Which of a source's frames are taken: bool [T] for `times` float64 [T], in seconds.

    `start` is inclusive, `end` exclusive; `fps` takes the first frame of each 1/fps second; `every` each n-th
    frame of the range.
    """
    # Comparisons let NaN pass: a page without a time is taken. Matroska rounds its times to a millisecond.
    taken = np.ones(len(times), bool)
    if start is not None:
        taken &= ~(times < start - 0.0006)
    if end is not None:
        taken &= ~(times >= end - 0.0006)
    inside = np.flatnonzero(taken)
    if fps is not None:
        slot = np.floor((times[inside] + 0.0006 - (start or 0.0)) * fps)
        inside = inside[np.diff(slot, prepend=-np.inf) != 0]
    taken[:] = False
    taken[inside[::every]] = True
    return taken


def windows(length: int, longest: int) -> list[tuple[int, int]]:
    """Spans [a, b) that cut `length` frames into the fewest pieces of at most `longest`, of equal length
    within one frame.
    """
    pieces = -(-length // longest)
    edges = [length * piece // pieces for piece in range(pieces + 1)] if length else []
    return list(pairwise(edges))


class Clip(NamedTuple):
    """A clip of a film: number of its shot, its frames, int64 [T], and the context frames of the shot, int64
    [K], empty for a shot of one clip.
    """

    scene: int
    indices: np.ndarray
    context: np.ndarray


def clips(
    scenes: np.ndarray,
    sizes: np.ndarray,
    taken: np.ndarray,
    frame_bytes: int,
    row_bytes: int,
    context: int = 0,
    keys: np.ndarray | None = None,
) -> Iterator[Clip]:
    """The clips of a film.

    `scenes` int [T] numbers the shots, `sizes` int [T 2] is each frame's width and height, `taken` bool [T]
    the sampled frames, `frame_bytes` what one pixel of a frame costs in a row. No clip holds frames of two
    shots or of two sizes. The frames of a row and its at most `context` context frames stay below `row_bytes`
    together; context takes a third of it at most. `keys` as in `spread`.
    """
    kept = np.flatnonzero(taken)
    if not len(kept):
        return
    change = (np.diff(scenes[kept]) != 0) | (np.diff(sizes[kept], axis=0) != 0).any(axis=1)
    for run in np.split(kept, np.flatnonzero(change) + 1):
        width, height = (int(side) for side in sizes[run[0]])
        longest = max(1, row_bytes // max(1, frame_bytes * width * height))
        shared = spread(run, min(context, longest // 3) if len(run) > longest else 0, keys)
        for a, b in windows(len(run), longest - len(shared)):
            yield Clip(int(scenes[run[0]]), run[a:b], shared)


def spread(run: np.ndarray, count: int, keys: np.ndarray | None = None) -> np.ndarray:
    """`count` of the frames `run`, spread evenly: of each of as many equal parts the middle, or the key frame
    nearest to it.

    `keys` bool [T] tells the film's key frames, to which a seek costs a single frame.
    """
    chosen = []
    for part in np.array_split(run, count) if count else ():
        near = part[keys[part]] if keys is not None else part[:0]
        near = near if len(near) else part
        chosen += [near[np.argmin(np.abs(near - part[len(part) // 2]))]] if len(near) else []
    return np.array(chosen, np.int64)


_PER_FRAME = ("indices", "times", "doubts", "members", "captions", "mattes")


def limited(plan: pa.Table, limit: int | None) -> pa.Table:
    """The first `limit` frames of a plan in its own order: the last clip is cut, what follows is left out."""
    if limit is None:
        return plan
    left, rows = limit, []
    for row in plan.to_pylist():
        if left <= 0:
            break
        rows.append(row | {name: (row[name] or [])[:left] for name in _PER_FRAME if name in row})
        left -= len(row["indices"])
    return pa.Table.from_pylist(rows, plan.schema)
