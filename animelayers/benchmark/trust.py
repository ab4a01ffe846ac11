"""What trust costs: the share of a whole run that goes into checksums, seals, marks, fences, the lock,
digests of inputs, and the disk's word.

The main job runs without Ray in this process, over a drawn film, and everything that is only there so that
nothing is lost or mixed is clocked.
"""

from __future__ import annotations

import faulthandler
import os
import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from animelayers.benchmark.clocked import clocked
from animelayers.benchmark.figures import Figure, middle
from animelayers.dataset import products
from animelayers.engine import worker
from animelayers.engine.ledger import Ledger
from animelayers.sinks import parquet, shards, sink
from animelayers.sinks.lock import Lock
from animelayers.sources import Files

GOAL = 0.03
PLACES: dict[str, tuple[Any, str]] = {
    "layers": (shards, "checksum"), "tables": (parquet, "digest"), "products": (products, "checksum"), "disk": (os, "fsync"),
    "fence": (sink, "fence"), "lock": (Lock, "__enter__"), "unlock": (Lock, "__exit__"), "inputs": (Files, "digest"),
    "files": (sink.Sink, "lost"), "check": (Ledger, "check"), "enter": (Ledger, "enter"), "leave": (Ledger, "leave"),
    "watchdog": (threading.Timer, "start"), "native": (faulthandler, "dump_traceback_later"), "precision": (worker, "computed"),
}  # fmt: skip


def measure(
    decompose: Callable[[Path], int], folder: Path, rounds: int
) -> tuple[list[Figure], dict[str, Any]]:
    """The shares of CPU and of time that trust takes of a run. ``decompose`` makes an output; the first is
    not counted.
    """
    made: list[dict[str, float]] = []
    for number in range(rounds + 1):
        with clocked(PLACES) as spent:
            cpu, wall = process_time(), perf_counter()
            if decompose(folder / f"out{number}"):
                raise RuntimeError("the run that is measured failed")
            cpu, wall = process_time() - cpu, perf_counter() - wall
        shares = {
            "cpu": sum(each.cpu for each in spent.values()) / cpu,
            "wall": sum(each.wall for each in spent.values()) / wall,
        }
        made.append(
            {
                **shares,
                "cpu_seconds": cpu,
                "wall_seconds": wall,
                **{f"{name}_wall": each.wall for name, each in spent.items()},
            }
        )
    counted = middle(made[1:])
    figures = [
        Figure("trust", "share of the run's CPU", None, "", counted["cpu"], at_most=True, goal=GOAL),
        Figure(
            "trust",
            "share of the run's time, waiting for the disk in it",
            None,
            "",
            counted["wall"],
            at_most=True,
            goal=GOAL,
        ),
    ]
    return figures, {"rounds": made}
