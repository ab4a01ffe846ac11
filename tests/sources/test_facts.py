"""What a container says of how its pictures are shown is applied, or told."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from animelayers.record.schema import Row
from animelayers.sources.damage import Watch
from animelayers.sources.fields import COMBED, combs
from animelayers.sources.film import Film
from animelayers.sources.scan import scan_film
from tests.lists import words_of
from tests.sources import films

Read = Callable[..., list[Row]]
SIDES = np.zeros((48, 64, 3), np.uint8)
SIDES[:, :16], SIDES[:12, 16:] = (220, 30, 30), (30, 200, 40)  # red at the left, green on top


def corner(picture: np.ndarray, y: int, x: int) -> str:
    """The colour near a corner: red, green or dark."""
    red, green, _ = picture[y, x].astype(int)
    return "red" if red > 120 else "green" if green > 120 else "dark"


@pytest.mark.parametrize("shape", [Fraction(2), Fraction(16, 11), Fraction(8, 9), Fraction(4, 3)])
@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.avi"])
def test_a_circle_is_round(tmp_path: Path, read: Read, shape: Fraction, name: str) -> None:
    y, x = np.mgrid[:96, :128]
    disc = (((x - 64) * float(shape)) ** 2 + (y - 48) ** 2 < 30**2)[..., None] * np.uint8(235)
    with av.open(str(tmp_path / name), "w") as film:
        stream = film.add_stream("mpeg4" if name == "a.avi" else "libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.codec_context.sample_aspect_ratio = shape
        frame = av.VideoFrame.from_ndarray(disc.repeat(3, -1), format="rgb24")
        film.mux([*stream.encode(frame), *stream.encode(None)])
    (row,) = read(tmp_path)
    assert row["frames"].shape[1:3] == (96, round(128 * shape)) and "made square" in row["note"]
    ys, xs = np.nonzero(row["frames"][0][..., 0] > 128)
    assert np.ptp(xs) / np.ptp(ys) == pytest.approx(1, abs=0.05)
    (kept,) = read(tmp_path, aspect="stored")
    assert (
        kept["frames"].shape[1:3] == (96, 128)
        and f"pixels of {shape.numerator}:{shape.denominator} kept" in kept["note"]
    )


def test_an_impossible_shape_of_pixels_is_a_doubt(tmp_path: Path, read: Read) -> None:
    (row,) = read(
        films.shaped(films.write(tmp_path / "a.mp4", [SIDES] * 2), b"pasp", struct.pack(">II", 50, 1))
    )
    assert words_of(row, "flags") == "guessed_aspect" and row["frames"].shape[1:3] == (48, 64)


def ragged(picture: np.ndarray) -> float:
    """How much lines differ from the mean of both neighbours, where they differ most."""
    luma = picture.astype(float).mean(-1)
    return float(np.percentile(np.abs(luma[1:-1] - (luma[:-2] + luma[2:]) / 2)[10:-20], 97))


@pytest.mark.parametrize(
    ("signs", "red", "green", "note"),
    [
        ((-1, 0, 0, 1), (24, -4), (3, 4), "mirrored left to right"),
        ((1, 0, 0, -1), (24, 4), (-4, -4), "mirrored top to bottom"),
        ((0, 1, 1, 0), (4, 24), (32, 3), "turned and mirrored"),
        ((0, -1, -1, 0), (-4, 24), (32, -4), "turned and mirrored"),
    ],
)
def test_mirrors_are_applied(
    tmp_path: Path,
    read: Read,
    signs: tuple[int, ...],
    red: tuple[int, int],
    green: tuple[int, int],
    note: str,
) -> None:
    path = films.matrix(films.write(tmp_path / "a.mp4", [SIDES] * 2), *signs)
    (row,) = read(path)
    picture = row["frames"][0]
    assert corner(picture, *red) == "red" and corner(picture, *green) == "green" and note in row["note"]


def test_a_turn_that_is_no_quarter_is_told(tmp_path: Path, read: Read) -> None:
    path = films.write(tmp_path / "a.mp4", [SIDES])
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 4 + 40
    data[start : start + 36] = b"".join(
        struct.pack(">i", number) for number in (56756, 32768, 0, -32768, 56756, 0, 0, 0, 1 << 30)
    )
    path.write_bytes(data)
    (row,) = read(path)
    assert "not by quarters" in row["note"] and row["frames"].shape[1:3] == (48, 64)


@pytest.mark.parametrize(
    "crop", [{"top": 12}, {"left": 16, "right": 4}, {"top": 12, "bottom": 6, "left": 16}]
)
def test_matroska_crops(tmp_path: Path, read: Read, crop: dict[str, int]) -> None:
    (row,) = read(films.told(films.write(tmp_path / "a.mkv", [SIDES] * 3), **crop))
    height, width = (
        48 - crop.get("top", 0) - crop.get("bottom", 0),
        64 - crop.get("left", 0) - crop.get("right", 0),
    )
    assert row["frames"].shape[1:3] == (height, width) and f"cropped to {width} x {height}" in row["note"]
    assert corner(row["frames"][0], 2, -3) == ("dark" if crop.get("top") else "green")
    assert corner(row["frames"][0], -3, 2) == ("dark" if crop.get("left") else "red")


def test_a_crop_of_everything_is_an_error_or_not_applied(tmp_path: Path, read: Read) -> None:
    (row,) = read(films.told(films.write(tmp_path / "a.mkv", [SIDES] * 3), top=40, bottom=20))
    assert row["error"]  # the demuxer has no use for it
    clap = struct.pack(">IIIIiIiI", 48, 0, 36, 1, 8, 1, 6, 1)
    (row,) = read(films.shaped(films.write(tmp_path / "b.mp4", [SIDES] * 2), b"clap", clap))
    assert row["frames"].shape[1:3] == (48, 64)


def test_a_clean_aperture_crops(tmp_path: Path, read: Read) -> None:
    # 48 x 36, its centre 8 to the right and 6 down: red and green are gone
    clap = struct.pack(">IIIIiIiI", 48, 1, 36, 1, 8, 1, 6, 1)
    (row,) = read(films.shaped(films.write(tmp_path / "a.mp4", [SIDES] * 2), b"clap", clap))
    assert row["frames"].shape[1:3] == (36, 48)
    assert corner(row["frames"][0], 2, 2) == "dark" == corner(row["frames"][0], 2, -3)


def test_stereo_is_told(tmp_path: Path, read: Read) -> None:
    (row,) = read(films.told(films.write(tmp_path / "a.mkv", [SIDES] * 2), stereo=1))
    assert "stereo, side by side" in row["note"]


@pytest.mark.parametrize(("sizes", "default", "right"), [
    ([(32, 24), (64, 48)], None, (64, 48)),  # a preview first
    ([(64, 48), (80, 60)], 0, (64, 48)),  # two films: the default one
    ([(64, 48), (80, 60)], None, (80, 60)),  # else the larger one
    ([(24, 16), (64, 48), (16, 16)], 0, (64, 48)),  # a preview is none even where it is the default
])  # fmt: skip
def test_the_film_among_streams(
    tmp_path: Path, read: Read, sizes: list[tuple[int, int]], default: int | None, right: tuple[int, int]
) -> None:
    with av.open(str(tmp_path / "a.mkv"), "w") as film:
        streams = []
        for number, (width, height) in enumerate(sizes):
            stream = film.add_stream("mpeg4", rate=24)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.disposition = (
                av.stream.Disposition.default if number == default else av.stream.Disposition.original
            )
            streams.append(stream)
        for place in range(4):
            for stream, (width, height) in zip(streams, sizes, strict=True):
                frame = av.VideoFrame.from_ndarray(films.pattern(place, width, height), format="rgb24")
                frame.pts, frame.time_base = place, Fraction(1, 24)
                film.mux(stream.encode(frame))
        for stream in streams:
            film.mux(stream.encode(None))
    (row,) = read(tmp_path)
    assert row["frames"].shape[1:3] == right[::-1] and [films.number(frame) for frame in row["frames"]] == [
        0,
        1,
        2,
        3,
    ]
    assert row["note"].count("left out") == len(sizes) - 1


@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9"])
def test_alpha_of_webm_is_kept(tmp_path: Path, read: Read, codec: str) -> None:
    clear = np.zeros((48, 64, 4), np.uint8)
    clear[:, :, 1], clear[:, :32, 3] = 160, 255
    with av.open(str(tmp_path / "a.webm"), "w") as film:
        stream = film.add_stream(
            codec, rate=24, options={"deadline": "realtime", "auto-alt-ref": "0", "g": "6"}
        )
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuva420p"
        stream.metadata["alpha_mode"] = "1"
        for place in range(14):
            frame = av.VideoFrame.from_ndarray(clear, format="rgba").reformat(format="yuva420p")
            frame.pts, frame.time_base = place, Fraction(1, 24)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    rows = read(tmp_path, alpha_on="#ff0000", row_bytes=64 * 48 * 3 * 5, context=0, held=False)
    assert sum(len(row["frames"]) for row in rows) == 14
    for row in rows:
        assert (
            np.abs(row["frames"][:, 20, 50].astype(int) - [255, 0, 0]).max() < 8
            and "alpha composed" in row["note"]
        )
        assert row["frames"][0][20, 10, 1] > 130


@pytest.mark.parametrize("top_first", [True, False])
@pytest.mark.parametrize("kind", [{}, {"codec": "mpeg2video", "flags": "+ilme+ildct", "b": "3000000"}])
def test_interlaced_films_come_out_without_combs(
    tmp_path: Path, read: Read, kind: dict[str, str], top_first: bool
) -> None:
    moments = films.scene(36)
    pictures = [
        films.woven(one, other, top_first) for one, other in zip(moments[::2], moments[1::2], strict=True)
    ]
    path = (
        films.write(tmp_path / "a.mkv", pictures, crf="12", **kind)
        if not kind
        else films.write(tmp_path / "a.mkv", pictures, **kind)
    )  # type: ignore[arg-type]
    (row,) = read(path)
    assert (
        len(row["frames"]) == 18
        and "deinterlaced by bwdif" in row["note"]
        and set(words_of(row, "flags").split()) == {"ok"}
    )
    for place in range(2, 16):
        assert ragged(row["frames"][place]) < 0.4 * ragged(pictures[place])
        box, first = (
            (picture[..., 0] > 160) & (picture[..., 1] < 90)
            for picture in (row["frames"][place], moments[2 * place])
        )
        # the moment of the first field
        assert abs(np.nonzero(box)[1].mean() - np.nonzero(first)[1].mean()) < 2
    (left,) = read(path, deinterlace="off")
    assert set(words_of(left, "flags").split()) == {"interlaced"} and "left as it is" in left["note"]


@pytest.mark.parametrize("top_first", [True, False])
def test_telecine_is_undone(tmp_path: Path, read: Read, top_first: bool) -> None:
    drawings = films.scene(40, step=4)
    path = films.write(tmp_path / "a.mkv", films.telecined(drawings, top_first), crf="10", g="8", rate=30)
    rows = read(path, row_bytes=160 * 96 * 3 * 14, context=4, detector="none")
    found = [frame for row in rows for frame in row["frames"]]
    assert abs(len(found) - 40) <= 1 and "telecine undone" in rows[0]["note"]
    for frame in found[2:-2]:
        assert min(np.abs(frame.astype(int) - drawing).mean() for drawing in drawings) < 4.5
    steps = np.diff(np.concatenate([row["timestamp_s"] for row in rows]))
    assert np.median(steps) == pytest.approx(1 / 24, abs=0.001) and steps.max() < 0.06


def test_progressive_films_are_left_alone(tmp_path: Path, read: Read) -> None:
    lines = np.zeros((96, 160, 3), np.uint8)
    lines[::2] = 220  # drawn lines that look like combs, and stand still
    pictures = [
        np.where(np.arange(160)[None, :, None] < 20 + place, 90, lines).astype(np.uint8)
        for place in range(16)
    ]
    (row,) = read(films.write(tmp_path / "a.mkv", pictures, crf="8"))
    assert "deinterlaced" not in row["note"] and len(row["frames"]) == 16
    for path in (
        films.write(tmp_path / "b.mkv", films.scene(12)),
        films.write(tmp_path / "c.mkv", films.scene(12), pixels="yuv420p10le"),
    ):
        with path.open("rb") as file, Film(file, 10**6) as film:
            assert max(combs(frame) for frame in film.frames()) < COMBED


@pytest.mark.parametrize("start", [7.0, 100.0, 3700.5])
@pytest.mark.parametrize("name", ["a.mkv", "a.mpg", "a.mp4"])
def test_a_clock_that_starts_late_is_no_damage(tmp_path: Path, read: Read, start: float, name: str) -> None:
    pts = [round(1000 * (start + place / 24)) for place in range(30)]
    container = "mpegts" if name == "a.mpg" else None
    (row,) = read(
        films.write(
            tmp_path / name,
            [films.pattern(place) for place in range(30)],
            pts=pts,
            container=container,
            g="10",
        )
    )
    assert row["error"] == "" and [films.number(frame) for frame in row["frames"]] == list(range(30))
    assert row["timestamp_s"][0] == 0 and row["timestamp_s"][-1] == pytest.approx(29 / 24, abs=0.005)


def test_a_piece_that_begins_inside_a_group_is_told_of(tmp_path: Path, read: Read) -> None:
    path = films.write(
        tmp_path / "a.mpg", [films.pattern(place) for place in range(40)], container="mpegts", g="12", bf="0"
    )
    data = path.read_bytes()
    marks = [
        at for at in range(0, len(data), 188) if data[at + 1] & 0x40 and data[at + 1 : at + 3] == b"\x41\x00"
    ]
    tables = data[: marks[0]]
    path.write_bytes(tables + data[marks[5] :])
    with path.open("rb") as file, Film(file, 10**6) as film:
        scan = scan_film(film, "none", lambda times: False)
    assert not scan.damage or "missing" not in scan.damage
    rows = read(path)
    first = films.number(rows[0]["frames"][0])
    assert first == 12 or "damaged" in words_of(rows[0], "flags")


def test_watching_a_whole_film_finds_nothing(tmp_path: Path) -> None:
    path = films.write(tmp_path / "a.mkv", films.scene(30), g="6", bf="2")
    with path.open("rb") as file, Film(file, 10**6) as film:
        film.watch = watch = Watch("h264", film.form)
        pts = [frame.pts for frame in film.frames()]
    assert not watch.damaged(pts).any() and watch.lost() == "" and watch.early() == 0
