"""Where Ray runs: a calm local instance, or a cluster that is already there."""

from __future__ import annotations

import inspect
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import psutil

from animelayers import owner
from animelayers.engine.placement import PipelineError, Resources
from animelayers.sinks.store import SinkError

log = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")
STARTS = 3
_MARK = "animelayers.json"
_WATCH_S = 0.5
_PORTS = (
    "metrics_agent_port",
    "metrics_export_port",
    "dashboard_agent_listen_port",
    "runtime_env_agent_port",
)
PATIENT = {
    "RAY_enable_metrics_collection": "0",  # three servers less, and nobody asks them
    "RAY_agent_register_timeout_ms": "180000",
    "RAY_raylet_start_wait_time_s": "180",
    "RAY_gcs_server_port_wait_time_s": "120",
    "RAY_worker_register_timeout_seconds": "300",
}
"""Limits for a busy machine: Ray's own end a start after 16 to 30 seconds."""
TOLD = ("ANIMELAYERS_WEIGHTS_FROM", "ANIMELAYERS_ALLOW")
"""Environment variables that hold for the workers of a cluster, too."""
INLINE = "inline"
"""The address that means: without Ray."""


class StartError(RuntimeError):
    """Ray could not be started on this machine."""


def machine(cpus: int | None = None) -> Resources:
    """What this machine offers; `cpus` limits its CPUs."""
    count = (
        cpus or len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else cpus or os.cpu_count() or 1
    )
    return Resources(cpus=count, gpus=0, memory=0.8 * psutil.virtual_memory().available)


def cards() -> list[int]:
    """Bytes of memory of the NVIDIA GPUs of this machine that this process may see, as their driver's own tool tells."""
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")
    tool = shutil.which("nvidia-smi")
    if tool is None or seen in ("", "-1", "NoDevFiles"):
        return []
    ask = [tool, "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(ask, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    # a card that shares the machine's memory tells none of its own
    found = [int(line) << 20 if line.strip().isdigit() else 0 for line in told.splitlines()]
    return found if seen is None else found[: len(seen.split(","))]


def connect(address: str | None = None, cpus: int | None = None) -> Resources:
    """Start Ray on this machine (no address) or join a cluster ('auto', 'HOST:PORT'), and tell what there is;
    'inline' starts nothing.

    A local instance has no dashboard and no metrics servers, answers nobody without the run's own token,
    and sends no usage report. Raises `PipelineError` if no cluster answers.
    """
    if address == INLINE:
        return machine(cpus)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # its own notices on actors, not errors of a clip
    # a worker that waits is cheaper than a new one
    os.environ.setdefault("RAY_idle_worker_killing_time_threshold_ms", "3600000")
    address = address or os.environ.get("RAY_ADDRESS")
    if not address:
        _token()
    import ray

    quiet: dict[str, Any] = {
        "log_to_driver": False,
        "logging_level": logging.ERROR,
        "configure_logging": True,
        "ignore_reinit_error": True,
    }
    if address:
        try:
            with _hushed():
                ray.init(address=address, runtime_env=_code(), **quiet)
        except (ConnectionError, RuntimeError, ValueError) as problem:
            raise PipelineError(f"no Ray cluster answers at {address}: {problem}") from problem
        have = ray.cluster_resources()
        return Resources(have.get("CPU", 0), have.get("GPU", 0), have.get("memory", 0))
    _start({"num_cpus": int(machine(cpus).cpus), "include_dashboard": False, **quiet})
    return Resources(machine(cpus).cpus, ray.cluster_resources().get("GPU", 0), machine(cpus).memory)


def _token() -> None:
    """Have a Ray of our own refuse whoever has not this run's token: its servers listen on all addresses and
    cannot be told otherwise.

    A token that is given stays, and so does RAY_AUTH_MODE=disabled. RAY_AUTH_MODE=token alone is no token:
    Ray leaves that word behind itself in the environment, and would then keep one token for all runs in the
    home directory. Ray looks at these words when it is imported; where somebody has imported it already it is
    told to look again.
    """
    ray: Any = sys.modules.get("ray")
    given = {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys()
    if (
        given
        or os.environ.get("RAY_AUTH_MODE", "token").lower() != "token"
        or (ray is not None and ray.is_initialized())
    ):
        return
    os.environ["RAY_AUTH_MODE"], os.environ["RAY_AUTH_TOKEN"] = "token", secrets.token_hex(32)
    if ray is not None:
        ray._raylet.Config.initialize("")
        ray._raylet.AuthenticationTokenLoader.instance().reset_cache()


def _start(options: dict[str, Any]) -> None:
    """Start Ray here, up to three times: on a busy machine its daemons give up before they have come up."""
    import ray

    if ray.is_initialized():
        return
    for name, value in PATIENT.items():
        os.environ.setdefault(name, value)
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    problem: Exception | None = None
    for trial in range(1, STARTS + 1):
        try:
            with _hushed(), _known_ports():
                ray.init(**options)
            node: Any = ray._private.worker._global_node
            _sign(Path(node.get_session_dir_path()))
            raylet = node.all_processes["raylet"][0].process.pid
            threading.Thread(target=_watch, args=(raylet, ray.is_initialized), daemon=True).start()
            return
        except Exception as refused:  # Ray raises a bare Exception
            problem = refused
            log.warning("Ray did not start (%d of %d): %s", trial, STARTS, refused)
            with suppress(Exception), _hushed():
                ray.shutdown()
            for child in psutil.Process().children(recursive=True):
                if child.pid not in before:
                    with suppress(psutil.Error):
                        child.kill()
    raise StartError(
        f"Ray did not start in {STARTS} trials ({problem}); run again when the machine is less busy, or with cluster=inline"
    )


@contextmanager
def _known_ports() -> Iterator[None]:
    """While Ray starts, tell its agents where to listen, and its daemon that they do: of ports they choose for
    themselves the daemon waits 15 seconds to hear, which no setting makes longer, and dies where the machine
    is too busy for that.
    """
    from ray._private import services

    start = services.start_raylet

    def told(*given: Any, **named: Any) -> Any:
        call = inspect.signature(start).bind(*given, **named).arguments
        sockets = {name: socket.socket() for name in _PORTS}
        for free in sockets.values():
            free.bind(("", 0))
        ports = {name: free.getsockname()[1] for name, free in sockets.items()}
        for name, free in sockets.items():
            free.close()
            Path(call["session_dir"], f"{name}_{call['node_id']}").write_text(str(ports[name]))
        return start(**{**call, **ports})

    services.start_raylet = told
    try:
        yield
    finally:
        services.start_raylet = start


def _watch(raylet: int, up: Callable[[], bool]) -> None:
    """End this process with a sentence when Ray's own daemon here has ended and Ray is still `up`: Ray ends
    it soon after, in native code and without a word.
    """
    while owner.lives(raylet):
        time.sleep(_WATCH_S)
    time.sleep(_WATCH_S)  # a shutdown ends the daemon first, too
    if up():
        sys.stderr.write(
            "error: Ray ended in the middle of the run, killed or for want of memory: what is committed stays; run the same command again to go on\n"
        )
        sys.stderr.flush()
        os._exit(1)


def _sign(session: Path) -> None:
    """Write into a session's folder who made it, and remove those of instances of ours that have ended: Ray
    leaves them for ever.
    """
    for mark in session.parent.glob(f"session_*/{_MARK}"):
        with suppress(OSError, ValueError):
            if owner.dead(json.loads(mark.read_text())):
                shutil.rmtree(mark.parent, ignore_errors=True)
    with suppress(OSError):
        (session / _MARK).write_text(json.dumps(owner.here()))


def is_up() -> bool:
    """Whether this process is on a Ray already, or is told of one."""
    ray = sys.modules.get("ray")
    return bool(os.environ.get("RAY_ADDRESS") or (ray is not None and ray.is_initialized()))


def _code() -> dict[str, Any]:
    """This package for the cluster's workers, unless the cluster's job server has sent it to them already,
    and where they find weights.
    """
    told = {"env_vars": {name: os.environ[name] for name in TOLD if name in os.environ}}
    return (
        told
        if os.environ.get("RAY_JOB_CONFIG_JSON_ENV_VAR")
        else {"py_modules": [str(Path(__file__).parents[1])], **told}
    )


@contextmanager
def _hushed() -> Iterator[None]:
    """While Ray starts, silence what its native code says of its own log level, and keep our way of ending on
    SIGTERM, not its.
    """
    sys.stderr.flush()
    terminated = signal.getsignal(signal.SIGTERM)
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, terminated)


def calm(block_bytes: int, ahead: int = 8) -> None:
    """Set Ray Data up for rows of pixels: blocks of about `block_bytes`, at most about `ahead` of them
    between the stages.

    Without that bound decoding runs ahead until the object store is full. No progress bars of its own, errors
    never dropped.
    """
    import ray.data

    context = ray.data.DataContext.get_current()
    context.target_max_block_size = block_bytes
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.max_errored_blocks = 0
    context.execution_options.resource_limits = context.execution_options.resource_limits.copy(
        object_store_memory=ahead * block_bytes
    )
    logging.getLogger("ray.data").setLevel(logging.ERROR)


def spread(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """What `work` makes of each item, in their order: on all CPUs of the Ray that is up, and no more items at a
    time than those have; one after the other without it.
    """
    ray: Any = sys.modules.get("ray")
    if ray is None or not ray.is_initialized():
        yield from map(work, items)
        return

    def here(item: T) -> R:
        return work(item)

    done = ray.remote(here)
    waiting: deque[Any] = deque()
    most = max(1, int(ray.cluster_resources().get("CPU", 1)))
    try:
        for item in items:
            waiting.append(done.remote(item))
            if len(waiting) >= most:
                yield ray.get(waiting.popleft())
        while waiting:
            yield ray.get(waiting.popleft())
    except ray.exceptions.RayTaskError as problem:
        if isinstance(problem.cause, SinkError):
            raise problem.cause from None
        raise


def spilled_bytes() -> int:
    """Bytes the object store has spilled to disk so far on all nodes; 0 without Ray."""
    ray: Any = sys.modules.get("ray")
    if ray is None or not ray.is_initialized():
        return 0
    from ray._private.internal_api import get_memory_info_reply, get_state_from_address

    reply = get_memory_info_reply(get_state_from_address(ray.get_runtime_context().gcs_address))
    return int(reply.store_stats.spilled_bytes_total)
