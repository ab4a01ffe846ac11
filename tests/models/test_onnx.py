"""The ONNX runner: both runtimes, chunks, precision and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from animelayers.models.onnx import Onnx, bf16_pays, threads
from animelayers.weights import WeightsError
from tests.models import tiny_onnx

WEIGHT, BIAS = (2.0, -1.0, 0.5), -0.3


@pytest.fixture
def free(tmp_path: Path) -> Path:
    return tiny_onnx.write(tmp_path / "free.onnx", WEIGHT, BIAS, ("n", 3, "h", "w"), sigmoid=False)


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(5, 3, 32, 48)).astype(np.float32)


def logits(pictures: np.ndarray) -> np.ndarray:
    return np.tensordot(pictures, np.float32(WEIGHT), (1, 0)) + np.float32(BIAS)


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
@pytest.mark.parametrize("fixed", [False, True])
def test_every_picture_of_a_batch_is_computed(
    tmp_path: Path, pictures: np.ndarray, runtime: str, fixed: bool
) -> None:
    path = tiny_onnx.write(
        tmp_path / "net.onnx", WEIGHT, BIAS, (1, 3, 32, 48) if fixed else ("n", 3, "h", "w"), sigmoid=False
    )
    net = Onnx(path, runtime=runtime, precision="fp32" if runtime == "openvino" else "auto", batch=2)
    assert np.allclose(net(pictures), logits(pictures), atol=1e-5)
    assert net(pictures[:0]).shape == (0, 32, 48)


def test_logits_become_probabilities(free: Path, pictures: np.ndarray) -> None:
    probability = Onnx(free, precision="fp32", logits=True)(pictures * 1000)
    assert probability.dtype == np.float32 and probability.min() >= 0 and probability.max() <= 1
    assert np.array_equal(probability > 0.5, logits(pictures * 1000) > 0)


def test_a_signal_is_heard_after_nets_that_came_and_went(free: Path) -> None:
    """In a process of its own, which else would end."""
    code = f"""
import signal, sys
import numpy as np
from animelayers.models.onnx import Onnx
first, second = (Onnx({str(free)!r}, runtime="openvino", precision="fp32") for _ in range(2))
for net in (first, second):
    net(np.zeros((1, 3, 8, 8), np.float32))
del first
del net, second
signal.signal(signal.SIGTERM, lambda *_: sys.exit("heard"))
signal.raise_signal(signal.SIGTERM)
"""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", code], capture_output=True, text=True, check=False
    )
    # what a library says of a machine without /sys stands before it
    assert (done.returncode, done.stderr.strip().splitlines()[-1]) == (1, "heard"), done.stderr


def test_what_cannot_be_had_is_refused(free: Path) -> None:
    with pytest.raises(ValueError, match="openvino runs on the CPU only"):
        Onnx(free, runtime="openvino", device="cuda")
    with pytest.raises(ValueError, match="bf16 needs runtime openvino"):
        Onnx(free, runtime="onnxruntime", precision="bf16")
    with pytest.raises(WeightsError, match="nosuchnet"):
        Onnx("nosuchnet")


def test_cuda_never_falls_back_to_the_cpu(free: Path) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime may have CUDA")
    with pytest.raises(RuntimeError, match="device=cuda was asked for"):
        Onnx(free, device="cuda")


def test_bf16_is_taken_back_where_masks_differ(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("animelayers.models.onnx.bf16_pays", lambda: True)
    # 1000.5 has no bf16: the threshold lies between the two neighbours that have one.
    path = tiny_onnx.write(tmp_path / "fine.onnx", (1.0, 0.0, 0.0), -1000.0, (1, 3, 32, 32))
    ramp = np.zeros((6, 3, 32, 32), np.float32)
    ramp[:, 0] = 998.0 + np.arange(1024).reshape(32, 32) / 256
    net = Onnx(path)
    assert net.precision == "bf16"
    result = net(ramp)
    rounded = Onnx(path, precision="bf16")(ramp)
    if np.array_equal(rounded > 0.5, ramp[:, 0] > 1000):
        pytest.skip("this processor computes bf16 in fp32")
    assert net.precision == "fp32" and "computing in fp32" in caplog.text
    assert np.array_equal(result > 0.5, ramp[:, 0] > 1000)


def test_bf16_is_kept_where_masks_agree(
    tmp_path: Path, pictures: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("animelayers.models.onnx.bf16_pays", lambda: True)
    path = tiny_onnx.write(tmp_path / "net.onnx", (9.0, 0.0, 0.0), 0.0, (1, 3, 32, 48))
    net = Onnx(path)
    net(np.sign(pictures))
    assert net.precision == "bf16"


@pytest.mark.parametrize(
    ("text", "pays"),
    [
        ("vendor_id : GenuineIntel\nflags : avx512f avx512_bf16 amx_bf16\n", True),
        ("vendor_id : AuthenticAMD\nflags : avx512f avx512_bf16\n", True),
        ("vendor_id : GenuineIntel\nflags : avx512f avx512_bf16\n", False),
        ("vendor_id : AuthenticAMD\nflags : avx2\n", False),
    ],
)
def test_where_bf16_pays(tmp_path: Path, text: str, pays: bool) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert bf16_pays(tmp_path / "cpuinfo") is pays
    assert not bf16_pays(tmp_path / "missing")


def test_threads_come_from_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads() == 3
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert threads() >= 1
