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
from animelayers.imaging.recompose import psnr, recompose
from animelayers.sinks import Changed, Shards, SinkError
from tests.jobs.conftest import HERE, ROOT
from tests.sources.test_layers import made, store

Curate = Callable[..., int]
TAILS = {
    "keep_full": [""], "segment": ["_character", "_background", "_composite"], "create_occlusion": ["_occ0", "_occ1", "_occ2"],
    "enhance_segment": ["_enhanced_character"],
}  # fmt: skip
QUICK = ["strategies.enhance_segment.enhancement_steps=[sharpen]", "strategies.enhance_segment.longest=64"]


def composed(source: Path, output: Path, *words: str) -> Any:
    return job.compose("curate", [f"source.path={source}", f"output='{output}'", *HERE, "cpus=0.5", *QUICK, *words])


@pytest.fixture(scope="module")
def curate() -> Curate:
    """The job in this process, without Ray and without weights."""
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
    assert not any((output / name).exists() for name in STRATEGIES) and (output / "report" / "index.html").is_file()
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
    mixed = report["summary"]["strategies"]
    assert [*mixed] == [*STRATEGIES] and sum(mixed.values()) == len(drawn) and all(mixed.values())
    assert (report["summary"]["total_frames"], report["summary"]["failed"]) == (len(drawn), 0)
    for frame, row in zip(decided["frame_id"].to_pylist(), report["results"], strict=True):
        assert list(row) == ["frame", "strategy", "confidence", "reasoning", "outputs", "success", "error"]
        files, name, strategy = [Path(path) for path in row["outputs"]], Path(row["frame"]).stem, row["strategy"]
        assert all(path.is_file() and path.parts[-3] == strategy for path in files)
        assert {path.name for path in files if path.parts[-2] == "images"} == {f"{name}{tail}.png" for tail in TAILS[strategy]}
        said = {path.stem for path in files if path.suffix == ".txt" and path.read_text()}
        assert said == {path.stem for path in files if path.parts[-2] == "images"} - {f"{name}_composite"}
        layer = output.frame(frame)
        if strategy == "keep_full" and "effect" not in layer:
            assert psnr(np.array(Image.open(files[0])), recompose(layer["character"], layer["background"])) > 25
    page = (whole / "report" / "index.html").read_text()
    assert "complexity" in page and "Closest decisions" in page and page.count("<img") >= 6


def test_a_second_run_makes_what_is_missing_and_nothing_else(whole: Path, layers: Path, curate: Curate) -> None:
    before = {path: path.stat().st_mtime_ns for name in STRATEGIES for path in (whole / name).rglob("*.*")}
    kept, cut = (next(iter(sorted((whole / name / "images").iterdir()))) for name in ("keep_full", "segment"))
    kept.unlink()
    stale = whole / "segment" / "images" / f"{kept.stem}_character.png"  # of a killed run with other thresholds
    own = whole / "keep_full" / "images" / "mine.png"
    stale.write_bytes(b"x")
    own.write_bytes(b"x")
    assert curate(layers, whole) == 0
    after = {path: path.stat().st_mtime_ns for name in STRATEGIES for path in (whole / name).rglob("*.*") if path != own}
    assert {path.stem for path in before if before[path] != after[path]} == {kept.stem}
    assert after.keys() == before.keys() and own.exists() and not stale.exists() and cut.exists()
    own.unlink()


def test_settings_and_places_that_do_not_fit(whole: Path, layers: Path, curate: Curate, tmp_path: Path) -> None:
    with pytest.raises(Changed, match="caption_prefix was"):
        curate(layers, whole, "strategies.keep_full.caption_prefix=a girl")
    with pytest.raises(SinkError, match="the output of another job"):
        curate(layers, layers)
    with pytest.raises(job.ConfigError, match=r"beyond source\.limit=2"):
        curate(layers, whole, "source.limit=2")
    alone = [f"strategies.{name}.enabled=false" for name in STRATEGIES]
    with pytest.raises(job.ConfigError, match="every strategy is disabled"):
        curate(layers, tmp_path / "a", *alone)
    with pytest.raises(job.ConfigError, match=r"sum to 0\.9"):
        curate(layers, tmp_path / "a", "decision.strategy_targets.keep_full=0.2")
    for name in "bcd":  # measured already
        shutil.copytree(whole / "annotations", tmp_path / name / "annotations")
    with pytest.raises(job.ConfigError, match="does not say who"):
        curate(layers, tmp_path / "b", f"+characters.luca={job.CONF / 'decision' / 'decision_thresholds.yaml'}")
    with pytest.raises(ValueError, match="points_per_side null"):
        curate(layers, tmp_path / "c", "strategies.segment.points_per_side=20")
    only = [word for word in alone if "keep_full" not in word]
    assert curate(layers, tmp_path / "d", "source.limit=3", "report=false", *only) == 0
    assert len(list((tmp_path / "d" / "keep_full" / "images").iterdir())) == len(pq.read_table(tmp_path / "d" / "decisions.parquet")) <= 3


def test_files_of_ones_own(layers: Path, whole: Path, curate: Curate, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own.yaml").write_text(
        "strategies:\n  keep_full: {apply_enhancement: true, caption_prefix: a drawing}\n"
        "  segment: {enabled: false, segmentation_model: sam2_hiera_large}\n"
        "model_paths: {qwen2_vl: models/vlm}\n"
        "processing: {batch_size: 2, num_workers: 1, device: cpu, skip_existing: true, save_metadata: true, create_visualization: false}\n"
    )
    (tmp_path / "wishes.yaml").write_text("strategy_targets: {keep_full: 0.5, segment: 0.0, create_occlusion: 0.25, enhance_segment: 0.25}\n")
    (tmp_path / "needs.json").write_text('{"occlusion": 1.0}')
    files = [f"strategy_configs={tmp_path}/own.yaml", f"thresholds={tmp_path}/wishes.yaml", f"dataset_needs={tmp_path}/needs.json"]
    shutil.copytree(whole / "annotations", tmp_path / "set" / "annotations")
    assert curate(layers, tmp_path / "set", *files) == 0
    said = capsys.readouterr().err
    assert "segmentation_model=sam2_hiera_large: the layers are taken as they are" in said and not (tmp_path / "set" / "report").exists()
    mixed = json.loads((tmp_path / "set" / "processing_report.json").read_text())["summary"]
    assert mixed["strategies"]["segment"] == 0 and abs(mixed["strategies"]["keep_full"] / mixed["total_frames"] - 0.5) < 0.1
    captions = [path.read_text() for path in (tmp_path / "set" / "keep_full" / "captions").iterdir()]
    assert captions and all(text.startswith("a drawing, ") for text in captions)
    (tmp_path / "own.yaml").write_text("strategies: {keep_full: {captoin_prefix: x}}\n")
    with pytest.raises(job.ConfigError, match="did you mean caption_prefix"):
        curate(layers, tmp_path / "other", files[0])


def test_a_frame_that_fails_is_an_entry_and_its_neighbours_are_made(whole: Path, layers: Path, curate: Curate, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(layers, broken)
    output = Output(str(broken))
    row = next(row for row in output.table.to_pylist() if row["source"].startswith("stills"))
    shutil.copytree(whole / "annotations", broken / "annotations")
    with open(broken / "shards" / row["shard"], "r+b") as tar:
        tar.seek(row["background_offset"])
        tar.write(bytes(row["background_size"]))
    assert curate(broken, tmp_path / "set") == 3
    report = json.loads((tmp_path / "set" / "processing_report.json").read_text())
    failed = [one for one in report["results"] if not one["success"]]
    assert len(failed) == 1 and failed[0]["strategy"] in failed[0]["error"] and failed[0]["outputs"] == []
    assert report["summary"]["successful"] == report["summary"]["total_frames"] - 1


def test_the_notebook_shows_the_decisions(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("ANIMELAYERS_SET", str(whole))
    book = nbformat.read(ROOT / "notebooks" / "03_curation.ipynb", 4)
    assert any(cell.get("outputs") for cell in book.cells), "stored with its pictures"
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(ROOT / "notebooks")}}).execute()


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
