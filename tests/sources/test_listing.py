"""Every entry of a folder is frames, an error, or named as left out with the reason; content decides, not
suffixes.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from animelayers.engine import leftout
from animelayers.sources import Files
from animelayers.sources.content import HEAD, family, targa, unread
from tests.sources import films
from tests.sources.hostile import picture

FILMS = {
    "a.ts": {"container": "mpegts"}, "a.m2ts": {"container": "mpegts"}, "a.vob": {"codec": "mpeg2video", "container": "dvd"},
    "a.flv": {"codec": "flv"}, "a.wmv": {"codec": "wmv2", "container": "asf"}, "a.3gp": {"codec": "mpeg4", "container": "3gp"},
    "a.y4m": {"codec": "wrapped_avframe", "container": "yuv4mpegpipe"}, "a.mxf": {"codec": "mpeg2video"},
    "a.ogv": {"codec": "libvpx", "container": "ogg"},
    "a.f4v": {"container": "mp4"}, "episode.bin": {"container": "matroska"}, "noend": {"container": "mp4"}, "a.mts": {"container": "mpegts"},
    "a.nut": {"codec": "ffv1", "container": "nut"}, "a.qt": {"container": "mov"}, "a.m2v": {"codec": "mpeg2video", "container": "mpeg2video"},
    "a.ivf": {"codec": "libvpx-vp9", "deadline": "realtime", "cpu_used": "8"}, "a.avi": {"codec": "mjpeg", "pixels": "yuvj420p"},
}  # fmt: skip


@pytest.mark.parametrize("name", FILMS)
def test_films_of_every_kind(tmp_path: Path, name: str) -> None:
    films.write(tmp_path / name, [films.pattern(place) for place in range(5)], rate=25, **FILMS[name])  # type: ignore[arg-type]
    files = Files(str(tmp_path))
    rows = list(files.read(files.scan(files.inputs())))
    assert [row["error"] for row in rows] == [""] and not files.left_out
    assert [films.number(frame) for frame in rows[0]["frames"]] == list(range(5))
    assert rows[0]["timestamp_s"] == pytest.approx(np.arange(5) / 25, abs=0.003)


PICTURES = {"a.jfif": "JPEG", "a.jpe": "JPEG", "a.tga": "TGA", "b.tga": "TGA", "a.ppm": "PPM", "a.jp2": "JPEG2000", "a.pcx": "PCX", "a.sgi": "SGI",
            "a.qoi": "QOI", "a.dds": "DDS", "noend": "PNG", "a.dat": "WEBP", "a.dib": "BMP", "a.pgm": "PPM"}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_of_every_kind(tmp_path: Path, name: str) -> None:
    shown = picture().convert("L") if name == "a.pgm" else picture()
    shown.save(
        tmp_path / name, format=PICTURES[name], **({"compression": "tga_rle"} if name == "b.tga" else {})
    )
    files = Files(str(tmp_path))
    (row,) = files.read(files.scan(files.inputs()))
    lossy = PICTURES[name] in ("JPEG", "WEBP")
    assert row["error"] == "" and np.abs(
        row["frames"][0].astype(int) - np.asarray(shown.convert("RGB"))
    ).mean() <= (4 if lossy else 0.5)


def test_layered_drawings_are_read_as_their_merged_picture(tmp_path: Path) -> None:
    picture().save(tmp_path / "merged.png")
    for name, mark in (("a.ora", "image/openraster"), ("a.kra", "application/x-krita")):
        with zipfile.ZipFile(tmp_path / name, "w") as parts:
            parts.writestr("mimetype", mark)
            parts.write(tmp_path / "merged.png", "mergedimage.png")
    files = Files(str(tmp_path))
    rows = list(files.read(files.scan(files.inputs())))
    assert len(rows) == 3 and all(np.array_equal(row["frames"][0], np.asarray(picture())) for row in rows)


def test_nothing_is_left_out_in_silence(tmp_path: Path) -> None:
    root = tmp_path / "in"
    for folder in ("ep1", "out/metadata", ".git", "deep/er"):
        (root / folder).mkdir(parents=True)
    films.write(root / "ep1" / "a.ts", [films.pattern(place) for place in range(3)], container="mpegts")
    picture().save(root / "deep" / "er" / "b.png")
    (root / "bad.png").write_bytes(b"no picture")
    (root / "out" / "dataset.json").write_text("{}")
    (root / "module.ts").write_text("export const answer = 42\n" * 30)
    (root / "notes.txt").write_text("words")
    (root / "drawing.clip").write_bytes(b"CSFCHUNK" + bytes(40))
    (root / "picture").write_bytes(b"\xff\x0a" + bytes(40))
    (root / "song.mp3").write_bytes(b"ID3" + bytes(40))
    (root / ".hidden.png").write_bytes(b"")
    (root / "empty").write_bytes(b"")
    (root / "loop").symlink_to(root / "ep1")
    (root / "away").symlink_to(tmp_path)
    (root / "away.dat").symlink_to(tmp_path / "elsewhere")
    files = Files(str(root))
    inputs = files.inputs()
    plan = files.scan(inputs)
    left = dict(files.left_out)
    assert {item.source for item in inputs} == {"ep1/a.ts", "deep/er/b.png", "bad.png", "away"}
    assert set(left) == {
        "out/",
        "module.ts",
        "notes.txt",
        "drawing.clip",
        "picture",
        "song.mp3",
        ".hidden.png",
        "empty",
        "loop/",
        ".git/",
        "away.dat",
    }
    assert (
        "Clip Studio" in left["drawing.clip"]
        and "JPEG XL" in left["picture"]
        and "finished output" in left["out/"]
        and "sound" in left["song.mp3"]
    )
    frames = {row["source"] for row in plan.to_pylist() if row["indices"]}
    errors = {row["source"] for row in plan.to_pylist() if row["error"]}
    assert frames == {"ep1/a.ts", "deep/er/b.png"} and errors == {"bad.png", "away"}


def test_what_options_leave_out_is_named_too(tmp_path: Path) -> None:
    for place in range(5):
        picture().save(tmp_path / f"scene0000_frame{place:06d}_t{place}.00s.png")
    films.write(tmp_path / "short.mkv", [films.pattern(place) for place in range(3)])
    files = Files(str(tmp_path), start=2.0)
    inputs = files.inputs()
    entries = leftout.of(files, [item.source for item in inputs], files.scan(inputs)["source"].to_pylist())
    assert [entry["source"] for entry in entries] == [
        f"scene0000_frame{place:06d}_t{place}.00s.png" for place in (0, 1)
    ] + ["short.mkv"]
    few = Files(str(tmp_path), limit=2)
    inputs = few.inputs()
    entries = leftout.of(
        few, [item.source for item in inputs], few.limited(few.scan(inputs))["source"].to_pylist()
    )
    assert len(entries) == len(inputs) - 2 and all("limit" in entry["why"] for entry in entries)
    told = leftout.described(entries)
    assert told[0] == "4 left out:" and "scene0000_frame000003" in told[1]


def test_the_list_is_kept_beside_the_output(tmp_path: Path) -> None:
    entries = [
        {"source": "a.xcf", "why": "GIMP's XCF: no decoder for it here"},
        {"source": "b.txt", "why": "no picture"},
    ]
    leftout.write(str(tmp_path), entries)
    assert pq.read_table(tmp_path / leftout.FILE).to_pylist() == entries
    leftout.write(str(tmp_path), [])
    assert len(pq.read_table(tmp_path / leftout.FILE)) == 0 and leftout.described([]) == []


def test_first_bytes(tmp_path: Path) -> None:
    for junk in (
        b"",
        b"\0" * HEAD,
        b"this is a text " * 30,
        np.random.default_rng(0).bytes(HEAD),
        b"G" + bytes(300),
    ):
        assert family(junk) == "" == unread(junk) and not targa(junk)
    Image.new("P", (9, 9)).save(tmp_path / "a.tga")
    assert family((tmp_path / "a.tga").read_bytes()) == "image"
