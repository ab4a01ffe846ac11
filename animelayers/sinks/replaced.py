"""A copy of an output with some of its clips replaced: everything else byte for byte."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from animelayers.private import shown
from animelayers.record.schema import Row
from animelayers.sinks import corrections, dataset, metadata, parquet
from animelayers.sinks.columns import FOLDER as ANNOTATIONS
from animelayers.sinks.sink import Sink
from animelayers.sinks.store import SinkError, Store
from animelayers.storage import inside

FROM = "edited_from"
_CHUNK = 1 << 24


def replace(
    path: str, sink: Sink, clips: Sequence[Row], run: str, said: Mapping[str, Any], corrected: bool = True
) -> None:
    """Write an output that is the one at `path` with `clips` in place of those of their ids, which it must
    hold; `said` goes to its dataset.json.

    A new output, and not new commits in the old one: a commit is never changed, and a clip that is undone
    before it is written again would be lost if the run died in between. So the old output stays what exports
    were made from, and the same edits give the same result however often they are imported. Annotations of
    the clips are left out, for they are of what was; corrections of other clips come along, unless
    ``corrected`` is False. Raises `SinkError` if another output is there already.
    """
    source = Store(path)
    if sink.store.root == source.root:
        raise SinkError(
            source.root,
            "is the output itself",
            "give a new one: what exports were made from is never changed",
        )
    found = dataset.description(sink.store)
    if metadata.names(sink.store) and found.get(FROM) != shown(source.root):
        raise SinkError(sink.store.root, "holds another output", "give a new one")
    ids = {str(row["clip_id"]) for row in clips}
    with sink.open(run):
        sink.describe({**dataset.description(source), FROM: shown(source.root), **said})
        plan = dataset.load_plan(source)
        if plan is not None:
            sink.save_plan(plan)
        _forget(source, sink)
        for name in metadata.names(source):
            gone, kept = metadata.split(parquet.read(source, name), ids)
            for file in sorted(sink.files_of(kept)):
                copy(source, sink.store, file, run)
            if kept.num_rows:
                data = parquet.sealed(kept) if gone.num_rows else source.read(name) or b""
                sink.store.put(name, run, data)
        for clip in clips:
            sink.write([{name: value for name, value in clip.items() if name in sink.takes}], run)
        for name in source.folders(ANNOTATIONS):
            below = f"{ANNOTATIONS}/{name}"
            _annotations(Store(inside(path, below)), Store(inside(sink.path, below)), ids, run)
        if corrected:
            _corrections(source, sink.store, ids, run)


def _corrections(source: Store, target: Store, without: Collection[str], run: str) -> None:
    """Copy the corrections of clips but those."""
    told: dict[str, str] = {}
    for name in corrections.parts(source):
        table = parquet.read(source, name)
        clips = set(table["clip_id"].to_pylist())
        if clips.isdisjoint(without):
            told |= {clip: digest for clip, digest in corrections.made_of(source).items() if clip in clips}
            for file in [
                *sorted(
                    {
                        corrections.file(f"{corrections.FOLDER}/{shard}")
                        for shard in table["shard"].to_pylist()
                        if shard
                    }
                ),
                name,
            ]:
                copy(source, target, file, run)
    if told:
        corrections.note(target, told)


def _forget(source: Store, sink: Sink) -> None:
    """Undo the commits of an import before this one, with the files that an edit may have changed."""
    for name in metadata.names(sink.store):
        table = parquet.read(sink.store, name)
        same = sink.store.read(name) == source.read(name)
        sink.store.remove(name)
        for file in () if same else sink.files_of(table):
            sink.store.remove(file)


def copy(source: Store, target: Store, name: str, run: str) -> None:
    """Copy a file, unless one of its size is there."""
    there, here = target.fs.get_file_info(target.path(name)), source.fs.get_file_info(source.path(name))
    if there.is_file and there.size == here.size:
        return
    target.folder(name.rpartition("/")[0])
    draft = target.draft(name, run, _chunks(source, name))
    try:
        target.publish([draft])
    finally:
        draft.discard()


def _chunks(source: Store, name: str) -> Iterator[bytes]:
    with source.guard(name), source.fs.open_input_stream(source.path(name)) as stream:
        while chunk := stream.read(_CHUNK):
            yield bytes(chunk)


def _annotations(source: Store, target: Store, without: Collection[str], run: str) -> None:
    """Copy annotations but those of some clips, which the next run of the same annotation makes."""
    target.folder(metadata.FOLDER)
    for name in metadata.names(source):
        gone, kept = metadata.split(parquet.read(source, name), without)
        if kept.num_rows:
            target.put(name, run, parquet.sealed(kept) if gone.num_rows else source.read(name) or b"")
        else:
            target.remove(name)
    for name in (dataset.DATASET, dataset.PLAN):
        if (data := source.read(name)) is not None:
            target.put(name, run, data)
