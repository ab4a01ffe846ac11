"""Where Ray runs: a calm local instance, or a cluster that is already there."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from animelayers.placement import PipelineError, Resources

log = logging.getLogger(__name__)


def machine(cpus: int | None = None) -> Resources:
    """What this machine offers; `cpus` limits its CPUs."""
    count = cpus or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cpus or os.cpu_count() or 1
    return Resources(cpus=count, gpus=0, memory=0.8 * psutil.virtual_memory().available)


def connect(address: str | None = None, cpus: int | None = None) -> Resources:
    """Start Ray on this machine (no address) or join a cluster ('auto', 'HOST:PORT'), and tell what there is.

    A local instance listens on loopback, has no dashboard and sends no usage report. Raises `PipelineError` if no cluster answers.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # its own notices on actors, not errors of a clip
    os.environ.setdefault("RAY_idle_worker_killing_time_threshold_ms", "3600000")  # a worker that waits is cheaper than a new one
    import ray

    address = address or os.environ.get("RAY_ADDRESS")
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": True, "ignore_reinit_error": True}
    if address:
        try:
            with _hushed():
                ray.init(address=address, runtime_env=_code(), **quiet)
        except (ConnectionError, RuntimeError, ValueError) as problem:
            raise PipelineError(f"no Ray cluster answers at {address}: {problem}") from problem
        have = ray.cluster_resources()
        return Resources(have.get("CPU", 0), have.get("GPU", 0), have.get("memory", 0))
    with _hushed():
        ray.init(num_cpus=int(machine(cpus).cpus), include_dashboard=False, **quiet)
    return Resources(machine(cpus).cpus, ray.cluster_resources().get("GPU", 0), machine(cpus).memory)


def _code() -> dict[str, Any]:
    """This package for the cluster's workers, unless the cluster's job server has sent it to them already."""
    return {} if os.environ.get("RAY_JOB_CONFIG_JSON_ENV_VAR") else {"py_modules": [str(Path(__file__).parent)]}


@contextmanager
def _hushed() -> Iterator[None]:
    """While Ray starts, silence what its native code says of its own log level, and keep our way of ending on SIGTERM, not its."""
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
    """Set Ray Data up for rows of pixels: blocks of about `block_bytes`, at most about `ahead` of them between the stages.

    Without that bound decoding runs ahead until the object store is full. No progress bars of its own, errors never dropped.
    """
    import ray.data

    context = ray.data.DataContext.get_current()
    context.target_max_block_size = block_bytes
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.max_errored_blocks = 0
    context.execution_options.resource_limits = context.execution_options.resource_limits.copy(object_store_memory=ahead * block_bytes)
    logging.getLogger("ray.data").setLevel(logging.ERROR)


def spilled_bytes() -> int:
    """Bytes the object store has spilled to disk so far on all nodes."""
    import ray
    from ray._private.internal_api import get_memory_info_reply, get_state_from_address

    reply = get_memory_info_reply(get_state_from_address(ray.get_runtime_context().gcs_address))
    return int(reply.store_stats.spilled_bytes_total)
