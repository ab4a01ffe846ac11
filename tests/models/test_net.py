"""How a torch module is run: batches, memory, precision, device. On the CPU; what only a GPU shows is in
tests/gpu.
"""

from __future__ import annotations

import logging

import numpy as np
import pytest

from animelayers.models import device
from animelayers.models.device import fitting, pick, pick_onnx

torch = pytest.importorskip("torch")

from animelayers.models.net import Net, bucket  # noqa: E402


class Small(torch.nn.Module):
    """A convolution for which memory suffices up to `most` pictures at once."""

    def __init__(self, most: int = 99) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.inner = torch.nn.Conv2d(3, 2, 3, padding=1)
        self.most, self.sizes = most, list[int]()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.sizes.append(len(x))
        if len(x) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        made: torch.Tensor = self.inner(x)
        return made


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(7, 3, 8, 12)).astype(np.float32)


def test_batches_are_the_items_one_by_one(pictures: np.ndarray) -> None:
    (whole,) = Net(Small(), device="cpu", batch=3)(pictures)
    single = np.concatenate([Net(Small(), device="cpu", batch=1)(pictures[i : i + 1])[0] for i in range(7)])
    assert whole.shape == (7, 2, 8, 12) and whole.dtype == np.float32
    assert np.allclose(whole, single, atol=1e-6)
    first, second = Net(Small(), lambda net, a, b: (net(a), b.mean((1, 2, 3))), device="cpu", batch=2)(
        pictures, pictures
    )
    assert np.allclose(first, whole, atol=1e-6) and np.allclose(second, pictures.mean((1, 2, 3)), atol=1e-6)


def test_a_batch_that_does_not_fit_is_halved_and_that_is_remembered(
    pictures: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    module = Small(most=2)
    net = Net(module, device="cpu", batch=7)
    (made,) = net(pictures)
    assert np.allclose(made, Net(Small(), device="cpu")(pictures)[0], atol=1e-6)
    assert module.sizes == [7, 3, 1, 1, 1, 1, 1, 1, 1] and net.batch == 1 and "out of memory" in caplog.text
    module.sizes.clear()
    net(pictures)
    assert module.sizes == [1] * 7
    module.sizes.clear()
    net(pictures[:, :, :4, :4])
    assert module.sizes[0] == 7, "smaller pictures may fit where larger ones did not"


def test_an_item_that_does_not_fit_alone_is_an_error(pictures: np.ndarray) -> None:
    with pytest.raises(torch.OutOfMemoryError):
        Net(Small(most=0), device="cpu", batch=4)(pictures)

    def broken(net: object, x: object) -> None:
        raise ValueError("no memory is to blame")

    with pytest.raises(ValueError, match="no memory"):
        Net(Small(), broken, device="cpu")(pictures)


def test_what_half_precision_cannot_hold_is_computed_again(caplog: pytest.LogCaptureFixture) -> None:
    large = np.full((3, 4), 300, np.float32)  # whose products are above what fp16 holds, 65504
    net = Net(torch.nn.Linear(4, 2), lambda net, x: x @ x.T, device="cpu", precision="fp16", batch=8)
    (made,) = net(large)
    assert (made == 360_000).all() and "computing in fp32 from now on" in caplog.text
    caplog.clear()
    assert (net(large)[0] == 360_000).all() and not caplog.text


def test_compiled_batches_have_one_shape(pictures: np.ndarray) -> None:
    module = Small()
    with torch.compiler.set_stance("force_eager"):  # compiling takes a minute and changes nothing here
        net = Net(module, device="cpu", batch=4, compile=True)
        (made,) = net(pictures)
    assert module.sizes == [4, 4] and made.shape[0] == 7
    assert np.allclose(made, Net(Small(), device="cpu")(pictures)[0], atol=1e-6)


def test_a_bucket_holds_the_picture() -> None:
    assert bucket((61, 45), 8) == (64, 48) and bucket((64, 48), 8) == (64, 48)


@pytest.mark.parametrize(
    ("one", "two", "left", "batch"),
    [(100, 150, 1000, 15), (100, 200, 1000, 8), (900, 1700, 1000, 1), (100, 100, 10, 1)],
)
def test_as_many_fit_as_their_peaks_tell(one: int, two: int, left: int, batch: int) -> None:
    assert fitting(one, two, left) == batch
    assert batch == 1 or one + (batch - 1) * (two - one) <= 0.8 * left


def test_without_a_measure_of_memory_eight_go_at_once(pictures: np.ndarray) -> None:
    net = Net(Small(), device="cpu", batch=0)
    assert net(pictures)[0].shape[0] == 7 and net.batch == 8


def test_no_device_is_taken_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with pytest.raises(ValueError, match="'tpu' is unknown"):
        pick("tpu")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'fp8' is unknown"):
        Net(Small(), device="cpu", precision="fp8")  # type: ignore[arg-type]
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(RuntimeError, match="device=cuda was asked for"):
        pick("cuda")
    assert pick("auto") in ("cpu", "mps")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")  # as Ray does for a stage with a GPU
    with pytest.raises(RuntimeError, match=r"given a GPU .*set device=cpu"):
        pick("auto")
    assert pick("cpu") == "cpu"


def test_where_an_onnx_file_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, both = ["CPUExecutionProvider"], ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert (
        pick_onnx("auto", both) == "cuda"
        and pick_onnx("mps", cpu) == pick_onnx("cpu", cpu) == "cpu"
        and pick_onnx("cuda", ()) == "cuda"
    )
    with pytest.raises(RuntimeError, match="ONNX Runtime has only"):
        pick_onnx("auto", cpu)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(device, "_DRIVER", device.Path("/nowhere"))
    assert pick_onnx("auto", both) == pick_onnx("auto", cpu) == "cpu"
    with pytest.raises(ValueError, match="'tpu' is unknown"):
        pick_onnx("tpu", cpu)  # type: ignore[arg-type]


def test_releasing_where_nothing_is_kept_does_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        device.release()
    assert caplog.text == ""
