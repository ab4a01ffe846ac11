from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from animelayers import Output, job
from animelayers.exports.base import Exporter
from animelayers.exports.ora import Ora, read_ora, to_ora
from animelayers.exports.psd import Psd, read_psd, to_psd
from animelayers.exports.sequence import Numbered
from animelayers.exports.stack import Layer
from animelayers.imaging.edited import differs, merged, remasked
from tests.exports.films import film
from tests.sinks.clips import contents

sys.path.insert(0, str(job.CONF.parent / "jobs"))
from import_edits import import_edits

FRAME, GLOW = "film/scene0000_frame000002", "film/scene0001_frame000012"
Change = Callable[[list[Layer]], list[Layer]]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("source") / "out")


def run(source: Path, folder: Path, target: Path, *words: str) -> int:
    return import_edits(
        job.compose("import_edits", [f"source.path={source}", f"edits={folder}", f"output={target}", *words])
    )


def changed(path: Path, change: Change) -> None:
    read, write = (read_psd, to_psd) if path.suffix == ".psd" else (read_ora, to_ora)
    path.write_bytes(write(change(read(path.read_bytes()))))


def erased(name: str, where: tuple[slice, slice], alpha: int = 0) -> Change:
    def change(layers: list[Layer]) -> list[Layer]:
        made = []
        for layer in layers:
            picture = layer.picture.copy()
            if layer.name == name:
                picture[(*where, slice(3, 4))] = alpha
            made.append(layer._replace(picture=picture))
        return made

    return change


def others_are_untouched(source: Path, target: Path, *edited: str) -> None:
    """Every layer and value of every frame that does not show an edited drawing, and the files of clips that
    hold none.
    """
    old, new = Output(str(source)), Output(str(target))
    assert list(old) == list(new)
    places = ("_offset", "_file", "shard", "shard_bytes", "corrected")
    for frame in old:
        before, after = old.row(frame), new.row(frame)
        if frame not in edited and before["drawing_of"] not in edited:
            assert {k: v for k, v in before.items() if not k.endswith(places)} == {
                k: v for k, v in after.items() if not k.endswith(places)
            }
            assert all(
                old.read(frame, layer) == new.read(frame, layer)
                for layer in old.layers
                if before[f"{layer}_file"]
            )
    clips = {old.row(frame)["clip_id"] for frame in edited}
    files, made = contents(source), contents(target)
    for name, data in files.items():
        if name.startswith("metadata") and clips.isdisjoint(Output(str(source)).table["clip_id"].to_pylist()):
            assert made[name] == data


@pytest.mark.parametrize(("exporter", "suffix"), [(Psd(), "psd"), (Ora(), "ora")])
def test_a_mask_erased_in_a_layered_file_comes_back(
    exporter: Exporter, suffix: str, source: Path, tmp_path: Path
) -> None:
    before = contents(source)
    exporter.write(Output(str(source)), tmp_path / "work")
    hole = (slice(28, 36), slice(26, 34))
    changed(tmp_path / f"work/{FRAME}.{suffix}", erased("character 1", hole))
    assert run(source, tmp_path / "work", tmp_path / "new") == 0
    assert contents(source) == before, "the output is only read"
    others_are_untouched(source, tmp_path / "new", FRAME)
    old, new = Output(str(source)), Output(str(tmp_path / "new"))
    alpha = new.layer(FRAME, "character")[..., 3]
    assert (old.layer(FRAME, "character")[hole][..., 3] == 255).all()
    assert new.read(FRAME, "background") == old.read(FRAME, "background")
    below = np.zeros(alpha.shape, bool)
    below[hole] = old.layer(FRAME, "instances")[hole] == 1
    assert below.sum() > 40 and (alpha[28:36, 26:30] == 0).all(), "what was erased stays away"
    assert new.row(FRAME)["recompose_psnr"] < old.row(FRAME)["recompose_psnr"]
    far = np.ones(alpha.shape, bool)
    far[24:40, 22:38] = False
    assert np.array_equal(new.layer(FRAME, "character")[far], old.layer(FRAME, "character")[far])
    assert np.array_equal(new.layer(FRAME, "mask"), np.where(alpha > 127, 255, 0))
    row = new.row(FRAME)
    assert row["matte_model"] == "net+hand" and row["character_confidence"] == 1
    assert row["corrected"] == "hand" and row["flags"] == [], "what a person saw is not doubtful"
    assert row["character_coverage"] == pytest.approx(alpha.mean() / 255, abs=1e-5)


@pytest.mark.parametrize(("exporter", "suffix"), [(Psd(), "psd"), (Ora(), "ora")])
def test_a_character_taken_away_with_its_background_filled(
    exporter: Exporter, suffix: str, source: Path, tmp_path: Path
) -> None:
    exporter.write(Output(str(source)), tmp_path / "work")
    everywhere = (slice(None), slice(None))
    changed(tmp_path / f"work/{FRAME}.{suffix}", erased("character 2", everywhere))
    assert run(source, tmp_path / "work", tmp_path / "new", "reinpaint=true") == 0
    others_are_untouched(source, tmp_path / "new", FRAME)
    old, new = Output(str(source)), Output(str(tmp_path / "new"))
    row, was = new.row(FRAME), old.row(FRAME)
    assert row["instance_ids"] == [1] and len(row["instance_boxes"]) == 1
    assert (
        row["character_bbox"][2] < was["character_bbox"][2]
        and row["character_coverage"] < 0.8 * was["character_coverage"]
    )
    gone = (old.layer(FRAME, "instances") == 2) & (new.layer(FRAME, "character")[..., 3] == 0)
    assert gone.sum() > 100 and not new.layer(FRAME, "instances")[gone].any()
    shown = new.layer(FRAME, "background")[gone].astype(int)
    assert np.abs(shown - old.layer(FRAME, "character")[gone][:, :3]).mean() < 12, (
        "the frame shows itself where nobody hides it"
    )
    shares = [row[f"background_{name}"] for name in ("seen", "borrowed", "invented")]
    assert sum(shares) == pytest.approx(1, abs=0.02) and shares[0] > was["background_seen"]
    assert row["recompose_psnr"] > 30


def test_a_mask_of_a_numbered_sequence_comes_back(source: Path, tmp_path: Path) -> None:
    Numbered(every_frame=True).write(Output(str(source)), tmp_path / "work")
    mask = tmp_path / "work/film_scene0000/mask.0003.png"
    picture = np.array(Image.open(mask))
    assert picture[2:12, 60:70].max() == 0
    picture[2:12, 60:70] = 255
    Image.fromarray(picture).save(mask)
    assert run(source, tmp_path / "work", tmp_path / "new", "reinpaint=true") == 0
    others_are_untouched(source, tmp_path / "new", FRAME)
    old, new = Output(str(source)), Output(str(tmp_path / "new"))
    added = (slice(2, 12), slice(60, 70))
    assert (new.layer(FRAME, "mask")[added] == 255).all() and (
        new.layer(FRAME, "character")[added][..., 3] == 255
    ).all()
    whole = old.layer(FRAME, "background")[added].astype(int)
    assert np.abs(new.layer(FRAME, "character")[added][..., :3] - whole).max() <= 2, (
        "what the frame shows there is the character's now"
    )
    assert set(np.unique(new.layer(FRAME, "instances")[added])) <= {1, 2}
    assert new.row(FRAME)["background_invented"] > old.row(FRAME)["background_invented"]


def test_a_background_and_an_effect_are_taken_as_they_are(source: Path, tmp_path: Path) -> None:
    Psd().write(Output(str(source)), tmp_path / "psd")
    Ora().write(Output(str(source)), tmp_path / "ora")
    spot = (slice(40, 56), slice(80, 96))

    def change(layers: list[Layer]) -> list[Layer]:
        made = {layer.name: layer._replace(picture=layer.picture.copy()) for layer in layers}
        made["background"].picture[spot] = (10, 200, 30, 255)
        made["effect"].picture[:12] = 0
        return list(made.values())

    for suffix in ("psd", "ora"):
        changed(tmp_path / f"{suffix}/{GLOW}.{suffix}", change)
        assert run(source, tmp_path / suffix, tmp_path / f"new-{suffix}") == 0
        new = Output(str(tmp_path / f"new-{suffix}"))
        others_are_untouched(source, tmp_path / f"new-{suffix}", GLOW)
        assert np.abs(new.layer(GLOW, "background")[42:54, 82:94].astype(int) - (10, 200, 30)).max() <= 8, (
            "within the output's own JPEG"
        )
        effect, row = new.layer(GLOW, "effect"), new.row(GLOW)
        assert np.array_equal(
            new.layer(GLOW, "character")[..., 3], Output(str(source)).layer(GLOW, "character")[..., 3]
        )
        assert not effect[:12, :, 3].any() and effect[12:, :, 3].any() and row["effect_mode"] == "add"
        assert row["effect_coverage"] == pytest.approx(effect[..., 3].mean() / 255, abs=1e-5)
        assert new.row("film/scene0001_frame000014")["drawing_of"] == "film/scene0001_frame000013"


def test_what_was_painted_keeps_its_colour(source: Path, tmp_path: Path) -> None:
    Ora().write(Output(str(source)), tmp_path / "work")

    def change(layers: list[Layer]) -> list[Layer]:
        made = [layer._replace(picture=layer.picture.copy()) for layer in layers]
        next(layer for layer in made if layer.name == "character 1").picture[30:34, 28:33] = (1, 250, 2, 255)
        return made

    changed(tmp_path / f"work/{FRAME}.ora", change)
    assert run(source, tmp_path / "work", tmp_path / "new") == 0
    row, old = Output(str(tmp_path / "new")), Output(str(source))
    assert (row.layer(FRAME, "character")[30:34, 28:33] == (1, 250, 2, 255)).all()
    assert row.read(FRAME, "mask") == old.read(FRAME, "mask") and row.row(FRAME)["matte_model"] == "net"
    assert row.row(FRAME)["recompose_psnr"] < old.row(FRAME)["recompose_psnr"]


def test_edits_of_a_tree_of_an_earlier_release_go_to_another_file_system(tmp_path: Path) -> None:
    tree, far = film(tmp_path / "tree", form="tree"), Path("/dev/shm")
    if not (far.is_dir() and os.access(far, os.W_OK) and far.stat().st_dev != tmp_path.stat().st_dev):
        far = tmp_path
    card = Path(tree, "README.md")
    card.write_text("of the output before")
    facts = json.loads((tree / "dataset.json").read_text())
    facts["models"] = [
        {"name": "modnet", "digest": "sha256:07c3", "license": "Apache-2.0", "commercial": "yes"}
    ]
    (tree / "dataset.json").write_text(json.dumps(facts))
    Numbered(every_frame=True).write(Output(str(tree)), tmp_path / "work")
    mask = tmp_path / "work/film_scene0000/mask.0003.png"
    picture = np.array(Image.open(mask))
    picture[2:12, 60:70] = 255
    Image.fromarray(picture).save(mask)
    with tempfile.TemporaryDirectory(dir=far) as folder:
        new = Path(folder) / "new"
        assert run(tree, tmp_path / "work", new) == 0
        assert (
            (Output(str(new)).layer(FRAME, "mask")[2:12, 60:70] == 255).all()
            and (new / "masks").is_dir()
            and not (new / "shards").exists()
        )
        others_are_untouched(tree, new, FRAME)
        assert "modnet" in (new / "README.md").read_text() and card.read_text() == "of the output before"


def test_nothing_changed_is_nothing_imported(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Ora().write(Output(str(source)), tmp_path / "work")
    assert run(source, tmp_path / "work", tmp_path / "new") == 1
    assert "nothing to import" in capsys.readouterr().err and not (tmp_path / "new").exists()
    with pytest.raises(job.ConfigError, match="no such folder"):
        run(source, tmp_path / "nowhere", tmp_path / "new")
    (tmp_path / "empty").mkdir()
    with pytest.raises(job.ConfigError, match="no export"):
        run(source, tmp_path / "empty", tmp_path / "new")


def test_bad_files_are_a_line_each_and_the_others_go_on(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = tmp_path / "work"
    Ora().write(Output(str(source)), work)
    Numbered().write(Output(str(source)), work / "numbered")
    episode = work / "film"
    hole = (slice(28, 36), slice(26, 34))
    changed(work / f"{FRAME}.ora", erased("character 1", hole))
    (episode / "foreign.ora").write_bytes(to_ora([Layer("a", np.zeros((2, 2, 4), np.uint8))]))
    (episode / "scene0000_frame000003.ora").write_bytes(b"PK cut short")
    small = [
        layer._replace(picture=layer.picture[:8, :8])
        for layer in read_ora((episode / "scene0000_frame000000.ora").read_bytes())
    ]
    (episode / "scene0000_frame000000.ora").write_bytes(to_ora(small))
    note = json.loads((episode / "scene0000_frame000006.json").read_text())
    (episode / "scene0000_frame000006.json").write_text(
        json.dumps({**note, "frame_id": "film/scene0000_frame000999"})
    )
    (episode / "scene0000_frame000007.json").write_text("{")
    changed(
        work / f"{GLOW}.ora",
        lambda layers: [layer._replace(name="mine") if layer.name == "effect" else layer for layer in layers],
    )
    Image.new("L", (3, 3)).save(work / "numbered/film_scene0000/mask.0001.png")
    (work / "numbered/film_scene0000/character.0002.png").write_bytes(b"no picture")
    Image.new("RGB", (3, 3)).save(work / "numbered/film_scene0000/photo.png")
    assert run(source, work, tmp_path / "new") == 3
    lines = capsys.readouterr().err.splitlines()
    for words in (
        ("foreign.ora", "no foreign.json"), ("frame000003.ora", "no OpenRaster"), ("frame000000.ora", "8 x 8 pixels"),
        ("frame000006", "'film/scene0000_frame000999'"), ("frame000007.json", "damaged"), ("frame000012.ora", "no layer 'effect'"),
        ("frame000012.ora", "'mine' is none"), ("mask.0001.png", "3 x 3 pixels"),
        ("character.0002.png", "cannot identify"), ("photo.png", "none of the exported"),
    ):  # fmt: skip
        assert [line for line in lines if all(word in line for word in words)], (words, lines)
    assert len(lines) == 10, lines
    others_are_untouched(source, tmp_path / "new", FRAME)
    assert Output(str(tmp_path / "new")).row(FRAME)["matte_model"] == "net+hand"


def test_an_export_of_another_output_is_refused(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Ora().write(Output(str(source)), tmp_path / "work")
    changed(tmp_path / f"work/{FRAME}.ora", erased("character 1", (slice(28, 36), slice(26, 34))))
    other = film(tmp_path / "other", "png")
    assert run(other, tmp_path / "work", tmp_path / "new") == 1
    assert "exported from other layers" in capsys.readouterr().err


def test_importing_again_gives_the_same_and_an_edit_taken_back_is_gone(source: Path, tmp_path: Path) -> None:
    Ora().write(Output(str(source)), tmp_path / "work")
    path = tmp_path / f"work/{FRAME}.ora"
    data = path.read_bytes()
    changed(path, erased("character 2", (slice(None), slice(None))))
    assert run(source, tmp_path / "work", tmp_path / "new") == 0
    first = contents(tmp_path / "new")
    assert run(source, tmp_path / "work", tmp_path / "new") == 0
    assert contents(tmp_path / "new") == first
    path.write_bytes(data)
    changed(tmp_path / f"work/{GLOW}.ora", erased("effect", (slice(0, 12), slice(None))))
    assert run(source, tmp_path / "work", tmp_path / "new") == 0
    others_are_untouched(source, tmp_path / "new", GLOW)
    shutil.copytree(source, tmp_path / "taken")
    from animelayers.sinks import SinkError

    for target in (tmp_path / "taken", source):
        with pytest.raises(SinkError, match=r"another output|the output itself"):
            run(source, tmp_path / "work", target)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_mask_that_was_not_changed_leaves_the_alpha_and_one_taken_away_leaves_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    alpha = rng.integers(0, 256, (9, 12), np.uint8)
    mask = np.where(alpha > 127, 255, 0).astype(np.uint8)
    assert np.array_equal(remasked(alpha, mask, mask), alpha)
    assert not mask.any() or not remasked(alpha, mask, np.zeros_like(mask)).any()
    after = np.where(rng.random(mask.shape) < 0.2, 255 - mask, mask).astype(np.uint8)
    assert np.array_equal(remasked(alpha, mask, after) > 127, after > 127)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_one_layer_joined_is_itself(seed: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (5, 6, 4), np.uint8)
    whole, place = merged([picture, np.zeros_like(picture)])
    assert not differs(picture, whole).any() and not place[picture[..., 3] > 0].any()
