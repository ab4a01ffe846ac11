from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from animelayers import Output
from animelayers.exports.ora import Ora, read_ora, to_ora
from animelayers.exports.stack import Layer, digest
from animelayers.imaging.recompose import blend, recompose
from tests.exports.films import film


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Output:
    """A finished output, only read."""
    return Output(str(film(tmp_path_factory.mktemp("filmed"))))


def opened(path: Path) -> tuple[zipfile.ZipFile, ElementTree.Element]:
    """By the rules of the specification, without anything of the package."""
    data = path.read_bytes()
    assert data[:4] == b"PK\3\4" and data[30:54] == b"mimetypeimage/openraster", (
        "first, stored, without an extra field"
    )
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    assert (
        archive.infolist()[0].filename == "mimetype"
        and archive.infolist()[0].compress_type == zipfile.ZIP_STORED
    )
    assert {"stack.xml", "mergedimage.png", "Thumbnails/thumbnail.png"} <= set(archive.namelist())
    root = ElementTree.fromstring(archive.read("stack.xml"))
    assert (
        root.tag == "image" and root.attrib["version"] == "0.0.3" and [node.tag for node in root] == ["stack"]
    )
    for layer in root.iter("layer"):
        assert layer.attrib["src"].startswith("data/") and layer.attrib["src"] in archive.namelist()
        assert (
            layer.attrib["visibility"] in ("visible", "hidden") and 0 <= float(layer.attrib["opacity"]) <= 1
        )
    return archive, root


def picture(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(archive.read(name))))


def test_a_drawing_opens_by_the_specification(filmed: Output, tmp_path: Path) -> None:
    Ora(plate=False).write(filmed, tmp_path)
    for row in filmed.table.to_pylist():
        frame = row["frame_id"]
        if row["drawing_of"]:
            assert not (tmp_path / f"{frame}.ora").exists(), "held drawings share a file"
            continue
        archive, root = opened(tmp_path / f"{frame}.ora")
        glow = row["effect_mode"] == "add"
        top = list(root[0])
        assert [node.attrib["name"] for node in top] == [
            "frame",
            *(["effect"] if glow else []),
            "character 2",
            "character 1",
            "background",
        ]
        assert [node.tag for node in top][-3:] == ["stack", "stack", "layer"]
        assert [[layer.attrib["name"] for layer in node] for node in top if node.tag == "stack"] == [
            ["character 2"],
            ["character 1"],
        ]
        assert (int(root.attrib["w"]), int(root.attrib["h"])) == (row["width"], row["height"])
        nodes = {layer.attrib["name"]: layer for layer in root.iter("layer")}
        assert nodes["frame"].attrib["visibility"] == "hidden"
        assert np.array_equal(
            picture(archive, nodes["background"].attrib["src"])[..., :3], filmed.layer(frame, "background")
        )
        whole = recompose(filmed.layer(frame, "character"), filmed.layer(frame, "background"))
        if glow:
            assert nodes["effect"].attrib["composite-op"] == "svg:plus"
            assert np.array_equal(
                picture(archive, nodes["effect"].attrib["src"]), filmed.layer(frame, "effect")
            )
            whole = blend(whole, filmed.layer(frame, "effect"), "add")
        merged = picture(archive, "mergedimage.png")
        assert np.abs(merged[..., :3].astype(int) - whole).max() <= 2 and (merged[..., 3] == 255).all()
        assert max(picture(archive, "Thumbnails/thumbnail.png").shape[:2]) <= 256
        by_hand = picture(archive, nodes["background"].attrib["src"])[..., :3].astype(np.float64)
        for node in list(root.iter("layer"))[::-1]:
            if node.attrib["visibility"] == "visible" and node.attrib["name"] != "background":
                layer = picture(archive, node.attrib["src"]) / 255.0
                share = layer[..., 3:]
                base = by_hand / 255
                by_hand = 255 * (
                    base + layer[..., :3] * share
                    if "plus" in node.attrib["composite-op"]
                    else base * (1 - share) + layer[..., :3] * share
                )
        assert np.abs(np.clip(by_hand, 0, 255) - merged[..., :3]).max() <= 2, (
            "its own layers give the merged picture"
        )
        note = json.loads((tmp_path / f"{frame}.json").read_text())
        assert note["layers"]["background"] == digest(picture(archive, nodes["background"].attrib["src"]))


@pytest.mark.parametrize("size", [(1, 1), (3, 700)])
def test_the_same_layers_give_the_same_bytes_and_come_back(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    layers = [
        Layer(name, rng.integers(0, 256, (*size, 4), np.uint8), group, mode, shown)
        for name, group, mode, shown in CASES
    ]
    data = to_ora(layers)
    assert data == to_ora(layers)
    for layer, back in zip(layers, read_ora(data), strict=True):
        assert (
            layer[2:] == back[2:] and layer.name == back.name and np.array_equal(layer.picture, back.picture)
        )


CASES = [
    ("背 <景> & é 🎨", "", "over", True),
    ("-a.b", "グ", "add", False),
    ("c", "グ", "screen", True),
    ("leer", "", "over", True),
]


def test_what_is_no_openraster_is_refused() -> None:
    good = to_ora([Layer("a", np.zeros((2, 2, 4), np.uint8))])
    entity = io.BytesIO()
    with zipfile.ZipFile(entity, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr("stack.xml", '<!DOCTYPE a [<!ENTITY b "c">]><image w="1" h="1"><stack/></image>')
    missing = io.BytesIO()
    with zipfile.ZipFile(missing, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr(
            "stack.xml", '<image w="1" h="1"><stack><layer src="data/none.png"/></stack></image>'
        )
    for data in (b"", good[: len(good) // 2], entity.getvalue(), missing.getvalue()):
        with pytest.raises(ValueError, match=r"OpenRaster|entities"):
            read_ora(data)


def test_an_offset_and_opacity_of_another_program_count() -> None:
    data = io.BytesIO()
    dot = io.BytesIO()
    Image.new("RGBA", (1, 1), (9, 8, 7, 200)).save(dot, "PNG")
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr("data/0.png", dot.getvalue())
        archive.writestr(
            "stack.xml",
            '<image w="3" h="2"><stack><stack opacity="0.5"><layer name="d" src="data/0.png" x="1" y="1"/></stack></stack></image>',
        )
    (layer,) = read_ora(data.getvalue())
    assert (
        layer.picture.shape == (2, 3, 4)
        and layer.picture[1, 1].tolist() == [9, 8, 7, 100]
        and layer.picture[..., 3].sum() == 100
    )
