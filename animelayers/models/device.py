"""Which device a model runs on, and its memory. Nothing falls back to the CPU in silence."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from animelayers.options import PLACED

Device = Annotated[Literal["auto", "cpu", "cuda", "mps"], PLACED]

_DRIVER = Path("/proc/driver/nvidia/version")
_SHARE = 0.8  # of the free memory that a batch may take
_PART = "ANIMELAYERS_PART_OF_GPU"


def pick(device: Device = "auto") -> str:
    """The device's name for torch; 'auto' is CUDA, else Apple's MPS, else the CPU.

    Raises RuntimeError for one that is not there, and for 'auto' in a process that was given a GPU which
    torch does not see.
    """
    import torch

    have = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        if given() and not have["cuda"]:
            raise RuntimeError(
                f"{_given()}, but torch {torch.__version__} sees none: check the driver, or set device=cpu to run without"
            )
        return next(name for name, there in have.items() if there)
    if device not in have:
        raise ValueError(f"device {device!r} is unknown: auto, cpu, cuda or mps")
    if not have[device]:
        raise RuntimeError(
            f"device={device} was asked for, but torch {torch.__version__} sees none: check the driver, or set device=cpu or auto"
        )
    return device


def given() -> bool:
    """Whether this process was given a GPU, as Ray does for a stage with `gpus`."""
    return os.environ.get("CUDA_VISIBLE_DEVICES", "") not in ("", "-1", "NoDevFiles")


def _given() -> str:
    return f"this process was given a GPU (CUDA_VISIBLE_DEVICES={os.environ.get('CUDA_VISIBLE_DEVICES')})"


def pick_onnx(device: Device, providers: Sequence[str]) -> Literal["cpu", "cuda"]:
    """Where an ONNX file runs: 'auto' is CUDA where this machine and ONNX Runtime have it, else the CPU; so
    is 'mps', which ONNX has not.

    ``providers``: what ONNX Runtime was built with. Raises RuntimeError for 'auto' where the process was
    given a GPU that it cannot use.
    """
    if device not in ("auto", "cpu", "cuda", "mps"):
        raise ValueError(f"device {device!r} is unknown: auto, cpu, cuda or mps")
    if device != "auto":
        return "cuda" if device == "cuda" else "cpu"
    built = "CUDAExecutionProvider" in providers
    if given() and not built:
        raise RuntimeError(
            f"{_given()}, but ONNX Runtime has only {[*providers]}: install onnxruntime-gpu, or set device=cpu to run without"
        )
    return "cuda" if built and (given() or _DRIVER.exists()) else "cpu"


@cache
def core() -> Any:
    """OpenVINO's core, one for all nets of this process and as long as it lives.

    A core gives its thread a stack for signals, and takes it away when it goes. Of two that go in the order
    they came the thread is left with a stack that is gone, and the next signal, as Ctrl-C is one, ends the
    process without a word.
    """
    import openvino

    return openvino.Core()


def out_of_memory(problem: Exception) -> bool:
    """Whether an exception says that the device's memory does not suffice."""
    import torch

    return isinstance(problem, torch.OutOfMemoryError) or "out of memory" in str(problem).lower()


def clear(device: str) -> None:
    """Give memory that torch keeps for later back to the device."""
    import torch

    if device == "cuda":
        torch.cuda.empty_cache()
    elif device == "mps":
        torch.mps.empty_cache()


def release() -> None:
    """Give back what torch keeps on whatever device there is; nothing in a process that never used torch."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        clear("cuda")
    elif torch is not None and torch.backends.mps.is_available():
        clear("mps")


def computed(step: Any) -> list[str]:
    """precision@device of each net that an object or what it is made of holds, sorted: as they compute now,
    whatever was asked for.

    A model tells it by attributes of these names; one that has only a device computes in fp32.
    """
    found, pending, seen = set[str](), [step], set[int]()
    while pending:
        part = pending.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, dict | list | tuple):
            pending += part.values() if isinstance(part, dict) else part
        elif type(part).__module__.startswith("animelayers."):
            device = getattr(part, "device", None) or getattr(part, "_device", None)
            if device is not None:
                found.add(f"{getattr(part, 'precision', 'fp32')}@{device}")
            else:
                pending += getattr(part, "__dict__", {}).values()
    return sorted(found)


def share(part: float) -> None:
    """Let this process, and those it starts, take no more than a part of a card's memory, 0..1; all of it from 1 on
    and where none was given.
    """
    os.environ[_PART] = f"{part if 0 < part < 1 else 1:g}"


def free() -> int:
    """Bytes of CUDA memory that new tensors can have: what the device has left of this process's share, and what torch
    keeps unused.
    """
    import torch

    left, whole = torch.cuda.mem_get_info()
    kept, used = torch.cuda.memory_reserved(), torch.cuda.memory_allocated()
    return int(min(left + kept - used, max(0.0, float(os.environ.get(_PART, 1)) * whole - used)))


def fitting(one: int, two: int, left: int) -> int:
    """How many items go through at once, at least 1: `one` and `two` are the peaks in bytes that one and two
    items took, `left` what is free.
    """
    each = max(two - one, 1)
    return max(1, int((_SHARE * left - (one - each)) // each))
