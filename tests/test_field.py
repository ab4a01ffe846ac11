"""The cases of public reports that are about more than reading: see `tests/sources/test_field.py`. Skipped
where their folder is not there.
"""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import psutil
import pytest
from PIL import Image

from animelayers import Output, edits
from animelayers.exports import HfImageFolder, WebDataset
from animelayers.exports.ora import Ora
from animelayers.imaging import codecs
from animelayers.record.schema import RECORD
from animelayers.sinks import Shards
from animelayers.sources import Files
from tests.exports.conftest import RUN, row
from tests.jobs.conftest import Decompose
from tests.jobs.conftest import decompose as decompose
from tests.jobs.conftest import net as net
from tests.sources import test_field
from tests.sources.test_field import FIELD

pytestmark = pytest.mark.skipif(not FIELD.is_dir(), reason="the folder of cases is not here")
HERE = {"loaders", "many", "ora_trimmed"}


def right(case: str) -> dict[str, Any]:
    return dict(json.loads((FIELD / case / "right.json").read_text()))


@pytest.fixture
def output(tmp_path: Path) -> Output:
    """Three frames, a caption each."""
    sink = Shards(str(tmp_path / "three"))
    with sink.open(RUN):
        made, _ = row("film/scene0000/000000", [0, 1, 2], "plain")
        sink.write(
            [{**made, "caption_given": RECORD["caption_given"].gather(["one girl", "two girls", "no girl"])}],
            RUN,
        )
    return Output(str(tmp_path / "three"))


def test_every_case_has_its_check() -> None:
    assert {path.parent.name for path in FIELD.glob("*/right.json")} == {*test_field.CHECKS} | HERE


def test_loaders(output: Output, tmp_path: Path) -> None:
    datasets, webdataset = pytest.importorskip("datasets"), pytest.importorskip("webdataset")
    told, cache = right("loaders"), str(tmp_path / "cache")
    HfImageFolder().write(output, tmp_path / "pictures")
    folder = datasets.load_dataset(str(tmp_path / "pictures"), cache_dir=cache, split="train")
    named = datasets.load_dataset(
        "imagefolder", data_dir=str(tmp_path / "pictures"), cache_dir=cache, split="train"
    )
    assert len(folder) == len(named) == told["rows"] and folder["text"] == named["text"] == [
        "one girl",
        "two girls",
        "no girl",
    ]
    WebDataset().write(output, tmp_path / "tars")
    tar = str(tmp_path / "tars" / "shard-000000.tar")
    loaded = list(datasets.load_dataset("webdataset", data_files=tar, cache_dir=cache, split="train"))
    own = list(webdataset.WebDataset(tar, shardshuffle=False, empty_check=False))
    assert len(loaded) == len(own) == told["rows"]
    assert (
        len({frozenset(key for key in sample if not key.startswith("__")) for sample in [*loaded, *own]}) == 1
    )


def test_many(tmp_path: Path) -> None:
    """Links to one picture cost a name each; their names are no numbers, so that they are no film."""
    told = right("many")
    (tmp_path / "in").mkdir()
    for number in range(told["pictures"]):
        first = tmp_path / f"{number // 30_000}.png"  # a file system has a limit of links to one file
        if not number % 30_000:
            Image.new("RGB", (32, 32), "teal").save(first)
        os.link(first, f"{tmp_path}/in/{''.join(chr(97 + int(digit)) for digit in f'{number:06d}')}.png")
    before, start = psutil.Process().memory_info().rss, time.process_time()
    files = Files(str(tmp_path / "in"), limit=10)
    inputs = files.inputs()
    rows = list(files.read(files.limited(files.scan(inputs[:256]))))
    assert len(inputs) == told["pictures"] and len(rows) == 10 and not any(row["error"] for row in rows)
    assert psutil.Process().memory_info().rss - before < 500e6 and time.process_time() - start < 60


def resaved(path: Path, opacity: float) -> None:
    """As Krita saves an OpenRaster file: layers cut to what they show, under other names, with attributes of
    its own.
    """
    with zipfile.ZipFile(path) as old:
        members = {info.filename: old.read(info) for info in old.infolist()}
    root = ElementTree.fromstring(members["stack.xml"])
    for number, node in enumerate(root.iter("layer")):
        whole = codecs.decode(members.pop(node.attrib["src"]))
        ys, xs = np.nonzero(whole[..., 3]) if whole[..., 3].any() else (np.array([0]), np.array([0]))
        part = whole[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
        name = f"data/{number:08x}.png"
        node.attrib.update(
            {"src": name, "x": str(xs.min()), "y": str(ys.min()), "selected": "true", "edit-locked": "false"}
        )
        if node.get("name", "").startswith("character"):
            node.attrib["opacity"] = f"{opacity:g}"
        members[name] = codecs.encode_png(part)
    members["stack.xml"] = ElementTree.tostring(root)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
    path.write_bytes(data.getvalue())


@pytest.mark.parametrize(("opacity", "which"), [(1.0, "changed_same"), (0.5, "changed_half")])
def test_ora_trimmed(opacity: float, which: str, output: Output, tmp_path: Path) -> None:
    Ora().write(output, tmp_path / "work")
    for path in (tmp_path / "work").rglob("*.ora"):
        resaved(path, opacity)
    found = edits.find(output, tmp_path / "work")
    assert not found.problems and len(found.edits) == right("ora_trimmed")[which]
    for edit in found.edits.values():
        before = output.layer(edit.frame_id, "character")[..., 3]
        assert (
            edit.character is not None
            and abs(int(edit.character[..., 3].max()) - int(before.max()) * opacity) <= 1
        )


def test_numbered_frames_lend_one_another_their_background(decompose: Decompose, tmp_path: Path) -> None:
    words = ["stages.character.step.matte.weights=layernet", "model/matte=auto", "source.row_bytes=128000000"]
    assert decompose(FIELD / "numbered_frames" / "input", tmp_path / "out", *words) == 0
    assert (
        np.mean(Output(str(tmp_path / "out")).table["background_borrowed"].to_pylist())
        >= right("numbered_frames")["borrowed_min"]
    )
