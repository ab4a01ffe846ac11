from __future__ import annotations

import contextlib
import os
import runpy
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from animelayers import Output, job
from animelayers.engine.cluster import PATIENT
from tests.jobs.conftest import ROOT, SMALL, Decompose, command, members, rows

pytestmark = pytest.mark.cluster


TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef" * 4}
"""The cluster asks for it, as any that others can reach should."""


def _run(*words: object, token: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAY_AUTH")} | (
        TOKEN if token else {}
    )
    environment |= {"RAY_AUTH_TOKEN_PATH": os.devnull} if not token else {}
    return subprocess.run(
        command(*words), capture_output=True, text=True, env=environment, cwd=ROOT, timeout=500, check=False
    )


def _port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture(scope="module")
def two_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Two Ray nodes on this machine, on loopback: the address of the cluster and of its job server."""
    port, server = _port(), _port()
    bin_folder = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        **TOKEN,
        **PATIENT,
        "RAY_USAGE_STATS_ENABLED": "0",
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
    }
    environment.pop("RAY_ADDRESS", None)
    temporary = f"/tmp/al{os.getpid()}"  # short: Ray's sockets lie below it
    head = [
        "--head",
        f"--port={port}",
        "--node-ip-address=127.0.0.1",
        "--dashboard-host=127.0.0.1",
        f"--dashboard-port={server}",
        f"--temp-dir={temporary}",
    ]
    small = [
        "--num-cpus=1",
        "--num-gpus=0",
        "--object-store-memory=200000000",
        "--block",
        "--disable-usage-stats",
    ]
    nodes = []
    try:
        for words in (head, [f"--address=127.0.0.1:{port}", "--node-ip-address=127.0.0.1"]):
            path = tmp_path_factory.mktemp("node") / "log"
            log = path.open("w")
            ports = [
                f"--{name}={_port()}"
                for name in (
                    "dashboard-agent-listen-port",
                    "dashboard-agent-grpc-port",
                    "runtime-env-agent-port",
                )
            ]
            ray = [f"{bin_folder}/ray", "start", *words, *small, *ports]
            nodes.append(
                subprocess.Popen(ray, env=environment, stdout=log, stderr=log, start_new_session=True)
            )
            _wait_for(lambda path=path: "Ray runtime started" in path.read_text())
        _wait_for(lambda: _answers(server))
        yield f"127.0.0.1:{port}", f"http://127.0.0.1:{server}"
    finally:
        every = [
            process
            for node in nodes
            for process in (*psutil.Process(node.pid).children(recursive=True), node)
        ]
        for process in every:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        for node in nodes:
            node.wait()
        shutil.rmtree(temporary, ignore_errors=True)


def _answers(port: int) -> bool:
    with socket.socket() as trying:
        return trying.connect_ex(("127.0.0.1", port)) == 0


def _wait_for(ready: Callable[[], bool], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.3)


WORDS = (*SMALL, "placement.cpus=0.5", "placement.workers=[2,2]")


@pytest.fixture(scope="module")
def frames(film: Path) -> Path:
    """Two pictures, a clip each: one for each of the two workers."""
    return film / "episode_002"


def test_the_main_job_on_a_cluster_of_two_nodes(
    two_nodes: tuple[str, str], frames: Path, net: str, tmp_path: Path
) -> None:
    address, _ = two_nodes
    words = [
        *WORDS,
        net,
        f"source.path={frames}",
        f"output={tmp_path / 'out'}",
        "cluster=ray",
        f"cluster.address={address}",
    ]
    done = _run("decompose", *words)
    assert done.returncode == 0, done.stderr
    assert len(Output(str(tmp_path / "out"))) == 2


def test_submit_sends_the_job_and_follows_its_log(
    two_nodes: tuple[str, str], frames: Path, net: str, tmp_path: Path
) -> None:
    _, server = two_nodes
    words = [
        "--address",
        server,
        "--python",
        sys.executable,
        "decompose",
        *WORDS,
        net,
        f"source.path={frames}",
        f"output={tmp_path / 'out'}",
    ]
    done = _run("submit", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "layers" in done.stdout, "the job's log is followed"
    assert len(Output(str(tmp_path / "out"))) == 2
    failed = _run("submit", *words, "placement.cpsu=1")
    assert failed.returncode == 2 and "did you mean 'placement.cpus'?" in failed.stdout, (
        failed.stdout + failed.stderr
    )


def test_a_cluster_that_asks_for_a_token_says_so(two_nodes: tuple[str, str]) -> None:
    _, server = two_nodes
    refused = _run("submit", "--address", server, "decompose", token=False)
    assert refused.returncode == 2 and "token" in refused.stderr and "Traceback" not in refused.stderr


def test_submit_refuses_an_open_door() -> None:
    refused = _run("submit", "--address", "http://192.0.2.1:8265", "decompose", token=False)
    assert refused.returncode == 2 and "RAY_AUTH_MODE=token" in refused.stderr


def test_submit_names_a_package_of_ones_own_that_is_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANIMELAYERS_ALLOW", "nosuchpackage")
    refused = _run("submit", "--address", f"http://127.0.0.1:{_port()}", "decompose")
    assert (
        refused.returncode == 2
        and "ANIMELAYERS_ALLOW=nosuchpackage: there is no package of this name here" in refused.stderr
    )


def test_submit_takes_a_package_and_a_module_of_ones_own_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mypackage").mkdir()
    (tmp_path / "mypackage" / "__init__.py").touch()
    (tmp_path / "mymodule.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(job.ALLOW, "mypackage,mymodule")
    submit = runpy.run_path(str(job.JOBS / "submit.py"))
    assert submit["_own"]() == {"mypackage": tmp_path / "mypackage", "mymodule.py": tmp_path / "mymodule.py"}
    sent: dict[str, Any] = {}

    class Client:
        def submit_job(self, entrypoint: str, runtime_env: dict[str, Any]) -> str:
            sent.update(
                runtime_env["env_vars"],
                files=sorted(path.name for path in Path(runtime_env["working_dir"]).iterdir()),
            )
            return "number"

    monkeypatch.setenv("ANIMELAYERS_WEIGHTS_FROM", "s3://bucket/weights")
    assert submit["_submit"](Client(), "python jobs/decompose.py", submit["_own"]()) == "number"
    assert sent == {
        "PYTHONPATH": ".",
        job.ALLOW: "mypackage,mymodule",
        "ANIMELAYERS_WEIGHTS_FROM": "s3://bucket/weights",
        "files": ["animelayers", "conf", "jobs", "mymodule.py", "mypackage"],
    }


def test_submit_says_when_nobody_answers() -> None:
    refused = _run("submit", "--address", f"http://127.0.0.1:{_port()}", "decompose")
    assert (
        refused.returncode == 2
        and "no job server answers" in refused.stderr
        and "Traceback" not in refused.stderr
    )


@pytest.mark.skipif(
    "ANIMELAYERS_NODES" not in os.environ, reason="needs a quiet machine for two nodes: ANIMELAYERS_NODES=1"
)
def test_a_node_that_is_lost_in_the_middle_costs_nothing(
    two_nodes: tuple[str, str], film: Path, decompose: Decompose, net: str, tmp_path: Path
) -> None:
    """The last of these tests: the second node does not come back."""
    address, _ = two_nodes
    words = [
        *WORDS,
        net,
        f"source.path={film}",
        f"output={tmp_path / 'out'}",
        "cluster=ray",
        f"cluster.address={address}",
    ]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAY_AUTH")} | TOKEN
    job = subprocess.Popen(
        command("decompose", *words),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    _wait_for(lambda: job.poll() is not None or any((tmp_path / "out" / "metadata").glob("*.parquet")), 400)
    assert job.poll() is None, job.communicate()[0]
    port = address.rpartition(":")[2]  # Ray writes another address of this machine into it
    words_of = {process: process.info["cmdline"] or [""] for process in psutil.process_iter(["cmdline"])}
    raylets = [
        p
        for p, said in words_of.items()
        if said[0].endswith("/raylet")
        and any(w.startswith("--gcs-address=") and w.endswith(f":{port}") for w in said)
    ]
    assert len(raylets) == 2
    last = max(raylets, key=lambda process: process.create_time())
    for process in (*last.children(recursive=True), last):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    said, _ = job.communicate(timeout=500)
    assert job.returncode == 0, said
    assert decompose(film, tmp_path / "whole") == 0
    assert rows(tmp_path / "out") == rows(tmp_path / "whole") and members(tmp_path / "out") == members(
        tmp_path / "whole"
    )
