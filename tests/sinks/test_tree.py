import json

import numpy as np
import pyarrow as pa
import pytest

from animelayers.dataset.output import Output
from animelayers.sinks import SinkError, Tree
from tests.sinks.clips import clip, contents, pictures

PLAN = {
    "source": ["e.mp4", "stills/a.png", "stills/a.jpg", "torn.png"],
    "episode": ["e", "s", "s", "s"],
    "kind": ["video", *["image"] * 3],
}


@pytest.fixture
def tree(tmp_path):
    sink = Tree(str(tmp_path), input_dir="in", inpaint_method="telea")
    with sink.open("run"):
        sink.save_plan(pa.table(PLAN))
        yield sink


def test_folders_of_the_seeds(tmp_path):
    sink = Tree(str(tmp_path), input_dir="in", inpaint_method="telea", device="cpu")
    with sink.open("run"):
        sink.save_plan(pa.table({"source": ["e.mp4"], "episode": ["e"], "kind": ["video"]}))
        sink.write(
            [
                clip("e/scene0042/002156", [0, 1, 1], first=2156),
                clip("e/scene0043/002159", [], error="decode: torn"),
            ],
            "run",
        )
        sink.finish()
    first, second = "scene0042_frame002156_t89.83s", "scene0042_frame002157_t89.88s"
    layers = {f"{folder}/{name}_{layer}" for name in (first, second) for folder, layer in LAYERS.items()}
    assert {name for name in contents(tmp_path) if "metadata" not in name} == layers | {
        "plan.parquet",
        "segmentation_results.json",
    }
    results = json.loads((tmp_path / "segmentation_results.json").read_text())
    assert list(results) == [
        "timestamp",
        "input_dir",
        "output_dir",
        "total_frames",
        "config",
        "processed_frames",
    ]
    assert results["config"] == {"seg_model": "m0+m1", "inpaint_method": "telea", "device": "cpu"}
    assert len(results["processed_frames"]) == 3 and results["total_frames"] == 4, (
        "three frames and one failure"
    )
    for frame in results["processed_frames"]:
        assert frame["input"] == "e.mp4"
        assert all((tmp_path / FOLDERS[layer] / name).is_file() for layer, name in frame["outputs"].items())
    held = results["processed_frames"][2]["outputs"]["character"]
    assert held == f"{second}_character.png", "a held frame names its drawing's file"


LAYERS = {"character": "character.png", "masks": "mask.png", "background": "background.jpg"}
FOLDERS = {"character": "character", "mask": "masks", "background": "background"}


def test_several_inputs(tree, tmp_path):
    still = clip("stills-a--png/scene0000/000000", [0], source="stills/a.png")
    other = clip("stills-a--jpg/scene0000/000000", [0], source="stills/a.jpg")
    tree.write(
        [
            clip("e/scene0000/000000", [0]),
            still,
            other,
            clip("torn/scene0000/000000", [], error="x", source="torn.png"),
        ],
        "run",
    )
    tree.finish()
    assert (
        tmp_path / "s_layers" / "character" / "a_png_character.png"
    ).read_bytes() == b"stills-a--png/scene0000/000000 0 character.png"
    results = {
        folder: json.loads((tmp_path / folder / "segmentation_results.json").read_text())
        for folder in ("s_layers", "e_layers")
    }
    assert [len(r["processed_frames"]) for r in results.values()] == [2, 1]
    assert [r["total_frames"] for r in results.values()] == [3, 1]


def test_a_tree_is_read_like_shards(tree):
    row, layers = pictures("e/scene0000/000000", [0, 0, 1])
    tree.write([row], "run")
    output = Output(tree.path)
    assert len(output) == 3
    for frame_id, drawn in zip(output, (0, 0, 1), strict=True):
        for name, array in layers[drawn].items():
            np.testing.assert_array_equal(output.frame(frame_id)[name], array)


def test_forgotten_pictures_go(tree, tmp_path):
    tree.write([clip("e/scene0000/000000", [0, 1])], "run")
    tree.forget(["e/scene0000/000000"])
    assert set(tree.committed()) == set()
    assert set(contents(tmp_path)) == {"plan.parquet"}


def test_names_need_the_plan(tree):
    with pytest.raises(SinkError, match=r"no input 'other\.mp4' in the plan"):
        tree.write([clip("other/scene0000/000000", [0])], "run")
