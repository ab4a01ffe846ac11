"""One run at a time in an output: the lock its driver holds, and the fence that stops workers of a dead
driver.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import Any

from animelayers import owner
from animelayers.sinks.store import SinkError, Store

NAME = "run.lock"
BEAT_S = 10.0
WATCH_S = 45.0
"""How long a lock is watched for a beat before it counts as silent."""
log = logging.getLogger(__name__)


class Locked(SinkError):
    """Another run holds the output."""


class Fenced(SinkError):
    """The output belongs to another run by now: this worker must not commit."""


class Lock:
    """Holds OUT/run.lock while entered; a thread counts its `beat` up every 10 s.

    A lock whose process is dead for certain (see `owner.dead`) is taken over silently. Where that cannot be
    told it is watched for 45 s: one that beats is refused; one that does not is taken if it is of a host of
    this name, as a container's that was started again, and else only with `take_over`, which always works
    where nothing beats, also for a damaged lock and a process that lives but hangs. Beats are compared with
    each other and never with a clock. Raises `Locked`.
    """

    def __init__(self, store: Store, run: str, take_over: bool = False) -> None:
        self._store, self._run, self._take_over, self._beat = store, run, take_over, 0
        self._owner = {"run": run, **owner.here(), "start": time.strftime("%Y-%m-%d %H:%M:%S")}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beating, name="run.lock", daemon=True)

    def __enter__(self) -> Lock:
        if not self._store.create(NAME, self._mine()):
            silent = self._wait_for_silence()
            # Two drivers may get here at once. Where a store puts nothing on a condition, the last to write
            # holds the lock, and the fence stops the other one.
            if not (
                self._store.create(NAME, self._mine())
                if silent is None
                else self._store.exchange(NAME, self._run, self._mine(), silent.__eq__)
            ):
                self._refuse(read(self._store) or {}, "it was quicker: wait for it or stop it")
        fence(self._store, self._run)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        self._thread.join()
        if self._is_mine(self._store.read(NAME) or b""):
            self._store.remove(NAME)

    def _wait_for_silence(self) -> bytes | None:
        """The lock that may be taken, None where there is none any more; or raise `Locked`."""
        first = self._store.read(NAME)
        if first is None:
            return None
        holder = _parsed(first)
        ended = owner.dead(holder)
        if ended:
            return first
        own_host = ended is None and holder.get("host") == self._owner["host"]
        if not (self._take_over or own_host):
            self._refuse(
                holder,
                "wait for it or stop it; if you know it is dead, repeat with take_over=true, which watches it for a moment first",
            )
        log.warning("watching the lock of %s for %.0f s", _named(holder), WATCH_S)
        end = time.monotonic() + WATCH_S
        while (left := end - time.monotonic()) > 0:
            self._done.wait(min(left, BEAT_S / 10))
            now = self._store.read(NAME)
            if now is None:
                return None
            if now != first:
                self._refuse(_parsed(now), "it beats, so it is alive: wait for it or stop it")
        log.warning("taking over the lock of %s, which was silent for %.0f s", _named(holder), WATCH_S)
        return first

    def _refuse(self, holder: dict[str, Any], remedy: str) -> None:
        raise Locked(self._store.path(NAME), f"{_named(holder)} is writing here", remedy)

    def _mine(self) -> bytes:
        return json.dumps({**self._owner, "beat": self._beat}).encode()

    def _is_mine(self, data: bytes) -> bool:
        return _parsed(data).get("run") == self._run

    def _beating(self) -> None:
        while not self._done.wait(BEAT_S):
            try:
                self._beat += 1
                if not self._store.exchange(NAME, self._run, self._mine(), self._is_mine):
                    log.error("another run took %s: this one can commit nothing more", self._store.path(NAME))
                    return
            except (SinkError, OSError) as passing:
                log.warning("could not touch the lock: %s", passing)


def read(store: Store) -> dict[str, Any] | None:
    """What the lock says; None without one, nothing of a damaged one."""
    data = store.read(NAME)
    return None if data is None else _parsed(data)


def fence(store: Store, run: str) -> None:
    """Raise `Fenced` unless the lock names `run`: called just before anything becomes visible."""
    holder = read(store)
    if holder is None or holder.get("run") != run:
        who = "no run" if holder is None else f"run {holder.get('run', '?')}"
        remedy = (
            "this shard was dropped, its clips are done by the run that holds the output or by the next one"
        )
        raise Fenced(store.path(NAME), f"run {run} wants to commit, but the lock names {who}", remedy)


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _named(holder: dict[str, Any]) -> str:
    if not holder:
        return "a run whose lock is damaged"
    return "run {run} on host {host}, process {pid}, started {start}".format_map(
        {**dict.fromkeys(("run", "host", "pid", "start"), "?"), **holder}
    )
