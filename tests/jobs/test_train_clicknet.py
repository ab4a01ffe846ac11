"""The job that trains ClickNet."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from animelayers import job
from animelayers.training import pack

pytest.importorskip("torch")

ROOT = Path(__file__).resolve().parents[2]
WORDS = ("plan.samples=4", "plan.batch=2", "plan.size=[64,64]", "plan.workers=0")


def run(*words: str) -> int:
    body = runpy.run_path(str(ROOT / "jobs" / "train_clicknet.py"))["trained"]
    return int(body(job.compose("train_clicknet", list(words))))


def test_it_trains_and_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = ["output=unused", "truth.size=[160,90]", "truth.frames=[3,4]", "truth.figures=1"]
    for number, shot in enumerate(pack.shots(job.build(job.compose("compose", shown).truth), 3, 0)):
        pack.write(shot, tmp_path / f"{number}.shot")
    words = (f"output={tmp_path / 'out'}", f"packs=[{tmp_path}]", f"judge={tmp_path}", *WORDS)
    assert run(*words) == 0
    said = capsys.readouterr().out
    assert "4 scenes" in said and "after one, two and three clicks" in said
    assert (tmp_path / "out" / "clicknet.safetensors").is_file()


def test_what_cannot_be_is_told(tmp_path: Path) -> None:
    for words, why in (
        ((), "give folders of packed shots"),
        ((f"packs=[{tmp_path}]",), "holds no packed shots"),
        ((f"packs=[{tmp_path}]", "plan.rate=5", "start=nowhere.safetensors"), "nowhere"),
    ):
        with pytest.raises(job.ConfigError, match=why):
            run(f"output={tmp_path / 'out'}", *words)
