"""Shards: a tar of layer files and a Parquet of frames under one name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from animelayers.schema import Row
from animelayers.sinks import metadata, tar
from animelayers.sinks.frames import Place, carriers, files, frame_ids, frame_table
from animelayers.sinks.sink import Files, Sink

FOLDER = "shards"


class Shards(Sink):
    """An output of tars that WebDataset reads (FRAME_ID.character.png, …) beside the Parquets that say where each layer lies.

    `path` is a folder or a URI. One call of `write` makes one pair shards/NAME.tar and metadata/NAME.parquet. A frame that shows
    the drawing of an earlier one points at that one's files. Clips that failed have a row and no files.
    """

    folders = (FOLDER,)

    def lay_out(self, name: str, clips: Sequence[Row], layers: Sequence[str], footer: Mapping[str, str]) -> tuple[Files, pa.Table]:
        """The tar of some clips, if any is good, and their rows of the frame table."""
        members = [
            [
                {layer: tar.Member(f"{ids[position]}.{layer}", data) for layer, data in drawing.items()}
                for position, drawing in zip(carriers(clip) if ids else [], files(clip), strict=True)
            ]
            for clip in clips
            for ids in [[] if clip["error"] else frame_ids(clip)]
        ]
        flat = [member for clip in members for drawing in clip for member in drawing.values()]
        if len({member.name for member in flat}) < len(flat):
            raise ValueError(f"two clips of {[str(clip['clip_id']) for clip in clips]} hold the same frame")
        at = iter(tar.offsets(flat))
        places = [
            [{layer: Place(member.name, next(at), len(member.data)) for layer, member in drawing.items()} for drawing in clip]
            for clip in members
        ]
        shard = f"{name}.tar" if flat else None
        return {f"{FOLDER}/{shard}": tar.chunks(flat)} if shard else {}, frame_table(clips, places, shard, layers, footer)

    def files_of(self, table: pa.Table) -> set[str]:
        """The tars that rows of the frame table point at."""
        return {f"{FOLDER}/{shard}" for shard in table["shard"].to_pylist() if shard}

    def sweep(self) -> int:
        """Delete temporaries, and tars whose Parquet was never published."""
        leftovers = super().sweep()
        committed = {name.split("/")[-1].removesuffix(".parquet") for name in metadata.names(self.store)}
        for name in self.store.names(FOLDER):
            if name.endswith(".tar") and name.removesuffix(".tar") not in committed:
                self.store.remove(f"{FOLDER}/{name}")
                leftovers += 1
        return leftovers
