from __future__ import annotations

import json
import runpy
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from animelayers import Output, job
from animelayers.curate.analyse import METRICS, analyse
from animelayers.curate.decide import KNOWN
from animelayers.dataset.verify import sink_of, verify
from animelayers.exports import Kohya
from animelayers.exports.strategies import Strategies, names
from animelayers.imaging.recompose import psnr, recompose
from animelayers.sinks import Changed, Shards, SinkError
from tests.jobs.conftest import HERE, ROOT
from tests.sources.test_layers import made, store

Curate = Callable[..., int]
KINDS = {
    "keep_full": [""], "segment": ["character", "background", "composite"], "create_occlusion": ["occ0", "occ1", "occ2"],
    "enhance_segment": ["enhanced_character"],
}  # fmt: skip
QUICK = ["strategies.enhance_segment.enhancement_steps=[sharpen]", "strategies.enhance_segment.longest=64"]


def composed(source: Path, output: Path, *words: str) -> Any:
    return job.compose(
        "curate", [f"source.path={source}", f"output='{output}'", *HERE, "cpus=0.5", *QUICK, *words]
    )


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
    assert curate(layers, output, "dry_run=true", "strict=true") == 0
    assert not (output / "shards").exists() and (output / "report" / "index.html").is_file()
    assert not (layers / "annotations").exists()  # the output is only read
    assert curate(layers, output, "strict=true") == 0
    return output


def test_a_set_of_an_output_that_was_never_annotated(whole: Path, layers: Path) -> None:
    output, made = Output(str(layers)), Output(str(whole))
    drawn = [row["frame_id"] for row in output.table.to_pylist() if row["drawing_of"] is None]
    decided = pq.read_table(whole / "decisions.parquet")
    assert decided["frame_id"].to_pylist() == sorted(drawn) and {
        *METRICS,
        "confidence",
        "reasoning",
        "score_segment",
    } <= {*decided.column_names}
    strategy = dict(zip(decided["frame_id"].to_pylist(), decided["strategy"].to_pylist(), strict=True))
    assert {*strategy.values()} == {*KNOWN} and len(made.errors) == 0
    rows = made.table.to_pylist()
    for frame in drawn:
        own = [row for row in rows if row["origin"] == frame]
        assert [row["kind"] for row in own] == KINDS[strategy[frame]] and {
            row["strategy"] for row in own
        } == {strategy[frame]}
        assert [row["kind"] for row in own if not row["repeats"]] == ["composite"] * (
            strategy[frame] == "segment"
        )
        assert all(bool(row["caption"]) == bool(row["repeats"]) for row in own)
        layer = output.frame(frame)
        if strategy[frame] == "keep_full" and "effect" not in layer:
            assert psnr(made.layer(frame, "frame"), recompose(layer["character"], layer["background"])) > 25
        if strategy[frame] == "segment":
            assert np.array_equal(made.layer(f"{frame}_background", "frame"), layer["background"])
    page = (whole / "report" / "index.html").read_text()
    assert "complexity" in page and "Closest decisions" in page and page.count("<img") >= 6
    assert verify(sink_of(str(whole))).layers == sum(
        len([n for n in made.layers if row[f"{n}_file"]]) for row in rows
    )
    assert not verify(sink_of(str(whole)))


def test_the_folders_and_the_report_of_the_seeds(whole: Path, tmp_path: Path) -> None:
    made = Output(str(whole))
    written = Strategies().write(made, tmp_path / "folders")
    report = json.loads((tmp_path / "folders" / "processing_report.json").read_text())
    assert report.keys() == {"summary", "results"} and report["summary"].keys() == {
        "total_frames",
        "successful",
        "failed",
        "strategies",
    }
    assert (
        sum(report["summary"]["strategies"].values())
        == report["summary"]["successful"]
        == report["summary"]["total_frames"]
    )
    listed = [Path(file) for row in report["results"] for file in row["outputs"]]
    assert len(listed) == written.files - 1
    for row in report["results"]:
        assert list(row) == ["frame", "strategy", "confidence", "reasoning", "outputs", "success", "error"]
        files, name, strategy = (
            [Path(path) for path in row["outputs"]],
            Path(row["frame"]).stem,
            row["strategy"],
        )
        there = [tmp_path / "folders" / "/".join(path.parts[-3:]) for path in files]
        assert all(path.is_file() and path.parts[-3] == strategy for path in there)
        images = {path.name for path in files if path.parts[-2] == "images"}
        assert images == {f"{name}_{kind}.png" if kind else f"{name}.png" for kind in KINDS[strategy]}
        assert {path.stem for path in there if path.suffix == ".txt" and path.read_text()} == {
            Path(n).stem for n in images
        } - {f"{name}_composite"}


@pytest.mark.parametrize(
    "form",
    [
        "kohya",
        "onetrainer",
        "aitoolkit",
        "musubi",
        "webdataset",
        "hf_imagefolder",
        "hf_parquet",
        "coco",
        "psd",
        "ora",
    ],
)
def test_every_trainer_reads_a_set(whole: Path, tmp_path: Path, form: str) -> None:
    body = runpy.run_path(str(ROOT / "jobs" / "export.py"))["export"]
    assert (
        body(job.compose("export", [f"export={form}", f"source.path='{whole}'", f"output={tmp_path / form}"]))
        == 0
    )
    trains = [row for row in Output(str(whole)).table.to_pylist() if row["repeats"]]
    if form in ("kohya", "onetrainer", "aitoolkit", "musubi"):
        pictures = [path for path in (tmp_path / form).rglob("*.png") if "masklabel" not in path.name]
        assert sorted(path.stem for path in pictures) == sorted(
            row["frame_id"].replace("/", "-") for row in trains
        )
        assert {path.with_suffix(".txt").is_file() for path in pictures} == {True}
        assert {path.parent.name.removeprefix("1_") for path in pictures} == {
            row["concept"] for row in trains
        }


@pytest.mark.parametrize("form", ["episode", "sequence", "prores", "musubi_video", "musubi_layered"])
def test_what_a_set_cannot_be_is_told(whole: Path, tmp_path: Path, form: str) -> None:
    body = runpy.run_path(str(ROOT / "jobs" / "export.py"))["export"]
    with pytest.raises(job.ConfigError, match="is a training set"):
        body(job.compose("export", [f"export={form}", f"source.path='{whole}'", f"output={tmp_path / form}"]))


def test_a_second_run_makes_what_is_missing_and_nothing_else(
    whole: Path, layers: Path, curate: Curate, tmp_path: Path
) -> None:
    place = tmp_path / "moved"
    shutil.copytree(layers, place)  # the source is known by what it is, not by where it lies
    before = {path.name: path.stat().st_mtime_ns for path in (whole / "shards").iterdir()}
    gone = sorted(before)[0]
    clips = [row["clip_id"] for row in Output(str(whole)).table.to_pylist() if row["shard"] == gone]
    (whole / "shards" / gone).unlink()
    assert curate(place, whole, "strict=true") == 0
    after = {path.name: path.stat().st_mtime_ns for path in (whole / "shards").iterdir()}
    assert {name for name in after if after[name] != before.get(name)} == {
        gone
    } and after.keys() == before.keys()
    assert {row["clip_id"] for row in Output(str(whole)).table.to_pylist()} >= {*clips}


def test_settings_and_places_that_do_not_fit(
    whole: Path, layers: Path, curate: Curate, tmp_path: Path
) -> None:
    with pytest.raises(Changed, match="caption_prefix was"):
        curate(layers, whole, "strict=true", "strategies.keep_full.caption_prefix=a girl")
    with pytest.raises(SinkError, match="the output of another job"):
        curate(layers, layers)
    with pytest.raises(job.ConfigError, match=r"beyond source\.limit=2"):
        curate(layers, whole, "source.limit=2")
    alone = [f"strategies.{name}.enabled=false" for name in KNOWN]
    with pytest.raises(job.ConfigError, match="every strategy is disabled"):
        curate(layers, tmp_path / "a", *alone)
    with pytest.raises(job.ConfigError, match=r"sum to 0\.9"):
        curate(layers, tmp_path / "a", "decision.strategy_targets.keep_full=0.2")
    for name in "bcd":  # measured already
        shutil.copytree(whole / "source", tmp_path / name / "source")
    with pytest.raises(job.ConfigError, match="does not say who"):
        curate(
            layers, tmp_path / "b", f"+characters.luca={job.CONF / 'decision' / 'decision_thresholds.yaml'}"
        )
    with pytest.raises(ValueError, match="points_per_side null"):
        curate(layers, tmp_path / "c", "strategies.segment.points_per_side=20")
    only = [word for word in alone if "keep_full" not in word]
    assert curate(layers, tmp_path / "d", "source.limit=3", "report=false", *only) == 0
    assert len(Output(str(tmp_path / "d"))) == len(pq.read_table(tmp_path / "d" / "decisions.parquet")) <= 3


def test_files_of_ones_own(
    layers: Path, whole: Path, curate: Curate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.yaml").write_text(
        "strategies:\n  keep_full: {apply_enhancement: true, caption_prefix: a drawing}\n"
        "  segment: {enabled: false, segmentation_model: sam2_hiera_large}\n"
        "model_paths: {qwen2_vl: models/vlm}\n"
        "processing: {batch_size: 2, num_workers: 1, device: cpu, skip_existing: true, save_metadata: true, create_visualization: false}\n"
    )
    (tmp_path / "wishes.yaml").write_text(
        "strategy_targets: {keep_full: 0.5, segment: 0.0, create_occlusion: 0.25, enhance_segment: 0.25}\n"
    )
    (tmp_path / "needs.json").write_text('{"occlusion": 1.0}')
    files = [
        f"strategy_configs={tmp_path}/own.yaml",
        f"thresholds={tmp_path}/wishes.yaml",
        f"dataset_needs={tmp_path}/needs.json",
        "strict=true",
    ]
    shutil.copytree(whole / "source", tmp_path / "set" / "source")
    assert curate(layers, tmp_path / "set", *files) == 0
    said = capsys.readouterr().err
    assert (
        "segmentation_model=sam2_hiera_large: the layers stay as they are" in said
        and not (tmp_path / "set" / "report").exists()
    )
    mixed = Counter(pq.read_table(tmp_path / "set" / "decisions.parquet")["strategy"].to_pylist())
    assert mixed["segment"] == 0 and abs(mixed["keep_full"] / mixed.total() - 0.5) < 0.1
    captions = [
        row["caption"]
        for row in Output(str(tmp_path / "set")).table.to_pylist()
        if row["strategy"] == "keep_full"
    ]
    assert captions and all(text.startswith("a drawing, ") for text in captions)
    (tmp_path / "own.yaml").write_text("strategies: {keep_full: {captoin_prefix: x}}\n")
    with pytest.raises(job.ConfigError, match="did you mean caption_prefix"):
        curate(layers, tmp_path / "other", files[0])


def test_a_frame_that_fails_is_an_entry_and_its_neighbours_are_made(
    whole: Path, layers: Path, curate: Curate, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(layers, broken)
    output = Output(str(broken))
    row = next(row for row in output.table.to_pylist() if row["source"].startswith("stills"))
    shutil.copytree(whole / "source" / "annotations", broken / "annotations")
    with open(broken / "shards" / row["shard"], "r+b") as tar:
        tar.seek(row["background_offset"])
        tar.write(bytes(row["background_size"]))
    assert curate(broken, tmp_path / "set") == 3
    made = Output(str(tmp_path / "set"))
    (failed,) = made.errors.to_pylist()
    assert failed["origin"] == row["frame_id"] and failed["error"].startswith(failed["strategy"])
    assert (
        len({*made.table["origin"].to_pylist()})
        == len(pq.read_table(tmp_path / "set" / "decisions.parquet")) - 1
    )


def test_the_notebook_shows_the_decisions_and_a_set_of_one(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nbformat
    from nbclient import NotebookClient

    (tmp_path / "her").mkdir()
    (tmp_path / "her" / "set").symlink_to(whole)
    Kohya().write(Output(str(whole)), tmp_path / "her" / "kohya")
    monkeypatch.setenv("ANIMELAYERS_SET", str(whole))
    monkeypatch.setenv("ANIMELAYERS_LORA", str(tmp_path / "her"))
    book = nbformat.read(ROOT / "notebooks" / "03_curation.ipynb", 4)
    assert any(cell.get("outputs") for cell in book.cells), "stored with its pictures"
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(ROOT / "notebooks")}}).execute()


def test_names_are_apart_and_fit_for_files() -> None:
    ids = ["a/b", "a_b", "A/B", "場面/桜", "../x", "q?", "x" * 300]
    made = names(ids)
    assert len({name.casefold() for name in made}) == len(ids) and all(
        "/" not in name and len(name.encode()) < 200 for name in made
    )
    assert made[3] == "場面_桜" and not made[4].startswith(".")


def test_the_analysis_does_not_depend_on_the_order_of_the_table(whole: Path) -> None:
    table = pq.read_table(whole / "decisions.parquet").select(["frame_id", *METRICS])
    other = analyse(table.take(np.random.default_rng(0).permutation(len(table))))
    assert other.frame_id == analyse(table).frame_id and np.array_equal(other.quality, analyse(table).quality)


@pytest.mark.parametrize("group", ["strategy", "decision"])
def test_every_choice_of_a_group_composes(group: str) -> None:
    for path in (job.CONF / group).glob("*.yaml"):
        add = "" if path.stem in KNOWN else "+"
        word = (
            f"decision={path.stem}"
            if group == "decision"
            else f"{add}strategy@strategies.{path.stem}={path.stem}"
        )
        cfg = job.compose("curate", ["source.path=.", "output=x", word])
        assert group == "decision" or cfg.strategies[path.stem]._target_.startswith(
            "animelayers.curate.strategies."
        )
