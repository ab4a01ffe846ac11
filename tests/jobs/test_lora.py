"""A training set of one character in one command."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from animelayers import Output, job
from animelayers.curate.roster import parse
from animelayers.exports.check import check
from animelayers.job.words import taken
from animelayers.samples import scene
from tests.jobs.conftest import ROOT
from tests.jobs.test_cluster_characters import PEOPLE, SCENES, made  # noqa: F401  (a fixture)

Lora = Callable[..., int]
QUICK = [
    "cluster=inline", "cluster.processes=0", "annotate.~stages.embed_visual", "annotate.model/pose=none",
    "annotate.model/faces=none", "identify.min_frames=2", "curate.strategies.person.resolutions=[128,64]", "curate.strategies.person.enlarge=4",
    "curate.distance=null",
]  # fmt: skip


@pytest.fixture
def lora(monkeypatch: pytest.MonkeyPatch) -> Lora:
    """The job in this process, from the words of its command line."""
    monkeypatch.syspath_prepend(str(ROOT / "jobs"))
    module = runpy.run_path(str(ROOT / "jobs" / "lora.py"))

    def call(*words: object) -> int:
        given = taken(
            module["sorted_out"]([str(word) for word in words]), (), lambda: job.compose("lora"), ["cluster"]
        )
        return int(module["lora"](job.compose("lora", given)))

    return call


@pytest.fixture
def layers(made: Path, tmp_path: Path) -> Path:  # noqa: F811
    return Path(shutil.copytree(made, tmp_path / "layers"))


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """Pictures that show who is called what: cut out of scenes of other seeds."""
    for who, name in (("akari", "portrait"), ("ren", "impact"), ("sora", "standing")):
        shot = scene(name, 2, (240, 136))
        (tmp_path / "shown" / who).mkdir(parents=True)
        Image.fromarray(np.dstack([shot.character_colour[0], shot.character[0]])).save(
            tmp_path / "shown" / who / "a.png"
        )
    return tmp_path / "shown"


def test_a_set_of_her_alone(
    layers: Path, shown: Path, lora: Lora, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made"
    words = [
        layers,
        "--character",
        "akari",
        f"references={shown}",
        f"output={out}",
        "identify.embedding=null",
        "identify.colours=1",
        *QUICK,
    ]
    assert lora(*words) == 3, "crops of 128 pixels are too small for the trainer"
    told = capsys.readouterr()
    output, rows = Output(str(layers)), Output(str(out / "akari" / "set")).table.to_pylist()
    seen = {row["origin"] for row in rows}
    assert {frame.split("/")[0] for frame in seen} == {
        name for name, people in SCENES.items() if "akari" in people
    }
    (dataset,) = tomllib.loads((out / "akari" / "kohya" / "dataset.toml").read_text())["datasets"]
    (subset,) = dataset["subsets"]
    assert (
        subset["class_tokens"] == "akari"
        and subset["alpha_mask"]
        and len(list(Path(subset["image_dir"]).glob("*.png"))) == len(rows)
    )
    for row in rows:
        source = output.row(row["origin"])
        number = source["instance_ids"][source["characters"].index("akari")]
        x, y, w, h = row["crop"]
        truth = (output.layer(row["origin"], "instances") == number)[y : y + h, x : x + w].astype(np.uint8)
        truth = cv2.resize(truth * 255, (row["width"], row["height"]), interpolation=cv2.INTER_AREA) > 127
        own = Output(str(out / "akari" / "set")).layer(row["frame_id"], "mask") > 127
        assert (own & truth).sum() / (own | truth).sum() > 0.9
        picture = np.array(Image.open(Path(subset["image_dir"]) / f"{row['frame_id'].replace('/', '-')}.png"))
        assert np.array_equal(picture[..., 3] > 127, own) and picture.shape[:2] == (
            row["height"],
            row["width"],
        )
        assert row["width"] % 64 == row["height"] % 64 == 0
        text = (Path(subset["image_dir"]) / f"{row['frame_id'].replace('/', '-')}.txt").read_text()
        assert text.startswith("akari, ") and ("two characters" in text) == (
            row["origin"].startswith("crossing") and "two" in row["caption"]
        )
    page = (out / "akari" / "index.html").read_text()
    assert page.count("<figure>") >= len(rows) and "steps in an epoch" in page and "akari is in" in told.err
    assert [
        line.partition(" pictures")[2] for line in check(str(out / "akari" / "kohya"), "kohya").problems
    ] == [" of 1_akari are smaller than 256 pixels"]
    before = {path: path.stat().st_mtime_ns for path in (out / "akari" / "set" / "shards").iterdir()}
    assert lora(*words) == 3
    assert {path: path.stat().st_mtime_ns for path in (out / "akari" / "set" / "shards").iterdir()} == before


def test_who_there_is_is_told_and_names_can_be_given(
    layers: Path, lora: Lora, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made"
    words = [layers, f"--output={out}", "identify.embedding=null", "identify.colours=1", *QUICK]
    assert lora(*words) == 0
    assert re.search(r"there is char\w+ \(\d+ frames\)", capsys.readouterr().out)
    text = (out / "people" / "characters.yaml").read_text()
    tracks = [line.split("- ")[1].split(" ")[0] for line in text.splitlines() if line.startswith("  - ")]
    named = parse(text, tracks)
    first = named["portrait/scene0000/1"]
    (out / "people" / "characters.yaml").write_text(re.sub(rf"name: {first}\b", "name: hero", text))
    assert lora(*words, "--character", "hero", "--trainer", "onetrainer", "--count", "2") == 3
    assert len(list((out / "hero" / "onetrainer" / "hero").glob("*-masklabel.png"))) == 2
    assert lora(*words, "--character", "hero", "--trainer", "musubi", "--count", "500") == 3, (
        "fewer than asked for"
    )


def test_a_dry_run_writes_no_pictures(
    layers: Path, lora: Lora, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made"
    with pytest.raises(job.ConfigError, match="nobody yet"):
        lora(layers, "--character", "akari", f"output={out}", "--dry-run", *QUICK)
    assert (
        not (out / "akari" / "set").exists()
        and not (out / "people").exists()
        and not (layers / "annotations" / "identity").exists()
    )


def test_words_that_make_no_sense_are_told(lora: Lora, tmp_path: Path) -> None:
    with pytest.raises(job.ConfigError, match="give a film"):
        lora("--character", "x")
    with pytest.raises(job.ConfigError, match="trainer=koya: it is one of kohya"):
        lora(tmp_path, "--trainer", "koya")
    films = [tmp_path / "[Sub] A, b = c (1080p).mkv", tmp_path / "絵.mkv"]
    with pytest.raises(job.ConfigError, match=r"\[Sub\] A, b = c \(1080p\)\.mkv is not there"):
        lora(
            *films,
            "--character",
            "Zoë's (winter), x",
            f"references={tmp_path}/a b=c",
            "--output",
            tmp_path / "o, u",
        )
    with pytest.raises(job.ConfigError, match="count=0"):
        lora(tmp_path, "--count", "0")
    assert set(PEOPLE) and os.path.isdir(tmp_path)
