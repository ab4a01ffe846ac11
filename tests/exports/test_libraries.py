"""What datasets, webdataset and pycocotools read, and the tree of an episode."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from animelayers import Output
from animelayers.exports import (
    Caption,
    Coco,
    Episode,
    FiftyOne,
    HfImageFolder,
    HfParquet,
    Picture,
    Select,
    WebDataset,
)
from animelayers.imaging.recompose import blend, recompose


def frame(layers: dict[str, np.ndarray]) -> np.ndarray:
    return blend(recompose(layers["character"], layers["background"]), layers["effect"], "screen")


@pytest.mark.parametrize("form", ["imagefolder", "parquet"])
def test_datasets_reads_pictures_and_words(form: str, annotated: Output, truth: dict, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    if form == "parquet":
        HfParquet(rows_per_file=4).write(annotated, tmp_path / "x")
        files = sorted((tmp_path / "x" / "data").iterdir())
        assert [file.name for file in files] == [f"train-{i:05d}-of-00003.parquet" for i in range(3)]
        loaded = datasets.load_dataset(
            "parquet", data_files=[str(file) for file in files], cache_dir=str(tmp_path / "c"), split="train"
        )
        assert isinstance(loaded.features["character"], datasets.Image)
    else:
        HfImageFolder().write(annotated, tmp_path / "x")
        loaded = datasets.load_dataset(
            "imagefolder", data_dir=str(tmp_path / "x"), cache_dir=str(tmp_path / "c"), split="train"
        )
    assert len(loaded) == 9
    assert loaded["frame_id"] == list(truth)
    for row in loaded:
        layers = truth[row["frame_id"]]
        np.testing.assert_array_equal(np.array(row["frame"]), frame(layers))
        np.testing.assert_array_equal(np.array(row["background"]), layers["background"])
        if row["frame_id"] == "film/scene0002_frame000011":
            assert row["character"] is None
        else:
            np.testing.assert_array_equal(np.array(row["character"]), layers["character"])
        assert row["text"] == row["caption_frame"] and row["text"].endswith("青い, Straße")
    card = (tmp_path / "x" / "README.md").read_text("utf-8")
    assert card.startswith("---\nlicense:") and "Models that touched the data" in card


def test_published_parquet_has_plain_types(annotated: Output, tmp_path: Path) -> None:
    HfParquet().write(annotated, tmp_path)
    schema = pq.read_schema(tmp_path / "data" / "train-00000-of-00001.parquet")
    assert str(schema.field("frame").type) == "struct<bytes: binary, path: string>"
    assert not any("offset" in name or name == "shard" for name in schema.names) and "quality" in schema.names


def test_webdataset_reads_the_stored_bytes(annotated: Output, truth: dict, tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    WebDataset(layers=["frame", "character", "mask", "background", "effect", "instances"]).write(
        annotated, tmp_path
    )
    samples = list(
        webdataset.WebDataset(
            str(tmp_path / "shard-000000.tar"), shardshuffle=False, empty_check=False
        ).decode("pilrgba")
    )
    assert [sample["json"]["frame_id"] for sample in samples] == list(truth)
    assert len({frozenset(sample) - {"__local_path__"} for sample in samples}) == 1
    for sample in samples:
        layers = truth[sample["json"]["frame_id"]]
        np.testing.assert_array_equal(np.array(sample["frame.png"])[..., :3], frame(layers))
        np.testing.assert_array_equal(np.array(sample["character.png"]), layers["character"])
        np.testing.assert_array_equal(np.array(sample["effect.png"]), layers["effect"])
        labels = layers.get("instances", layers["character"][..., 3] > 127)
        np.testing.assert_array_equal(np.array(sample["instances.png"].convert("L")), labels)
        assert sample["txt"] == sample["json"]["caption_frame"]
    datasets = pytest.importorskip("datasets")
    data = str(tmp_path / "shard-000000.tar")
    loaded = datasets.load_dataset(
        "webdataset", data_files=data, cache_dir=str(tmp_path / "c"), split="train"
    )
    np.testing.assert_array_equal(
        np.array(loaded[0]["character.png"]), truth["film/scene0000_frame000000"]["character"]
    )


def test_a_shard_closes_on_size(annotated: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = annotated.table
    large = table.set_column(
        table.column_names.index("background_size"), "background_size", [[600_000] * len(table)]
    )
    shards = [piece.files[0] for piece in WebDataset(shard_mb=2).pieces(_with(annotated, large))]
    assert shards == [f"shard-{i:06d}.tar" for i in range(5)], "1.2 MB a sample: two of them"


def _with(output: Output, table: object) -> Output:
    other = Output(output.path)
    other.__dict__["_loaded"] = (table, output.errors, [])
    return other


def test_coco_masks_come_back(annotated: Output, truth: dict, tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    Coco().write(annotated, tmp_path)
    with contextlib.redirect_stdout(io.StringIO()):
        loaded = coco.COCO(str(tmp_path / "annotations" / "instances.json"))
    assert {c["name"] for c in loaded.cats.values()} == {"character", "effect"} and len(loaded.imgs) == 9
    found = 0
    for image in loaded.imgs.values():
        layers = truth[image["frame_id"]]
        np.testing.assert_array_equal(
            np.array(Image.open(tmp_path / "images" / image["file_name"])), frame(layers)
        )
        labels = layers.get("instances", (layers["character"][..., 3] > 127).astype(np.uint8))
        for item in loaded.imgToAnns[image["id"]]:
            mask = loaded.annToMask(item).astype(bool)
            true = (
                labels == item["instance_id"] if item["category_id"] == 1 else layers["effect"][..., 3] > 127
            )
            np.testing.assert_array_equal(mask, true)
            y, x = np.nonzero(true)
            assert (
                item["bbox"] == [x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1]
                and item["area"] == true.sum()
                and item["iscrowd"] == 0
            )
            found += 1
    assert found == len(loaded.anns) == 3 * 2 + 4 * 2 + 0 + 1


def test_coco_names_are_categories(annotated: Output, tmp_path: Path) -> None:
    names = [
        "Élise, 太郎" if ids == [1, 2] else "none" for ids in annotated.table["instance_ids"].to_pylist()
    ]
    Coco(names="who").write(_with(annotated, annotated.table.append_column("who", [names])), tmp_path)
    labels = json.loads((tmp_path / "annotations" / "instances.json").read_text("utf-8"))
    assert set(labels) == {"info", "licenses", "categories", "images", "annotations"}
    assert {c["id"]: c["name"] for c in labels["categories"]} == {
        1: "character",
        2: "effect",
        3: "Élise",
        4: "太郎",
    }
    assert {p.name for p in (tmp_path / "images").iterdir()} == {
        image["file_name"] for image in labels["images"]
    }
    assert {item["category_id"] for item in labels["annotations"] if item.get("instance_id") == 2} == {4}
    with pytest.raises(ValueError, match="names=whom is no column"):
        Coco(names="whom").write(annotated, tmp_path / "y")


def imported(folder: Path) -> list[dict[str, Any]]:
    """The samples of a dataset on disk by the rules of FiftyOne's importer: no version, so that samples are
    read as they are; paths are below the folder; a folder below fields/ is called as the field (or the list
    in it) whose labels have their masks there."""
    about = json.loads((folder / "metadata.json").read_text("utf-8"))
    assert "version" not in about and about["media_type"] == "image"
    samples = json.loads((folder / "samples.json").read_text("utf-8"))["samples"]
    media = {"Segmentation": "mask_path", "Detection": "mask_path"}
    for sample in samples:
        sample["filepath"] = folder / sample["filepath"]
        for field in (path.name for path in (folder / "fields").iterdir()):
            value = sample
            for key in field.split("."):
                value = value.get(key, {}) if isinstance(value, dict) else value
            for label in value if isinstance(value, list) else [value] if value else []:
                label[media[label["_cls"]]] = folder / label[media[label["_cls"]]]
        assert isinstance(sample["tags"], list) and not {"id", "created_at", "last_modified_at"} & {*sample}
    return samples


def test_fiftyone_finds_pictures_masks_and_fields(annotated: Output, truth: dict, tmp_path: Path) -> None:
    names = ["Élise,太郎" if ids == [1, 2] else "none" for ids in annotated.table["instance_ids"].to_pylist()]
    named = _with(annotated, annotated.table.append_column("characters", [names]))
    FiftyOne(names="characters").write(named, tmp_path)
    samples = imported(tmp_path)
    assert [sample["frame_id"] for sample in samples] == list(truth)
    for sample in samples:
        layers, row = truth[sample["frame_id"]], named.row(sample["frame_id"])
        np.testing.assert_array_equal(np.array(Image.open(sample["filepath"])), frame(layers))
        assert (
            sample["metadata"]["width"] == 64
            and sample["quality"] == pytest.approx(row["quality"])
            and sample["mood"] == row["mood"]
        )
        assert (
            isinstance(sample["instance_ids"], list)
            and isinstance(sample["characters"], list)
            and sample["caption"] == row["caption_frame"]
        )
        labels = layers.get("instances", (layers["character"][..., 3] > 127).astype(np.uint8))
        found = sample.get("instances", {"detections": []})["detections"]
        assert [each["index"] for each in found] == np.unique(labels[labels > 0]).tolist()
        assert [each["label"] for each in found] == (
            ["Élise", "太郎"] if len(found) == 2 else ["character"] * len(found)
        )
        for each in found:
            x, y, w, h = np.rint(np.array(each["bounding_box"]) * (64, 48, 64, 48)).astype(int)
            mask = np.zeros(labels.shape, bool)
            mask[y : y + h, x : x + w] = np.array(Image.open(each["mask_path"])) > 0
            np.testing.assert_array_equal(mask, labels == each["index"])
        for layer in ("character", "effect"):
            there = (layers[layer][..., 3] > 127).any() if layer in layers else False
            assert (layer in sample) == bool(there)
            if there:
                np.testing.assert_array_equal(
                    np.array(Image.open(sample[layer]["mask_path"])), (layers[layer][..., 3] > 127) * 255
                )


def test_fiftyone_itself_reads_it(annotated: Output, truth: dict, tmp_path: Path) -> None:
    importers = pytest.importorskip("fiftyone.utils.data.importers", reason="heavy; see docs/training.md")
    FiftyOne().write(annotated, tmp_path)
    importer = importers.FiftyOneDatasetImporter(str(tmp_path))
    assert importer._is_legacy_format_data(), "its own way for what no version of it wrote"
    with importer._to_legacy_importer() as samples:  # Dataset.from_dir, without its database
        found = {sample["frame_id"]: sample for sample in samples}
    assert list(found) == list(truth)
    for frame_id, sample in found.items():
        layers = truth[frame_id]
        assert np.array_equal(np.array(Image.open(sample.filepath)), frame(layers)) and sample["quality"] > 0
        if sample.has_field("character"):
            np.testing.assert_array_equal(
                sample["character"].get_mask() > 0, layers["character"][..., 3] > 127
            )
        for each in sample["instances"].detections if sample.has_field("instances") else []:
            assert each.get_mask().any() and Path(each.mask_path).is_absolute()


KEYS = {
    "": ["episode", "frame_id", "timestamp", "layers", "annotations", "temporal"],
    "layers": ["character", "effects", "background"],
    "annotations": [
        "scene_type", "scene_confidence", "mood", "visual_style", "character_caption", "action", "pose", "expression",
        "clip_embedding", "dinov2_embedding",
    ],
    "temporal": ["scene_id", "is_scene_start", "prev_frame", "next_frame", "motion_magnitude"],
}  # fmt: skip
LAYERS = {
    "character": ["path", "bbox", "mask_quality", "has_transparent"],
    "effects": ["path", "detected_types", "intensity"],
    "background": ["path", "inpainted", "quality"],
}


def test_an_episode_has_the_keys_of_the_design(annotated: Output, truth: dict, tmp_path: Path) -> None:
    Episode().write(annotated, tmp_path / "e")
    assert {p.name for p in (tmp_path / "e").iterdir() if p.is_dir()} == {"film", "stills"}
    film = tmp_path / "e" / "film"
    entries = json.loads((film / "metadata" / "frame_annotations.json").read_text("utf-8"))
    assert [entry["frame_id"] for entry in entries] == [
        name.split("/")[1] for name in annotated if name.startswith("film/")
    ]
    drawing = {
        row["frame_id"]: row["drawing_of"] or row["frame_id"]
        for row in annotated.table.select(["frame_id", "drawing_of"]).to_pylist()
    }
    for entry in entries:
        assert list(entry) == KEYS[""] and all(
            list(entry[block]) == KEYS[block] for block in ("layers", "annotations", "temporal")
        )
        assert {name: list(layer) for name, layer in entry["layers"].items()} == LAYERS
        layers = truth[drawing[f"film/{entry['frame_id']}"]]
        np.testing.assert_array_equal(
            np.array(Image.open(film / entry["layers"]["character"]["path"])), layers["character"]
        )
        shown = np.array(Image.open(film / entry["layers"]["background"]["path"])).astype(int)
        assert (
            entry["layers"]["background"]["path"].endswith("_bg.jpg")
            and np.abs(shown - layers["background"]).mean() < 3
        )
        assert entry["annotations"]["scene_type"] is None and entry["annotations"]["scene_confidence"] is None
    first, held, *_ = entries
    assert first["timestamp"] == "0.00s" and first["layers"]["effects"]["detected_types"] == [
        "fire",
        "light_beam",
    ]
    assert first["layers"]["background"] == {
        "path": "layers/background/scene0000_frame000000_bg.jpg",
        "inpainted": True,
        "quality": 0.75,
    }
    assert held["layers"]["character"]["path"] == first["layers"]["character"]["path"]
    assert first["annotations"]["mood"] == "calm" and entries[2]["annotations"]["mood"] is None
    assert (
        first["annotations"]["clip_embedding"] == [1.0] + [0.0] * 7
        and first["annotations"]["dinov2_embedding"] is None
    )
    starts = [entry["frame_id"] for entry in entries if entry["temporal"]["is_scene_start"]]
    assert starts == ["scene0000_frame000000", "scene0001_frame000006", "scene0002_frame000011"]
    by_id = {entry["frame_id"]: entry for entry in entries}
    for start in starts:  # one chain per scene, both ways
        chain, last = [], start
        while last:
            chain.append(last)
            following = by_id[last]["temporal"]["next_frame"]
            assert following is None or by_id[following]["temporal"]["prev_frame"] == last
            last = following
        assert chain == [e["frame_id"] for e in entries if e["temporal"]["scene_id"] == start.split("_")[0]]


def test_an_episodes_numbers(annotated: Output, tmp_path: Path) -> None:
    Episode(select=Select(where={"episode": "film"})).write(annotated, tmp_path)
    film = tmp_path / "film"
    vectors = np.load(film / "metadata" / "character_embeddings.npy", allow_pickle=False)
    assert vectors.shape == (12, 8) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)
    mapping = json.loads((film / "metadata" / "temporal_mapping.json").read_text("utf-8"))
    scene = mapping["scenes"]["scene0000"]
    assert (
        scene["drawings"]["scene0000_frame000002"] == ["scene0000_frame000002", "scene0000_frame000003"]
        and scene["end_s"] == 5 / 24
    )
    counts = json.loads((film / "statistics" / "scene_distribution.json").read_text("utf-8"))
    assert (
        counts["scenes"] == {"scene0000": 6, "scene0001": 5, "scene0002": 1}
        and counts["scene_type"] is None
        and counts["mood"] == {"calm": 5}
    )
    report = json.loads((film / "statistics" / "quality_report.json").read_text("utf-8"))
    assert report["frames"] == 12 and report["drawings"] == 8 and report["measures"]["mask_quality"] is None
    assert report["measures"]["background_invented"] == {
        "mean": 0.25,
        "min": 0.25,
        "median": 0.25,
        "max": 0.25,
    }


def test_an_episode_without_annotations(output: Output, tmp_path: Path) -> None:
    Episode().write(output, tmp_path / "e")
    assert not list(tmp_path.rglob("*.npy")) and len(list(tmp_path.rglob("*_char.png"))) == 9
    told = json.loads((tmp_path / "e" / "stills" / "metadata" / "frame_annotations.json").read_text("utf-8"))[
        0
    ]
    assert set(told["annotations"].values()) == {None} and told["layers"]["effects"] == {
        "path": None,
        "detected_types": [],
        "intensity": None,
    }


def test_a_layer_and_caption_of_ones_own(annotated: Output, tmp_path: Path) -> None:
    HfImageFolder(
        picture=Picture(layers=["character"], background="solid"), caption=Caption("{caption}", "x")
    ).write(annotated, tmp_path)
    lines = [
        json.loads(line) for line in (tmp_path / "train" / "metadata.jsonl").read_text("utf-8").splitlines()
    ]
    assert lines[0]["text"].startswith('x, character "0"') and lines[0]["text"].endswith("background")
    assert Image.open(tmp_path / "train" / lines[0]["character_file_name"]).mode == "RGB"


def test_the_card_names_every_model(output: Output, tmp_path: Path) -> None:
    facts = {"models": [{"name": "modnet", "license": "Apache-2.0", "commercial": "yes"}]}
    told = Path(output.path) / "dataset.json"
    told.write_text(json.dumps((json.loads(told.read_text()) if told.exists() else {}) | facts))
    HfImageFolder().write(output, tmp_path / "x")
    assert "- modnet: weights Apache-2.0, commercial use yes" in (tmp_path / "x" / "README.md").read_text()


def test_stills_of_one_episode_keep_apart(output: Output, truth: dict, tmp_path: Path) -> None:
    table = output.table
    one = table.set_column(table.column_names.index("episode"), "episode", [["all"] * len(table)])
    Episode().write(_with(output, one), tmp_path / "e")
    assert len(list((tmp_path / "e" / "all").rglob("*_char.png"))) == len(truth) == 9
    entries = json.loads((tmp_path / "e" / "all" / "metadata" / "frame_annotations.json").read_text("utf-8"))
    assert (
        len({entry["frame_id"] for entry in entries}) == 13
        and len({entry["temporal"]["scene_id"] for entry in entries}) == 4
    )
    still = next(e for e in entries if e["frame_id"].startswith("stills"))
    shown = np.array(Image.open(tmp_path / "e" / "all" / still["layers"]["character"]["path"]))
    np.testing.assert_array_equal(shown, truth["stills/scene0000_frame000020"]["character"])
