from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from animelayers import Output
from animelayers.exports.select import Select
from animelayers.exports.sequence import Numbered
from tests.exports.films import film


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Output:
    """A finished output, only read."""
    return Output(str(film(tmp_path_factory.mktemp("filmed"))))


def test_drawings_are_numbered_as_the_sheet_beside_them_says(filmed: Output, tmp_path: Path) -> None:
    Numbered().write(filmed, tmp_path)
    for shot in ("film_scene0000", "film_scene0001"):
        rows = [row for row in filmed.table.to_pylist() if row["scene_id"] == shot.removeprefix("film_")]
        lines = list(csv.DictReader((tmp_path / shot / "sheet.csv").open()))
        note = json.loads((tmp_path / shot / "layers.json").read_text())
        assert len(lines) == len(rows) and note["rate"] == "12"
        for layer in ("character", "background", *(["effect"] if shot.endswith("1") else [])):
            for line, row in zip(lines, rows, strict=True):
                (file,) = (tmp_path / shot).glob(f"{layer}.{int(line[layer]):04d}.*")
                assert file.read_bytes() == filmed.read(row["frame_id"], layer), "byte for byte"
                known = note["files"][file.name]
                assert known["layer"] == layer and (
                    layer == "background" or known["frame_id"] == (row["drawing_of"] or row["frame_id"])
                )
                assert known["digest"] == hashlib.sha256(file.read_bytes()).hexdigest()[:32]
        assert (tmp_path / shot / "sheet.xdts").read_text().startswith("exchangeDigitalTimeSheet")
        numbers = sorted(int(path.name.split(".")[1]) for path in (tmp_path / shot).glob("character.*.png"))
        assert numbers == list(range(1, len(numbers) + 1)), "no gaps"
        assert set(note["blend"].values()) == ({"add"} if shot.endswith("1") else set())


def test_every_frame_repeats_held_drawings_and_fills_gaps(filmed: Output, tmp_path: Path) -> None:
    select = Select(without=["film/scene0001_frame000013"])
    Numbered(layers=["character"], every_frame=True, select=select).write(filmed, tmp_path)
    files = sorted((tmp_path / "film_scene0000").glob("character.*.png"))
    assert [file.name for file in files] == [f"character.{n:04d}.png" for n in range(1, 9)]
    assert files[0].read_bytes() == files[1].read_bytes() != files[2].read_bytes()
    assert len(list((tmp_path / "film_scene0001").glob("character.*"))) == 3


def test_what_a_frame_has_not_is_transparent(filmed: Output, tmp_path: Path) -> None:
    row = filmed.row("film/scene0000_frame000000")
    from animelayers.exports.sequence import _numbered
    from animelayers.exports.shots import shots

    shot = next(shots(filmed, Select()))
    made = _numbered(filmed, shot, "", 3, {"character": ".png", "background": ".jpg", "mask": ".png"})
    pictures = {}
    for name, data in made.items():
        (tmp_path / Path(name).name).write_bytes(data)
        pictures[Path(name).name] = np.asarray(Image.open(tmp_path / Path(name).name))
    height, width = row["height"], row["width"]
    assert {name: picture.shape for name, picture in pictures.items()} == {
        "character.0003.png": (height, width, 4),
        "background.0003.jpg": (height, width, 3),
        "mask.0003.png": (height, width),
    }
    assert not any(picture.any() for picture in pictures.values())


def test_a_file_that_is_there_is_never_written_again(filmed: Output, tmp_path: Path) -> None:
    Numbered().write(filmed, tmp_path)
    edited, gone = (
        tmp_path / "film_scene0000/character.0001.png",
        tmp_path / "film_scene0000/character.0002.png",
    )
    edited.write_bytes(b"mine")
    before = gone.read_bytes()
    gone.unlink()
    assert Numbered().write(filmed, tmp_path).files == 1
    assert edited.read_bytes() == b"mine" and gone.read_bytes() == before
    with pytest.raises(ValueError, match="hair"):
        Numbered(layers=["hair"])
