from __future__ import annotations

import json
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from animelayers import Output, job
from animelayers.curate.analyse import METRICS, analyse, names
from animelayers.curate.strategies import STRATEGIES
from animelayers.imaging.recompose import psnr
from animelayers.sinks import Changed, Shards, SinkError
from tests.jobs.conftest import ROOT
from tests.sources.test_layers import made, store

Curate = Callable[..., int]
ALONE = [f"strategies.{name}.enabled=false" for name in STRATEGIES if name != "keep_full"]


def composed(source: Path, output: Path, *words: str) -> Any:
    return job.compose("curate", [f"source.path={source}", f"output='{output}'", "placement.cpus=0.5", "cpus=0.5", *ALONE, *words])


@pytest.fixture(scope="module")
def curate(ray_here: object) -> Curate:
    """The job in this process, on the tests' own Ray, with keep_full alone."""
    body = runpy.run_path(str(ROOT / "jobs" / "curate.py"))["curate"]
    return lambda source, output, *words: int(body(composed(source, output, *words)))


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("curate")
    return store(Shards(str(folder / "layers")), made(folder / "input"))


@pytest.fixture(scope="module")
def whole(layers: Path, curate: Curate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("set") / "セット"
    assert curate(layers, output, "dry_run=true") == 0
    assert not (output / "keep_full").exists() and (output / "report" / "index.html").is_file()
    assert not (layers / "annotations").exists()  # the output is only read
    assert curate(layers, output) == 0
    return output


def test_a_set_of_an_output_that_was_never_annotated(whole: Path, layers: Path) -> None:
    output = Output(str(layers))
    drawn = [row["frame_id"] for row in output.table.to_pylist() if row["drawing_of"] is None]
    decided = pq.read_table(whole / "decisions.parquet")
    assert decided["frame_id"].to_pylist() == sorted(drawn) and {*METRICS, "confidence", "reasoning", "score_segment"} <= {*decided.column_names}
    report = json.loads((whole / "processing_report.json").read_text())
    assert report.keys() == {"summary", "results"} and report["summary"].keys() == {"total_frames", "successful", "failed", "strategies"}
    assert report["summary"]["strategies"] == {"keep_full": len(drawn), "segment": 0, "create_occlusion": 0, "enhance_segment": 0}
    assert (report["summary"]["total_frames"], report["summary"]["failed"]) == (len(drawn), 0)
    for frame, row in zip(decided["frame_id"].to_pylist(), report["results"], strict=True):
        assert list(row) == ["frame", "strategy", "confidence", "reasoning", "outputs", "success", "error"]
        picture, caption = map(Path, row["outputs"])
        assert picture.parts[-3:] == ("keep_full", "images", row["frame"]) and caption.read_text()
        layer = output.frame(frame)
        if "effect" not in layer:
            under = np.where(layer["character"][..., 3:] == 255, layer["character"][..., :3], layer["background"])
            assert psnr(np.array(Image.open(picture)), under) > 25
    page = (whole / "report" / "index.html").read_text()
    assert "complexity" in page and "Closest decisions" in page and page.count("<img") >= 6


def test_a_second_run_makes_what_is_missing_and_nothing_else(whole: Path, layers: Path, curate: Curate) -> None:
    pictures = sorted((whole / "keep_full" / "images").iterdir())
    before = {path: path.stat().st_mtime_ns for path in (whole / "keep_full").rglob("*.*")}
    pictures[3].unlink()
    stale = whole / "segment" / "images" / f"{pictures[0].stem}_character.png"  # of a killed run with other thresholds
    own = whole / "keep_full" / "images" / "mine.png"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"x")
    own.write_bytes(b"x")
    assert curate(layers, whole) == 0
    after = {path: path.stat().st_mtime_ns for path in (whole / "keep_full").rglob("*.*") if path != own}
    assert {path.stem for path in before if before[path] != after[path]} == {pictures[3].stem}
    assert after.keys() == before.keys() and own.exists() and not stale.exists()
    own.unlink()


def test_settings_and_places_that_do_not_fit(whole: Path, layers: Path, curate: Curate, tmp_path: Path) -> None:
    with pytest.raises(Changed, match="caption_prefix was"):
        curate(layers, whole, "strategies.keep_full.caption_prefix=a girl")
    with pytest.raises(SinkError, match="the output of another job"):
        curate(layers, layers)
    with pytest.raises(job.ConfigError, match=r"beyond source\.limit=2"):
        curate(layers, whole, "source.limit=2")
    with pytest.raises(job.ConfigError, match="every strategy is disabled"):
        curate(layers, tmp_path / "a", "strategies.keep_full.enabled=false")
    with pytest.raises(job.ConfigError, match=r"sum to 0\.9"):
        curate(layers, tmp_path / "a", "decision.strategy_targets.keep_full=0.2")
    with pytest.raises(job.ConfigError, match="does not say who"):
        curate(layers, tmp_path / "b", f"+characters.luca={job.CONF / 'decision' / 'decision_thresholds.yaml'}")
    with pytest.raises(ValueError, match="use enhance_segment"):
        curate(layers, tmp_path / "c", "strategies.keep_full.apply_enhancement=true", "source.limit=3")
    assert curate(layers, tmp_path / "d", "source.limit=3", "report=false") == 0
    assert len(list((tmp_path / "d" / "keep_full" / "images").iterdir())) == len(pq.read_table(tmp_path / "d" / "decisions.parquet")) <= 3


def test_a_frame_that_fails_is_an_entry_and_its_neighbours_are_made(layers: Path, curate: Curate, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(layers, broken)
    output = Output(str(broken))
    row = next(row for row in output.table.to_pylist() if row["source"].startswith("stills"))
    assert curate(layers, tmp_path / "measured", "dry_run=true", "report=false") == 0
    shutil.copytree(tmp_path / "measured" / "annotations", broken / "annotations")
    with open(broken / "shards" / row["shard"], "r+b") as tar:
        tar.seek(row["background_offset"])
        tar.write(bytes(row["background_size"]))
    assert curate(broken, tmp_path / "set") == 3
    report = json.loads((tmp_path / "set" / "processing_report.json").read_text())
    failed = [one for one in report["results"] if not one["success"]]
    assert len(failed) == 1 and "keep_full" in failed[0]["error"] and failed[0]["outputs"] == []
    assert report["summary"]["successful"] == report["summary"]["total_frames"] - 1


def test_names_are_apart_and_fit_for_files() -> None:
    ids = ["a/b", "a_b", "A/B", "場面/桜", "../x", "q?", "x" * 300]
    made = names(ids)
    assert len({name.casefold() for name in made}) == len(ids) and all("/" not in name and len(name.encode()) < 200 for name in made)
    assert made[3] == "場面_桜" and not made[4].startswith(".")


def test_the_analysis_does_not_depend_on_the_order_of_the_table(whole: Path) -> None:
    table = pq.read_table(whole / "decisions.parquet").select(["frame_id", *METRICS])
    other = analyse(table.take(np.random.default_rng(0).permutation(len(table))))
    assert other.frame_id == analyse(table).frame_id and np.array_equal(other.quality, analyse(table).quality)


@pytest.mark.parametrize("group", ["strategy", "decision"])
def test_every_choice_of_a_group_composes(group: str) -> None:
    for path in (job.CONF / group).glob("*.yaml"):
        word = f"decision={path.stem}" if group == "decision" else f"strategy@strategies.{path.stem}={path.stem}"
        cfg = job.compose("curate", ["source.path=.", "output=x", word])
        assert group == "decision" or cfg.strategies[path.stem]._target_.startswith("animelayers.curate.strategies.")
