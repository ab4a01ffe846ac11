"""The machine a benchmark ran on: what one has to know to compare two reports."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

PACKAGES = (
    "animelayers", "ray", "numpy", "opencv-python-headless", "pillow", "rembg", "onnxruntime", "openvino", "isal", "simplejpeg", "av", "pyarrow",
)  # fmt: skip


def describe() -> dict[str, Any]:
    """Processor with its flags, cores, memory, system, and versions of what does the work."""
    return {
        "cpu": _cpuinfo().get("model name", platform.processor()),
        "flags": _cpuinfo().get("flags", "").split(),
        "cores": os.cpu_count(),
        "cores_used": len(os.sched_getaffinity(0)),
        "memory": psutil.virtual_memory().total,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def title(machine: Mapping[str, Any]) -> str:
    """One line about the machine."""
    fast = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in machine["flags"]]
    return f"{machine['cpu']} ({', '.join(fast)}), {machine['cores_used']} of {machine['cores']} cores, Python {machine['python']}"


def load() -> list[float]:
    """Load average of the last 1, 5 and 15 minutes: how quiet the machine is."""
    return list(os.getloadavg())


def limit(cores: int) -> None:
    """Keep this process, and all it starts, on the first `cores` of its cores."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _cpuinfo() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().split("\n\n")[0].splitlines() if path.exists() else []
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
