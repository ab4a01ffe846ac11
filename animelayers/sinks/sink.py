"""What all sinks share: one run at a time, a commit per call, and the commits read back as progress."""

from __future__ import annotations

import hashlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import xxhash

from animelayers.private import shown
from animelayers.record.schema import RECORD, Row
from animelayers.sinks import dataset, metadata, parquet
from animelayers.sinks.frames import in_order
from animelayers.sinks.lock import Lock, fence
from animelayers.sinks.store import Store

log = logging.getLogger(__name__)

Files = Mapping[str, Iterable[Any]]
"""Files to write: path below the output -> chunks of bytes."""


def checksum(data: Any) -> int:
    """XXH3 of some bytes as a signed number of 64 bits: against faulty disks and copies, not against people."""
    return int.from_bytes(xxhash.xxh3_64_digest(data), signed=True)


class Sink(ABC):
    """An output folder, local or remote. The driver opens it and asks what is committed; workers write clips
    into it.

    The Parquet of a call is its commit: written last, renamed into place. Names and bytes come from the clips
    alone, so a call that is repeated changes nothing. All methods raise `SinkError` where the output cannot
    be read or written.
    """

    folders: ClassVar[tuple[str, ...]] = ()
    """Where layer files go, below the output."""
    needs: ClassVar[tuple[str, ...]] = ("layers", "layer_names", "layer_sizes")
    """Columns without which there is nothing to store."""

    commit_bytes = 0
    """About how many bytes of layers a worker commits together; 0: what it reads at a time."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.store = Store(path)

    @abstractmethod
    def lay_out(
        self, name: str, clips: Sequence[Row], layers: Sequence[str], footer: Mapping[str, str]
    ) -> tuple[Files, pa.Table]:
        """The files of some clips, and their rows of the frame table."""

    @abstractmethod
    def files_of(self, table: pa.Table) -> set[str]:
        """Paths of the files that rows of the frame table point at."""

    def sizes(
        self, sources: Sequence[str] | None = None, files: Sequence[str] | None = None
    ) -> Iterator[tuple[str, str, int | None]]:
        """Of each good clip its id, a file it needs, and the bytes that should have, where that is known; see
        `metadata.scan`.
        """
        return iter(())

    # The driver's side.

    @property
    def takes(self) -> tuple[str, ...]:
        """Columns of the record that are stored where a clip has them."""
        return (*(name for name, column in RECORD.items() if column.table), "drawing", *self.needs)

    @property
    def local_path(self) -> Path | None:
        """The output folder, or None if it is remote."""
        return Path(self.store.root) if self.store.local else None

    @contextmanager
    def open(self, run: str, take_over: bool = False) -> Iterator[int]:
        """Hold the output for a run, and give the number of leftovers of dead runs that were swept. Raises
        `Locked`.
        """
        for folder in ("", metadata.FOLDER, *self.folders):
            self.store.folder(folder)
        with Lock(self.store, run, take_over):
            swept = self.sweep()
            self.gather(run)
            if swept:
                log.info("swept %d leftovers of an interrupted run", swept)
            yield swept

    def sweep(self) -> int:
        """Delete what dead runs left unpublished, and return how many files that was. Only under the lock."""
        # Parquets go first: a worker of a dead driver that has passed its fence finds its own gone, so that
        # no tar which a sink takes for an orphan can still be committed.
        leftovers = sorted(self.store.temporaries(), key=lambda name: not name.startswith(metadata.FOLDER))
        for name in metadata.gathered(self.store):
            leftovers += [
                commit
                for commit in metadata.replaced(self.store, name)
                if commit != name and self.store.exists(commit)
            ]
        for name in leftovers:
            self.store.remove(name)
        return len(leftovers)

    def gather(self, run: str) -> None:
        """Put few large Parquets in the place of many small commits, so that a run over a large output starts
        in seconds. Only under the lock.
        """
        for name, data, commits in metadata.gather(self.store):
            fence(self.store, run)
            self.store.put(name, run, data)
            for commit in commits:
                self.store.remove(commit)

    def committed(
        self,
        retry_failed: bool = False,
        sources: Sequence[str] | None = None,
        files: Sequence[str] | None = None,
    ) -> dict[str, int]:
        """Ids of the clips that are done and their numbers of frames, 0 for a failed clip; with
        `retry_failed` those do not count.

        Of all inputs, or of some `sources`; ``files``: the commits to look into, where their names are known
        already.
        """
        return metadata.committed(self.store, retry_failed, sources, files)

    def failures(self) -> list[dict[str, Any]]:
        """Clips that failed and have no good rows: clip_id, source, error, error_type, attempt."""
        return metadata.failures(self.store)

    def forget(self, clip_ids: Iterable[str]) -> None:
        """Undo the commits of some clips, so that they are done again. Their bytes stay in a tar that other
        clips share.
        """
        clip_ids = set(clip_ids)
        for name in metadata.names(self.store) if clip_ids else ():
            if clip_ids.isdisjoint(parquet.read(self.store, name, ["clip_id"])["clip_id"].to_pylist()):
                continue
            gone, kept = metadata.split(parquet.read(self.store, name), clip_ids)
            files = self.files_of(gone) - self.files_of(kept)
            for file in files:
                self.store.path(file)  # refuses what leads outside, before anything is undone
            if kept.num_rows:
                self.store.put(name, "forget", parquet.sealed(kept))
            else:
                self.store.remove(name)
            for file in files:
                self.store.remove(file)

    def lost(
        self, sources: Sequence[str] | None = None, files: Sequence[str] | None = None
    ) -> dict[str, str]:
        """Clips whose files are gone or not of the size they were written with, and what is wrong: one stat
        per file (in a bucket one request for many), nothing is read.

        Of all inputs, or of some; see `committed`.
        """
        wanted: dict[str, int | None] = {}
        clips: dict[str, list[str]] = {}
        for clip, file, size in self.sizes(sources, files):
            wanted[file] = size
            clips.setdefault(file, []).append(clip)
        found: dict[str, str] = {}
        for file, there in zip(wanted, self.store.sizes(list(wanted)), strict=True):
            size = wanted[file]
            if there is None or size not in (None, there):
                problem = f"{file} is gone" if there is None else f"{file} has {there} of {size} bytes"
                found |= dict.fromkeys(clips[file], problem)
        return found

    def check(self, fingerprints: Mapping[str, Any]) -> None:
        """Raise `Changed` if what is committed was made by stages with other fingerprints, naming stage and
        key.
        """
        if metadata.names(self.store):
            dataset.check_fingerprints(self.path, dataset.fingerprints(self.store), fingerprints)

    def describe(self, description: Mapping[str, Any]) -> None:
        """Write dataset.json."""
        dataset.describe(self.store, description)

    def description(self) -> dict[str, Any]:
        """What dataset.json says; empty without one."""
        return dataset.description(self.store)

    def save_plan(self, plan: pa.Table) -> None:
        """Keep the table of planned clips."""
        dataset.save_plan(self.store, plan)

    def add_plan(self, plan: pa.Table) -> None:
        """Keep the planned clips of more inputs."""
        dataset.add_plan(self.store, plan)

    def plan_lacks(self, columns: Sequence[str]) -> list[str]:
        """Those of some columns that the kept plan has not, because another release wrote it. Raises
        `SinkError` where it is damaged.
        """
        return dataset.plan_lacks(self.store, columns)

    def keep_plan(self, sources: Collection[str]) -> None:
        """Of the kept plan leave the clips of some inputs only."""
        dataset.keep_plan(self.store, sources)

    def settle_plan(self, order: Mapping[str, int]) -> None:
        """Put what `add_plan` has kept together; `order` ranks the inputs."""
        dataset.settle_plan(self.store, order)

    def expect(self, plan: pa.Table, inputs: Sequence[Any]) -> None:  # noqa: B027  (a sink may name its files without a plan)
        """Know the planned inputs (a row of the plan each, or each clip's) and those (`sources.Input`)
        beyond, of all of which names are made.
        """

    def load_plan(self) -> pa.Table | None:
        """The kept table of planned clips, or None."""
        return dataset.load_plan(self.store)

    def parts_of_plan(
        self, columns: Sequence[str] | None = None, sources: Collection[str] | None = None
    ) -> Iterator[pa.Table]:
        """The same piece by piece, or some columns of it, or the clips of some inputs. Raises `SinkError`
        where a piece is damaged.
        """
        return dataset.parts_of_plan(self.store, columns, sources)

    def finish(self) -> None:  # noqa: B027  (a sink may have nothing to add)
        """Write what needs all clips; called by the driver at the end of a run."""

    # The workers' side.

    def holds(self, rows: Sequence[Row]) -> bool:
        """Whether these clips were committed together and none failed, so that writing them again would
        change nothing.
        """
        return metadata.good_clips(self.store, _parquet(in_order(rows))) == {
            str(row["clip_id"]) for row in rows
        }

    def write(
        self,
        rows: Sequence[Row],
        run: str,
        layers: Sequence[str] = (),
        footer: Mapping[str, str] | None = None,
    ) -> None:
        """Commit some clips together: readers see all of them or none.

        `layers` names the layer files where every clip failed; `footer` is kept in the Parquet's footer.
        Raises `Fenced` if the lock no longer names `run`, ValueError for rows that break the record's
        contract.
        """
        clips = [
            {**clip, "error": shown(str(clip["error"]))} if clip["error"] else clip for clip in in_order(rows)
        ]
        done = metadata.good_clips(self.store, _parquet(clips)) if clips else set()
        # A write repeated after its commit: other bytes under the tar of committed rows would break their
        # offsets.
        if done:
            clips = [clip for clip in clips if clip["clip_id"] not in done]
        if not clips:
            return
        files, table = self.lay_out(_name(clips), clips, layers, footer or {})
        drafts = []
        try:
            drafts += [self.store.draft(name, run, chunks) for name, chunks in files.items()]
            commit = self.store.draft(_parquet(clips), run, [parquet.sealed(table)])
            drafts.append(commit)
            fence(self.store, run)
            self.store.publish(drafts[:-1])
            fence(self.store, run)
            self.store.publish([commit])
        finally:
            for draft in drafts:
                draft.discard()


def _name(clips: Sequence[Row]) -> str:
    ids = [str(clip["clip_id"]) for clip in clips]
    return f"{ids[0].replace('/', '-')}-{hashlib.sha256(chr(10).join(ids).encode()).hexdigest()[:12]}"


def _parquet(clips: Sequence[Row]) -> str:
    return f"{metadata.FOLDER}/{_name(clips)}.parquet"
