"""One run at a time in an output: the lock its driver holds, and the fence that stops workers of a dead driver."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

from animelayers.sinks.store import SinkError, Store

NAME = "run.lock"
TOUCH_S = 30.0
STALE_S = 300.0
log = logging.getLogger(__name__)


class Locked(SinkError):
    """Another run holds the output."""


class Fenced(SinkError):
    """The output belongs to another run by now: this worker must not commit."""


class Lock:
    """Holds OUT/run.lock while entered, touching it every 30 s from a thread.

    A lock is taken over silently when its host is this one and says that the process is dead or that the machine was restarted;
    otherwise only with `take_over`, five minutes after its last touch. Raises `Locked`.
    """

    def __init__(self, store: Store, run: str, take_over: bool = False) -> None:
        self._store, self._run, self._take_over = store, run, take_over
        self._start = time.strftime("%Y-%m-%d %H:%M:%S")
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._touching, name="run.lock", daemon=True)

    def __enter__(self) -> Lock:
        if not self._store.create(NAME, self._mine()):
            holder = read(self._store)
            if holder is not None and not _dead(holder):
                self._refuse_while_alive(holder)
            # Two drivers may get here at once: the last to write holds the lock, and the fence stops the other one.
            self._store.put(NAME, self._run, self._mine())
        fence(self._store, self._run)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        self._thread.join()
        if self._held():
            self._store.remove(NAME)

    def _refuse_while_alive(self, holder: dict[str, Any]) -> None:
        quiet = time.time() - float(holder.get("touched", 0))
        if self._take_over and quiet > STALE_S:
            log.warning("taking over the lock of run %s, silent for %.0f s", holder.get("run"), quiet)
            return
        who = "run {run} on host {host}, process {pid}, started {start}".format_map({**dict.fromkeys(_FIELDS, "?"), **holder})
        wait = f"{max(0.0, STALE_S - quiet):.0f} s from now" if quiet <= STALE_S else "now"
        remedy = f"wait for it or stop it; if you know it is dead, repeat {wait} with take_over=true"
        raise Locked(self._store.path(NAME), f"{who}, is writing here (last sign of life {quiet:.0f} s ago)", remedy)

    def _mine(self) -> bytes:
        fields = (self._run, socket.gethostname(), os.getpid(), _boot_id(), self._start, time.time())
        return json.dumps(dict(zip(_FIELDS, fields, strict=True))).encode()

    def _held(self) -> bool:
        return (read(self._store) or {}).get("run") == self._run

    def _touching(self) -> None:
        while not self._done.wait(TOUCH_S):
            try:
                if not self._held():
                    log.error("another run took %s: this one can commit nothing more", self._store.path(NAME))
                    return
                self._store.put(NAME, self._run, self._mine())
            except (SinkError, OSError) as passing:
                log.warning("could not touch the lock: %s", passing)


_FIELDS = ("run", "host", "pid", "boot_id", "start", "touched")


def read(store: Store) -> dict[str, Any] | None:
    """What the lock says; None without one. Of a lock whose writing was cut short only the time is known."""
    data = store.read(NAME)
    if data is None:
        return None
    try:
        return dict(json.loads(data))
    except (ValueError, TypeError):
        return {"touched": store.fs.get_file_info(store.path(NAME)).mtime_ns / 1e9}


def fence(store: Store, run: str) -> None:
    """Raise `Fenced` unless the lock names `run`: called just before anything becomes visible."""
    holder = read(store)
    if holder is None or holder.get("run") != run:
        owner = "no run" if holder is None else f"run {holder.get('run', '?')}"
        remedy = "this shard was dropped, its clips are done by the run that holds the output or by the next one"
        raise Fenced(store.path(NAME), f"run {run} wants to commit, but the lock names {owner}", remedy)


def _dead(holder: dict[str, Any]) -> bool:
    if holder.get("host") != socket.gethostname():
        return False
    if holder.get("boot_id") != _boot_id():
        return True
    try:
        os.kill(int(holder.get("pid", 0)), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
