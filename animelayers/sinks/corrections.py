"""Clips that a person corrected: commits of their own below an output, which take the place of those they
were made of.

What the output holds stays as it was written, so that a correction can be taken back, a run that goes on
finds what it knows, and nothing is lost whatever dies in between. A correction of layers that were made again
since is left aside.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable

import pyarrow as pa
import xxhash

from animelayers.sinks import metadata, parquet
from animelayers.sinks.store import SinkError, Store
from animelayers.storage import inside

log = logging.getLogger(__name__)

FOLDER = "corrections"
MADE_OF = f"{FOLDER}/made_of.json"


def over(good: pa.Table, path: str, some: bool = False) -> pa.Table:
    """The rows of an output, or of `some` of its clips, with those of its corrected clips in their place.
    Raises `SinkError` for corrections that are damaged."""
    store, below = Store(path), Store(inside(path, FOLDER))
    if not metadata.names(below):
        return good
    fixed = _placed(metadata.load(below)[0])
    if some:
        fixed = metadata.split(fixed, good["clip_id"].unique().to_pylist())[0]
    valid = standing(good, store, fixed["clip_id"].unique().to_pylist())
    fixed, old = metadata.split(fixed, valid)[0], metadata.split(good, valid)[1]
    for field in fixed.schema:
        if field.name in old.column_names and old.schema.field(field.name).type != field.type:
            fixed = fixed.set_column(
                fixed.column_names.index(field.name),
                field.name,
                fixed[field.name].cast(old.schema.field(field.name).type),
            )
    return pa.concat_tables([old, fixed], promote_options="default").combine_chunks() if len(fixed) else good


def parts(store: Store) -> list[str]:
    """Paths below the output of the commits of corrections that stand for its own commits."""
    names = [
        f"{FOLDER}/{metadata.FOLDER}/{name}"
        for name in store.names(f"{FOLDER}/{metadata.FOLDER}", ".parquet")
    ]
    if not names:
        return []
    good = metadata.load(store)[0]
    clips = {name: parquet.read(store, name, ["clip_id"])["clip_id"].unique().to_pylist() for name in names}
    valid = set(standing(good, store, [clip for found in clips.values() for clip in found]))
    return [name for name in names if valid.issuperset(clips[name])]


def rows(table: pa.Table, part: str) -> pa.Table:
    """The rows of one commit of an output, those of a correction with the place of their shard below the
    output.
    """
    return _placed(table) if part.startswith(f"{FOLDER}/") else table


def standing(good: pa.Table, store: Store, clips: Iterable[str]) -> list[str]:
    """Which corrected clips still are of the layers that the rows of the output tell of."""
    told = made_of(store)
    clips = list(clips)
    now = digests(metadata.split(good, clips)[0])
    stale = [clip for clip in clips if clip not in now or told.get(clip) != now[clip]]
    if stale:
        log.warning(
            "%s: %d corrected clips were made again since, their corrections are left aside: %s",
            store.root,
            len(stale),
            stale[:3],
        )
    return [clip for clip in clips if clip not in stale]


def digests(table: pa.Table) -> dict[str, str]:
    """A digest of the layers of each clip of a frame table."""
    names = [
        name
        for name in (
            "frame_id",
            "drawing_of",
            "character_xxh3",
            "background_xxh3",
            "effect_xxh3",
            "shadow_xxh3",
        )
        if name in table.column_names
    ]
    found: dict[str, list[list[object]]] = {}
    for row in table.select(["clip_id", *names]).to_pylist():
        found.setdefault(row["clip_id"], []).append([row[name] for name in names])
    return {
        clip: xxhash.xxh3_64_hexdigest(json.dumps(sorted(rows, key=str)).encode())
        for clip, rows in found.items()
    }


def made_of(store: Store) -> dict[str, str]:
    """Of each corrected clip the digest of the layers it was made of. Raises `SinkError` where that file is
    damaged.
    """
    try:
        found = json.loads(store.read(MADE_OF) or b"{}")
        return {str(clip): str(digest) for clip, digest in found.items()}
    except (ValueError, AttributeError) as damaged:
        raise SinkError(
            store.path(MADE_OF), f"damaged, {damaged}", f"delete {FOLDER}/ and import edits/ again"
        ) from None


def note(store: Store, told: dict[str, str]) -> None:
    """Write down what corrected clips were made of."""
    store.put(MADE_OF, "corrections", json.dumps(told, indent=1, sort_keys=True).encode() + b"\n")


def file(shard: str) -> str:
    """The path of a shard below the output, of its own or of a correction."""
    folder, _, name = shard.rpartition("/")
    return f"{folder}/shards/{name}" if folder else f"shards/{name}"


def _placed(table: pa.Table) -> pa.Table:
    shards = [f"{FOLDER}/{shard}" if shard else None for shard in table["shard"].to_pylist()]
    return table.set_column(table.column_names.index("shard"), "shard", pa.array(shards, pa.string()))
