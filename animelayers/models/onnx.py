"""Runs an ONNX file on batches of pictures: OpenVINO on the CPU, ONNX Runtime on CUDA."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

import numpy as np

from animelayers.imaging import masks
from animelayers.models import quantize
from animelayers.models.constants import SAID
from animelayers.models.device import Device, core, pick_onnx
from animelayers.options import Batch
from animelayers.weights import WeightsError, find

log = logging.getLogger(__name__)

Runtime = Literal["auto", "openvino", "onnxruntime"]
Precision = Literal["auto", "fp32", "bf16", "int8"]
Run = Callable[[np.ndarray], np.ndarray]

_FIGURE = 0.01  # share of the frame from which a mask is compared: a few stray pixels say nothing
_LOGIT = 30  # where logits are cut off, so that their exponential stays finite
_ERRORS = 3  # from which of its levels on ONNX Runtime says something
_CHECKED = 4  # pictures with something in them that bf16 has to agree on with fp32 before it is trusted
_AGREE = 0.99  # mean intersection over union of the masks at one half


class Running(TypedDict, total=False):
    """How a net runs; see `Onnx`."""

    runtime: Runtime
    device: Device
    precision: Precision
    batch: Batch


class Onnx:
    """An ONNX graph with one image input (N, 3, H, W), read for its first output.

    ``weights`` is a name of `animelayers.weights` or a path. ``device`` 'auto' is CUDA where this machine and
    ONNX Runtime have it, 'mps' the CPU. ``runtime`` 'auto' is OpenVINO on the CPU and ONNX Runtime on CUDA;
    ``precision`` 'auto' is bf16 where it pays (see `bf16_pays`), taken back to fp32 with one log line if on
    the first pictures the masks differ. ``batch`` bounds how many pictures ONNX Runtime gets at once;
    OpenVINO is given them one by one, since its compiled graphs are per shape. ``precision`` 'int8' computes
    the heaviest convolutions in int8 (see `quantize`), after ranges measured on ``calibration()``, normalised
    float32 (1, 3, H, W); it pays on processors with VNNI and is never taken by itself. ``logits`` puts the
    output through a sigmoid. Threads: OMP_NUM_THREADS, else all cores. Raises WeightsError for missing
    weights, RuntimeError when CUDA was asked for and cannot be had, ValueError for a combination that does
    not exist.
    """

    def __init__(
        self,
        weights: str | Path,
        *,
        runtime: Runtime = "auto",
        device: Device = "cpu",
        precision: Precision = "auto",
        batch: int = 8,
        logits: bool = False,
        calibration: Callable[[], Sequence[np.ndarray]] | None = None,
    ):
        self._path = str(find(str(weights)))
        device = pick_onnx(device, providers() if device == "auto" else ())
        chosen = runtime if runtime != "auto" else "onnxruntime" if device == "cuda" else "openvino"
        if chosen == "openvino" and device == "cuda":
            raise ValueError(
                "runtime openvino runs on the CPU only: with device=cuda use runtime=onnxruntime or auto"
            )
        if chosen == "onnxruntime" and precision == "bf16":
            raise ValueError(
                "precision bf16 needs runtime openvino: ONNX Runtime computes in the precision of the file, fp32"
            )
        if precision == "int8" and (chosen == "onnxruntime" or calibration is None):
            raise ValueError(
                "precision int8 needs runtime openvino and pictures to measure ranges on (calibration)"
            )
        self._logits, self._batch = logits, batch
        self._ranges = (
            quantize.channels(self._path, calibration) if precision == "int8" and calibration else {}
        )
        self._openvino, self.device = chosen == "openvino", device
        self._compiled: dict[tuple[tuple[int, ...], str], Run] = {}
        if self._openvino:
            self._open_openvino()
        else:
            self._open_onnxruntime(device)
        self._precision = self._choose(precision)
        self._overlaps: list[float] | None = [] if precision == "auto" and self._precision == "bf16" else None

    @property
    def precision(self) -> str:
        """What it computes in now: 'fp32', 'bf16' or 'int8'."""
        return self._precision

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """The first output, float32 (N, H', W') of its first channel, for normalised float32 (N, 3, H, W)."""
        if not len(pictures):
            return np.zeros((0, *pictures.shape[2:]), np.float32)
        result = self._infer(pictures, self._precision)
        return result if self._overlaps is None else self._check(pictures, result)

    def _check(self, pictures: np.ndarray, fast: np.ndarray) -> np.ndarray:
        assert self._overlaps is not None
        exact = self._infer(pictures[:_CHECKED], "fp32")
        pairs = [(a > 0.5, b > 0.5) for a, b in zip(fast, exact, strict=False)]
        self._overlaps += [masks.overlap(a, b) for a, b in pairs if b.mean() > _FIGURE]
        if len(self._overlaps) < _CHECKED:
            return fast
        mean, self._overlaps = float(np.mean(self._overlaps)), None
        if mean >= _AGREE:
            return fast
        log.warning("%s: bf16 masks agree with fp32 at IoU %.4f only, computing in fp32", self._path, mean)
        self._precision = "fp32"
        return self._infer(pictures, "fp32")

    def _infer(self, pictures: np.ndarray, precision: str) -> np.ndarray:
        size = 1 if self._openvino or self._fixed else self._batch
        chunks = [np.ascontiguousarray(pictures[i : i + size]) for i in range(0, len(pictures), size)]
        outputs = np.concatenate([self._runner(chunk.shape, precision)(chunk) for chunk in chunks])
        outputs = outputs[:, 0] if outputs.ndim == 4 else outputs
        if self._logits:
            outputs = 1 / (1 + np.exp(-np.clip(outputs, -_LOGIT, _LOGIT)))
        return outputs.astype(np.float32, copy=False)

    def _choose(self, precision: Precision) -> str:
        if precision != "auto":
            return precision
        return "bf16" if self._openvino and bf16_pays() else "fp32"

    def _open_openvino(self) -> None:
        self._core: Any = core()
        self._threads = threads()
        self._fixed = True

    def _open_onnxruntime(self, device: str) -> None:
        session = opened(self._path, device)
        self._fixed = session.get_inputs()[0].shape[0] == 1
        name, output = session.get_inputs()[0].name, session.get_outputs()[0].name
        self._session: Run = lambda batch: session.run([output], {name: batch})[0]

    def _runner(self, shape: Sequence[int], precision: str) -> Run:
        if not self._openvino:
            return self._session
        key = (tuple(shape), precision)
        if key not in self._compiled:
            model = self._core.read_model(self._path)
            if precision == "int8":
                quantize.quantise(model, self._ranges)
            model.reshape(list(shape))
            # Nothing but the first output is asked for, so the side outputs of a deeply supervised net are
            # not computed at full size.
            hint = {
                "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
                "INFERENCE_NUM_THREADS": self._threads,
            }
            compiled = self._core.compile_model(model, "CPU", {**hint, "PERFORMANCE_HINT": "LATENCY"})
            self._compiled[key] = lambda batch: compiled([batch])[0].copy()
        return self._compiled[key]


def opened(path: str, device: str) -> Any:
    """ONNX Runtime's session of a file, on 'cuda' or the CPU. Raises WeightsError for no ONNX net,
    RuntimeError where CUDA cannot be had.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads(), _ERRORS
    wanted = "CUDAExecutionProvider" if device == "cuda" else "CPUExecutionProvider"
    have = onnxruntime.get_available_providers()
    try:
        session = onnxruntime.InferenceSession(
            path, options, providers=[p for p in dict.fromkeys((wanted, "CPUExecutionProvider")) if p in have]
        )
    except Exception as error:  # its errors have no common class
        raise WeightsError(
            f"{path} cannot be read as an ONNX net ({str(error).strip().splitlines()[-1][:SAID]}): bring it again"
        ) from error
    if wanted not in session.get_providers():
        raise RuntimeError(
            f"device=cuda was asked for {path}, but ONNX Runtime has only {session.get_providers()}: install onnxruntime-gpu "
            "with the CUDA libraries it was built for, or set device=cpu"
        )
    return session


def providers() -> list[str]:
    """What ONNX Runtime can run on here, as it names it."""
    import onnxruntime

    return list(onnxruntime.get_available_providers())


def threads() -> int:
    """How many threads a model may use: OMP_NUM_THREADS, which Ray sets from a worker's CPUs, else the cores
    of this process.
    """
    return int(os.environ.get("OMP_NUM_THREADS") or 0) or len(os.sched_getaffinity(0))


def int8_pays(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether int8 is faster than fp32 on this processor: VNNI, or AMX."""
    return not _flags(cpuinfo).isdisjoint({"avx512_vnni", "avx_vnni", "amx_int8"})


def bf16_pays(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether bf16 is faster than fp32 on this processor: AMX, or avx512_bf16 on AMD.

    Measured on MODNet and U-2-Net: 1.8 to 1.9 times as fast on a Zen 4, but 1.4 to 1.6 times as slow on an
    Intel Xeon whose virtual machine shows avx512_bf16 without AMX. A rule on the flags, not a stopwatch, so
    that every worker decides alike.
    """
    flags = _flags(cpuinfo)
    return "amx_bf16" in flags or {"avx512_bf16", "AuthenticAMD"} <= flags


def _flags(cpuinfo: Path) -> set[str]:
    """The processor's flags and its maker's name."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return set()
    found = (
        next((line.split(":", 1)[1].split() for line in lines if line.startswith(key)), [])
        for key in ("flags", "vendor_id")
    )
    return set().union(*found)
