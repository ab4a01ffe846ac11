"""What only a GPU shows, with random weights: precision, measured memory, copies ahead, throughput. Speeds
are told, never judged.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")]

from animelayers.models.device import release  # noqa: E402
from animelayers.models.net import Net  # noqa: E402

log = logging.getLogger(__name__)
Made = tuple[Any, Callable[..., Any] | None, tuple[tuple[int, ...], ...]]


def convolutions(width: int = 64) -> Any:
    torch.manual_seed(0)
    layers: list[Any] = [torch.nn.Conv2d(3, width, 3, padding=1)]
    for _ in range(6):
        layers += [torch.nn.ReLU(), torch.nn.Conv2d(width, width, 3, padding=1)]
    return torch.nn.Sequential(*layers, torch.nn.Conv2d(width, 1, 1))


def raft() -> Made:
    vision = pytest.importorskip("torchvision.models.optical_flow")
    return vision.raft_large(), lambda net, a, b: net(a, b)[-1], ((3, 360, 640), (3, 360, 640))


def sam2() -> Made:
    transformers = pytest.importorskip("transformers")
    net = transformers.Sam2Model(transformers.Sam2Config())
    return net, lambda net, x: net.get_image_embeddings(x)[-1], ((3, 1024, 1024),)


def mask2former() -> Made:
    transformers = pytest.importorskip("transformers")
    net = transformers.Mask2FormerForUniversalSegmentation(transformers.Mask2FormerConfig())
    return net, lambda net, x: net(pixel_values=x).masks_queries_logits, ((3, 384, 384),)


def clip() -> Made:
    transformers = pytest.importorskip("transformers")
    net = transformers.CLIPVisionModel(transformers.CLIPVisionConfig())
    return net, lambda net, x: net(pixel_values=x).pooler_output, ((3, 224, 224),)


def inputs(count: int, shapes: tuple[tuple[int, ...], ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(count, *shape)).astype(np.float32) for shape in shapes]


@pytest.mark.parametrize("precision", ["auto", "fp16", "bf16"])
def test_half_precision_is_near_full(precision: str) -> None:
    (given,) = inputs(5, ((3, 64, 96),))
    (full,) = Net(convolutions(), device="cuda", precision="fp32")(given)
    (half,) = Net(convolutions(), device="cuda", precision=precision, batch=2)(given)  # type: ignore[arg-type]
    assert half.dtype == np.float32 and np.abs(half - full).max() < 0.05 * np.abs(full).max()
    assert np.allclose(full, Net(convolutions(), device="cpu")(given)[0], atol=1e-2 * np.abs(full).max())


def test_copies_ahead_change_nothing() -> None:
    (given,) = inputs(33, ((3, 128, 128),))
    (ahead,) = Net(convolutions(), device="cuda", precision="fp32", batch=4)(given)
    (whole,) = Net(convolutions(), device="cuda", precision="fp32", batch=33)(given)
    assert np.allclose(ahead, whole, atol=1e-2 * np.abs(whole).max())


def test_what_fp16_cannot_hold_is_computed_again(caplog: pytest.LogCaptureFixture) -> None:
    net = Net(torch.nn.Conv2d(3, 1, 1), lambda net, x: net(x) * 1e9, device="cuda", precision="fp16")
    (made,) = net(*inputs(3, ((3, 16, 16),)))
    assert np.isfinite(made).all() and "computing in fp32 from now on" in caplog.text


def test_the_batch_comes_from_measured_memory_and_fits() -> None:
    (given,) = inputs(40, ((3, 512, 512),))
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    net = Net(convolutions(), device="cuda", batch=0)
    assert net(given)[0].shape == (40, 1, 512, 512)
    assert net.batch > 1 and torch.cuda.max_memory_allocated() < torch.cuda.mem_get_info()[1]
    small = net.batch
    net(given[:, :, :128, :128].copy())
    assert net.batch > small or net.batch == 256


def test_what_is_kept_for_later_is_given_back() -> None:
    Net(convolutions(), device="cuda")(*inputs(4, ((3, 256, 256),)))
    kept = torch.cuda.memory_reserved()
    release()
    assert torch.cuda.memory_reserved() < kept


def test_a_batch_that_does_not_fit_is_halved() -> None:
    left = torch.cuda.mem_get_info()[0]
    count = 16
    side = int((left / (count // 2) / (4 * 256)) ** 0.5)  # one layer of eight pictures takes all that is free
    (given,) = inputs(count, ((3, side // 8 * 8, side // 8 * 8),))
    net = Net(
        torch.nn.Sequential(torch.nn.Conv2d(3, 256, 1), torch.nn.Conv2d(256, 1, 1)),
        device="cuda",
        precision="fp32",
        batch=count,
    )
    assert len(net(given)[0]) == count and net.batch < count


@pytest.mark.parametrize("make", [raft, sam2, mask2former, clip])
def test_throughput(
    make: Callable[[], Made],
    record_property: Callable[[str, object], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    module, call, shapes = make()
    given = inputs(32, shapes)
    for precision in ("fp32", "auto"):
        net = Net(module, call, device="cuda", precision=precision, batch=16)  # type: ignore[arg-type]
        net(*given)
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        start = time.perf_counter()
        (made, *_) = net(*given)
        seconds = time.perf_counter() - start
        assert len(made) == 32 and np.isfinite(made).all()
        told = f"{make.__name__} {precision}: {32 / seconds:.1f}/s, {torch.cuda.max_memory_allocated() / 1e9:.2f} GB"
        record_property(f"{make.__name__}_{precision}", told)
        with capsys.disabled():
            log.warning(told)
