"""Runs a torch module on batches: on the device that is there, in the precision it has, halving batches that do not fit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypedDict

import numpy as np

log = logging.getLogger(__name__)

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "fp32", "fp16", "bf16"]
Outputs = tuple[np.ndarray, ...]


class Placed(TypedDict, total=False):
    """Where and how a torch model runs; see `Net`."""

    device: Device
    precision: Precision
    batch: int


class Net:
    """A torch module called on numpy batches.

    ``call(module, *tensors)`` gives a tensor or a tuple of tensors whose first axis is that of the batch. ``device`` 'auto' is CUDA,
    else Apple's MPS, else the CPU. ``precision`` 'auto' is bf16 or fp16 on a GPU that has it and fp32 elsewhere; a batch whose output
    holds NaN or infinity is computed again in fp32, and from then on all are. ``batch`` is how many items go through at once; it is
    halved when the device's memory does not suffice, and stays so.
    Raises RuntimeError where a device was asked for that is not there: nothing falls back to the CPU in silence.
    """

    def __init__(
        self,
        module: Any,
        call: Callable[..., Any] | None = None,
        *,
        device: Device = "auto",
        precision: Precision = "auto",
        batch: int = 8,
    ) -> None:
        self.device = pick(device)
        self._dtype = _dtype(self.device, precision)
        self._call: Callable[..., Any] = call or (lambda net, *tensors: net(*tensors))
        self._module = module.eval().requires_grad_(False).to(self.device)
        self._batch = max(1, batch)

    @property
    def module(self) -> Any:
        """The module, on its device, in evaluation mode."""
        return self._module

    @property
    def batch(self) -> int:
        """How many items go through at once, now."""
        return self._batch

    def __call__(self, *inputs: np.ndarray) -> Outputs:
        """The outputs for N items: float32 arrays whose first axis is N. Inputs are arrays whose first axis is N, at least one."""
        done: list[Outputs] = []
        start, count = 0, len(inputs[0])
        while start < count:
            part = [value[start : start + self._batch] for value in inputs]
            try:
                done.append(self._run(part))
            except Exception as problem:
                if not out_of_memory(problem) or self._batch == 1:
                    raise
                self._batch = max(1, min(self._batch, len(part[0])) // 2)
                log.warning("out of memory on %s: %d items at once from now on", self.device, self._batch)
                clear(self.device)
                continue
            start += len(part[0])
        return tuple(np.concatenate(outputs) for outputs in zip(*done, strict=True))

    def _run(self, part: Sequence[np.ndarray]) -> Outputs:
        import torch

        outputs = self._forward(part)
        if self._dtype is not torch.float32 and not all(np.isfinite(o).all() for o in outputs):
            log.warning("%s on %s gave NaN or infinity: computing in fp32 from now on", self._dtype, self.device)
            self._dtype = torch.float32
            outputs = self._forward(part)
        return outputs

    def _forward(self, part: Sequence[np.ndarray]) -> Outputs:
        import torch

        tensors = [torch.from_numpy(np.ascontiguousarray(value)).to(self.device, non_blocking=True) for value in part]
        with torch.inference_mode(), torch.autocast(self.device, self._dtype, enabled=self._dtype is not torch.float32):
            made = self._call(self._module, *tensors)
        return tuple(tensor.float().cpu().numpy() for tensor in (made if isinstance(made, (tuple, list)) else (made,)))


def pick(device: Device = "auto") -> str:
    """The device's name for torch. Raises RuntimeError for one that is not there."""
    import torch

    have = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name, there in have.items() if there)
    if device not in have:
        raise ValueError(f"device {device!r} is unknown: auto, cpu, cuda or mps")
    if not have[device]:
        raise RuntimeError(f"device={device} was asked for, but torch {torch.__version__} sees none: check the driver, or set device=cpu or auto")
    return device


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


def _dtype(device: str, precision: Precision) -> Any:
    import torch

    kinds = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
    if precision != "auto":
        if precision not in kinds:
            raise ValueError(f"precision {precision!r} is unknown: auto, {', '.join(kinds)}")
        return kinds[precision]
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    return torch.float32
