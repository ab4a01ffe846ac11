from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

pytest.importorskip("torch")

from safetensors import safe_open
from safetensors.numpy import load_file

from animelayers import Output, job
from animelayers.desk import adapt, shots
from animelayers.desk.correct import Correction, Said
from animelayers.models.layernet import LayerNet
from animelayers.weights import find
from tests.exports.films import film

adapted = runpy.run_path(str(job.JOBS / "adapt.py"))["adapted"]
SMALL = [
    "plan.samples=160", "plan.minutes=null", "plan.shots=2", "plan.sizes=[[96,64,1.0]]", "plan.rate=0.003", "plan.workers=0", "plan.average=0.5",
    "device=cpu",
]  # fmt: skip


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output of two shots, each with a corrected drawing."""
    out = film(tmp_path_factory.mktemp("show") / "out", background="png")
    for name in range(2):
        output = Output(str(out))
        correction = Correction(output, shots.listed(output)[name])
        correction.say(Said(0, "lasso", [(0.05, 0.05), (0.25, 0.05), (0.25, 0.3), (0.05, 0.3)], 0.01, 1))
        correction.save()
    return out


def words(out: Path, *more: str) -> list[str]:
    return [f"output={out}", *SMALL, *more]


def test_a_show_is_what_was_corrected_and_what_is_trusted(show: Path) -> None:
    output = Output(str(show))
    found = adapt.taught(output, 12)
    assert len(found.corrected) == len(found.held) == 1 and found.trusted == []
    made = adapt.packed(output, found.held[0])
    assert made.layers.shape == made.frames.shape and (made.layers[0][4:18, 6:22, 0] > 250).mean() > 0.7, (
        "with what was painted"
    )


def test_weights_that_are_better_are_kept_with_card_and_command(
    show: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert adapted(job.compose("adapt", words(show, f"weights={tmp_path}/made"))) == 0
    told = capsys.readouterr().out
    weights = tmp_path / "made/layernet.safetensors"
    assert "figures: IoU" in told and f"stages.layers.step.net.weights={weights}" in told
    assert (
        adapt.digest(weights) in (tmp_path / "made/README.md").read_text()
        and not (tmp_path / "made/training").exists()
    )
    with safe_open(weights, "numpy") as file:
        said = json.loads(file.metadata()["layernet"])
    assert said["after"]["character"] > said["before"]["character"] + 0.002
    assert load_file(weights).keys() == load_file(find("layernet")).keys()
    LayerNet(str(weights), runtime="torch")


def test_weights_that_are_not_better_are_not_taken(
    show: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        adapted(
            job.compose("adapt", words(show, "plan.samples=2", "plan.rate=1e-9", f"weights={tmp_path}/made"))
        )
        == 3
    )
    assert "not taken" in capsys.readouterr().out and list((tmp_path / "made").iterdir()) == []


def test_what_nobody_corrected_teaches_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert adapted(job.compose("adapt", words(film(tmp_path / "out")))) == 1
    assert "no corrected shots" in capsys.readouterr().err and not (tmp_path / "out-adapted").exists()
