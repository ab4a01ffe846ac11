from __future__ import annotations

import json
import runpy
import tomllib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from animelayers import job
from tests.jobs.conftest import ROOT
from tests.sinks.clips import contents

Call = Callable[..., int]


def body(name: str) -> Call:
    run = runpy.run_path(str(ROOT / "jobs" / f"{name}.py"))[name]
    return lambda *words: int(run(job.compose(name, [str(word) for word in words])))


def picture(seed: int) -> np.ndarray:
    dice = np.random.default_rng(seed)
    return cv2.resize(dice.integers(0, 256, (6, 9, 3), np.uint8), (96, 64), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def curated(tmp_path: Path) -> Path:
    """What strategies wrote: three whole frames, two of them alike, and a segmented one."""
    folder = tmp_path / "set"
    files = {"keep_full": {"a": 1, "b": 2, "c": 1}, "segment": {"d_character": 4, "d_composite": 5, "d_mask": 6, "Ä_background": 7}}
    for strategy, pictures in files.items():
        for kind in ("images", "captions"):
            (folder / strategy / kind).mkdir(parents=True)
        for name, seed in pictures.items():
            drawn = picture(seed) if name != "d_character" else np.dstack([picture(seed), np.full((64, 96), 200, np.uint8)])
            (folder / strategy / "images" / f"{name}.png").write_bytes(cv2.imencode(".png", drawn)[1].tobytes())
            if not name.endswith(("composite", "mask")):
                (folder / strategy / "captions" / f"{name}.txt").write_text(f"this is {name}")
    return folder


def test_one_folder_without_duplicates(curated: Path, tmp_path: Path) -> None:
    merge, output = body("merge_strategies"), tmp_path / "train"
    assert merge(f"curated={curated}", f"output={output}") == 0
    made = contents(output)
    told = json.loads(made.pop("merge.json"))
    assert sorted(made) == sorted(f"{name}.{end}" for name in ("a", "b", "d_character", "Ä_background") for end in ("png", "txt"))
    assert made["d_character.txt"] == b"this is d_character"
    assert [Path(gone).stem for gone in told["duplicates"]] == ["c"] and told["pictures"] == 4
    assert merge(f"curated={curated}", f"output={output}") == 0
    assert {name: data for name, data in contents(output).items() if name != "merge.json"} == made


def test_folders_as_kohya_reads_them(curated: Path, tmp_path: Path) -> None:
    (curated / "keep_full" / "images" / "broken.png").write_bytes(b"no picture")
    output = tmp_path / "train"
    words = ["layout=kohya", "concepts.character=luca", "concepts.keep_full=place", "concepts.background=place", "max_repeats=5"]
    assert body("merge_strategies")(f"curated={curated}", f"output={output}", *words) == 3
    assert {name.partition("/")[0] for name in contents(output)} == {"3_luca", "1_place", "dataset.toml", "merge.json"}
    (dataset,) = tomllib.loads((output / "dataset.toml").read_text())["datasets"]
    assert [(s["image_dir"], s["class_tokens"], s["num_repeats"], s.get("alpha_mask")) for s in dataset["subsets"]] == [
        ("3_luca", "luca", 3, True), ("1_place", "place", 1, None),
    ]  # fmt: skip
    assert [*json.loads((output / "merge.json").read_text())["failed"]] == [str(curated / "keep_full" / "images" / "broken.png")]


def test_bad_input_is_told(curated: Path, tmp_path: Path) -> None:
    merge, output = body("merge_strategies"), tmp_path / "train"
    for words, said in (([f"curated={tmp_path}/no"], "no folder"), ([f"curated={curated}/segment"], "STRATEGY/images")):
        with pytest.raises(job.ConfigError, match=said):
            merge(*words, f"output={output}")
    for word, said in (("layout=tree", "flat or kohya"), ("distance=99", "distance"), ("max_repeats=0", "max_repeats")):
        with pytest.raises(job.ConfigError, match=said):
            merge(f"curated={curated}", f"output={output}", word)


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
    assert expand(f"curated={curated}", f"source.path={tmp_path / 'frames'}", f"output={output}", "window_size=2") == 3
    made = contents(output)
    told = json.loads(made.pop("expansion.json"))
    assert [made[name] for name in sorted(made) if name.endswith(".png")] == [bytes([n]) for n in (2, 3, 4, 5)]
    assert len([name for name in made if name.endswith(".txt")]) == 4 and set(told["missing"]) == {"scene0009_frame000001.png"}
    with pytest.raises(job.ConfigError, match="curated"):
        expand(f"curated={tmp_path}/no", f"source.path={frames}", f"output={output}")
