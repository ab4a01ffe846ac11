from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from animelayers.samples import scene
from animelayers.weights import WeightsError, find

torch = pytest.importorskip("torch")

from animelayers.models.transnet import Net, TransNet, load  # noqa: E402


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A state dict of the architecture, a few filters wide, its numbers drawn by chance."""
    torch.manual_seed(0)
    path = tmp_path / "tiny.pth"
    torch.save(Net(1, 8).state_dict(), path)
    return path


def test_the_net_is_as_large_as_its_state_dict(tiny: Path) -> None:
    assert load(tiny).fc1.out_features == 8
    assert sum(p.numel() for p in Net().parameters()) == 7_616_258


@pytest.mark.parametrize("frames", [1, 49, 50, 51, 130])
def test_a_film_in_pieces_is_answered_as_windows_of_the_whole(tiny: Path, frames: int) -> None:
    rng = np.random.default_rng(0)
    film = rng.integers(0, 256, (frames, 27, 48, 3), np.uint8)
    detector = TransNet(tiny)
    for picture in film:
        detector.add(picture)
    padded = np.concatenate([np.repeat(film[:1], 25, 0), film, np.repeat(film[-1:], 75, 0)])[..., ::-1]
    with torch.inference_mode():
        windows = [
            load(tiny)(torch.from_numpy(padded[None, at : at + 100].copy()))[0, 25:75]
            for at in range(0, frames, 50)
        ]
    expected = torch.sigmoid(torch.cat(windows))[:frames].numpy()
    np.testing.assert_allclose(detector.chances(), expected, atol=1e-6)


def test_another_file_is_refused(tmp_path: Path, tiny: Path) -> None:
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match=r"no checkpoint of TransNetV2: .* is missing"):
        TransNet(tmp_path / "other.pth")
    state = torch.load(tiny, weights_only=True)
    torch.save({**state, "more": torch.zeros(1)}, tmp_path / "more.pth")
    with pytest.raises(WeightsError, match="more"):
        TransNet(tmp_path / "more.pth")


def test_missing_weights_say_how_to_fetch_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANIMELAYERS_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsError, match="names=transnetv2"):
        TransNet()


def test_published_weights_find_the_cuts_between_drawn_places() -> None:
    try:
        find("transnetv2")
    except WeightsError:
        pytest.skip("the weights of transnetv2 are not on this machine")
    detector = TransNet()
    for name, count in (("portrait", 31), ("pan", 40), ("glow", 29)):
        for picture in scene(name, count, (192, 108)).frames:
            detector.add(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert detector.cuts() == [31, 71]
