"""Files a stranger made: outputs, tables, layered files. Nothing outside is read, written or deleted, and one
bad file ends nothing.
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
import time
import zipfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from animelayers import Output, edits, job
from animelayers.dataset import plates
from animelayers.dataset.output import PLATES
from animelayers.exports.ora import Ora, read_ora, to_ora
from animelayers.exports.psd import read_psd, to_psd
from animelayers.exports.stack import Layer
from animelayers.sinks import Shards, SinkError, Tree, parquet
from animelayers.storage import below
from tests.sinks.clips import pictures
from tests.sinks.test_commit import opened

CLIP = "e/scene0000/000000"
SECONDS = float(os.environ.get("FUZZ_SECONDS", "1"))
"""How long each kind of file is fuzzed; the suite has a second, a person more."""
OUTSIDE = [
    "../../victim.txt",
    "../victim.txt",
    "/etc/victim.txt",
    "a/../../victim.txt",
    "..\\victim.txt",
    "C:\\victim.txt",
    "~/victim.txt",
    "a\0b",
]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """An output, and beside it a file that is none of its business."""
    (tmp_path / "victim.txt").write_text("precious")
    (tmp_path / "out").mkdir()
    with opened("shards", tmp_path / "out", "run") as sink:
        sink.write([pictures(CLIP, [0, 1])[0]], "run")
    return tmp_path / "out"


def rewritten(folder: Path, column: str, value: str | None) -> None:
    (path,) = (folder / "metadata").iterdir()
    table = pq.read_table(path)
    place = table.column_names.index(column)
    pq.write_table(table.set_column(place, column, pa.array([value] * len(table), pa.string())), path)


@pytest.mark.parametrize("name", OUTSIDE)
def test_names_that_lead_outside_are_refused_in_one_place(name: str) -> None:
    with pytest.raises(ValueError, match="points outside"):
        below(name)


@given(st.lists(st.sampled_from(["a", "..", ".", "", "b.png", "..."]), min_size=1, max_size=6).map("/".join))
def test_a_name_that_is_let_through_stays_inside(name: str) -> None:
    try:
        kept = below(name)
    except ValueError:
        return
    assert os.path.normpath(f"/root/of/it/{kept}").startswith("/root/of/it")


@pytest.mark.parametrize("name", [*OUTSIDE[:2], OUTSIDE[3]])
def test_a_table_that_points_outside_deletes_reads_and_writes_nothing_there(name: str, output: Path) -> None:
    (tar,) = (output / "shards").iterdir()
    rewritten(output, "shard", name)
    sink = Shards(str(output))
    for act in (
        lambda: sink.forget([CLIP]),
        sink.lost,
        lambda: Output(str(output)).layer("e/scene0000_frame000000", "mask"),
    ):
        with pytest.raises(SinkError, match="outside"):
            act()
    assert (output.parent / "victim.txt").read_text() == "precious" and tar.exists()


@pytest.mark.parametrize("kind", ["ora", "sequence", "webdataset"])
def test_ids_that_lead_outside_are_not_exported_there(kind: str, output: Path, tmp_path: Path) -> None:
    rewritten(output, "frame_id", "../../pwn/frame")
    rewritten(output, "episode", "../../pwn")
    export = job.build(job.compose("export", ["source.path=x", "output=y", f"export={kind}"]).export)
    before = {path for path in tmp_path.rglob("*")}
    with contextlib.suppress(SinkError, ValueError, KeyError):
        export.write(Output(str(output)), tmp_path / "a" / "b" / "exported")
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*")} - {
        path.relative_to(tmp_path) for path in before
    }
    assert all(path.parts[:3] == ("a", "b", "exported")[: len(path.parts)] for path in made), made


def test_plates_that_lie_outside_are_neither_read_nor_removed(output: Path) -> None:
    row = {
        "episode": "x",
        "scene_id": "y",
        "frame_id": "e/scene0000_frame000000",
        "plate": "../victim.txt",
        "homography": [1.0] * 9,
        "made_from": "z",
    }
    (output / PLATES).write_bytes(parquet.to_bytes(pa.Table.from_pylist([row], plates.SCHEMA)))
    with pytest.raises(SinkError, match="outside"):
        plates.write(Output(str(output)))
    with pytest.raises(SinkError, match="outside"):
        Output(str(output)).plate("e/scene0000_frame000000")
    (output / "plates").symlink_to(output.parent, target_is_directory=True)
    (output / PLATES).write_bytes(
        parquet.to_bytes(pa.Table.from_pylist([{**row, "plate": "plates/victim.txt"}], plates.SCHEMA))
    )
    with pytest.raises(SinkError, match="a link on the way leaves the output"):
        plates.write(Output(str(output)))
    assert (output.parent / "victim.txt").read_text() == "precious"


def test_plain_folders_are_held_to_the_same(tmp_path: Path) -> None:
    (tmp_path / "victim.txt").write_text("precious")
    with opened("tree", tmp_path / "out", "run") as sink:
        sink.write([pictures(CLIP, [0, 1])[0]], "run")
    rewritten(tmp_path / "out", "mask_file", "../victim.txt")
    with pytest.raises(SinkError, match="outside"):
        Tree(str(tmp_path / "out")).forget([CLIP])
    assert (tmp_path / "victim.txt").exists()


# Layered files


def layer(name: str = "a", size: tuple[int, int] = (8, 8)) -> Layer:
    return Layer(name, np.full((*size, 4), 200, np.uint8))


def changed(data: bytes, **members: bytes) -> bytes:
    """An OpenRaster file with some members replaced: stack_xml=…, mimetype=…"""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(
                info.filename, members.get(info.filename.replace(".", "_").replace("/", "_"), old.read(info))
            )
        for name in {"bomb"} & members.keys():
            new.writestr("data/bomb.png", members[name])
    return out.getvalue()


ORA = to_ora([layer()])
STACK = '<image w="{w}" h="{h}"><stack>{inner}</stack></image>'
SRC = next(name for name in zipfile.ZipFile(io.BytesIO(ORA)).namelist() if name.startswith("data/"))
ENTITIES = '<?xml version="1.0" encoding="{0}"?><!DOCTYPE image [<!ENTITY a "aaaaaaaaaa">]><image w="8" h="8"><stack name="&a;"/></image>'


@lru_cache
def bomb(side: int) -> bytes:
    """A PNG of one bit a pixel and `side` pixels a side, that is a few kilobytes."""
    data = io.BytesIO()
    Image.new("1", (side, side)).save(data, "PNG")
    return data.getvalue()


@pytest.mark.parametrize(
    "stack",
    [
        STACK.format(w=1_000_000, h=1_000_000, inner=f'<layer src="{SRC}"/>'),
        STACK.format(w=-5, h=8, inner=f'<layer src="{SRC}"/>'),
        STACK.format(w="1e3", h=8, inner=f'<layer src="{SRC}"/>'),
        STACK.format(w=8, h=8, inner="<stack>" * 20_000 + "</stack>" * 20_000),
        STACK.format(w=8, h=8, inner=f'<layer src="{SRC}"/>' * 5_000),
        STACK.format(w=8, h=8, inner='<layer src="../../etc/passwd"/>'),
        STACK.format(w=8, h=8, inner='<layer src="data/bomb.png"/>'),
        STACK.format(w=8, h=8, inner=f'<layer src="{SRC}" opacity="x"/>'),
        STACK.format(w=8, h=8, inner=f'<layer src="{SRC}" x="nan"/>') + "junk",
        ENTITIES.format("UTF-8"),
    ],
)
def test_openraster_that_asks_for_too_much_is_refused_at_once(stack: str) -> None:
    spent = time.process_time()
    with pytest.raises(ValueError):
        read_ora(
            changed(ORA, stack_xml=stack.encode(), **({"bomb": bomb(25_000)} if "bomb" in stack else {}))
        )
    assert time.process_time() - spent < 5
    with pytest.raises(ValueError):
        read_ora(changed(ORA, stack_xml=ENTITIES.format("UTF-16").encode("utf-16")))


@pytest.mark.parametrize("place", ["1e300", "-1e300", "inf", "99999999"])
def test_a_layer_far_away_shows_nothing(place: str) -> None:
    (read,) = read_ora(
        changed(ORA, stack_xml=STACK.format(w=8, h=8, inner=f'<layer src="{SRC}" x="{place}"/>').encode())
    )
    assert not read.picture.any()


def test_psd_that_asks_for_too_much_is_refused_at_once() -> None:
    good = to_psd([layer()])
    assert len(read_psd(good)) == 1
    for head in (
        b"8BPX",
        good[:20],
        good[:14] + struct.pack(">II", 300_000, 300_000) + good[22:],
        good[:12] + b"\xff\xff" + good[14:],
        b"",
    ):
        with pytest.raises(ValueError):
            read_psd(head if len(head) > 4 else head + good[4:] if head else b"")


def test_one_bad_file_never_ends_an_import(
    output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    Ora().write(Output(str(output)), work)
    good = sorted(work.rglob("*.ora"))
    assert len(good) == 2
    for number, data in enumerate(
        [
            b"",
            b"PK",
            changed(ORA, stack_xml=b"<" * 9_000),
            changed(ORA, mimetype=b"x" * 5_000_000),
            ORA[: len(ORA) // 2],
        ]
    ):
        (work / f"bad{number}.ora").write_bytes(data)
        (work / f"bad{number}.json").write_text('{"frame_id": "e/scene0000_frame000000", "layers": {}}')
    (work / "strange").mkdir()
    (work / "strange" / "frames.json").write_text('{"files": {"../../victim.txt": 3, "a.png": []}}')
    (work / "strange" / "a.png").write_bytes(b"x")
    note = good[0].with_suffix(".json")
    note.write_text('{"layers": {"character": 5}, "frame_id": ["x"]}')
    found = edits.find(Output(str(output)), work)
    assert not found.edits and len([line for line in found.problems if line.startswith("bad")]) == 5
    assert all(line and "\n" not in line for line in found.problems)
