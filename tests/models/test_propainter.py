"""ProPainter's real nets with random weights, saved and loaded as checkpoints are: what it does with holes,
not how well it paints.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from animelayers.job import compose, models, stages
from animelayers.models.inpaint import OpenCV
from animelayers.models.propainter import ProPainter
from animelayers.samples import scene
from animelayers.weights import WeightsError

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    pytest.importorskip("pytorchcv", reason="the extra propainter is not installed")
    from pytorchcv.models.propainter import propainter
    from pytorchcv.models.propainter_rfc import propainter_rfc
    from pytorchcv.models.raft import raft_things

    folder = tmp_path_factory.mktemp("propainter")
    torch.manual_seed(0)
    for name, make in {"weights": propainter, "completion": propainter_rfc, "flow": raft_things}.items():
        torch.save(make().state_dict(), folder / f"{name}.pth")
    return {name: str(folder / f"{name}.pth") for name in ("weights", "completion", "flow")}


def shot(count: int, width: int, height: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    pictures = list(scene("pan", count, (width, height)).frames)
    holes = [np.zeros((height, width), bool) for _ in pictures]
    for k, hole in enumerate(holes):
        hole[height // 4 : height // 2, width // 4 + 3 * k : width // 2 + 3 * k] = True
    return pictures, holes


def test_holes_of_a_shot_are_painted_and_nothing_else(files: dict[str, str]) -> None:
    net = ProPainter(**files, longest=128, device="cpu")
    pictures, holes = shot(3, 200, 120)
    holes[1][:] = False
    made = net(pictures, holes, OpenCV(), lend=[2])
    assert made.pictures[1] is pictures[1] and made.pictures[2] is pictures[2], (
        "without a hole, and not wanted"
    )
    assert made.pictures[0].dtype == np.uint8 and np.array_equal(
        made.pictures[0][~holes[0]], pictures[0][~holes[0]]
    )
    assert (made.pictures[0] != pictures[0])[holes[0]].mean() > 0.5
    assert set(np.unique(made.borrowed[0])) <= {0, 255} and not made.borrowed[0][~holes[0]].any()
    alone = net(pictures[:1], holes[:1], OpenCV())
    assert np.array_equal(alone.pictures[0], OpenCV()(pictures[:1], holes[:1])[0])
    with pytest.raises(ValueError, match="all of one size"):
        net(pictures[:2], [holes[0], holes[1][:50]], OpenCV())


def test_a_flow_that_is_none_is_an_error_and_never_reaches_the_nets_behind_it(
    files: dict[str, str], tmp_path: Path
) -> None:
    state = torch.load(files["flow"], weights_only=True)
    broken = {
        name: torch.full_like(value, torch.nan) if value.is_floating_point() else value
        for name, value in state.items()
    }
    torch.save(broken, tmp_path / "nan.pth")
    net = ProPainter(**files | {"flow": str(tmp_path / "nan.pth")}, device="cpu")
    with pytest.raises(FloatingPointError, match="RAFT gave NaN"):
        net(*shot(2, 128, 128), OpenCV())


def test_files_of_other_nets_and_bad_options_are_refused(files: dict[str, str], tmp_path: Path) -> None:
    for wrong in (files["flow"], str(tmp_path / "text.pth")):
        (tmp_path / "text.pth").write_text("no checkpoint")
        with pytest.raises(
            WeightsError, match=r"no whole propainter_rfc under pytorchcv's names.*fetch_models"
        ):
            ProPainter(**files | {"completion": wrong})
    with pytest.raises(WeightsError, match="no weights are called"):
        ProPainter(**files | {"weights": str(tmp_path / "none.pth")})
    with pytest.raises(ValueError, match="longest must be at least 128"):
        ProPainter(**files, longest=64)


def test_without_a_word_for_its_licence_it_is_refused() -> None:
    cfg = compose("decompose", ["source.path=.", "output=x", "model/video=propainter"])
    with pytest.raises(
        WeightsError, match=r"propainter are not free for commercial use \(licence: S-Lab 1\.0"
    ):
        models(stages(cfg))
