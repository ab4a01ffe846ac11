"""Who holds something on a machine: a process, so named that its number used again, a restart or another
container is not taken for it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

FIELDS = ("host", "boot_id", "machine_id", "namespace", "pid", "born")


def here() -> dict[str, Any]:
    """This process: host, boot id, machine id, pid namespace, pid, and when it was born in ticks since the
    machine started.
    """
    pid = os.getpid()
    return dict(
        zip(
            FIELDS,
            (socket.gethostname(), _boot_id(), _machine_id(), _namespace(), pid, _born(pid)),
            strict=True,
        )
    )


def dead(holder: Mapping[str, Any]) -> bool | None:
    """Whether a process named by `here` has ended for certain (True) or lives (False); None where that cannot
    be told from here.

    It can be told on the same boot in the same pid namespace, and of a machine that is known by its id and
    was started anew. No clock is asked.
    """
    same_boot = bool(holder.get("boot_id")) and holder.get("boot_id") == _boot_id()
    if same_boot and holder.get("namespace") == _namespace():
        try:
            born = _born(int(holder.get("pid", 0)))
        except (TypeError, ValueError):
            return None
        return born is None or (holder.get("born") is not None and born != holder["born"])
    machine = _machine_id()
    return (
        True
        if machine and holder.get("machine_id") == machine and holder.get("boot_id") and not same_boot
        else None
    )


def lives(pid: int) -> bool:
    """Whether a process of this machine has not ended; one that its parent has not fetched yet has."""
    return _born(pid) is not None


def _born(pid: int) -> float | None:
    """When a process started; None if there is none, or only what its parent has not fetched yet.

    Linux counts ticks since the boot, which no clock that is set changes.
    """
    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
        try:
            return float(psutil.Process(pid).create_time())
        except (psutil.Error, ValueError):
            return None
    fields = told.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else float(fields[19])


def _boot_id() -> str:
    return _text("/proc/sys/kernel/random/boot_id") or str(int(psutil.boot_time()))


def _machine_id() -> str:
    return _text("/etc/machine-id")


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _text(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
