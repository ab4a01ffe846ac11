"""A run over far more films than a test can hold: planner, Ray actors, commits and resume are the real ones,
pixels are only sizes and times.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import psutil
import pyarrow as pa

from animelayers.benchmark import process
from animelayers.benchmark.figures import Figure
from animelayers.engine.pipeline import Pipeline
from animelayers.engine.placement import Stage
from animelayers.engine.run import run
from animelayers.engine.step import failed
from animelayers.record.schema import RECORD, Row
from animelayers.sinks import Shards, metadata
from animelayers.sources.plan import PLAN, Input

NAMES = "character.png mask.png background.jpg"
FLAT = 20
"""Bytes a frame by which the driver's memory may grow at most and be called flat: 2 GB at 1e8."""
_EVERY_S = 0.2


@dataclass(frozen=True)
class Size:
    """What is pretended: ``frames`` in ``films``, clips of ``clip`` frames of which a drawing holds ``hold``,
    ``nodes`` actors.

    ``deaths``: the share of clips that kill their actor the first time. ``look``: seconds that a film takes
    to be looked into, ``work``: those that a clip takes to be made.
    """

    films: int = 10
    frames: int = 10_000
    clip: int = 100
    hold: int = 25
    nodes: int = 4
    deaths: float = 0.001
    look: float = 0.01
    work: float = 0.0


class Films:
    """A source of films that nobody drew. ``folder`` is where it notes which it was asked to look into."""

    columns: ClassVar[tuple[str, ...]] = (
        *(
            "clip_id",
            "source",
            "episode",
            "scene_id",
            "frame_index",
            "timestamp_s",
            "drawing",
            "error",
            "error_type",
            "attempt",
        ),
    )
    limit = None
    row_bytes = 1_000_000

    def __init__(self, size: Size, folder: str) -> None:
        self.path, self.size, self.folder = "pretended", size, folder

    def giving(self, columns: Iterable[str]) -> Films:
        """Itself."""
        return self

    def inputs(self) -> list[Input]:
        """The films."""
        names = [f"film{number:06d}" for number in range(self.size.films)]
        return [Input(f"{name}.mkv", "video", 1 << 30, 1, f"{name}--mkv", name) for name in names]

    def limited(self, plan: pa.Table) -> pa.Table:
        """The whole plan."""
        return plan

    def refuse(self, item: Input, error: str) -> pa.Table:
        """The plan of a film that is not to be looked into."""
        return pa.Table.from_pylist([item.failed(error)], PLAN)

    def scan(self, inputs: Sequence[Input]) -> pa.Table:
        """The plan of some films: shots of a clip each."""
        rows = []
        for item in inputs:
            time.sleep(self.size.look)
            length = self.size.frames // self.size.films
            for scene, first in enumerate(range(0, length, self.size.clip)):
                indices = range(first, min(first + self.size.clip, length))
                rows.append(item.row(scene, indices, [index / 24 for index in indices], (1920, 1080)))
            Path(self.folder, item.name).touch()
        return pa.Table.from_pylist(rows, PLAN)

    def read(self, plan: pa.Table | Iterable[Row]) -> Iterator[Row]:
        """Clips without pixels."""
        for row in plan.to_pylist() if isinstance(plan, pa.Table) else plan:
            count = len(row["indices"])
            yield {
                **{
                    name: row[name]
                    for name in ("clip_id", "source", "episode", "scene_id", "error", "error_type")
                },
                "frame_index": np.array(row["indices"], np.int64),
                "timestamp_s": np.array(row["times"], np.float64),
                "drawing": np.arange(count, dtype=np.int32) // self.size.hold,
                "attempt": np.int32(0),
            }


class Making:
    """A stage that makes layers of a few bytes, and now and then takes its worker down with it."""

    name, version, wants = "making", 1, ()
    reads = ("drawing",)
    writes = ("matte_model", "layers", "layer_names", "layer_sizes")

    def __init__(self, size: Size, folder: str) -> None:
        self.size, self.folder = size, folder

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Nothing to refuse."""

    def run(self, rows: Sequence[Row]) -> list[Row]:
        """The clips with their layers."""
        return [failed(row, self.writes) if row["error"] else self._made(row) for row in rows]

    def _made(self, row: Row) -> Row:
        time.sleep(self.size.work)
        mark = Path(self.folder, f"died-{str(row['clip_id']).replace('/', '-')}")
        if (
            zlib.crc32(str(row["clip_id"]).encode()) % 100_000 < 100_000 * self.size.deaths
            and not mark.exists()
        ):
            mark.touch()
            os._exit(1)
        count = int(row["drawing"].max()) + 1
        sizes = np.ones((count, len(NAMES.split())), np.int64)
        matte = RECORD["matte_model"].gather(["none"] * count)
        return {
            **row,
            "matte_model": matte,
            "layers": b"." * sizes.size,
            "layer_names": NAMES,
            "layer_sizes": sizes,
        }


def once(
    size: Size, folder: Path, address: str | None = None, processes: int | None = None
) -> dict[str, float]:
    """One run of it into FOLDER/out, in this process: what it did, and what this process, the driver, held
    meanwhile beyond its start.

    ``address``, ``processes``: as `run` has them.
    """
    looked = folder / "looked"
    looked.mkdir(parents=True, exist_ok=True)
    (folder / "out").mkdir(exist_ok=True)
    making = cast("Any", partial(Making, size, str(looked)))
    pipeline = Pipeline(
        {
            "making": Stage(
                making, workers=size.nodes, cpus=0.9 * (os.cpu_count() or 1) / size.nodes, memory=1
            )
        },
        readers=0,
    )
    import ray.data  # noqa: F401  (its weight is no film's)

    with _memory() as held:
        begun = time.time()
        sink = Shards(str(folder / "out"))
        how: dict[str, Any] = {
            "fingerprints": {"making": {"fingerprint": "1"}},
            "describe": {},
            "address": address,
            "processes": processes,
        }
        summary = run(Films(size, str(looked)), pipeline, sink, **how)
    films = [path.stat().st_mtime for path in looked.iterdir() if not path.name.startswith("died-")]
    done = [path.stat().st_mtime for path in (folder / "out" / "shards").iterdir()]
    beside = sum(min(done) < when < max(done) for when in films if when > begun) / max(
        1, sum(when > begun for when in films)
    )
    return {
        **held,
        "seconds": summary.seconds,
        "frames": summary.frames_planned,
        "before": summary.frames_before,
        "done": summary.frames_done,
        "failed": len(summary.failures),
        "looked_meanwhile": beside,
        "died": sum(path.name.startswith("died-") for path in looked.iterdir()),
        "commits": len(metadata.names(sink.store)),
    }


def _own(process: psutil.Process) -> float:
    """Bytes that a process has for itself: without its libraries, and without what it looked at of Ray's object store,
    whose size is bounded for all processes together.
    """
    told = process.memory_info()
    return float(told.rss - getattr(told, "shared", 0))


class _memory(dict[str, float]):
    """Bytes of this process's own at the start, the most beyond that, and its CPU seconds, while it is entered."""

    def __enter__(self) -> dict[str, float]:
        self._over, own = threading.Event(), psutil.Process()
        self._own, self._spent = own, sum(own.cpu_times()[:2])
        self["start"] = _own(own)
        self["grown"] = 0.0

        def look() -> None:
            while not self._over.wait(_EVERY_S):
                self["grown"] = max(self["grown"], _own(own) - self["start"])

        self._thread = threading.Thread(target=look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self["cpu"] = sum(self._own.cpu_times()[:2]) - self._spent


def measure(
    folder: Path, frames: Sequence[int], size: Mapping[str, Any]
) -> tuple[list[Figure], dict[str, Any]]:
    """Runs of several lengths, each in a process of its own, each once more when it is finished, and the
    shortest killed in its middle.

    Raises `process.Failed` where a frame is missing at the end.
    """
    rounds: dict[str, Any] = {}
    figures = []
    for number, count in enumerate(sorted(frames)):
        of = replace(Size(**size), frames=count, films=max(1, round(size["films"] * count / max(frames))))
        place = folder / str(count)
        place.mkdir()
        if not number:
            _killed(of, place)
        made, again = _child(of, place), _child(of, place)
        if made["before"] + made["done"] != count or again["before"] != count or again["done"]:
            raise process.Failed(
                f"{count} frames: {made['before']:.0f} before and {made['done']:.0f} done, then {again['before']:.0f} there"
            )
        rounds[str(count)] = {"size": asdict(of), "made": made, "again": again}
        figures += [
            Figure(
                "scale",
                f"{count:,} frames of {of.films:,} films: driver's memory beyond its start",
                made["grown"] / 1e6,
                "MB",
                made["grown"] / 1e6,
            ),
            Figure(
                "scale",
                f"{count:,} frames: films looked into while layers were made",
                made["looked_meanwhile"],
                "",
                made["looked_meanwhile"],
            ),
            Figure(
                "scale",
                f"{count:,} frames: times an actor of {min(of.nodes, -(-count // of.clip))} died, and nothing was lost",
                made["died"],
                "",
                made["died"],
            ),
            Figure(
                "scale",
                f"{count:,} frames: a finished output recognised",
                again["seconds"],
                "s",
                again["seconds"],
            ),
        ]
    least, most = (rounds[str(count)] for count in (min(frames), max(frames)))
    if max(frames) > min(frames):
        span = max(frames) - min(frames)
        slope = (most["made"]["grown"] - least["made"]["grown"]) / span
        cpu = (most["made"]["cpu"] - least["made"]["cpu"]) / span
        resume = (most["again"]["seconds"] - least["again"]["seconds"]) / span
        figures += [
            Figure("scale", "driver's memory by frame", slope, "B", slope, goal=FLAT, at_most=True),
            Figure(
                "scale",
                "driver's memory at 1e8 frames, by that slope",
                whole := most["made"]["grown"] / 1e9 + slope * 0.1,
                "GB",
                whole,
            ),
            Figure("scale", "driver's CPU by frame, end products too", cpu * 1e6, "µs", cpu * 1e6),
            Figure(
                "scale",
                "a finished output of 1e8 frames recognised, by that slope",
                resume * 1e8,
                "s",
                resume * 1e8,
            ),
        ]
    return figures, {"runs": rounds}


def _command(size: Size, folder: Path) -> list[str]:
    return [sys.executable, "-m", "animelayers.benchmark.scale", json.dumps(asdict(size)), str(folder)]


def _child(size: Size, folder: Path) -> dict[str, float]:
    said = process.run(_command(size, folder)).said.strip().splitlines()
    told = [line for line in said if line.startswith("{")]  # Ray may say something after it
    if not told:
        raise process.Failed(f"a run of {size.frames:,} frames told nothing: {' '.join(said[-3:])}")
    found: dict[str, float] = json.loads(told[-1])
    return found


def _killed(size: Size, folder: Path) -> None:
    """Kill a run when half of its commits are there."""
    child = subprocess.Popen(
        _command(size, folder), cwd=process.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    half = size.frames // size.clip // 2
    while child.poll() is None:
        with suppress(FileNotFoundError):
            if sum(name.endswith(".parquet") for name in os.listdir(folder / "out" / "metadata")) >= half:
                child.send_signal(signal.SIGKILL)
        time.sleep(_EVERY_S)


if __name__ == "__main__":
    sys.stdout.write(f"\n{json.dumps(once(Size(**json.loads(sys.argv[1])), Path(sys.argv[2])))}\n")
