"""A training set as an output: a row per training picture, the picture itself as its layer `frame`, its loss
mask as `mask`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from animelayers.record.schema import Row
from animelayers.sinks import tar
from animelayers.sinks.frames import Place
from animelayers.sinks.shards import FOLDER, Shards
from animelayers.sinks.sink import Files, checksum

KIND = "curated"
"""What dataset.json of a set says it is."""
DECISIONS = "decisions.parquet"
"""A row per frame that was decided on: its strategy, why, and all scores."""
COLUMNS: Mapping[str, tuple[pa.DataType, str]] = {
    "origin": (pa.string(), "the frame of the source that it is made of"),
    "origin_digest": (pa.string(), "tells whether that frame's layers are still those it was made of"),
    "strategy": (pa.string(), "what made it"),
    "confidence": (pa.float32(), "how well the frame fits that strategy, 0..1"),
    "kind": (pa.string(), "what of the frame it is: '' the whole, character, background, occ0, …"),
    "shows": (pa.string(), "the layer it shows: frame, character or background"),
    "concept": (pa.string(), "what it teaches: the folder a trainer finds it in"),
    "repeats": (
        pa.int32(),
        "how often an epoch shows it; 0 for what is there to compare with and trains nothing",
    ),
    "caption": (pa.string(), "what is said of it; null for nothing"),
    "crop": (pa.list_(pa.int32(), 4), "x, y, w, h in the frame it is cut from; null for the whole frame"),
    "cutout": (pa.bool_(), "whether it is cut out: its alpha is what trains"),
}
"""Columns of a set's frame table beside those of the frames it is made of: type and meaning."""
_PLACED = tuple(
    (f"{layer}_{part}", kind)
    for layer in ("frame", "mask")
    for part, kind in zip(Place._fields, (pa.string(), *[pa.int64()] * 3), strict=True)
)
_OWN = pa.schema(
    [
        *[(name, pa.string()) for name in ("frame_id", "drawing_of", "shard")],
        ("shard_bytes", pa.int64()),
        *[(name, pa.string()) for name in ("clip_id", "source", "episode", "scene_id")],
        ("frame_index", pa.int64()),
        ("timestamp_s", pa.float64()),
        *[(name, pa.int64()) for name in ("width", "height")],
        *[(name, kind) for name, (kind, _) in COLUMNS.items()],
        *_PLACED,
        *[(name, pa.string()) for name in ("error", "error_type")],
        ("attempt", pa.int32()),
    ]
)


class Curated(Shards):
    """An output whose clips are the frames of another one and whose frames are the training pictures made of
    them.

    A row to `write` has the columns every clip has and ``pictures``: of each picture its row, and ``files``:
    its encoded layers by file name, `frame.png` and `mask.png`. ``told``: fields of the source's frame table
    that rows carry along. A clip that failed has one row with its error. Commit, resume and forgetting are
    those of `Shards`.
    """

    def __init__(self, path: str, told: Sequence[pa.Field] = ()) -> None:
        super().__init__(path)
        self._schema = pa.schema([*_OWN, *(field for field in told if field.name not in _OWN.names)])

    def lay_out(
        self, name: str, clips: Sequence[Row], layers: Sequence[str], footer: Mapping[str, str]
    ) -> tuple[Files, pa.Table]:
        """The tar of the pictures, if there is any, and their rows."""
        members = [
            tar.Member(f"{row['frame_id']}.{file}", data)
            for clip in clips
            for row, files in zip(clip["pictures"], clip["files"], strict=True)
            for file, data in files.items()
        ]
        offsets = {member.name: offset for member, offset in zip(members, tar.offsets(members), strict=True)}
        if len(offsets) < len(members):
            raise ValueError(f"two pictures of {[clip['clip_id'] for clip in clips]} have the same name")
        shard = {"shard": f"{name}.tar", "shard_bytes": tar.length(members)} if members else {}
        rows: list[dict[str, Any]] = []
        for clip in clips:
            shared = {key: clip[key] for key in _OWN.names if key in clip} | {
                "frame_index": clip["frame_index"][0]
            }
            for row, files in zip(clip["pictures"], clip["files"], strict=True):
                rows.append({**shared, **row, **shard})
                for file, data in files.items():
                    member = f"{row['frame_id']}.{file}"
                    place = Place(member, offsets[member], len(data), checksum(data))
                    rows[-1] |= {
                        f"{PurePosixPath(file).stem}_{part}": value for part, value in place._asdict().items()
                    }
            rows += [shared] if clip["error"] else []
        table = pa.Table.from_pylist(rows, self._schema).replace_schema_metadata(dict(footer))
        return {f"{FOLDER}/{name}.tar": tar.chunks(members)} if members else {}, table
