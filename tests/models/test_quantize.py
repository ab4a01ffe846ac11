"""Int8 by measured ranges: near to fp32, kept beside the weights, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from animelayers.models import quantize
from animelayers.models.device import core
from animelayers.models.onnx import Onnx
from tests.models import tiny_onnx


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(quantize, "_FIRST", 0)  # its only convolution is its first
    return tiny_onnx.write(tmp_path / "net.onnx", (2.0, -1.0, 0.5), -0.3, ("n", 3, "h", "w"), sigmoid=False)


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, (3, 3, 32, 48)).astype(np.float32)


def test_int8_is_near_fp32_but_rounded(net: Path, pictures: np.ndarray) -> None:
    exact = Onnx(net, precision="fp32")(pictures)
    fast = Onnx(net, precision="int8", calibration=lambda: [pictures[:1], pictures[1:2]])
    error = np.abs(fast(pictures) - exact)
    # steps of the range 1/128 times weights of 3.5 in all, and of the weights
    assert fast.precision == "int8" and 0 < error.max() < 0.06


def test_ranges_are_measured_once_and_again_where_broken(
    net: Path, pictures: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    first = quantize.channels(net, lambda: [pictures[:1]])
    assert np.allclose(next(iter(first.values()))[1], pictures[0].max((1, 2)))
    again = quantize.channels(net, lambda: pytest.fail("measured twice"))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    (kept,) = net.parent.glob(".net.int8-*.npz")
    kept.write_bytes(b"PK torn")
    assert (
        quantize.channels(net, lambda: [pictures[:1]]).keys() == first.keys()
        and "measuring again" in caplog.text
    )
    assert len(list(net.parent.iterdir())) == 2


def test_what_cannot_be_had_is_refused(net: Path, pictures: np.ndarray) -> None:
    with pytest.raises(ValueError, match="there are none"):
        quantize.observe(net, [])
    with pytest.raises(ValueError, match="int8 needs"):
        Onnx(net, precision="int8")
    with pytest.raises(ValueError, match="another net's"):
        quantize.quantise(core().read_model(str(net)), {"nosuch": np.zeros((4, 3), np.float32)})
