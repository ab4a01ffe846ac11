"""The attempts ledger: finds the clip that kills or hangs its process, so that a retrying engine does not
retry it for ever.

Before a clip enters a step one line is appended to its mark; on return the mark is removed. A clip whose mark
is seen again killed its worker, or sat beside the one that did: it runs alone from then on, and after three
attempts in one run it is quarantined. Marks left by an earlier run only make a clip run alone, so killing a
whole job never quarantines a good clip.
"""

from __future__ import annotations

import faulthandler
import hashlib
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from animelayers.record.schema import Row
from animelayers.sinks.store import SinkError

log = logging.getLogger(__name__)

ATTEMPTS = 3


class Poisonous(Exception):
    """A clip that ended its process as often as it was tried."""


@dataclass(frozen=True)
class Ledger:
    """Marks in `folder`, which all workers of the run `run` can reach; a step may take `limit` seconds per
    clip (0: any time).
    """

    folder: Path
    run: str
    limit: float = 0

    def tried(self, stage: str, clip_id: str) -> tuple[int, int]:
        """How often the clip entered the stage without returning: (in this run, in any run)."""
        try:
            runs = self._mark(stage, clip_id).read_text().split()
        except FileNotFoundError:
            return 0, 0
        return runs.count(self.run), len(runs)

    def check(self, stage: str, clip_id: str) -> bool:
        """Whether the clip must run alone. Raises `Poisonous` when it was tried too often in this run."""
        here, ever = self.tried(stage, clip_id)
        if here >= ATTEMPTS:
            self.leave(stage, [clip_id])
            raise Poisonous(f"killed its worker {here} times")
        return ever > 0

    @contextmanager
    def inside(self, stage: str, clip_ids: Iterable[str]) -> Iterator[None]:
        """Marks the clips while the body runs, and ends the process if it takes longer than the limit."""
        clips = list(clip_ids)
        self.enter(stage, clips)
        try:
            with watched(self.limit * len(clips), f"{stage}: over its time limit with {', '.join(clips)}"):
                yield
        finally:
            self.leave(stage, clips)

    def guard(
        self, stage: str, read: Callable[[list[Row]], Iterable[Row]], plan: Sequence[Row]
    ) -> Iterator[Row]:
        """Run a reader over plan rows under the ledger: rows that were inside before run alone, those tried
        too often come as errors.
        """
        together: list[Row] = []
        alone: list[Row] = []
        for row in plan:
            try:
                (alone if self.check(stage, row["clip_id"]) else together).append(row)
            except Poisonous as problem:
                yield from read([{**row, "error": f"{stage}: {problem}", "error_type": "Poisonous"}])
        for rows in ([together] if together else []) + [[row] for row in alone]:
            reader = iter(read(rows))
            for row in rows:
                with self.inside(stage, [row["clip_id"]]):
                    clip = next(reader)
                yield clip

    def enter(self, stage: str, clip_ids: Iterable[str]) -> None:
        """Mark the clips as being inside the stage. Raises `SinkError` where that cannot be written down."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for clip in clip_ids:
                # No fsync: marks must survive a process, not a power cut.
                with open(self._mark(stage, clip), "a") as mark:
                    mark.write(self.run + "\n")
        except OSError as refused:
            what = f"cannot be written ({refused.strerror or refused})"
            raise SinkError(
                str(self.folder), what, "free some space or inodes there, or let this user write there"
            ) from refused

    def leave(self, stage: str, clip_ids: Iterable[str]) -> None:
        """Remove the marks of clips that returned."""
        for clip in clip_ids:
            self._mark(stage, clip).unlink(missing_ok=True)

    def _mark(self, stage: str, clip_id: str) -> Path:
        return self.folder / hashlib.sha256(f"{stage}\n{clip_id}".encode()).hexdigest()[:32]


@contextmanager
def watched(seconds: float, what: str) -> Iterator[None]:
    """End this process if the body runs for longer than `seconds` (0: any time); `what` goes to the log.

    Python's own timer says why; where native code holds the interpreter, so that no timer comes to its turn,
    faulthandler's thread, which needs none, ends the process a little later.
    """
    if not seconds:
        yield
        return
    timer = threading.Timer(seconds, _end, (what,))
    timer.daemon = True
    timer.start()
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(seconds + max(1.0, 0.1 * seconds), exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            timer.cancel()


def _end(what: str) -> None:
    log.error("%s: ending the process", what)
    os._exit(70)
