from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers import Output
from animelayers.exports.psd import Psd, read_psd, to_psd
from animelayers.exports.stack import Layer, characters, digest, merged, off_black, on_black
from animelayers.imaging.recompose import blend, recompose
from tests.exports.films import film

pytest.importorskip("psd_tools")
from psd_tools import PSDImage
from psd_tools.constants import BlendMode


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Output:
    """A finished output, only read."""
    return Output(str(film(tmp_path_factory.mktemp("filmed"))))


def test_a_drawing_opens_with_its_layers_named_grouped_and_blended(filmed: Output, tmp_path: Path) -> None:
    written = Psd().write(filmed, tmp_path)
    drawn = [row for row in filmed.table.to_pylist() if row["drawing_of"] is None]
    assert written.files == 2 * len(drawn)
    for row in drawn:
        frame = row["frame_id"]
        document = PSDImage.open(tmp_path / f"{frame}.psd")
        names = [layer.name for layer in document]
        glow = ["effect"] if row["effect_mode"] == "add" else []
        assert (
            names
            == ["clean plate", "background", "character 1", "character 2", *glow, "frame"][
                len(names) == 4 + len(glow) :
            ]
        )
        by_name = {layer.name: layer for layer in document.descendants()}
        assert [layer.name for layer in document if layer.is_group()] == ["character 1", "character 2"]
        assert all(not by_name[name].visible for name in ("frame",)) and by_name["background"].visible
        if glow:
            assert by_name["effect"].blend_mode == BlendMode.LINEAR_DODGE
            left, top, right, bottom = by_name["effect"].bbox
            effect, part = filmed.layer(frame, "effect"), np.asarray(by_name["effect"].topil())
            lit, box = effect[..., :3] * (effect[..., 3:] / 255.0), effect[top:bottom, left:right]
            assert (
                np.abs(lit[top:bottom, left:right] - part[..., :3]).max() <= 0.5
                and (part[..., 3] == 255).all()
            )
            assert box[..., 3].sum() == effect[..., 3].sum(), "all of it"
        whole = recompose(filmed.layer(frame, "character"), filmed.layer(frame, "background"))
        whole = blend(whole, filmed.layer(frame, "effect"), "add") if glow else whole
        for picture in (document.topil(), document.composite(force=True)):
            assert picture is not None
            assert np.abs(np.asarray(picture.convert("RGB")).astype(int) - whole).max() <= 2
        assert np.array_equal(
            np.asarray(by_name["background"].topil())[..., :3], filmed.layer(frame, "background")
        )
        note = json.loads((tmp_path / f"{frame}.json").read_text())
        assert note["frame_id"] == frame and note["layers"] == {
            layer.name: digest(layer.picture)
            for layer in read_psd((tmp_path / f"{frame}.psd").read_bytes())
            if layer.name != "frame"
        }


def test_running_again_writes_nothing_and_the_same_layers_give_the_same_bytes(
    filmed: Output, tmp_path: Path
) -> None:
    Psd().write(filmed, tmp_path / "a")
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in (tmp_path / "a").rglob("*") if p.is_file()}
    assert Psd().write(filmed, tmp_path / "a").files == 0
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in before} == before
    Psd().write(filmed, tmp_path / "b")
    assert all(
        (tmp_path / "b" / p.relative_to(tmp_path / "a")).read_bytes() == data
        for p, (_, data) in before.items()
    )


def test_masks_opacity_and_names_of_any_letters_come_back() -> None:
    picture = np.full((7, 9, 4), 200, np.uint8)
    layers = [Layer("背景 é 🎨", picture), Layer("-a.b", picture, "グループ", "screen", False)]
    back = read_psd(to_psd(layers))
    assert [(layer.name, layer.group, layer.mode, layer.shown) for layer in back] == [
        (n.name, n.group, n.mode, n.shown) for n in layers
    ]
    document = PSDImage.open(io.BytesIO(to_psd([Layer("x", picture)])))
    from PIL import Image

    document[0].create_mask(
        Image.fromarray(np.tile(np.array([255, 255, 255, 0, 0, 0, 0, 0, 0], np.uint8), (7, 1)))
    )
    document[0].opacity = 128
    data = io.BytesIO()
    document.save(data)
    alpha = read_psd(data.getvalue())[0].picture[..., 3]
    assert (alpha[:, :3] == 100).all() and (alpha[:, 3:] == 0).all()
    with pytest.raises(ValueError, match="no PSD"):
        read_psd(b"8BPS\0\1broken")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_light_on_black_and_back_is_the_same_light(seed: int) -> None:
    rng = np.random.default_rng(seed)
    effect, under = rng.integers(0, 256, (5, 6, 4), np.uint8), rng.integers(0, 256, (5, 6, 3), np.uint8)
    black = on_black(Layer("effect", effect, mode="add")).picture
    for picture in (black, off_black(black)):
        assert np.abs(blend(under, picture, "add").astype(int) - blend(under, effect, "add")).max() <= 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_characters_one_over_the_other_are_the_whole_layer(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.repeat(rng.integers(0, count + 1, (3, 4), np.uint8), 6, 0), 6, 1)
    rgba = rng.integers(0, 256, (*labels.shape, 4), np.uint8)
    rgba[..., 3] = np.where(rng.random(labels.shape) < 0.5, 255, rgba[..., 3])
    back = np.dstack(
        [rng.integers(0, 256, (*labels.shape, 3), np.uint8), np.full(labels.shape, 255, np.uint8)]
    )
    parts = characters(rgba, labels, [*range(1, count + 1)])
    assert np.abs(merged([Layer("b", back), *parts]).astype(int) - recompose(rgba, back[..., :3])).max() <= 2
