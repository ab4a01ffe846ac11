"""Exports read by the trainers' own dataset classes, where a checkout of them is named: SD_SCRIPTS=…
MUSUBI_TUNER=… (docs/trainers).

They run in a process of their own, with TRAINER_PACKAGES on its path: what they need and this project has
not, or in another version.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from animelayers import Output
from animelayers.exports import Caption, Kohya, MusubiImage, MusubiLayered, MusubiVideo, Picture
from animelayers.sinks import Shards
from tests.exports.conftest import RUN, row

KOHYA = """
import argparse, json, sys
from library import config_util, train_util
sanitizer = config_util.ConfigSanitizer(True, True, sys.argv[2] == "masked", True)
blueprint = config_util.BlueprintGenerator(sanitizer).generate(config_util.load_user_config(sys.argv[1]), argparse.Namespace())
group, _ = config_util.generate_dataset_group_by_blueprint(blueprint.dataset_group)
found = []
for dataset in group.datasets:
    subsets = getattr(dataset, "image_to_subset", None) or dataset.dreambooth_dataset_delegate.image_to_subset
    for key, info in dataset.image_data.items():
        subset = subsets[key]
        picture = train_util.load_image(info.absolute_path, alpha=True)
        found.append(dict(path=info.absolute_path, caption=info.caption, repeats=info.num_repeats, mask=info.cond_img_path,
                          alpha=bool(subset.alpha_mask), shape=list(picture.shape), bucket=list(info.bucket_reso or ())))
print("FOUND" + json.dumps(found))
"""
MUSUBI = """
import argparse, json, sys
import numpy as np
from musubi_tuner.dataset import config_utils
blueprint = config_utils.BlueprintGenerator(config_utils.ConfigSanitizer()).generate(
    config_utils.load_user_config(sys.argv[1]), argparse.Namespace(debug_dataset=False), architecture=sys.argv[2])
group = config_utils.generate_dataset_group_by_blueprint(blueprint.dataset_group)
found = []
for dataset in group.datasets:
    for _, batch in dataset.retrieve_latent_cache_batches(1):
        for item in batch:
            several = item.content if isinstance(item.content, list) else [item.content]
            found.append(dict(key=item.item_key, caption=item.caption, frames=item.frame_count, shapes=[list(one.shape) for one in several],
                              mean=[float(np.mean(one)) for one in several]))
print("FOUND" + json.dumps(found))
"""


def read(place: str, script: str, *words: str) -> list[dict[str, Any]]:
    """What a trainer's own classes find."""
    if place not in os.environ:
        pytest.skip(f"{place} names no checkout")
    root = Path(os.environ[place]).resolve()
    path = [str(root), str(root / "src"), *filter(None, [os.environ.get("TRAINER_PACKAGES")])]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    done = subprocess.run(
        [sys.executable, "-c", script, *words], cwd=root, env=env, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return list(json.loads(done.stdout.rpartition("FOUND")[2]))


@pytest.mark.parametrize("mask", ["alpha", "files", "none"])
def test_kohya(mask: str, annotated: Output, truth: dict[str, Any], tmp_path: Path) -> None:
    words = Caption(trigger="mychar", separator="|||")
    made = Kohya(mask=mask, repeats=3, resolution=512, concept="my char {layer}", caption=words)  # type: ignore[arg-type]
    made.write(annotated, tmp_path)
    found = read("SD_SCRIPTS", KOHYA, str(tmp_path / "dataset.toml"), "masked" if mask == "files" else "")
    assert (
        sorted(Path(one["path"]) for one in found) == sorted((tmp_path / "train").rglob("*.png"))
        and len(found) == 8
    )
    for one in found:
        frame = next(name for name in truth if name.replace("/", "-") in Path(one["path"]).name)
        assert (
            one["caption"].startswith(f"mychar|||{annotated.row(frame)['caption_character']}")
            and one["repeats"] == 3
        )
        assert one["alpha"] == (mask == "alpha") and bool(one["mask"]) == (mask == "files") and one["bucket"]
        if mask == "files":
            assert Image.open(one["mask"]).size == Image.open(one["path"]).size
        elif mask == "alpha":
            alpha = np.array(Image.open(one["path"]))[..., 3]
            assert one["shape"][2] == 4 and np.array_equal(
                alpha > 127, truth[frame]["character"][..., 3] > 127
            )


def test_musubi_pictures(annotated: Output, tmp_path: Path) -> None:
    MusubiImage(
        resolution=(256, 192), caption=Caption(trigger="mychar"), picture=Picture(background="solid")
    ).write(annotated, tmp_path)
    found = read("MUSUBI_TUNER", MUSUBI, str(tmp_path / "dataset.toml"), "hv")
    assert len(found) == 8 and all(
        one["caption"].startswith("mychar, character") and "background" in one["caption"] for one in found
    )
    assert all(
        shape[2] == 3 and mean > 5
        for one in found
        for shape, mean in zip(one["shapes"], one["mean"], strict=True)
    )


def test_musubi_layers(annotated: Output, tmp_path: Path) -> None:
    MusubiLayered(resolution=(256, 192)).write(annotated, tmp_path)
    found = read("MUSUBI_TUNER", MUSUBI, str(tmp_path / "dataset.toml"), "qil")
    assert len(found) == 9 and all(one["caption"].startswith("frame") for one in found)
    assert all(
        len(one["shapes"]) == 4 and {shape[2] for shape in one["shapes"][1:]} == {4} for one in found
    ), "the picture, then three layers"


@pytest.mark.parametrize(("kind", "fps"), [("wan", 16), ("hv", 24)])
def test_musubi_films(kind: str, fps: int, tmp_path: Path) -> None:
    clip, _ = row("film/scene0000/000000", [k // 2 for k in range(30)], "plain")
    sink = Shards(str(tmp_path / "out"))
    with sink.open(RUN):
        sink.write([clip], RUN)
    MusubiVideo(resolution=(256, 192), caption=Caption(trigger="mychar")).write(
        Output(str(tmp_path / "out")), tmp_path / "set"
    )
    (one,) = read("MUSUBI_TUNER", MUSUBI, str(tmp_path / "set" / "dataset.toml"), kind)
    assert (
        one["caption"].startswith("mychar")
        and one["frames"] % 4 == 1
        and one["frames"] == one["shapes"][0][0]
    )
    assert one["frames"] == (29 * fps // 24 - 1) // 4 * 4 + 1, "as many as its model's rate leaves of 29"
