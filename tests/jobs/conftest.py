from __future__ import annotations

import contextlib
import os
import runpy
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from animelayers import job
from animelayers.samples import scene, write
from tests.models import tiny_onnx

ROOT = Path(__file__).resolve().parents[2]
Decompose = Callable[..., int]
Main = Callable[..., tuple[int, str]]
Start = Callable[..., "subprocess.Popen[str]"]
HERE = ("cluster=inline", "cluster.processes=0", "placement.cpus=0.5", "placement.workers=1")
"""Words of a run that starts no process."""
SMALL = ("preset=demo", "model/matte=u2netp", "stages.layers.step.net=null", "source.row_bytes=400000")
"""Words of a run over the film: several clips of each shot, and one net, `net`."""
FRAMES = 12
"""Frames of each of the two shots of the film."""
MARK = "ANIMELAYERS_TEST"
"""An environment variable by which a job's processes are found again."""


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Main:
    """A job's command line in this process, from its words to its exit code and what it printed: for what
    ends before it starts anything.
    """

    def call(name: str, *words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", command(name, *words)[1:])
        # as where python runs a file: a job imports another
        monkeypatch.syspath_prepend(Path(sys.argv[0]).parent)
        monkeypatch.setenv("HYDRA_FULL_ERROR", "0")  # the job sets it
        terminated = signal.getsignal(signal.SIGTERM)
        capsys.readouterr()
        try:
            with pytest.raises(SystemExit) as end:
                runpy.run_path(sys.argv[0], run_name="__main__")
        finally:
            signal.signal(signal.SIGTERM, terminated)
        return int(end.value.code or 0), "".join(capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def net(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The word that has a net of four numbers find the figures: what is red and blue without green, which
    about half of a drawn one is.

    A real net takes three quarters of a small job, and what these tests are about is everything else.
    """
    path = tiny_onnx.write(tmp_path_factory.mktemp("net") / "net.onnx", (3, -7, 3), -4, ("n", 3, "h", "w"))
    return f"stages.character.step.matte.weights={path}"


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a drawn film of two shots and two frames with the seeds' names."""
    folder = tmp_path_factory.mktemp("film")
    shots = [scene(name, frames=FRAMES, size=(192, 108), seed=1) for name in ("portrait", "standing")]
    write(shots, "episode_001", folder)
    write([scene("walk", frames=2, size=(192, 108), seed=1)], "episode_002", folder, form="frames")
    return folder


@pytest.fixture(scope="session")
def decompose(net: str) -> Decompose:
    """The main job in this process, without Ray; what ends a process is tested with one."""
    body = runpy.run_path(str(ROOT / "jobs" / "decompose.py"))["decompose"]

    def call(source: Path | str, output: Path | str, *words: str) -> int:
        small = [*SMALL, *HERE, net]
        return int(
            body(job.compose("decompose", [f"source.path={source}", f"output={output}", *small, *words]))
        )

    return call


def command(*words: object) -> list[str]:
    """A job's command line."""
    name, *rest = map(str, words)
    return [sys.executable, str(ROOT / "jobs" / f"{name}.py"), *rest]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a job as a process; whatever it leaves running is killed at the end of the test."""
    jobs: list[subprocess.Popen[str]] = []
    # Under nohup or `&` in a script a process ignores SIGINT, and so do all it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def begin(*words: object) -> subprocess.Popen[str]:
        mark = uuid.uuid4().hex
        environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", MARK: mark}
        job = subprocess.Popen(
            command(*words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
        job.mark = mark  # type: ignore[attr-defined]
        jobs.append(job)
        return job

    yield begin
    signal.signal(signal.SIGINT, before)
    marks = {job.mark for job in jobs}  # type: ignore[attr-defined]
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) in marks:
                process.kill()


def members(output: Path) -> dict[str, bytes]:
    """Every file of every frame of an output, by frame and layer."""
    from animelayers import Output

    out = Output(str(output))
    stored = {
        name: dict(zip(out.table["frame_id"].to_pylist(), out.table[f"{name}_file"].to_pylist(), strict=True))
        for name in out.layers
    }
    return {
        f"{frame}.{name}": out.read(frame, name)
        for frame in out
        for name in out.layers
        if stored[name][frame]
    }


def rows(output: Path) -> list[dict[str, object]]:
    """The frame table without what depends on how clips were packed into shards."""
    from animelayers import Output

    table = Output(str(output)).table
    kept = [c for c in table.column_names if c not in ("shard", "shard_bytes") and not c.endswith("_offset")]
    return [
        {k: (round(v, 5) if isinstance(v, float) and np.isfinite(v) else str(v)) for k, v in row.items()}
        for row in table.select(kept).to_pylist()
    ]
