"""LayerNet with the weights that come with the package, by OpenVINO and by torch. It proves the plumbing, not
quality.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.imaging.evidence import PlateEvidence, nothing
from animelayers.models.layernet import LayerNet, stored
from animelayers.samples import scene
from animelayers.weights import WeightsError, find


@pytest.fixture(scope="module")
def net() -> LayerNet:
    return looking(96)


@cache
def looking(side: int) -> LayerNet:
    """A net that looks at pictures of that side."""
    return LayerNet(side=side, precision="fp32")


def asked(net: LayerNet, shape: tuple[int, int], seed: int = 0) -> tuple[np.ndarray, PlateEvidence]:
    """A picture of the size that the net looks at, with evidence, some of it known."""
    width, height = net.size(shape)
    rng = np.random.default_rng(seed)
    picture, plate = rng.integers(0, 255, (2, height, width, 3), np.uint8)
    known = (rng.integers(0, 3, (height, width), np.uint8, endpoint=True) * np.uint8(85)).astype(np.uint8)
    difference = np.where(known > 0, rng.integers(0, 255, (height, width)), 0).astype(np.uint8)
    return picture, PlateEvidence(plate, known, difference, rng.integers(0, 255, (height, width), np.uint8))


@pytest.mark.parametrize("shape", [(54, 96), (96, 54), (96, 96), (9, 96)])
def test_openvino_and_torch_say_the_same(net: LayerNet, shape: tuple[int, int]) -> None:
    pytest.importorskip("torch")
    other = LayerNet(side=96, runtime="torch", precision="fp32")
    pictures, told = zip(*(asked(net, shape, seed) for seed in range(3)), strict=True)
    drawn = scene("portrait", 1, net.size(shape)).frames[0]
    shown, known = [*pictures, drawn], [*told, nothing(drawn.shape)]
    for one, two in zip(net.labels(shown, known), other.labels(shown, known), strict=True):
        assert (
            one.shape == (3, *drawn.shape[:2])
            and one.dtype == two.dtype == np.float32
            and 0 <= one.min() <= one.max() <= 1
        )
        np.testing.assert_allclose(one, two, atol=1e-3)


def test_blocks_that_look_far_about_are_the_same_in_both(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    answers = both(everywhere(tmp_path))
    np.testing.assert_allclose(*answers, atol=1e-3)
    still = {k: np.zeros_like(v) if k.startswith("context.") else v for k, v in weights(tmp_path).items()}
    assert np.abs(answers[0] - both(written(still, tmp_path))[0]).max() > 1e-3  # they tell something


def test_weights_of_before_there_were_such_blocks_say_what_they_said(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    everywhere(tmp_path)
    whole = weights(tmp_path)
    first = whole[FIRST].copy()
    first[:, 3:] = 0
    without = {k: v for k, v in whole.items() if not k.startswith("context.")}
    zero = {k: np.zeros_like(v) if k.startswith("context.") else v for k, v in whole.items()} | {FIRST: first}
    before = both(written(without | {FIRST: np.ascontiguousarray(first[:, :3])}, tmp_path))
    np.testing.assert_allclose(before[0], both(written(zero, tmp_path))[0], atol=1e-6)
    np.testing.assert_allclose(*before, atol=1e-3)
    torn = {k: v for k, v in whole.items() if k != "context.3.0.near.weight"}
    with pytest.raises(WeightsError):
        LayerNet(written(torn, tmp_path), side=96, runtime="torch")


FIRST = "encoder.blocks.0.0.weight"


def everywhere(folder: Path) -> Path:
    """Weights of a net in which every part says something."""
    import torch

    from animelayers.training import start

    net = start.random(3)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(4)
        for name, value in net.named_parameters():
            if name.endswith(("near.weight", "layers.weight")):
                value.normal_(0, 0.05)
    start.stored(net, path := folder / "everywhere.safetensors", {})
    return path


def weights(folder: Path) -> dict[str, np.ndarray]:
    return dict(stored(folder / "everywhere.safetensors"))


def written(weights: dict[str, np.ndarray], folder: Path) -> Path:
    from safetensors.numpy import save_file

    save_file(weights, path := folder / "changed.safetensors")
    return path


def both(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """What OpenVINO says with weights, and what torch does."""
    openvino, torch = (
        LayerNet(path, side=96, runtime=runtime, precision="fp32")  # type: ignore[arg-type]
        for runtime in ("openvino", "torch")
    )
    picture, told = asked(openvino, (64, 96))
    return openvino.labels([picture], [told])[0], torch.labels([picture], [told])[0]


def test_torch_answers_a_batch_as_it_does_each_alone() -> None:
    pytest.importorskip("torch")
    net = LayerNet(side=64, runtime="torch", precision="fp32", batch=2)
    pictures, told = zip(*(asked(net, (64, 64), seed) for seed in range(3)), strict=True)
    for k, together in enumerate(net.labels(pictures, told)):
        np.testing.assert_allclose(together, net.labels(pictures[k : k + 1], told[k : k + 1])[0], atol=1e-4)
    assert net.labels([], []) == []


def test_what_is_told_matters_and_a_plate_that_is_not_known_does_not(net: LayerNet) -> None:
    picture, told = asked(net, (64, 96))
    plain, informed = net.labels([picture] * 2, [nothing(picture.shape), told])
    assert np.abs(plain - informed).max() > 1e-4
    (unknown,) = net.labels([picture], [nothing(picture.shape)._replace(plate=told.plate)])
    np.testing.assert_array_equal(plain, unknown)


@given(height=st.integers(1, 5000), width=st.integers(1, 5000), side=st.sampled_from([64, 79, 96, 137, 384]))
def test_sizes_are_multiples_of_16_as_large_as_allowed_and_of_the_pictures_aspect(
    height: int, width: int, side: int
) -> None:
    w, h = looking(side).size((height, width, 3))
    assert w % 16 == h % 16 == 0 and min(w, h) >= 16
    assert side - 16 < max(w, h) <= side, "as large as it may be"
    long, short = max(height, width), min(height, width)
    assert (w >= h) == (width >= height) or w == h
    assert abs(min(w, h) - max(16, max(w, h) * short / long)) <= 8, (
        "the short side is off by half a step at most"
    )


@pytest.mark.parametrize(
    "shape", [(96, 54), (54, 96), (64, 64), (1, 1), (2, 3), (1, 300), (300, 1), (40, 2000), (1500, 2000)]
)
def test_pictures_of_any_size_have_a_matte_of_their_own(net: LayerNet, shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (*shape, 3), np.uint8)
    mattes = net([picture])
    assert (
        mattes.alpha[0].shape == shape
        and mattes.alpha[0].dtype == np.float32
        and 0 <= mattes.alpha[0].min() <= mattes.alpha[0].max() <= 1
    )
    assert mattes.model[0] in ("layernet", "none") and 0 <= mattes.confidence[0] <= 1
    assert (mattes.model[0] == "none") == (not mattes.alpha[0].any())


def test_pictures_of_many_sizes_get_what_each_gets_alone(net: LayerNet) -> None:
    pictures = [scene("portrait", 1, size).frames[0] for size in ((96, 54), (54, 96), (128, 72))]
    together = net(pictures)
    assert len(together.alpha) == len(together.model) == len(together.confidence) == 3
    for picture, alpha in zip(pictures, together.alpha, strict=True):
        np.testing.assert_array_equal(alpha, net([picture]).alpha[0])
    assert net([]).alpha == []


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (118, 118, 118), (40, 120, 200)])
def test_a_picture_of_one_colour_has_no_figure(net: LayerNet, colour: tuple[int, int, int]) -> None:
    mattes = net([np.full((72, 128, 3), colour, np.uint8)])
    assert mattes.model == ["none"] and not mattes.alpha[0].any() and mattes.confidence[0] > 0.5


@pytest.mark.parametrize("runtime", ["openvino", "torch"])
def test_a_file_that_is_none_of_its_weights_is_refused_by_name(runtime: str, tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    if runtime == "torch":
        pytest.importorskip("torch")
    noise, other, torn = (tmp_path / f"{name}.safetensors" for name in ("noise", "other", "torn"))
    noise.write_bytes(b"no weights at all")
    save_file({"layer.weight": np.zeros((2, 2), np.float32)}, other)
    whole = dict(stored(find("layernet")))
    whole.pop("layers.bias")
    save_file(whole, torn)
    for path in (noise, other, torn):
        with pytest.raises(WeightsError, match=path.name):
            LayerNet(path, side=64, runtime=runtime)  # type: ignore[arg-type]
    with pytest.raises(WeightsError, match="layernot"):
        LayerNet("layernot", side=64)


@pytest.mark.parametrize("runtime", ["openvino", "torch"])
def test_weights_of_another_shape_are_refused(runtime: str, tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    if runtime == "torch":
        pytest.importorskip("torch")
    whole = dict(stored(find("layernet")))
    whole["layers.weight"] = np.ascontiguousarray(whole["layers.weight"][:, :-1])
    save_file(whole, path := tmp_path / "narrow.safetensors")
    with pytest.raises(WeightsError, match=r"narrow\.safetensors"):
        LayerNet(path, side=64, runtime=runtime)  # type: ignore[arg-type]


def test_a_file_of_ones_own_is_taken(net: LayerNet, tmp_path: Path) -> None:
    own = tmp_path / "own.safetensors"
    own.write_bytes(find("layernet").read_bytes())
    picture, told = asked(net, (64, 96))
    np.testing.assert_array_equal(
        LayerNet(own, side=96, precision="fp32").labels([picture], [told])[0],
        net.labels([picture], [told])[0],
    )


def test_what_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="side must be 64 or more, not 63"):
        LayerNet(side=63)
    with pytest.raises(ValueError, match="precision=auto"):
        LayerNet(precision="int8")
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(ValueError, match="runtime=torch"):
        LayerNet(runtime="openvino", device="cuda")


def test_the_precision_that_is_asked_for_is_computed_in(net: LayerNet) -> None:
    assert (
        net.precision == "fp32"
        and LayerNet(side=64, precision="bf16").precision == "bf16"
        and LayerNet(side=64).precision in ("fp32", "bf16")
    )
