"""Runs a torch module on batches: on the device that is there, in the precision it has, halving batches that
do not fit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypedDict

import numpy as np

from animelayers.models.device import Device, clear, fitting, free, out_of_memory, pick
from animelayers.options import PLACED

log = logging.getLogger(__name__)

__all__ = ["Device", "Net", "Placed", "Precision", "bucket", "clear", "out_of_memory", "pick"]

Precision = Literal["auto", "fp32", "fp16", "bf16"]
Outputs = tuple[np.ndarray, ...]
Shapes = tuple[tuple[int, ...], ...]

_UNPROBED = 8  # items at once where memory cannot be measured
_MB = 1e6
_MOST = 256  # items at once, however much memory there is


class Placed(TypedDict, total=False):
    """Where and how a torch model runs; see `Net`."""

    device: Device
    precision: Precision
    batch: Annotated[int, PLACED]
    compile: Annotated[bool, PLACED]


class Net:
    """A torch module called on numpy batches.

    ``call(module, *tensors)`` gives a tensor or a tuple of tensors whose first axis is that of the batch.
    ``device`` 'auto' is CUDA, else Apple's MPS, else the CPU. ``precision`` 'auto' is bf16 or fp16 on a GPU
    that has it and fp32 elsewhere; a batch whose output holds NaN or infinity is computed again in fp32, and
    from then on all are. ``batch`` is how many items go through at once; 0 finds it out on CUDA, per shape of
    the items, from the memory that one and two of them take (8 on other devices). It is halved when the
    device's memory does not suffice, and stays so. ``compile`` puts calls of the module itself through
    torch.compile, once per shape: see `bucket`. On CUDA pictures lie channels-last, and the next batch is
    copied on a stream of its own while one computes. Raises RuntimeError where a device was asked for that is
    not there: nothing falls back to the CPU in silence.
    """

    def __init__(
        self,
        module: Any,
        call: Callable[..., Any] | None = None,
        *,
        device: Device = "auto",
        precision: Precision = "auto",
        batch: int = 8,
        compile: bool = False,
    ) -> None:
        import torch

        self.device = pick(device)
        self._dtype = dtype(self.device, precision)
        self._call: Callable[..., Any] = call or (lambda net, *tensors: net(*tensors))
        self._cuda = self.device == "cuda"
        self._module = module.eval().requires_grad_(False).to(self.device)
        for value in self._module.parameters() if self._cuda else ():
            if value.ndim == 4:
                value.data = value.data.contiguous(memory_format=torch.channels_last)
        self._fast = torch.compile(self._module) if compile else self._module
        self._whole = compile
        self._asked, self._now = max(0, batch), batch or _UNPROBED
        self._known: dict[Shapes, int] = {}
        self._stream: Any = torch.cuda.Stream() if self._cuda else None  # type: ignore[no-untyped-call]

    @property
    def precision(self) -> str:
        """What it computes in now: 'fp32', 'fp16' or 'bf16'."""
        return {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}[str(self._dtype).rpartition(".")[2]]

    @property
    def module(self) -> Any:
        """The module, on its device, in evaluation mode."""
        return self._module

    @property
    def batch(self) -> int:
        """How many items go through at once, now."""
        return self._now

    def __call__(self, *inputs: np.ndarray) -> Outputs:
        """The outputs for N items: float32 arrays whose first axis is N. Inputs are arrays whose first axis
        is N, at least one.
        """
        shapes = tuple(value.shape[1:] for value in inputs)
        self._now = self._known.get(shapes) or self._asked or self._probe(inputs)
        done: list[Outputs] = []
        start, count = 0, len(inputs[0])
        ahead: list[Any] | None = None
        while start < count:
            size = min(self._now, count - start)
            try:
                outputs, ahead = self._step(inputs, start, size, ahead)
            except Exception as problem:
                if not out_of_memory(problem) or size == 1:
                    raise
                self._now, ahead = size // 2, None
                log.warning("out of memory on %s: %d items at once from now on", self.device, self._now)
            else:
                done.append(outputs)
                start += size
                continue
            clear(self.device)  # outside the handler: its traceback holds what did not fit
        self._known[shapes] = self._now
        return tuple(np.concatenate(outputs) for outputs in zip(*done, strict=True))

    def _step(
        self, inputs: Sequence[np.ndarray], start: int, size: int, ahead: list[Any] | None
    ) -> tuple[Outputs, list[Any] | None]:
        """The outputs of the batch that begins at `start`, and the next one on its way to the device."""
        tensors = ahead or self._staged(inputs, start)
        made = self._forward(tensors)
        following = (
            self._staged(inputs, start + size) if self._cuda and start + size < len(inputs[0]) else None
        )
        return tuple(value[:size] for value in self._checked(made, tensors)), following

    def _staged(self, inputs: Sequence[np.ndarray], start: int) -> list[Any]:
        """The batch that begins at `start`, on its way to the device; filled up with its last item where
        graphs are compiled per shape.
        """
        import torch

        part = [value[start : start + self._now] for value in inputs]
        if self._whole:
            part = [
                np.concatenate([value, np.repeat(value[-1:], self._now - len(value), 0)]) for value in part
            ]
        tensors = [torch.from_numpy(np.ascontiguousarray(value)) for value in part]
        if not self._cuda:
            return [tensor.to(self.device) for tensor in tensors]
        with torch.cuda.stream(self._stream):
            return [tensor.pin_memory().to(self.device, non_blocking=True) for tensor in tensors]

    def _checked(self, made: Any, tensors: Sequence[Any]) -> Outputs:
        import torch

        outputs = _arrays(made)
        if self._dtype is not torch.float32 and not all(np.isfinite(o).all() for o in outputs):
            log.warning(
                "%s on %s gave NaN or infinity: computing in fp32 from now on", self._dtype, self.device
            )
            self._dtype = torch.float32
            outputs = _arrays(self._forward(tensors))
        return outputs

    def _forward(self, tensors: Sequence[Any]) -> Any:
        import torch

        if self._stream is not None:
            torch.cuda.current_stream().wait_stream(self._stream)
            for tensor in tensors:
                tensor.record_stream(torch.cuda.current_stream())
            tensors = [
                tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor
                for tensor in tensors
            ]
        with (
            torch.inference_mode(),
            torch.autocast(self.device, self._dtype, enabled=self._dtype is not torch.float32),
        ):
            return self._call(self._fast, *tensors)

    def _probe(self, inputs: Sequence[np.ndarray]) -> int:
        """How many items of these shapes fit, from what one and two of them take."""
        import torch

        if not self._cuda:
            return _UNPROBED
        peaks = []
        for count in (1, 2):
            clear(self.device)
            torch.cuda.reset_peak_memory_stats()
            base, self._now = torch.cuda.memory_allocated(), count
            try:
                _arrays(self._forward(self._staged([np.repeat(value[:1], count, 0) for value in inputs], 0)))
            except torch.OutOfMemoryError:
                if count == 1:
                    raise
                return 1
            peaks.append(torch.cuda.max_memory_allocated() - base)
        clear(self.device)
        found = min(_MOST, fitting(peaks[0], peaks[1], free()))
        log.info(
            "%d items of %s at once: one takes %.0f MB", found, [v.shape[1:] for v in inputs], peaks[0] / _MB
        )
        return found


def bucket(size: tuple[int, int], multiple: int) -> tuple[int, int]:
    """The size (H, W) to pad pictures to so that graphs compiled for a shape are used again: each side the
    next multiple.
    """
    height, width = (-(-side // multiple) * multiple for side in size)
    return height, width


def _arrays(made: Any) -> Outputs:
    return tuple(
        tensor.float().cpu().numpy() for tensor in (made if isinstance(made, (tuple, list)) else (made,))
    )


def dtype(device: str, precision: Precision) -> Any:
    """The kind of number torch computes in on a device. Raises ValueError for a precision that is unknown."""
    import torch

    kinds = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
    if precision != "auto":
        if precision not in kinds:
            raise ValueError(f"precision {precision!r} is unknown: auto, {', '.join(kinds)}")
        return kinds[precision]
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    return torch.float32
