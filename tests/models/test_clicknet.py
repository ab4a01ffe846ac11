"""ClickNet with the weights that come with the package, by OpenVINO and by torch."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from animelayers.models.clicknet import DOT, GIVEN, ClickNet, planes
from animelayers.samples import scene
from animelayers.shot.spread import dot
from animelayers.weights import WeightsError, find


@pytest.fixture(scope="module")
def net() -> ClickNet:
    return ClickNet(side=192)


def ball(x: int, y: int, radius: int, shape: tuple[int, int] = (108, 192)) -> np.ndarray:
    return cv2.circle(np.zeros(shape, np.uint8), (x, y), radius, 1, -1) > 0


@pytest.fixture(scope="module")
def two() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two figures alike, and where each is."""
    picture = np.full((108, 192, 3), (150, 190, 220), np.uint8)
    one, other = ball(50, 54, 20), ball(140, 54, 20)
    picture[one | other] = (190, 60, 40)
    return picture, one, other


def iou(answer: np.ndarray, true: np.ndarray) -> float:
    return float(np.count_nonzero((answer > 0.5) & true) / np.count_nonzero((answer > 0.5) | true))


def test_of_two_alike_it_finds_the_one_that_was_pointed_at(
    net: ClickNet, two: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    picture, one, other = two
    for which, at in ((one, (50, 54)), (other, (140, 54))):
        answer = net(picture, np.zeros_like(one), [dot(at, one.shape)], [])
        assert (
            answer.shape == one.shape
            and answer.dtype == np.float32
            and 0 <= answer.min() <= answer.max() <= 1
        )
        assert iou(answer, which) > 0.8


def test_what_is_not_of_it_goes(net: ClickNet, two: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    picture, one, other = two
    answer = net(picture, one | other, [], [dot((140, 54), one.shape)])
    assert iou(answer, one) > 0.8


def test_a_window_is_answered_alone(net: ClickNet, two: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    picture, one, _ = two
    window = (slice(10, 98), slice(6, 94))
    answer = net(picture, np.zeros_like(one), [dot((50, 54), one.shape)], [], window)
    assert answer.shape == (88, 88) and iou(answer, one[window]) > 0.8


def test_clicks_are_dots_of_one_size_and_strokes_are_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = list[np.ndarray]()
    net = ClickNet(side=96)
    own = net._net
    monkeypatch.setattr(net, "_net", lambda given: (shown.append(given), own(given))[1])
    picture, nothing = np.zeros((54, 96, 3), np.uint8), np.zeros((54, 96), bool)
    stroke = nothing.copy()
    stroke[4:8, 10:80] = True
    net(picture, nothing, [dot((48, 27), (54, 96)), stroke], [nothing])
    (given,) = shown
    assert given.shape == (1, GIVEN, 48, 96) and not given[0, 5].any()
    count, _, stats, _ = cv2.connectedComponentsWithStats(given[0, 4].astype(np.uint8))
    assert count == 3 and sorted(stats[1:, cv2.CC_STAT_WIDTH].tolist()) == [2 * DOT + 1, 70]


def test_torch_says_the_same() -> None:
    torch = pytest.importorskip("torch")
    from animelayers.models.layernet import stored
    from animelayers.models.layernet_graph import Compiled
    from animelayers.training.clicknet import begun

    rng = np.random.default_rng(0)
    drawn = cv2.resize(scene("portrait", 1, (96, 64)).frames[0], (96, 64))
    given = planes(drawn, rng.random((64, 96)) > 0.5, rng.random((2, 64, 96)) > 0.99)[None]
    with torch.no_grad():
        one = torch.sigmoid(begun(find("clicknet")).eval()(torch.from_numpy(given))[0]).numpy()
    other = Compiled(stored(find("clicknet")), "fp32", GIVEN, "ClickNet")(given)
    np.testing.assert_allclose(one, other, atol=1e-3)


def test_weights_of_another_net_are_refused(tmp_path: Path) -> None:
    for weights in (str(find("layernet")), str(find("castnet"))):
        with pytest.raises(WeightsError, match="none of ClickNet"):
            ClickNet(weights)
    (tmp_path / "x.safetensors").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match=r"x\.safetensors"):
        ClickNet(str(tmp_path / "x.safetensors"))
