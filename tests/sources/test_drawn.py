"""Layered drawings as input: what their layers are called is what they are."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from animelayers import Output
from animelayers.exports.ora import to_ora
from animelayers.exports.psd import to_psd
from animelayers.exports.stack import Layer
from animelayers.imaging.recompose import blend, recompose
from animelayers.record.schema import Row
from tests.jobs.conftest import Decompose
from tests.jobs.conftest import decompose as decompose
from tests.jobs.conftest import net as net

Read = Callable[..., list[Row]]
H, W = 72, 96


def remade(data: bytes, member: str, change: Callable[[bytes], bytes]) -> bytes:
    """An OpenRaster file with one member changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename == member else content)
    return out.getvalue()


def darker(data: bytes) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        Image.eval(picture.convert("RGB"), lambda value: value // 2).save(out, "PNG")
    return out.getvalue()


WRITERS = pytest.mark.parametrize("write", [to_psd, to_ora], ids=["psd", "ora"])


def room() -> np.ndarray:
    small = np.random.default_rng(3).integers(40, 200, (6, 8, 3), np.uint8)
    return np.dstack(
        [cv2.resize(small, (W, H), interpolation=cv2.INTER_CUBIC), np.full((H, W), 255, np.uint8)]
    )


def disc(x: int = 40, colour: tuple[int, int, int] = (200, 40, 60)) -> np.ndarray:
    ys, xs = np.mgrid[:H, :W]
    alpha = np.clip((20 - np.hypot(xs - x, ys - 40)) * 80, 0, 255).astype(np.uint8)
    return np.dstack([np.where(alpha[..., None] > 0, np.uint8(colour), np.uint8(0)), alpha])


def glow() -> np.ndarray:
    made = np.zeros((H, W, 4), np.uint8)
    made[10:30, 50:80] = (255, 200, 60, 150)
    return made


def stack(*names: str, mode: str = "screen") -> list[Layer]:
    return [Layer(names[0], room()), Layer(names[1], disc()), Layer(names[2], glow(), mode=mode)]


@WRITERS
@pytest.mark.parametrize("names", [
    ("background", "character", "effect"), ("BG_042", "Chara A", "FX glow"), ("背景", "キャラ", "エフェクト"), ("Layer 0", "girl_line", "beam-2"),
])  # fmt: skip
def test_layers_are_what_they_are_called(
    write: Callable[[Sequence[Layer]], bytes], names: tuple[str, str, str], tmp_path: Path, read: Read
) -> None:
    (tmp_path / "a.psd").write_bytes(write(stack(*names)))  # told by content, whatever the suffix
    (row,) = read(tmp_path)
    assert row["error"] == "" and "character, effect, background from its own layers" in row["note"], row[
        "note"
    ]
    assert np.array_equal(row["given"][0], disc()[..., 3]) and np.array_equal(
        row["given_background"][0], room()[..., :3]
    )
    assert row["given_mode"] == "screen" and np.array_equal(row["given_effect"][0][..., 3], glow()[..., 3])
    whole = blend(recompose(disc(), room()[..., :3]), glow(), "screen")
    assert np.abs(row["frames"][0].astype(int) - whole).max() <= 1


@WRITERS
def test_groups_name_what_is_in_them_and_hidden_layers_are_not_there(
    write: Callable[[Sequence[Layer]], bytes], tmp_path: Path, read: Read
) -> None:
    layers = [
        Layer("sky", room(), "BG"), Layer("line", disc(), "CHARA"), Layer("colour", disc(60, (20, 200, 90)), "CHARA"),
        Layer("reference", disc(10), shown=False), Layer("sparks", glow(), "FX", "add"),
    ]  # fmt: skip
    (tmp_path / "a.psd").write_bytes(write(layers))
    (row,) = read(tmp_path)
    both = 255 - (255 - disc()[..., 3].astype(int)) * (255 - disc(60)[..., 3].astype(int)) / 255
    assert np.abs(row["given"][0] - both).max() <= 1
    assert row["given_mode"] == "add" and len(row["given_effect"]) == len(row["given_background"]) == 1


@WRITERS
def test_what_no_name_tells_is_only_the_whole(
    write: Callable[[Sequence[Layer]], bytes], tmp_path: Path, read: Read
) -> None:
    (tmp_path / "a.ora").write_bytes(write(stack("Layer 1", "Layer 2", "Layer 3", mode="over")))
    (row,) = read(tmp_path)
    assert (
        not row["given"].size
        and not row["given_effect"].size
        and not row["given_background"].size
        and row["given_mode"] == ""
    )
    assert "no name of its 3 layers says character or effect" in row["note"]
    (tmp_path / "a.ora").write_bytes(write(stack("bg", "char", "fx")))
    (off,) = read(tmp_path, alpha="compose")
    assert not off["given"].size and not off["given_effect"].size


def test_a_background_with_holes_is_none_and_an_effect_behind_the_figure_shows_beside_it(
    tmp_path: Path, read: Read
) -> None:
    layers = [Layer("fx", glow()), Layer("character", disc(60))]
    (tmp_path / "a.ora").write_bytes(to_ora(layers))
    (row,) = read(tmp_path, alpha_on="black")
    assert not row["given_background"].size and np.array_equal(row["given"][0], disc(60)[..., 3])
    assert row["given_effect"][0][25, 62, 3] == 0 and row["given_effect"][0][12, 52, 3] == 150


def test_layers_that_do_not_give_the_picture_give_the_alpha_alone(tmp_path: Path, read: Read) -> None:
    # an adjustment that no layer tells
    (tmp_path / "a.ora").write_bytes(remade(to_ora(stack("bg", "char", "fx")), "mergedimage.png", darker))
    (row,) = read(tmp_path)
    assert row["given"].size and not row["given_effect"].size and not row["given_background"].size
    assert "only the figure's alpha is taken" in row["note"]


def test_a_mode_nobody_here_knows_gives_the_alpha_alone(tmp_path: Path, read: Read) -> None:
    (tmp_path / "a.ora").write_bytes(
        remade(
            to_ora(stack("bg", "char", "fx")),
            "stack.xml",
            lambda text: text.replace(b"svg:screen", b"svg:hue"),
        )
    )
    (row,) = read(tmp_path)
    assert (
        row["error"] == ""
        and "blend mode svg:hue" in row["note"]
        and row["given"].size
        and not row["given_effect"].size
    )


def test_damaged_layers_and_kritas_own_leave_the_whole(tmp_path: Path, read: Read) -> None:
    data = to_ora(stack("bg", "char", "fx"))
    (tmp_path / "a.ora").write_bytes(
        data.replace(b"data/layer001.png\x89PNG", b"data/layer001.png\x89PNX", 1)
    )
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(tmp_path / "b.kra", "w") as new:
        new.writestr("mimetype", "application/x-krita")
        new.writestr("mergedimage.png", old.read("mergedimage.png"))
    damaged, krita = read(tmp_path)
    assert damaged["error"] == krita["error"] == "" and not damaged["given"].size and not krita["given"].size
    assert "its layers are left out: " in damaged["note"] and "Krita" in krita["note"]


@WRITERS
def test_given_layers_come_out_as_they_went_in(
    write: Callable[[Sequence[Layer]], bytes], decompose: Decompose, tmp_path: Path
) -> None:
    """Through all stages, whatever these make of the picture."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.psd").write_bytes(write(stack("background", "character", "effect")))
    assert decompose(tmp_path / "in", tmp_path / "out", "stages.encode.step.background=png") == 0
    output = Output(str(tmp_path / "out"))
    (frame,) = output
    row, layers = (
        output.row(frame),
        {name: output.layer(frame, name) for name in ("character", "background", "effect")},
    )
    assert (
        np.array_equal(layers["background"], room()[..., :3])
        and row["effect_mode"] == "screen"
        and row["matte_model"] == "given"
    )
    assert np.abs(layers["character"][..., 3].astype(int) - disc()[..., 3]).max() <= 2
    assert np.array_equal(layers["effect"][..., 3], glow()[..., 3]) and row[
        "effect_coverage"
    ] == pytest.approx(glow()[..., 3].mean() / 255, rel=1e-3)
    assert row["background_seen"] == 1 and row["background_invented"] == 0 and row["inpainter"] == "none"
    assert row["recompose_psnr"] > 40
