"""Jobs that the desk starts: their words checked as the command line checks them, their processes watched,
their progress read.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from animelayers.engine.ledger import Ledger
from animelayers.engine.progress import EVERY
from animelayers.sinks import dataset, parquet
from animelayers.sinks.store import SinkError, Store

_COMMAND = "import sys; from animelayers.cli import run; sys.argv[0] = 'animelayers'; run()"
_SHARE = r"(\w[\w ]*):\s+\d+%\|[^|]*\|\s*(\d+)/(\d+)\s*\[[\d:]+<([\d:?]+),\s*([\d.?]+)\s*"
_BAR = re.compile(_SHARE + r"(?:(s)/(\w+)|(\w+)/s)")
_ERRORS = re.compile(r"errors=(\d+)")
_LINE = re.compile(
    r"^(\w+): (\d+) of (\d+) (\w+?)s?(?:, (\w+))?, ([\d.]+) \w+/s, (?:(.+) left|time left unknown), (\d+) errors$"
)
"""A line of `animelayers.engine.progress`."""
_KEPT = 400
"""Lines of a job's words that are kept."""
_PARTLY = {"export": "done, with a warning", "adapt": "done, nothing better was learned"}
"""What exit code 3 says of jobs."""
_ORDER = ("decode", "segment", "character", "camera", "layers", "track", "refine", "background")
"""Stages in the order they are run, as conf/decompose.yaml has them; a description is in alphabetical order.
All others follow.
"""
_MARKS = 50_000
"""Marks of clips in stages that are known by name: of a longer run none are told."""


class Load:
    """What the processes of a job do, by their kind: how many there are, processors they use since the last
    look, bytes they hold.
    """

    def __init__(self) -> None:
        self._known: dict[int, psutil.Process] = {}

    def __call__(self, pid: int) -> dict[str, Any]:
        """``memory`` of all, and ``processes``, those that hold most first; nothing of a process 0."""
        count, busy, held = Counter[str](), Counter[str](), Counter[str]()
        with suppress(psutil.Error):
            one = psutil.Process(pid) if pid else None
            for process in [one, *one.children(recursive=True)] if one else []:
                known = self._known.setdefault(process.pid, process)
                with suppress(psutil.Error):
                    name = "the job" if process.pid == pid else _named(known)
                    count[name], busy[name], held[name] = (
                        count[name] + 1,
                        busy[name] + known.cpu_percent(),
                        held[name] + known.memory_info().rss,
                    )
        told = [
            {"name": name, "count": count[name], "cpus": round(busy[name] / 100, 2), "memory": size}
            for name, size in held.most_common(8)
        ]
        return {"memory": sum(held.values()), "processes": told}


def _named(process: psutil.Process) -> str:
    """What a process is for, in a word or two: Ray's say it in their title."""
    title = " ".join(process.cmdline()[:1]) or process.name()
    found = re.match(r"ray::(?:MapWorker\(MapBatches\()?(\w+)", title)
    return found[1] if found else Path(title).name.split()[0] if title.strip() else process.name()


@dataclass
class Run:
    """A job that was started: its `words`, its process, what it said; ``values`` of its form, ``trial``: the
    output and the shot it is tried on; ``ended``: whether somebody was told of its end.
    """

    number: int
    words: list[str]
    output: str
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.time)
    lines: list[str] = field(default_factory=list)
    bar: dict[str, Any] = field(default_factory=dict)
    stopped: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    trial: tuple[str, str] | None = None
    ended: bool = False
    load: Load = field(default_factory=Load)

    @property
    def command(self) -> str:
        """The equal command line."""
        return shlex.join(["animelayers", *self.words])

    @property
    def code(self) -> int | None:
        """The exit code, None while it runs."""
        return self.process.poll()

    def described(self) -> dict[str, Any]:
        """What the page shows: state, progress, memory of all its processes, the last lines."""
        code = self.code
        states = {None: "running", 0: "done", 3: _PARTLY.get(self.words[0], "done, some inputs failed")}
        states |= {130: "stopped", 143: "stopped"}
        state = "stopped" if self.stopped and code is not None else states.get(code, f"ended with {code}")
        lines = [line for line in self.lines if line.strip()]
        return {
            "number": self.number, "job": self.words[0], "command": self.command, "output": self.output, "state": state, "code": code,
            "seconds": round(time.time() - self.started, 1), **self.load(self.process.pid if code is None else 0),
            **self.bar, "lines": lines[-40:],
        }  # fmt: skip

    def listen(self) -> None:
        """Read what the job says until it ends; a progress bar's lines are one."""
        stream = self.process.stdout
        assert stream is not None
        rest = b""
        while chunk := os.read(stream.fileno(), 8192):
            *whole, rest = re.split(rb"[\r\n]", rest + chunk)
            # a bar's line ends when the next begins
            for line in [*whole, rest] if b"/s" in rest or b"s/" in rest else whole:
                self._heard(line.decode(errors="replace"))
        self._heard(rest.decode(errors="replace"))
        self.process.wait()

    def _heard(self, line: str) -> None:
        if found := _BAR.search(line):
            what, done, total, left, said, slow, thing, things = found.groups()
            rate = float(said) if said != "?" else 0.0
            errors = _ERRORS.search(line)
            self.bar = {
                "what": what, "done": int(done), "total": int(total), "left": left, "unit": thing or things,
                "rate": round(1 / rate if slow and rate else rate, 3), "errors": int(errors[1]) if errors else 0,
            }  # fmt: skip
        elif found := _LINE.match(line.strip()):
            what, done, total, unit, stage, speed, left, wrong = found.groups()
            self.bar = {
                "what": stage or what, "done": int(done), "total": int(total), "left": left or "?", "unit": unit,
                "rate": float(speed), "errors": int(wrong),
            }  # fmt: skip
        elif line.strip():
            self.lines.append(line.rstrip())
            del self.lines[:-_KEPT]


class Runs:
    """The jobs of a desk."""

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._lock = threading.Lock()

    def __iter__(self) -> Any:
        return iter(list(self._runs))

    def __getitem__(self, number: int) -> Run:
        """Raises KeyError for a number that none has."""
        found = next((run for run in self._runs if run.number == number), None)
        if found is None:
            raise KeyError(f"no run {number}")
        return found

    def start(
        self,
        words: Sequence[str],
        output: str,
        values: Mapping[str, str] | None = None,
        trial: tuple[str, str] | None = None,
    ) -> Run:
        """Start `animelayers WORDS` in a process of its own, without a shell."""
        environment = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "RAY_USAGE_STATS_ENABLED": "0",
            EVERY: "1",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        process = subprocess.Popen(
            [sys.executable, "-c", _COMMAND, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=environment, start_new_session=True,
        )  # fmt: skip
        with self._lock:
            run = Run(
                len(self._runs) + 1, list(words), output, process, values=dict(values or {}), trial=trial
            )
            self._runs.append(run)
        threading.Thread(target=run.listen, name=f"run {run.number}", daemon=True).start()
        return run

    def stop(self, number: int) -> None:
        """Stop a job as Ctrl-C would: what it has committed stays."""
        run = self[number]
        if run.code is None:
            run.stopped = True
            with suppress(ProcessLookupError):
                run.process.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """Stop all of them, when the desk closes."""
        for run in self:
            self.stop(run.number)


def commits(path: str, most: int = 12) -> list[str]:
    """Names of the commits of a local output, the newest first."""
    folder = Path(path) / "metadata"
    with suppress(OSError):
        found = [
            (entry.stat().st_mtime, entry.name)
            for entry in folder.iterdir()
            if entry.suffix == ".parquet" and not entry.name.startswith(".")
        ]
        return [name for _, name in sorted(found, reverse=True)[:most]]
    return []


class Stages:
    """In which stages the clips of a run are: of each, how many are inside, on the mean of the last looks."""

    def __init__(self, path: str, looks: int = 20) -> None:
        self._path, self._looks = path, deque[Counter[str]](maxlen=looks)
        self._marks: dict[str, str] = {}

    def __call__(self) -> list[dict[str, Any]]:
        """Each stage with its mean number of clips, in the order they are run; nothing before the run is
        planned.
        """
        if not self._marks and not self._planned():
            return []
        with suppress(OSError):
            self._looks.append(
                Counter(
                    self._marks[name]
                    for name in os.listdir(Path(self._path, "attempts"))
                    if name in self._marks
                )
            )
        total = sum(self._looks, Counter[str]())
        stages = dict.fromkeys(self._marks.values())
        return [
            {"stage": stage, "clips": round(total[stage] / max(1, len(self._looks)), 2)} for stage in stages
        ]

    def _planned(self) -> bool:
        store = Store(self._path)
        with suppress(SinkError, OSError, ValueError, KeyError):
            told = dataset.description(store).get("config", {}).get("stages", {})
            stages = sorted(
                ["decode", *told], key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER)
            )
            clips = parquet.read(store, "plan.parquet", ["clip_id"])["clip_id"].to_pylist()
            if len(clips) * len(stages) <= _MARKS:
                ledger = Ledger(Path(self._path, "attempts"), "")
                self._marks = {ledger._mark(stage, clip).name: stage for stage in stages for clip in clips}
        return bool(self._marks)
