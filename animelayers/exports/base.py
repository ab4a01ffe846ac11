"""Exports: an output written once more in the form another program reads, a piece at a time, so that a killed
export goes on.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, NamedTuple

from animelayers.dataset.output import Output
from animelayers.exports.select import Select
from animelayers.options import PLACED, Count
from animelayers.sinks.store import SinkError, Store

MARK = ".export.json"
"""Tells which export a folder holds; hidden, so that no trainer takes it for data."""

Data = bytes | Iterable[bytes | memoryview]


class Piece(NamedTuple):
    """Files that are made together.

    ``files``: their names below the folder, with '/'. ``make``: gives their bytes (or chunks of bytes, for
    what is large) by name; a name it leaves out is not written. It is called, in a thread, only if one of
    them is missing. ``frames``: how many frames they hold, for the progress. ``what``: the frame or shot, for
    messages.
    """

    files: tuple[str, ...]
    make: Callable[[], Mapping[str, Data] | Mapping[str, bytes]]
    frames: int = 1
    what: str = ""


class Written(NamedTuple):
    """What an export did: files written, frames it holds now, and files that were there already."""

    files: int
    frames: int
    skipped: int


@dataclass(frozen=True, kw_only=True)
class Exporter(ABC):
    """A form of export. Its constructor's options are its YAML in conf/export/.

    ``select``: which frames. ``workers``: threads that encode; decoding and encoding leave Python's lock, so
    threads of one process do, and no Ray is started. Memory is bounded by twice as many pieces as there are
    workers.
    """

    select: Select = field(default_factory=Select)
    workers: Annotated[Count, PLACED] = field(default=2, repr=False)

    @abstractmethod
    def pieces(self, output: Output) -> Iterator[Piece]:
        """What there is to write, in order, made lazily: nothing is decoded before `Piece.make` is called."""

    def index(self, output: Output, folder: str) -> Iterator[Piece]:
        """Files about the whole, written when all pieces are: lists, configurations, cards. ``folder``: the
        whole path of what is written.
        """
        return iter(())

    def remarks(self, output: Output) -> Iterator[str]:
        """What the user must know of what was written: fewer items than there should be, words that are
        missing, and what to do.
        """
        return iter(())

    def notes(self, output: Output) -> Iterator[str]:
        """What is worth knowing of what was written, though nothing is missing."""
        return iter(())

    def write(
        self, output: Output, folder: str | Path, progress: Callable[[int], None] | None = None
    ) -> Written:
        """Write what is missing in `folder` (local or remote); `progress` is called with the number of frames
        of each piece done.

        Each file appears whole under its name, so what exists is not made again and not touched. Raises
        `SinkError` for a folder that holds another export (another form, other options, other frames or
        values), and for a frame that cannot be read, with its name.
        """
        if self.workers < 1:
            raise ValueError("export.workers must be above 0")
        store = Store(str(folder))
        self._mark(output, store)
        done = Written(0, 0, 0)
        with ThreadPoolExecutor(self.workers) as pool:
            for part in (self.pieces(output), self.index(output, _whole(store))):
                for piece, (written, skipped) in _in_order(
                    pool, part, lambda piece: _written(store, output, piece), 2 * self.workers
                ):
                    done = Written(done.files + written, done.frames + piece.frames, done.skipped + skipped)
                    if progress is not None:
                        progress(piece.frames)
        return done

    def _mark(self, output: Output, store: Store) -> None:
        """Sign the folder, or refuse one that another export signed."""
        store.folder("")
        options = {f.name: repr(getattr(self, f.name)) for f in fields(self) if f.repr}
        digest = hashlib.sha256()
        for row in self.select.rows(output):
            digest.update(json.dumps(row, default=str).encode())
        mark = json.dumps(
            {"export": type(self).__name__, "options": options, "frames": digest.hexdigest()[:32]},
            indent=2,
            ensure_ascii=False,
        )
        there = store.read(MARK)
        if there is not None and there != mark.encode():
            different = _difference(there, mark)
            raise SinkError(
                store.root,
                f"holds another export ({different})",
                "give another output, or remove that folder to write it anew",
            )
        if there is None:
            store.put(MARK, "export", mark.encode())


def _whole(store: Store) -> str:
    return str(Path(store.root).resolve()) if store.local else store.root


def _written(store: Store, output: Output, piece: Piece) -> tuple[int, int]:
    """Write the missing files of a piece; the number of files written and of those that were there."""
    missing = [name for name in piece.files if not store.exists(name)]
    if not missing:
        return 0, len(piece.files)
    try:
        made = piece.make()
        wanted = [name for name in missing if name in made]
        for folder in sorted({name.rpartition("/")[0] for name in wanted} - {""}):
            store.folder(folder)
        for name in wanted:
            data = made[name]
            draft = store.draft(name, "export", [data] if isinstance(data, bytes) else data)
            try:
                store.publish([draft])
            finally:
                draft.discard()
    except (KeyError, ValueError, OSError) as problem:
        reason = str(problem.args[0]) if isinstance(problem, KeyError) else str(problem)
        remedy = "leave it out with 'select.without=[FRAME_ID]', or decompose its input again"
        raise SinkError(output.path, f"{piece.what or piece.files[0]}: {reason}", remedy) from problem
    return len(wanted), len(piece.files) - len(missing)


def _in_order(
    pool: ThreadPoolExecutor, pieces: Iterator[Piece], work: Callable[[Piece], tuple[int, int]], ahead: int
) -> Iterator[tuple[Piece, tuple[int, int]]]:
    """Each piece with what `work` gives for it, in their order, at most `ahead` of them under way."""
    waiting: deque[tuple[Piece, Future[tuple[int, int]]]] = deque()
    try:
        for piece in pieces:
            waiting.append((piece, pool.submit(work, piece)))
            while len(waiting) >= ahead:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        for _, future in waiting:
            future.cancel()


def _difference(there: bytes, mark: str) -> str:
    """What tells two signatures apart, in words."""
    try:
        old, new = json.loads(there), json.loads(mark)
    except ValueError:
        return f"its {MARK} is damaged"
    if old.get("export") != new["export"]:
        return f"form {old.get('export')}"
    changed = [name for name, value in new["options"].items() if old.get("options", {}).get(name) != value]
    return (
        f"with other {', '.join(changed)}" if changed else "of other frames or other values of their columns"
    )
