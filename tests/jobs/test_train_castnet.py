"""The job that trains CastNet, from its own people, and goes on from what lies there."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from animelayers import job

pytest.importorskip("torch")

ROOT = Path(__file__).resolve().parents[2]
WORDS = ("people=2", "plan.batches=2", "plan.people=4", "plan.views=2", "plan.hold=[animelayers-ink]")


def run(*words: str) -> int:
    body = runpy.run_path(str(ROOT / "jobs" / "train_castnet.py"))["trained"]
    return int(body(job.compose("train_castnet", list(words))))


def test_it_makes_an_album_once_trains_and_judges(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"output={tmp_path}", *WORDS) == 0
    said = capsys.readouterr().out
    assert "16 people of 4 hands" in said and "of 4 people of hands held back" in said
    made, weights = (tmp_path / "album.npz").read_bytes(), (tmp_path / "castnet.safetensors").read_bytes()
    with np.load(tmp_path / "album.npz") as album:
        assert len(album["hands"]) == 20 and (np.bincount(album["person"]) == 36).all()
    (tmp_path / "castnet.safetensors").unlink()
    assert run(f"output={tmp_path}", *WORDS) == 0
    assert (tmp_path / "album.npz").read_bytes() == made
    assert (tmp_path / "castnet.safetensors").read_bytes() == weights, "equal seeds, equal weights"
    assert run(f"output={tmp_path}", *WORDS, "plan.hold=[]", "plan.batches=1") == 0
    assert "held back" not in capsys.readouterr().out.splitlines()[-2]
    with pytest.raises(job.ConfigError, match="was made of other parts, people or another seed"):
        run(f"output={tmp_path}", *WORDS, "seed=1")


def test_what_cannot_be_is_told(tmp_path: Path) -> None:
    with pytest.raises(job.ConfigError, match=r"plan\.people=1: at least 2"):
        run(f"output={tmp_path}", "plan.people=1")
    with pytest.raises(job.ConfigError, match="nowhere"):
        run(f"output={tmp_path}", f"parts=[{tmp_path}/nowhere]", "people=1")
