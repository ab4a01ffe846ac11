"""A command with every process it starts, Ray's daemons included: wall clock, CPU and peak memory of the
whole. Linux only.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import psutil

ROOT = Path(__file__).resolve().parents[2]
MARK = "ANIMELAYERS_BENCHMARK"
EVERY_S = 0.5


class Failed(RuntimeError):
    """A command that ended with another exit code than 0; the message holds its last words."""


@dataclass(frozen=True)
class Ended:
    """How a command ran: ``started`` seconds since the epoch, ``wall`` and ``cpu`` seconds, ``peak`` bytes,
    what it ``said``.
    """

    started: float
    wall: float
    cpu: float
    peak: int
    said: str


def run(command: Sequence[str], environment: Mapping[str, str] | None = None, memory: bool = False) -> Ended:
    """Run a command to its end and measure all its processes: CPU seconds, and with `memory` the peak of
    their summed PSS.

    PSS shares a page among the processes that map it, so that Ray's object store counts once; reading it
    costs enough to slow what is measured. A process that lives less than half a second between two looks is
    missed. Raises `Failed`.
    """
    mark = uuid.uuid4().hex
    cpu: dict[tuple[int, float], float] = {}
    peak, start, started = 0, time.perf_counter(), time.time()
    before = _children()
    with TemporaryFile("w+", errors="replace") as said:
        environment = {**os.environ, **(environment or {}), MARK: mark}
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(EVERY_S)
                break
            total = 0
            for member in _family(mark, process.pid):
                with suppress(psutil.Error, OSError):
                    times = member.cpu_times()
                    cpu[member.pid, member.create_time()] = times.user + times.system
                    total += _pss(member.pid) if memory else 0
            peak = max(peak, total)
        wall = time.perf_counter() - start
        said.seek(0)
        words = said.read()
    if process.returncode:
        raise Failed(f"{' '.join(command)} ended with {process.returncode}: {' '.join(words.split()[-60:])}")
    # What the command itself waited for is known to the end, what its daemons did only from the last look.
    return Ended(started, wall, max(sum(cpu.values()), _children() - before), peak, words)


@dataclass
class Spent:
    """``wall`` and ``cpu`` seconds."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def metered() -> Iterator[Spent]:
    """What this process and all it started, before or within, spend until the end of the block; known when it
    has ended.

    On a cluster of several machines only what runs on this one is counted. A process that lives less than
    half a second between two looks is missed.
    """
    spent, start = Spent(), time.perf_counter()
    before, last = _times(), dict[tuple[int, float], float]()
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(EVERY_S):
            last.update(_times())

    watch = threading.Thread(target=look, daemon=True)
    watch.start()
    try:
        yield spent
    finally:
        ended.set()
        watch.join()
        last.update(_times())
        spent.wall = time.perf_counter() - start
        spent.cpu = sum(cpu - before.get(process, 0.0) for process, cpu in last.items())


def descendants(pid: int | None) -> list[psutil.Process]:
    """All processes that a process started, and those that they did."""
    found: list[psutil.Process] = []
    with suppress(psutil.Error):
        found = psutil.Process(pid).children(recursive=True)
    return found


def _times() -> dict[tuple[int, float], float]:
    """CPU seconds of this process and its descendants, by number and start."""
    found: dict[tuple[int, float], float] = {}
    own = psutil.Process()
    for process in [own, *own.children(recursive=True)]:
        with suppress(psutil.Error):
            times = process.cpu_times()
            found[process.pid, process.create_time()] = times.user + times.system
    return found


def decompose(*overrides: str) -> list[str]:
    """The main job's command line."""
    return [sys.executable, str(ROOT / "jobs" / "decompose.py"), *overrides]


def threads(count: int) -> dict[str, str]:
    """An environment that gives a plain program `count` threads."""
    return {"OMP_NUM_THREADS": str(count)}


def _children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _family(mark: str, driver: int) -> Iterator[psutil.Process]:
    """All processes with the mark in their environment, and their descendants: Ray renames its workers over
    their environment.
    """
    found = {process.pid: process for process in psutil.process_iter(["ppid", "environ"])}
    ours = {
        pid
        for pid, process in found.items()
        if pid == driver or (process.info["environ"] or {}).get(MARK) == mark
    }
    for pid, process in found.items():
        above: int | None = pid
        while above in found and above not in ours:
            above = found[above].info["ppid"]
        if above in ours:
            yield process


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
