from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from omegaconf import OmegaConf

from animelayers import Output, job
from animelayers.engine.pipeline import Pipeline
from animelayers.record.schema import Row
from animelayers.samples import scene, write
from animelayers.sinks import Shards, SinkError
from tests.jobs.conftest import HERE, ROOT, Main
from tests.models import tiny_masks, tiny_onnx
from tests.sinks.clips import contents
from tests.sources.test_layers import made, store
from tests.steps import DECODED

Reprocess = Callable[..., int]
MATTE = {"_target_": "animelayers.models.saliency.Saliency", "name": "u2netp"}
FRAMES = 6


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six frames with figures, and one that is no picture."""
    folder = tmp_path_factory.mktemp("input")
    write([scene("portrait", frames=FRAMES, size=(320, 180), seed=1)], "frames", folder, form="frames")
    (folder / "frames" / "scene0009_frame000000_t9.00s.png").write_bytes(b"no picture")
    # what is red and blue without green
    tiny_onnx.write(folder / "net.onnx", (3, -7, 3), -4, ("n", 3, "h", "w"))
    return folder / "frames"


def composed(source: Path, output: Path, *words: str) -> object:
    small = ["min_instance_size=64", *HERE, "model/segment=matte", "model/inpaint=telea"]
    cfg = job.compose("reprocess_backgrounds", [f"source.path={source}", f"output={output}", *small, *words])
    if "matte" in cfg.stages.segment.step.segmenter:
        OmegaConf.update(
            cfg,
            "stages.segment.step.segmenter.matte",
            {**MATTE, "weights": str(source.parent / "net.onnx")},
            merge=False,
        )
    return cfg


@pytest.fixture(scope="module")
def reprocess() -> Reprocess:
    """The job in this process, without Ray, with a net of four numbers."""
    body = runpy.run_path(str(ROOT / "jobs" / "reprocess_backgrounds.py"))["reprocess"]
    return lambda source, output, *words: int(body(composed(source, output, *words)))


@pytest.fixture(scope="module")
def whole(frames: Path, reprocess: Reprocess, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("whole") / "out"
    assert reprocess(frames, output) == 3, "one input is bad"
    return output


def pictures(output: Path) -> dict[str, bytes]:
    return {
        name: data
        for name, data in contents(output).items()
        if re.match(r"(instances|masks|backgrounds)/[^/]+\.(png|jpg)$", name)
    }


def test_the_folders_and_their_figures(whole: Path, frames: Path) -> None:
    told = json.loads((whole / "instances_metadata.json").read_text())
    figures = told["statistics"]
    assert (figures["total_frames"], figures["processed_frames"], figures["failed_frames"]) == (
        FRAMES + 1,
        FRAMES,
        1,
    )
    assert (
        figures["failed_share"] == round(1 / 7, 4)
        and figures["images_per_second"] > 0
        and len(told["failures"]) == 1
    )
    cut = [each for frame in told["frames"] for each in frame["instances"]]
    assert figures["instances"] == len(cut) >= FRAMES and figures["instances_per_frame"] == round(
        len(cut) / FRAMES, 4
    )
    assert {each["instance"] for each in cut} | {each["mask"] for each in cut} == {
        n for n in pictures(whole) if n.endswith(".png")
    }
    coverage = []
    for frame in told["frames"]:
        picture, union = cv2.imread(str(frames / frame["input"]))[..., ::-1], np.zeros((180, 320), bool)
        for each in frame["instances"]:
            x, y, w, h = each["bbox"]
            mask = cv2.imread(str(whole / each["mask"]), cv2.IMREAD_UNCHANGED)
            rgba = cv2.cvtColor(
                cv2.imread(str(whole / each["instance"]), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA
            )
            assert mask.shape == (180, 320) and np.count_nonzero(mask) >= 64 and 0 <= each["score"] <= 1
            assert (
                np.array_equal(rgba[..., 3], mask[y : y + h, x : x + w]) and not rgba[rgba[..., 3] == 0].any()
            )
            assert np.array_equal(rgba[rgba[..., 3] > 0][:, :3], picture[mask > 0])
            assert not (union & (mask > 0)).any(), "several characters are kept apart"
            union |= mask > 0
        assert frame["mask_coverage"] == pytest.approx(union.mean(), abs=1e-4)
        hole = cv2.dilate(union.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (41, 41))) > 0
        background = cv2.imread(str(whole / "backgrounds" / f"{Path(frame['input']).stem}.jpg"))[..., ::-1]
        assert np.abs(background.astype(int) - picture)[~hole].mean() < 4, (
            "outside the dilated mask it is the frame, as JPEG"
        )
        coverage.append(hole.mean())
    told = json.loads((whole / "backgrounds" / "inpainting_metadata.json").read_text())
    assert (
        told["statistics"]["mask_coverage"] == pytest.approx(np.mean(coverage), abs=1e-3)
        and told["statistics"]["success_rate"] == 1
    )
    assert told["config"]["dilate"] == 20 and len(told["images"]) == FRAMES == len(
        list((whole / "backgrounds").glob("*.jpg"))
    )
    for page in (whole / "report" / "index.html", whole / "backgrounds" / "report" / "index.html"):
        assert "images per second" in page.read_text() and page.read_text().count("<figure>") == FRAMES


def test_again_nothing_is_done_twice(whole: Path, frames: Path, reprocess: Reprocess) -> None:
    before = {name: (whole / name).stat().st_mtime_ns for name in pictures(whole)}
    assert reprocess(frames, whole) == 3
    assert {name: (whole / name).stat().st_mtime_ns for name in pictures(whole)} == before


def test_a_trial_step_by_step_grows_into_the_whole(
    whole: Path, frames: Path, reprocess: Reprocess, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    with pytest.raises(SinkError, match="run step=instances first"):
        reprocess(frames, output, "step=backgrounds")
    assert reprocess(frames, output, "step=instances", "source.limit=2") == 0
    assert (
        reprocess(frames, output, "step=backgrounds") == 0
        and len(list((output / "backgrounds").glob("*.jpg"))) == 2
    )
    assert reprocess(frames, output, "step=instances") == 3
    assert reprocess(frames, output, "step=backgrounds") == 0
    assert pictures(output) == pictures(whole), "byte for byte"


def test_masks_corrected_by_hand_count(
    whole: Path, frames: Path, reprocess: Reprocess, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    shutil.copytree(whole, output, ignore=shutil.ignore_patterns("backgrounds"))
    names = [
        frame["instances"] for frame in json.loads((output / "instances_metadata.json").read_text())["frames"]
    ]
    for each in names[0]:
        (output / each["mask"]).unlink()
    cv2.imwrite(str(output / names[1][0]["mask"]), np.full((180, 320), 255, np.uint8))
    (output / names[2][0]["mask"]).write_bytes(b"spoilt")
    assert reprocess(frames, output, "step=backgrounds") == 3
    told = json.loads((output / "backgrounds" / "inpainting_metadata.json").read_text())
    assert [image["mask_coverage"] for image in told["images"]][:2] == [0, 1] and len(
        told["images"]
    ) == FRAMES - 1
    assert len(told["failures"]) == 1 and told["failures"][0]["error"].startswith("source: ")


def test_killed_and_run_again(whole: Path, frames: Path, reprocess: Reprocess, tmp_path: Path) -> None:
    output = tmp_path / "out"
    code = (
        f"import sys, runpy; sys.path.insert(0, {str(ROOT)!r})\nfrom tests.jobs.test_reprocess_backgrounds import composed\n"
        f"from pathlib import Path\nrunpy.run_path({str(ROOT / 'jobs' / 'reprocess_backgrounds.py')!r})['reprocess']"
        f"(composed(Path({str(frames)!r}), Path({str(output)!r}), 'cluster.cpus=1'))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = time.monotonic() + 200
    while (
        not list((output / "metadata").glob("*.parquet"))
        and process.poll() is None
        and time.monotonic() < end
    ):
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert len(list((output / "metadata").glob("*.parquet"))) > 0
    end = time.monotonic() + 60
    while reprocess(frames, output, "take_over=true") != 3 and time.monotonic() < end:
        time.sleep(0.5)
    assert pictures(output) == pictures(whole)
    assert len(Output(str(output))) == FRAMES and not Output(str(output)).twice


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Row]]:
    """An output of the main job's steps."""
    folder = tmp_path_factory.mktemp("layers")
    clips = made(folder / "in")
    return store(Shards(str(folder / "out")), clips), clips


def test_an_existing_output_is_filled_anew_and_not_touched(
    layers: tuple[Path, list[Row]], reprocess: Reprocess, tmp_path: Path
) -> None:
    output, clips = layers
    before = contents(output)
    assert reprocess(output, tmp_path / "new", "source=layers", "model/inpaint=ns") == 0
    assert contents(output) == before
    told = [
        json.loads(path.read_text()) for path in sorted((tmp_path / "new").rglob("inpainting_metadata.json"))
    ]
    shown = sum(len(each["images"]) for each in told)
    assert (
        shown == sum(len(clip["frames"]) for clip in clips) == len(list((tmp_path / "new").rglob("*_t*.jpg")))
    )
    assert not list((tmp_path / "new").rglob("*.png"))
    was, now = Output(str(output)), Output(str(tmp_path / "new" / "backgrounds"))
    assert list(now) == list(was) and now.layers == ["background"]
    for frame in was:
        row = was.row(frame)
        cover = was.layer(frame, "character")[..., 3]
        if row["effect_mode"] != "none":
            cover = np.maximum(cover, was.layer(frame, "effect")[..., 3])
        hole = (
            cv2.dilate((cover > 8).astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (41, 41)))
            > 0
        )
        assert now.row(frame)["background_invented"] == pytest.approx(hole.mean(), abs=1e-3), (
            "characters and effects, dilated"
        )
    with pytest.raises(job.ConfigError, match="step=backgrounds"):
        reprocess(output, tmp_path / "other", "source=layers", "step=instances")


def test_automatic_masks_with_random_weights(frames: Path, reprocess: Reprocess, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    tiny_masks.folder(tmp_path / "net")
    loose = {
        "weights": tmp_path / "net",
        "points_per_side": 4,
        "pred_iou_thresh": 0,
        "stability_score_thresh": 0,
        "min_instance_size": 64,
    }
    words = [f"stages.segment.step.segmenter.{name}={value}" for name, value in loose.items()]
    assert reprocess(frames, tmp_path / "out", "model/segment=sam2_hf", "source.limit=2", *words) == 0
    told = json.loads((tmp_path / "out" / "instances_metadata.json").read_text())
    assert (
        told["statistics"]["processed_frames"] == 2
        and told["statistics"]["instances"] == len(list((tmp_path / "out" / "masks").glob("*.png"))) > 0
    )
    assert told["config"]["segmenter"]["points_per_side"] == 4
    assert len(list((tmp_path / "out" / "backgrounds").glob("*.jpg"))) == 2


def test_the_guides_values_are_the_defaults() -> None:
    cfg = job.compose("reprocess_backgrounds", ["source.path=.", "output=x"])
    net = cfg.stages.segment.step.segmenter
    assert (
        net.points_per_side,
        net.pred_iou_thresh,
        net.stability_score_thresh,
        net.points_per_batch,
        net.crop_n_layers,
    ) == (32, 0.7, 0.8, 192, 0)
    assert cfg.stages.segment.step.min_instance_size == 4096 and cfg.stages.background.step.dilate == 20
    assert (
        cfg.stages.background.step.inpaint.first.weights == "lama"
        and cfg.stages.background.step.inpaint.first.batch == 8
    )
    for names in (["segment", "cutouts"], ["background", "encode"]):
        Pipeline(job.stages(cfg, names)).check([*DECODED, "character"])


def test_bad_words_and_help(frames: Path, reprocess: Reprocess, main: Main, tmp_path: Path) -> None:
    with pytest.raises(job.ConfigError, match="did you mean instances"):
        reprocess(frames, tmp_path, "step=instance")
    code, text = main("reprocess_backgrounds", "--help")
    assert code == 0 and "animelayers reprocess_backgrounds FRAMES OUT" in text
