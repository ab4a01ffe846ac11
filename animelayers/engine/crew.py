"""Work without Ray: the same pipeline, worker and commit in a few processes of this machine, or in this one.

Starting Ray costs more than a small job: this is for tests, notebooks, previews, and whatever takes less than
a minute.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import IO, Any, NamedTuple

from animelayers.engine.placement import PipelineError

_START = "import sys; sys.path[:] = {path!r}; from animelayers.engine.crew import serve; serve({descriptor})"
_IDLE_DEATHS = 3
"""Processes that may die in a row before they took a task."""


class Event(NamedTuple):
    """What became of a task: a ``part`` of its result, or its end; ``died``: its process ended with it."""

    task: Any
    part: Any = None
    ended: bool = False
    died: bool = False


class Crew:
    """Does tasks in `count` processes, or in this one where that is 0.

    ``make`` is called once in each process and gives what turns a task into the parts of its result; it and
    all tasks and parts must pickle. A process that dies costs its task only: the next takes its place. What
    the work raises ends everything and is raised here.
    """

    def __init__(self, make: Callable[[], Callable[[Any], Iterable[Any]]], count: int) -> None:
        self._make, self._count = make, count

    def __call__(self, tasks: deque[Any]) -> Iterator[Event]:
        """Events as they come, until `tasks` is empty and all are done; whoever listens may add tasks."""
        if self._count < 1:
            work = self._make()
            while tasks:
                task = tasks.popleft()
                yield from (Event(task, part) for part in work(task))
                yield Event(task, ended=True)
            return
        hands: list[_Hand] = []
        deaths = 0
        try:
            while tasks or any(hand.busy for hand in hands):
                while tasks and len(hands) < self._count:
                    hands.append(_Hand(self._make))
                for hand in hands:
                    if tasks and hand.ready and not hand.busy:
                        hand.give(tasks.popleft())
                for line in wait([hand.line for hand in hands]):
                    hand = next(hand for hand in hands if hand.line is line)
                    said, value = hand.hear()
                    if said == "ready":
                        deaths = 0
                    elif said == "part":
                        yield Event(hand.task, value)
                    elif said == "ended":
                        yield Event(hand.rest(), ended=True)
                    elif said == "failed":
                        raise value
                    else:
                        hands.remove(hand)
                        why = hand.end()
                        if hand.busy:
                            yield Event(hand.task, ended=True, died=True)
                        elif (deaths := deaths + 1) >= _IDLE_DEATHS:
                            raise PipelineError(f"a worker process cannot start: {why}")
        finally:
            for hand in hands:
                hand.end()


class _Hand:
    """One process, and the line to it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        ours, theirs = socket.socketpair()
        self.line = Connection(os.dup(ours.fileno()))
        self._words: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the process)
        code = _START.format(path=sys.path, descriptor=theirs.fileno())
        # A group of its own: Ctrl-C is for the driver, which ends its processes itself.
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=self._words,
            start_new_session=True,
        )
        ours.close()
        theirs.close()
        self.ready = self.busy = False
        self.task: Any = None
        with contextlib.suppress(OSError):  # that it is dead is heard
            self.line.send(make)

    def give(self, task: Any) -> None:
        self.task, self.busy = task, True
        with contextlib.suppress(OSError):
            self.line.send(task)

    def rest(self) -> Any:
        task, self.task, self.busy = self.task, None, False
        return task

    def hear(self) -> tuple[str, Any]:
        try:
            said, value = self.line.recv()
        except (EOFError, OSError):
            return "died", None
        self.ready |= said == "ready"
        return str(said), value

    def end(self) -> str:
        """End the process; the last line it said."""
        self.line.close()
        self._process.kill()
        self._process.wait()
        self._words.seek(0)
        lines = self._words.read().decode(errors="replace").strip().splitlines()
        self._words.close()
        return lines[-1] if lines else "without a word"


def serve(descriptor: int) -> None:
    """A process's body: what to do, then tasks, until the driver is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    line = Connection(descriptor)
    with contextlib.suppress(EOFError, OSError):
        try:
            work = line.recv()()
            line.send(("ready", None))
            while True:
                task = line.recv()
                for part in work(task):
                    line.send(("part", part))
                line.send(("ended", None))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return
        except Exception as problem:
            line.send(("failed", problem))
