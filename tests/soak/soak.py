"""The soak: faults at random, for as long as one likes, on generated films; it ends with the counts.

    python -m tests.soak.soak MINUTES [SEED] [inline|ray] [WORDS …]

Each round makes one output of one film, through so many faults as it takes to come to its end: the driver, a
worker, Ray's raylet or all of them killed, stopped, interrupted or terminated, a second run started beside
the first, a full disk (without Ray), a clock set back and forth, bytes of a committed shard, table, plan or
end product torn or turned over. Then it is verified and compared with the output of an unbroken run. The
exit code is 0 where no frame was lost, none is there twice and none is different.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path

import numpy as np
import psutil

from animelayers import Output
from animelayers.dataset.verify import verify
from animelayers.samples import scene, write
from animelayers.sinks import Shards
from tests.jobs.conftest import MARK, ROOT, members, rows
from tests.models import tiny_onnx

_ROUNDS_ARE_LOST = 40
"""Starts of one round after which it counts as one that never ends."""
_SECONDS = 900
"""The longest that a run may take; only one that hangs does."""


def main(minutes: float, seed: int, way: str, more: list[str]) -> int:
    """Run rounds until the time is over, with `more` words for each run, and write the counts as one line of
    JSON.
    """
    rng, counts, end = np.random.default_rng(seed), Counter[str](), time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory(prefix="soak-") as temporary:
        folder = Path(temporary)
        film(folder / "in")
        net = tiny_onnx.write(folder / "net.onnx", (1, 1, 1), 0, ("n", 3, "h", "w"))
        words = [
            "preset=demo",
            "model/matte=u2netp",
            f"stages.character.step.matte.weights={net}",
            "stages.layers.step.net=null",
        ]
        words += ["source.row_bytes=120000"]
        words += [
            f"source.path={folder / 'in'}",
            "cluster=inline" if way == "inline" else "cluster.small=0",
            "placement.cpus=0.5",
            *more,
        ]
        began = time.monotonic()
        assert job(words, folder / "whole").wait() == 0
        took = time.monotonic() - began
        wanted_rows, wanted = rows(folder / "whole"), members(folder / "whole")
        while time.monotonic() < end or not counts["rounds"]:
            out = folder / f"out{counts['rounds']}"
            if not round_of(rng, words, out, counts, took):
                counts["rounds_that_never_ended"] += 1
            compared(out, wanted_rows, wanted, counts)
            counts["rounds"] += 1
            shutil.rmtree(out)
            sys.stderr.write(f"{dict(counts)}\n")
    sys.stdout.write(
        json.dumps({"way": way, "seed": seed, "minutes": minutes, **dict(sorted(counts.items()))}) + "\n"
    )
    return int(
        any(
            counts[name]
            for name in ("lost", "twice", "different", "unexpected", "tracebacks", "rounds_that_never_ended")
        )
    )


def film(folder: Path) -> None:
    """A film of two shots and a folder of frames."""
    write(
        [scene(name, frames=10, size=(128, 72), seed=1) for name in ("portrait", "standing")],
        "episode_001",
        folder,
    )
    write([scene("walk", frames=4, size=(128, 72), seed=1)], "episode_002", folder, form="frames")


def job(words: list[str], output: Path, wrap: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """A run; `mark` finds all its processes."""
    mark = uuid.uuid4().hex
    # nothing to compute and little to compile: what counts is how many faults there are in an hour
    calm = {"OMP_NUM_THREADS": "1", "NUMBA_DISABLE_JIT": "1", "RAY_USAGE_STATS_ENABLED": "0"}
    environment = {**calm, **os.environ, MARK: mark}
    said = open(output.parent / f"said-{mark}", "w+")  # noqa: SIM115  (read when the process has ended)
    command = [*wrap, sys.executable, str(ROOT / "jobs" / "decompose.py"), *words, f"output={output}"]
    started = subprocess.Popen(
        command, stdout=said, stderr=said, text=True, env=environment, start_new_session=True
    )
    started.mark, started.said = mark, said  # type: ignore[attr-defined]
    return started


def round_of(
    rng: np.random.Generator, words: list[str], out: Path, counts: Counter[str], took: float
) -> bool:
    """One output through faults until it is whole; whether it came to that. An unbroken run `took` so many
    seconds.
    """
    faults = int(rng.integers(2, 6))
    for start in range(_ROUNDS_ARE_LOST):
        hurt = start < faults
        if hurt and rng.random() < 0.35:
            torn(rng, out, counts)
        wrap: tuple[str, ...] = ()
        # under such a limit Ray's own daemons never come up, and nothing of ours would be tried
        if hurt and "cluster=inline" in words and rng.random() < 0.15:
            counts["full_disk"] += 1
            wrap = ("prlimit", f"--fsize={int(rng.integers(2_000, 40_000))}", "--")
        started = job([*words, "verify=true", "mend=true", "take_over=true"], out, wrap)
        if hurt and not wrap:
            broken(rng, started, words, out, counts, took)
        code = ended(started, counts)
        if code == 0 and not hurt:
            return True
        if code not in (0, 1, 130, 143, -9, -15, -2, -25, 2 if wrap else 0):
            counts["unexpected"] += 1
            sys.stderr.write(f"exit {code}: {told(started)[-600:]}\n")
    return False


def broken(
    rng: np.random.Generator,
    started: subprocess.Popen[str],
    words: list[str],
    out: Path,
    counts: Counter[str],
    took: float,
) -> None:
    """Do something to a run while it runs, in the first half or so of the seconds that an unbroken one
    `took`: what goes on from there takes less."""
    wait = time.monotonic() + float(rng.uniform(0.02, 0.6)) * took
    while time.monotonic() < wait and started.poll() is None:
        time.sleep(0.02)
    everyone = [p for p in psutil.process_iter() if _mark(p) == started.mark]  # type: ignore[attr-defined]
    raylets = [p for p in everyone if _name(p) == "raylet"]
    workers = [p for p in everyone if p.pid != started.pid and p not in raylets]
    kinds = ["driver", "all", "SIGINT", "SIGTERM", "SIGSTOP", "clock", "second"]
    kind = str(rng.choice([*kinds, *["worker"] * bool(workers), *["raylet"] * bool(raylets)]))
    counts[kind] += started.poll() is None
    with contextlib.suppress(psutil.Error, OSError):
        if kind == "driver":
            started.kill()
        elif kind == "worker":
            workers[int(rng.integers(len(workers)))].kill()
        elif kind == "raylet":
            raylets[0].kill()
        elif kind == "all":
            for process in everyone:
                process.kill()
        elif kind in ("SIGINT", "SIGTERM"):
            started.send_signal(getattr(signal, kind))
        elif kind == "SIGSTOP":
            chosen = everyone[int(rng.integers(len(everyone)))] if everyone else psutil.Process(started.pid)
            chosen.suspend()
            time.sleep(float(rng.uniform(0.2, 3)))
            chosen.kill() if rng.random() < 0.5 else chosen.resume()
        # it is refused, or does all there is left when the first has ended
        elif kind == "second" and (out / "run.lock").exists():
            ended(job([*words, "take_over=true"], out), counts)
        # what a clock that is set leaves behind: times of files far off, in the future and the past
        elif kind == "clock":
            for path in out.rglob("*"):
                os.utime(path, (rng.integers(2 << 30),) * 2)


def torn(rng: np.random.Generator, out: Path, counts: Counter[str]) -> None:
    """Damage a committed file, as a disk does."""
    files = [
        path
        for path in out.rglob("*")
        if path.is_file() and "attempts" not in path.parts and "report" not in path.parts
    ]
    if not files:
        return
    path = files[int(rng.integers(len(files)))]
    data, how = bytearray(path.read_bytes()), str(rng.choice(["cut", "flipped", "gone", "zeroed"]))
    counts[f"torn_{how}"] += 1
    if how == "gone" or not data:
        path.unlink()
        return
    place = int(rng.integers(len(data)))
    if how == "flipped":
        data[place] ^= 1 << int(rng.integers(8))
    path.write_bytes(bytes({"cut": data[:place], "flipped": data, "zeroed": bytearray(len(data))}[how]))


def ended(started: subprocess.Popen[str], counts: Counter[str]) -> int:
    """The exit code; whatever is left of the run is killed, as a machine that went down leaves nothing."""
    try:
        code = started.wait(_SECONDS)
    except subprocess.TimeoutExpired:
        counts["unexpected"] += 1
        started.kill()
        code = started.wait()
    for process in psutil.process_iter():
        if _mark(process) == started.mark:  # type: ignore[attr-defined]
            with contextlib.suppress(psutil.Error):
                process.kill()
    said = told(started)
    if "Traceback" in said:
        counts["tracebacks"] += 1
        sys.stderr.write(said[-1500:])
    return code


def told(started: subprocess.Popen[str]) -> str:
    """What a run said."""
    return Path(started.said.name).read_text(errors="replace")  # type: ignore[attr-defined]


def compared(
    out: Path, wanted_rows: list[dict[str, object]], wanted: dict[str, bytes], counts: Counter[str]
) -> None:
    """Count what is lost, twice, different or damaged."""
    output = Output(str(out))
    ids = output.table["frame_id"].to_pylist()
    counts["frames_expected"] += len(wanted_rows)
    counts["twice"] += len(ids) - len(set(ids)) + len(output.twice)
    counts["lost"] += len({str(row["frame_id"]) for row in wanted_rows} - set(ids))
    got = members(out)
    counts["different"] += sum(got.get(name) != data for name, data in wanted.items()) + len(
        got.keys() - wanted.keys()
    )
    counts["different"] += sum(a != b for a, b in zip(rows(out), wanted_rows, strict=False))
    counts["damaged"] += len(list(verify(Shards(str(out))).lines()))


def _mark(process: psutil.Process) -> str:
    try:
        return process.environ().get(MARK, "")
    except (psutil.Error, OSError):
        return ""


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except (psutil.Error, OSError):
        return ""


if __name__ == "__main__":
    minutes, seed, way, *more = [*sys.argv[1:], *["60", "1", "inline"][len(sys.argv) - 1 :]]
    sys.exit(main(float(minutes), int(seed), way, more))
