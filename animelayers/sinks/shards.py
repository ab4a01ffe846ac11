"""Shards: a tar of layer files and a Parquet of frames under one name."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Annotated

import pyarrow as pa

from animelayers.options import Within
from animelayers.record.schema import Row
from animelayers.sinks import metadata, tar
from animelayers.sinks.frames import Place, carriers, files, frame_ids, frame_table
from animelayers.sinks.sink import Files, Sink, checksum
from animelayers.sinks.store import SinkError

log = logging.getLogger(__name__)
FOLDER = "shards"
_GATHERED = 256_000_000
_OWN = re.compile(r"-[0-9a-f]{12}\.tar$")


class Shards(Sink):
    """An output of tars that WebDataset reads (FRAME_ID.character.png, …) beside the Parquets that say where
    each layer lies.

    `path` is a folder or a URI. One call of `write` makes one pair shards/NAME.tar and metadata/NAME.parquet.
    A frame that shows the drawing of an earlier one points at that one's files. Clips that failed have a row
    and no files.

    ``commit_bytes``: about how many bytes of layers go into one pair; 0: what a worker reads at a time, so that
    little is lost with it and layers are there to look at at once; None: 256 MB on object stores, where each pair costs
    three requests beside it, elsewhere 0.
    """

    folders = (FOLDER,)

    def __init__(self, path: str, commit_bytes: Annotated[int, Within(0)] | None = None) -> None:
        super().__init__(path)
        self.commit_bytes = (0 if self.store.local else _GATHERED) if commit_bytes is None else commit_bytes

    def lay_out(
        self, name: str, clips: Sequence[Row], layers: Sequence[str], footer: Mapping[str, str]
    ) -> tuple[Files, pa.Table]:
        """The tar of some clips, if any is good, and their rows of the frame table."""
        names, members = [], []
        for clip in clips:
            ids, first, drawings = frame_ids(clip), carriers(clip), files(clip)
            names.append(
                [
                    {layer: f"{ids[position]}.{layer}" for layer in drawing}
                    for position, drawing in zip(first, drawings, strict=True)
                ]
            )
            for d in sorted(range(len(first)), key=first.__getitem__):
                members += [tar.Member(names[-1][d][layer], data) for layer, data in drawings[d].items()]
        at = {
            member.name: Place(member.name, offset, len(member.data), checksum(member.data))
            for member, offset in zip(members, tar.offsets(members), strict=True)
        }
        if len(at) < len(members):
            raise ValueError(f"two clips of {[str(clip['clip_id']) for clip in clips]} hold the same frame")
        places = [
            [{layer: at[file] for layer, file in drawing.items()} for drawing in clip] for clip in names
        ]
        shard = f"{name}.tar" if members else None
        return {f"{FOLDER}/{shard}": tar.chunks(members)} if shard else {}, frame_table(
            clips, places, shard, layers, footer, tar.length(members) if shard else None
        )

    def files_of(self, table: pa.Table) -> set[str]:
        """The tars that rows of the frame table point at."""
        return {f"{FOLDER}/{shard}" for shard in table["shard"].to_pylist() if shard}

    def sizes(
        self, sources: Sequence[str] | None = None, files: Sequence[str] | None = None
    ) -> Iterator[tuple[str, str, int | None]]:
        """Of each good clip its id, its tar, and the bytes that should have (None in outputs of earlier
        releases).
        """
        facts = ["clip_id", "shard", "shard_bytes"]
        table = metadata.scan(self.store, facts, sources, files).group_by(facts).aggregate([])
        for row in table.to_pylist():
            if row["shard"]:
                yield row["clip_id"], f"{FOLDER}/{row['shard']}", row["shard_bytes"]

    def sweep(self) -> int:
        """Delete temporaries, and tars whose Parquet was never published."""
        leftovers = super().sweep()
        committed = {PurePosixPath(name).stem for name in metadata.names(self.store)}
        try:
            for batch in metadata.batches(self.store, ["shard"], files=metadata.gathered(self.store)):
                committed.update(
                    shard.removesuffix(".tar") for shard in batch["shard"].unique().to_pylist() if shard
                )
        except SinkError as damaged:  # whose tars are whose cannot be told: none is taken for an orphan
            log.warning("%s: no tar is swept", damaged)
            return leftovers
        # a person's own tar is none of ours
        own = [name for name in self.store.names(FOLDER, ".tar") if _OWN.search(name)]
        orphans = [name for name in own if name.removesuffix(".tar") not in committed]
        for name in orphans:
            self.store.remove(f"{FOLDER}/{name}")
        return leftovers + len(orphans)
