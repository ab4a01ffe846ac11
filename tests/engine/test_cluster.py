from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import ray  # before our own Ray is started, as a notebook may do

from animelayers import owner
from animelayers.engine import cluster
from animelayers.engine.placement import Resources


def test_a_ray_of_our_own_has_a_token_of_its_own_whoever_imported_ray_before(ray_here: Resources) -> None:
    token = os.environ["RAY_AUTH_TOKEN"]
    servers = [p for p in psutil.Process().children(recursive=True) if p.name() in ("gcs_server", "raylet")]
    assert ray.is_initialized() and {server.name() for server in servers} == {"gcs_server", "raylet"}
    assert all(
        server.environ()["RAY_AUTH_MODE"] == "token" and server.environ()["RAY_AUTH_TOKEN"] == token
        for server in servers
    )
    kept = Path.home() / ".ray" / "auth_token"
    assert len(token) == 64 and (not kept.exists() or kept.read_text() != token), (
        "not the one of the home directory"
    )


def test_a_ray_of_our_own_need_not_wait_for_its_agents(ray_here: Resources) -> None:
    """Or its daemon dies on a busy machine: all it would wait to hear is known before it starts."""
    (raylet,) = [p for p in psutil.Process().children(recursive=True) if p.name() == "raylet"]
    words = dict(word.lstrip("-").split("=", 1) for word in raylet.cmdline()[1:] if "=" in word)
    command = " ".join(raylet.cmdline())
    for name in cluster._PORTS:
        port = Path(words["session_dir"], f"{name}_{words['node_id']}").read_text()
        if port == "-1":
            continue  # an agent that this installation of Ray does without
        flag = "listen-port" if "listen" in name else name
        assert int(port) > 0 and re.search(rf"--{flag.replace('_', '[-_]')}={port}\b", command), name


START = """
import logging, os, sys
from animelayers.engine import cluster

class Clears(logging.Handler):
    def emit(self, record):
        print(record.getMessage(), flush=True)
        if sys.argv[1] == "once":
            if os.path.isfile(os.environ["RAY_TMPDIR"]):
                os.remove(os.environ["RAY_TMPDIR"])

logging.getLogger("animelayers.engine.cluster").addHandler(Clears())
try:
    cluster.connect(cpus=1)
    print("up", flush=True)
except cluster.StartError as problem:
    print("error:", problem, flush=True)
"""


@pytest.mark.parametrize(
    ("how", "told"), [("once", "up"), ("always", "error: Ray did not start in 3 trials")]
)
def test_a_start_that_fails_is_tried_again_and_ends_in_one_sentence(
    how: str, told: str, tmp_path: Path
) -> None:
    """A file lies where Ray wants its folder; in one of the cases it is gone when it is told that the first
    trial failed.
    """
    obstacle = Path(f"/tmp/al{os.getpid()}{how[0]}")  # short: Ray's sockets lie below it
    obstacle.write_text("in the way")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")} | {
        "RAY_TMPDIR": str(obstacle)
    }
    try:
        done = subprocess.run(
            [sys.executable, "-c", START, how],
            capture_output=True,
            text=True,
            env=environment,
            timeout=300,
            check=False,
        )
    finally:
        shutil.rmtree(obstacle, ignore_errors=True)
        obstacle.unlink(missing_ok=True)
    lines = done.stdout.splitlines()
    assert lines[-1].startswith(told) and len(
        [line for line in lines if line.startswith("Ray did not start (")]
    ) in ((1, 2) if how == "once" else (3,)), done
    assert "Traceback" not in done.stdout + done.stderr and done.returncode == 0, done


WATCHED = """
import subprocess, sys, time
from animelayers.engine import cluster
cluster._WATCH_S = 0.05
daemon = subprocess.Popen([sys.executable, "-c", "pass"])
cluster._watch(daemon.pid, lambda: sys.argv[1] == "up")
print("goes on", flush=True)
"""


@pytest.mark.parametrize("state", ["up", "down"])
def test_a_ray_that_ends_in_the_middle_is_told_in_one_sentence(state: str) -> None:
    """Where it was shut down nothing is said."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, state], capture_output=True, text=True, timeout=120, check=False
    )
    said = done.stderr.splitlines()
    if state == "down":
        assert (done.returncode, done.stdout, said) == (0, "goes on\n", [])
    else:
        assert (
            done.returncode == 1
            and not done.stdout
            and len(said) == 1
            and "run the same command again" in said[0]
        )


def test_sessions_of_instances_that_have_ended_are_removed(tmp_path: Path) -> None:
    """Ray leaves its folders for ever: what is of a dead process of ours goes, what lives or is of others
    stays.
    """
    dead, alive, other, own = (tmp_path / f"session_{name}" for name in ("dead", "alive", "other", "own"))
    for folder in (dead, alive, other, own):
        (folder / "logs").mkdir(parents=True)
    (dead / "animelayers.json").write_text(json.dumps({**owner.here(), "pid": 4_000_000}))
    (alive / "animelayers.json").write_text(json.dumps(owner.here()))
    cluster._sign(own)
    assert {folder.name for folder in tmp_path.iterdir()} == {"session_alive", "session_other", "session_own"}
    assert json.loads((own / "animelayers.json").read_text()) == owner.here()
