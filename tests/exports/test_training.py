"""What sd-scripts, musubi-tuner, OneTrainer and ai-toolkit read, by the rules in their sources."""

from __future__ import annotations

import glob
import json
import re
import tomllib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import yaml
from PIL import Image

from animelayers import Output
from animelayers.exports import (
    AiToolkit,
    Caption,
    Kohya,
    MusubiImage,
    MusubiLayered,
    MusubiVideo,
    OneTrainer,
    Picture,
    Select,
)
from animelayers.imaging.backdrop import COLOURS, loss_mask
from animelayers.sinks import SinkError

KOHYA = {
    "general": {"caption_extension", "keep_tokens_separator"},
    "datasets": {"resolution", "batch_size", "enable_bucket", "subsets"},
    "subsets": {"image_dir", "num_repeats", "class_tokens", "alpha_mask", "conditioning_data_dir"},
}


def picture(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.array(opened)


def frame_of(path: Path) -> str:
    return path.stem.rpartition("_")[0].replace("-scene", "/scene")


def kohya_subsets(folder: Path) -> list[dict]:
    """The subsets of dataset.toml, checked as sd-scripts checks them."""
    config = tomllib.loads((folder / "dataset.toml").read_text("utf-8"))
    assert set(config) == {"general", "datasets"} and set(config["general"]) <= KOHYA["general"]
    (dataset,) = config["datasets"]
    assert set(dataset) <= KOHYA["datasets"]
    assert len({"conditioning_data_dir" in subset for subset in dataset["subsets"]}) == 1
    for subset in dataset["subsets"]:
        assert (
            set(subset) <= KOHYA["subsets"]
            and ("conditioning_data_dir" in subset) + ("class_tokens" in subset) == 1
        )
        found = re.match(r"(\d+)_(.+)$", Path(subset["image_dir"]).name)
        assert (
            found
            and int(found[1]) == subset["num_repeats"]
            and subset.get("class_tokens", found[2]) == found[2]
        )
        images = list((folder / subset["image_dir"]).glob("*.png"))
        assert images and len({image.stem for image in images}) == len(images)
        assert all(text.read_text("utf-8").strip() for text in (folder / subset["image_dir"]).glob("*.txt"))
        if "conditioning_data_dir" in subset:
            masks = list((folder / subset["conditioning_data_dir"]).iterdir())
            assert {mask.stem for mask in masks} == {image.stem for image in images}
            assert all(
                Image.open(mask).size
                == Image.open(mask.parent.parent.parent / subset["image_dir"] / mask.name).size
                for mask in masks
            )
    return dataset["subsets"]


def test_kohya_keeps_the_alpha(annotated: Output, truth: dict, tmp_path: Path) -> None:
    Kohya(caption=Caption("{caption}, {mood}", "勇者", "|||"), concept="Ritter Ä").write(annotated, tmp_path)
    (subset,) = kohya_subsets(tmp_path)
    assert subset["alpha_mask"] is True and Path(subset["image_dir"]) == tmp_path / "train/1_Ritter Ä"
    images = sorted((tmp_path / "train" / "1_Ritter Ä").glob("*.png"))
    assert len(images) == 8, "nobody is in one of nine drawings"
    for image in images:
        np.testing.assert_array_equal(picture(image), truth[frame_of(image)]["character"])
    assert images[0].with_suffix(".txt").read_text("utf-8") == '勇者|||character "0" 青い, Straße, calm\n'
    assert 'keep_tokens_separator = "|||"' in (tmp_path / "dataset.toml").read_text("utf-8")


def test_kohya_with_masks_beside_the_frame(annotated: Output, truth: dict, tmp_path: Path, over) -> None:
    Kohya(
        mask="files",
        picture=Picture(layers=["character", "background"], mask_dilate=8, mask_least=20),
        repeats=0,
    ).write(annotated, tmp_path)
    subsets = kohya_subsets(tmp_path)
    assert [Path(subset["image_dir"]).name for subset in subsets] == ["1_background", "1_character"]
    for image in (tmp_path / "train/1_character").glob("*.png"):
        layers = truth[frame_of(image)]
        np.testing.assert_array_equal(picture(image), over(layers["character"], layers["background"]))
        mask = picture(tmp_path / "masks/1_character" / image.name)
        np.testing.assert_array_equal(mask, loss_mask(layers["character"][..., 3], 8, 20))
        assert mask.min() == 20 and np.count_nonzero(mask > 20) > np.count_nonzero(
            layers["character"][..., 3]
        )
    assert all(picture(mask).min() == 255 for mask in (tmp_path / "masks/1_background").iterdir())


def test_without_captions_kohya_takes_the_concept_and_musubi_is_refused(
    output: Output, tmp_path: Path
) -> None:
    Kohya().write(output, tmp_path / "a")
    assert (
        not list((tmp_path / "a").rglob("*.txt"))
        and kohya_subsets(tmp_path / "a")[0]["class_tokens"] == "character"
    )
    with pytest.raises(
        (SinkError, ValueError), match=r"film/scene0000_frame000000 has no caption: .*caption.trigger"
    ):
        MusubiImage().write(output, tmp_path / "b")


def test_concepts_are_balanced(annotated: Output, tmp_path: Path) -> None:
    Kohya(concept="{episode}", repeats=0).write(annotated, tmp_path)
    assert {Path(s["image_dir"]).name for s in kohya_subsets(tmp_path)} == {"1_film", "7_stills"}


def test_an_output_without_characters(output: Output, tmp_path: Path) -> None:
    only = Select(where={"scene_id": "scene0002"})
    assert Kohya(select=only).write(output, tmp_path / "a").frames == 0
    assert (
        Kohya(select=only, picture=Picture(layers=["background"])).write(output, tmp_path / "b").frames == 1
    )
    bare = Output(output.path)
    names = [
        name
        for name in output.table.column_names
        if not name.startswith(("character_file", "character_offset", "character_size"))
    ]
    bare.__dict__["_loaded"] = (output.table.select(names), output.errors, [])
    with pytest.raises(ValueError, match=r"no layer character.*choose picture.layers of"):
        Kohya().write(bare, tmp_path / "c")


@pytest.mark.parametrize("kind", ["solid", "blur", "inpainted", "other_scene"])
def test_backdrops(kind: str, annotated: Output, truth: dict, tmp_path: Path, over) -> None:
    MusubiImage(picture=Picture(background=kind)).write(annotated, tmp_path)
    config = tomllib.loads((tmp_path / "dataset.toml").read_text("utf-8"))
    (dataset,) = config["datasets"]
    assert set(dataset) == {"image_directory", "cache_directory", "num_repeats"} and config["general"][
        "resolution"
    ] == [1024, 1024]
    images = sorted((tmp_path / dataset["image_directory"]).glob("*.png"))
    assert len(images) == 8
    for image in images:
        layers, shown, text = (
            truth[frame_of(image)],
            picture(image),
            image.with_suffix(".txt").read_text("utf-8"),
        )
        solid = layers["character"][..., 3] == 255
        np.testing.assert_array_equal(shown[solid], layers["character"][..., :3][solid])
        empty = layers["character"][..., 3] == 0
        if kind == "solid":
            word = re.search(r"simple (.+) background", text)
            assert word and (shown[empty] == COLOURS[word[1]]).all()
        elif kind == "inpainted":
            np.testing.assert_array_equal(shown, over(layers["character"], layers["background"]))
        else:
            assert (shown[empty] != layers["background"][empty]).any()
        if kind == "other_scene":
            scene = frame_of(image).split("_")[0]
            matches = [
                name for name, other in truth.items() if (other["background"][empty] == shown[empty]).all()
            ]
            assert matches and scene not in {name.split("_")[0] for name in matches}


def test_qwen_layers_add_up(annotated: Output, truth: dict, tmp_path: Path, over) -> None:
    MusubiLayered().write(annotated, tmp_path)
    (dataset,) = tomllib.loads((tmp_path / "dataset.toml").read_text("utf-8"))["datasets"]
    assert dataset == {
        "image_directory": f"{tmp_path}/images",
        "cache_directory": f"{tmp_path}/cache",
        "multiple_target": True,
    }
    images = sorted(glob.glob(str(tmp_path / "images" / "*.png")))
    counts = set()
    for text in sorted(glob.glob(str(tmp_path / "images" / "*.txt"))):
        stem = text.removesuffix(".txt")
        # as the trainer matches: by prefix, the rest after the last _ being digits
        layers = sorted(
            (p for p in images if re.fullmatch(re.escape(stem) + r"_\d+\.png", p)),
            key=lambda p: int(p[len(stem) + 1 : -4]),
        )
        assert not any(Path(p).with_suffix(".txt").exists() for p in layers)
        counts.add(len(layers))
        made = [picture(Path(p)) for p in layers]
        assert all(layer.shape[2] == 4 for layer in made) and (made[0][..., 3] == 255).all()
        whole = over(made[2], over(made[1], np.ascontiguousarray(made[0][..., :3])))
        np.testing.assert_array_equal(picture(Path(f"{stem}.png")), whole)
        np.testing.assert_array_equal(
            made[1], truth[Path(stem).name.replace("-scene", "/scene")]["character"]
        )
    assert counts == {3} and len(images) == 9 * 4


def test_onetrainer_pairs(annotated: Output, truth: dict, tmp_path: Path) -> None:
    OneTrainer(picture=Picture(layers=["character", "effect"], mask_dilate=0)).write(annotated, tmp_path)
    images = [p for p in tmp_path.rglob("*.png") if not p.stem.endswith("-masklabel")]
    assert {p.parent.name for p in images} == {"character", "effect"} and len(images) == 8 + 3
    for image in images:
        mask = image.with_name(f"{image.stem}-masklabel.png")
        assert Image.open(mask).mode == "L" and Image.open(image).mode == "RGB"
        np.testing.assert_array_equal(picture(mask), truth[frame_of(image)][image.parent.name][..., 3])
        if image.parent.name == "character":
            assert image.with_suffix(".txt").read_text("utf-8").startswith("character ")


def test_aitoolkit_datasets(annotated: Output, tmp_path: Path) -> None:
    for mask, key in (("alpha", "alpha_mask"), ("files", "mask_path")):
        AiToolkit(mask=mask, concept="騎士 {layer}", mask_min_value=0.1).write(annotated, tmp_path / mask)
        (dataset,) = yaml.safe_load((tmp_path / mask / "datasets.yaml").read_text("utf-8"))["datasets"]
        known = {"folder_path", "caption_ext", "num_repeats", "resolution", "buckets", "mask_min_value", key}
        assert set(dataset) == known and dataset["buckets"] is True
        images = list((tmp_path / mask / dataset["folder_path"]).glob("*.png"))
        assert len(images) == 8 and all(image.with_suffix(".txt").is_file() for image in images)
        if mask == "files":
            assert {p.stem for p in (tmp_path / mask / dataset["mask_path"]).iterdir()} == {
                p.stem for p in images
            }
        else:
            assert {Image.open(image).mode for image in images} == {"RGBA"}


def test_musubi_films(annotated: Output, truth: dict, tmp_path: Path, over) -> None:
    MusubiVideo(
        target_frames=5, crf=1, picture=Picture(layers=["frame", "character"], background="inpainted")
    ).write(annotated, tmp_path)
    config = tomllib.loads((tmp_path / "dataset.toml").read_text("utf-8"))
    assert [Path(d["video_jsonl_file"]).name for d in config["datasets"]] == [
        "character_24fps.jsonl",
        "frame_24fps.jsonl",
    ]
    assert len({d["cache_directory"] for d in config["datasets"]}) == 2
    for dataset in config["datasets"]:
        assert (
            isinstance(dataset["source_fps"], float)
            and dataset["source_fps"] == 24.0
            and dataset["target_frames"] == [5]
        )
        lines = [
            json.loads(line) for line in Path(dataset["video_jsonl_file"]).read_text("utf-8").splitlines()
        ]
        assert len(lines) == 2 and all(line["caption"].endswith('"0" 青い, Straße') for line in lines)
        for line in lines:
            with av.open(line["video_path"]) as film:
                shown = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
                assert film.streams.video[0].average_rate == Fraction(24) and len(shown) == 5
            first = truth[frame_of(Path(line["video_path"]))]
            error = np.abs(shown[0].astype(int) - over(first["character"], first["background"]))
            assert np.median(error) <= 6, "4:2:0 costs colour on edges alone"
            assert (
                np.abs(shown[0].astype(int) - shown[1]).mean()
                < 2
                < np.abs(shown[0].astype(int) - shown[4]).mean()
            ), "held, then another drawing"
            with av.open(line["video_path"].replace("/videos/", "/masks/")) as film:
                mask = next(film.decode(video=0)).to_ndarray(format="gray")
            assert np.abs(mask.astype(int) - first["character"][..., 3]).mean() < 3
    with pytest.raises(ValueError, match=r"must be 4 N \+ 1: 81"):
        MusubiVideo(target_frames=83)
    with pytest.raises(ValueError, match="no shot has five frames in a row"):
        MusubiVideo(select=Select(limit=4)).write(annotated, tmp_path / "few")


def musubi_items(folder: Path, model_fps: float) -> list[int]:
    """Frames of the items musubi-tuner makes, by the rules of its dataset documentation: what is faster than
    the model loses frames, `full` takes the whole film up to `max_frames`, cut to 4 N + 1, `head` the first
    of films that are long enough."""
    found = []
    for dataset in tomllib.loads((folder / "dataset.toml").read_text("utf-8"))["datasets"]:
        for line in Path(dataset["video_jsonl_file"]).read_text("utf-8").splitlines():
            with av.open(json.loads(line)["video_path"]) as film:
                frames = sum(1 for _ in film.decode(video=0))
            if "source_fps" in dataset:
                frames = int(frames * min(1.0, model_fps / dataset["source_fps"]))
            if dataset["frame_extraction"] == "full":
                found.append((min(frames, dataset["max_frames"]) - 1) // 4 * 4 + 1)
            else:
                found += [target for target in dataset["target_frames"] if frames >= target]
    return found


@pytest.mark.parametrize("fps", [8.0, 16.0, 24.0, 30.0])
def test_every_shot_that_is_long_enough_is_an_item_for_every_model(
    annotated: Output, tmp_path: Path, fps: float
) -> None:
    exporter = MusubiVideo(fps=fps)
    if fps > 16:  # six frames at 24 a second are four of Wan's
        with pytest.raises(ValueError, match="five frames in a row"):
            exporter.write(annotated, tmp_path)
        return
    exporter.write(annotated, tmp_path)
    assert musubi_items(tmp_path, 16) == musubi_items(tmp_path, 24) == [5, 5]
    said = list(exporter.remarks(annotated))
    assert len(said) == (fps < 16) and all("move too fast" in line for line in said)


def test_values_no_configuration_can_hold_are_refused() -> None:
    for make in (
        lambda: Kohya(resolution="big"),  # type: ignore[arg-type]
        lambda: Kohya(resolution=[1, 2]),
        lambda: MusubiImage(resolution=[1024]),
        lambda: MusubiLayered(batch_size=0),
        lambda: AiToolkit(resolution=[0]),
        lambda: Kohya(paths="both"),
        lambda: MusubiVideo(seconds=0),
    ):
        with pytest.raises(ValueError, match=r"export\."):
            make()


def test_paths_are_whole_unless_asked_for(
    annotated: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for paths in ("absolute", "relative"):
        Kohya(paths=paths, mask="files").write(annotated, "x \x7f" + paths)
        Kohya(paths=paths, caption=Caption(trigger='a\x7f"b', separator="|||")).write(annotated, "y" + paths)
        assert '"|||"' in (tmp_path / ("y" + paths) / "dataset.toml").read_text("utf-8")
        (dataset,) = tomllib.loads((tmp_path / ("x \x7f" + paths) / "dataset.toml").read_text("utf-8"))[
            "datasets"
        ]
        for subset in dataset["subsets"]:
            for folder in (subset["image_dir"], subset["conditioning_data_dir"]):
                assert (
                    Path(folder).is_absolute() == (paths == "absolute")
                    and (tmp_path / ("x \x7f" + paths) / folder).is_dir()
                )


def test_pictures_without_captions_are_told(output: Output, tmp_path: Path) -> None:
    for exporter in (Kohya(), OneTrainer(), AiToolkit()):
        exporter.write(output, tmp_path / type(exporter).__name__)
        (said,) = exporter.remarks(output)
        assert "8 of 8 pictures have no caption" in said and "animelayers annotate" in said
    assert "the name of their folder" in next(Kohya().remarks(output))
    assert not list(Kohya(caption=Caption(trigger="hero")).remarks(output))


def test_whole_tags_are_edited_and_what_is_always_there_is_left_out(
    annotated: Output, tmp_path: Path
) -> None:
    def said(name: str, **options: object) -> set[str]:
        Kohya(caption=Caption(trigger="hero", **options)).write(annotated, tmp_path / name)  # type: ignore[arg-type]
        return {path.read_text("utf-8").strip() for path in (tmp_path / name).rglob("*.txt")}

    plain = said("a")
    assert all(text.startswith("hero, character ") and text.endswith(", Straße") for text in plain)
    assert said("b", prune=0.9) == {text.removesuffix(", Straße") for text in plain}
    assert (
        said("c", drop=["Straße"])
        == said("d", replace={"Straße": ""})
        == {text.removesuffix(", Straße") for text in plain}
    )
    assert said("e", replace={"Straße": "street"}) == {text.replace("Straße", "street") for text in plain}
    with pytest.raises(ValueError, match=r"caption\.prune=2"):
        Caption(prune=2)
