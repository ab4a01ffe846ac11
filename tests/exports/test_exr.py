"""OpenEXR read back with its own library."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from animelayers import Output
from animelayers.exports.exr import Exr, linear
from animelayers.exports.shots import picture
from tests.exports.films import SIZE, film

OpenEXR = pytest.importorskip("OpenEXR")


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Output:
    return Output(str(film(tmp_path_factory.mktemp("filmed"))))


def straight(pixels: np.ndarray) -> np.ndarray:
    """Linear and premultiplied as straight sRGB, 0..255."""
    light, alpha = pixels[..., :3].astype(float), pixels[..., 3:].astype(float)
    light = np.divide(light, alpha, out=np.zeros_like(light), where=alpha > 0)
    code = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055)
    return np.dstack([255 * code, 255 * alpha])


def test_pixels_come_back_as_compositors_read_them(filmed: Output, tmp_path: Path) -> None:
    Exr().write(filmed, tmp_path)
    for shot in ("film_scene0000", "film_scene0001"):
        rows = [row for row in filmed.table.to_pylist() if row["scene_id"] == shot.removeprefix("film_")]
        lines = list(csv.DictReader((tmp_path / shot / "sheet.csv").open()))
        for layer in ("character", "background", *(["effect"] if shot.endswith("1") else [])):
            for line, row in zip(lines, rows, strict=True):
                file = OpenEXR.File(str(tmp_path / shot / f"{layer}.{int(line['character']):04d}.exr"))
                found, true = (
                    file.channels()["RGBA"].pixels,
                    picture(filmed, row["drawing_of"] or row["frame_id"], layer, SIZE).astype(float),
                )
                assert found.dtype == np.float16 and (found[true[..., 3] == 0] == 0).all(), (
                    "premultiplied: nothing under alpha 0"
                )
                seen = true[..., 3] > 8
                assert np.abs(straight(found) - true)[seen].max() < 0.6
                assert file.header()["framesPerSecond"] == Fraction(12)
                assert file.header().get("comments", "") == ("blend mode: add" if layer == "effect" else "")
        numbers = sorted(int(path.name.split(".")[1]) for path in (tmp_path / shot).glob("character.*.exr"))
        assert numbers == list(range(1, len(numbers) + 1)), "no gaps"
    assert not list((tmp_path / "film_scene0000").glob("effect.*"))


def test_every_frame_has_its_file_and_the_same_bytes_twice(filmed: Output, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        Exr(layers=["mask"], every_frame=True).write(filmed, tmp_path / folder)
    files = sorted((tmp_path / "a" / "film_scene0000").glob("mask.*.exr"))
    assert len(files) == 8 and files[0].read_bytes() == files[1].read_bytes() != files[2].read_bytes()
    assert all(
        path.read_bytes() == (tmp_path / "b" / "film_scene0000" / path.name).read_bytes() for path in files
    )


def test_light_is_linear_and_layers_have_names() -> None:
    grey = np.full((1, 1, 4), (188, 0, 255, 128), np.uint8)
    assert np.allclose(linear(grey)[0, 0], [0.5029 * 128 / 255, 0, 128 / 255, 128 / 255], atol=1e-3)
    with pytest.raises(ValueError, match=r"export\.layers=\['sky'\]"):
        Exr(layers=["sky"])
