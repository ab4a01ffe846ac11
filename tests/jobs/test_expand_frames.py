from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from animelayers import job
from tests.jobs.conftest import ROOT
from tests.sinks.clips import contents

Call = Callable[..., int]


def body(name: str) -> Call:
    run = runpy.run_path(str(ROOT / "jobs" / f"{name}.py"))[name]
    return lambda *words: int(run(job.compose(name, [str(word) for word in words])))


def test_neighbours_of_curated_frames_with_their_captions(tmp_path: Path) -> None:
    frames, curated, output = tmp_path / "frames" / "film", tmp_path / "1_luca", tmp_path / "out"
    frames.mkdir(parents=True)
    curated.mkdir()
    for n in range(8):
        (frames / f"scene{n // 6:04d}_frame{n:06d}_t{n / 24:.2f}s.png").write_bytes(bytes([n]))
    for name in ("scene0000_frame000004_t0.17s", "scene0009_frame000001"):
        (curated / f"{name}.png").write_bytes(b"x")
        (curated / f"{name}.txt").write_text("a boy")
    expand = body("expand_frames")
    assert (
        expand(
            f"curated={curated}", f"source.path={tmp_path / 'frames'}", f"output={output}", "window_size=2"
        )
        == 3
    )
    made = contents(output)
    told = json.loads(made.pop("expansion.json"))
    assert [made[name] for name in sorted(made) if name.endswith(".png")] == [
        bytes([n]) for n in (2, 3, 4, 5)
    ]
    assert len([name for name in made if name.endswith(".txt")]) == 4 and set(told["missing"]) == {
        "scene0009_frame000001.png"
    }
    with pytest.raises(job.ConfigError, match="curated"):
        expand(f"curated={tmp_path}/no", f"source.path={frames}", f"output={output}")
