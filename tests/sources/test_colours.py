"""Colours as players and viewers show them: undeclared and odd matrices, HDR, profiles by what they do,
linear light, many bits.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageCms

from animelayers.record.schema import Row
from animelayers.sources import profiles
from tests.lists import words_of
from tests.sources.hostile import chunk

One = Callable[..., tuple[np.ndarray, str]]
Read = Callable[..., list[Row]]
PATCHES = [(220, 30, 30), (30, 200, 40), (240, 205, 180), (20, 30, 160)]


def film(path: Path, size: tuple[int, int], matrix: int, declared: bool = False, **tags: int) -> Path:
    """Four patches in YUV of a matrix, declared or not; `tags` are the frame's."""
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    for place, colour in enumerate(PATCHES):
        picture[:, width * place // 4 : width * (place + 1) // 4] = colour
    with av.open(str(path), "w") as made:
        stream = made.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv444p"
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
            format="yuv444p", dst_colorspace=matrix, dst_color_range=1
        )
        frame.colorspace, frame.color_range = (matrix if declared else 2), 1
        stream.codec_context.colorspace = frame.colorspace
        for name, value in tags.items():
            setattr(frame, name, value)
            setattr(stream.codec_context, name, value)
        frame.pts, frame.time_base = 0, Fraction(1, 24)
        made.mux([*stream.encode(frame), *stream.encode(None)])
    return path


def patches(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    return np.array([picture[height // 2, width * (2 * place + 1) // 8] for place in range(4)], int)


@pytest.mark.parametrize(
    ("size", "matrix"),
    [((1280, 720), 1), ((1920, 816), 1), ((960, 720), 1), ((720, 576), 5), ((640, 360), 5), ((64, 48), 5)],
)
def test_an_undeclared_matrix_goes_by_size(
    tmp_path: Path, read: Read, size: tuple[int, int], matrix: int
) -> None:
    (row,) = read(film(tmp_path / "a.mkv", size, matrix))
    assert (
        np.abs(patches(row["frames"][0]) - PATCHES).max() <= 3 and "no colour matrix declared" in row["note"]
    )


@pytest.mark.parametrize("matrix", [1, 5, 7, 9])
def test_a_declared_matrix_holds_at_any_size(tmp_path: Path, read: Read, matrix: int) -> None:
    for size in ((1280, 720), (64, 48)):
        (row,) = read(film(tmp_path / "a.mkv", size, matrix, declared=True))
        assert (
            np.abs(patches(row["frames"][0]) - PATCHES).max() <= 3
            and row["note"] == ""
            and words_of(row, "flags") == "ok"
        )


@pytest.mark.parametrize("matrix", [8, 10, 14])
def test_a_matrix_nobody_here_knows_is_a_doubt(tmp_path: Path, read: Read, matrix: int) -> None:
    (row,) = read(film(tmp_path / "a.mkv", (64, 48), 5, colorspace=matrix))
    assert words_of(row, "flags") == "unknown_colours" and "is not known here" in row["note"]


def pq(nits: float) -> int:
    """10 bits of SMPTE ST 2084."""
    y = (nits / 10000) ** 0.1593017578125
    return round(1023 * ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375)


def hlg(light: float) -> int:
    """10 bits of ARIB STD-B67 of a scene's light, 1 being the brightest."""
    return round(
        1023
        * (
            np.sqrt(3 * light)
            if light <= 1 / 12
            else 0.17883277 * np.log(12 * light - 0.28466892) + 0.55991073
        )
    )


def light(path: Path, codes: list[int], curve: int) -> Path:
    """Grey patches of ten bits and a curve, BT.2020."""
    ramp = np.repeat(np.array(codes, np.uint16), 32)[None].repeat(48, 0)[..., None].repeat(3, -1)
    with av.open(str(path), "w") as made:
        stream = made.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = ramp.shape[1], 48, "yuv420p10le"
        frame = av.VideoFrame.from_ndarray(ramp << 6, format="rgb48le").reformat(
            format="yuv420p10le", dst_colorspace=9, dst_color_range=1
        )
        for name, value in {
            "colorspace": 9,
            "color_range": 1,
            "color_primaries": 9,
            "color_trc": curve,
        }.items():
            setattr(frame, name, value)
            setattr(stream.codec_context, name, value)
        frame.pts, frame.time_base = 0, Fraction(1, 24)
        made.mux([*stream.encode(frame), *stream.encode(None)])
    return path


@pytest.mark.parametrize(("curve", "codes"), [
    (16, [pq(0.05), pq(26), pq(100), pq(203), pq(1000), pq(4000)]),
    (18, [hlg(0.0005), hlg(0.05), hlg(0.13), hlg(0.265), hlg(0.6), hlg(1.0)]),
])  # fmt: skip
def test_hdr_is_mapped_to_what_a_screen_shows(
    tmp_path: Path, read: Read, curve: int, codes: list[int]
) -> None:
    (row,) = read(light(tmp_path / "a.mkv", codes, curve))
    greys = row["frames"][0][24, 16::32].astype(int)
    assert np.ptp(greys, axis=1).max() <= 4  # grey stays grey
    levels = greys.mean(1)
    assert (np.diff(levels) > -1).all() and levels[0] < 25 and 75 <= levels[1] <= 140 and levels[3] >= 220
    assert words_of(row, "flags") == "tone_mapped" and "tone-mapped to sRGB" in row["note"]
    (kept,) = read(tmp_path, hdr="keep")
    assert (
        "values kept" in kept["note"] and abs(int(kept["frames"][0][24, 112, 1]) - codes[3] / 1023 * 255) <= 3
    )


def test_wide_primaries_are_brought_to_those_of_srgb(tmp_path: Path, read: Read) -> None:
    (wide,) = read(film(tmp_path / "a.mkv", (64, 48), 1, declared=True, color_primaries=9, color_trc=1))
    red, green = patches(wide["frames"][0])[:2]
    assert (
        red[0] > 240
        and red[0] - red[1] > 200
        and green[1] - green[0] > 150
        and "BT.2020 primaries converted" in wide["note"]
    )  # more saturated than the same numbers of BT.709
    (same,) = read(film(tmp_path / "a.mkv", (64, 48), 1, declared=True, color_primaries=1, color_trc=1))
    assert np.abs(patches(same["frames"][0]) - PATCHES).max() <= 3


def curve_of(gamma: float, kind: bytes = b"kTRC") -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)


def profile(tags: dict[bytes, bytes], space: bytes) -> bytes:
    """An ICC profile (version 2) of these tags, called sRGB whatever it does."""
    name = b"sRGB IEC61966-2.1\0"
    tags = {b"desc": b"desc" + bytes(4) + struct.pack(">I", len(name)) + name + bytes(78), **tags}
    tags[b"wtpt"] = b"XYZ " + bytes(4) + struct.pack(">iii", 63190, 65536, 54061)
    body, table, start = b"", b"", 132 + 12 * len(tags)
    for sign, data in tags.items():
        data += bytes(-len(data) % 4)
        table += sign + struct.pack(">II", start + len(body), len(data))
        body += data
    head = struct.pack(
        ">I4sI4s4s4s12s4s",
        start + len(body),
        b"lcms",
        0x02100000,
        b"mntr",
        space,
        b"XYZ ",
        bytes(12),
        b"acsp",
    )
    return (
        (head + bytes(28) + struct.pack(">iii", 63190, 65536, 54061)).ljust(128, b"\0")
        + struct.pack(">I", len(tags))
        + table
        + body
    )


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def primaries() -> dict[bytes, bytes]:
    """The three colorants of sRGB's own profile."""
    found = {}
    for at in range(132, 132 + 12 * struct.unpack(">I", SRGB[128:132])[0], 12):
        sign, start, size = struct.unpack(">4sII", SRGB[at : at + 12])
        if sign in (b"rXYZ", b"gXYZ", b"bXYZ"):
            found[sign] = SRGB[start : start + size]
    return found


@pytest.mark.parametrize(("gamma", "stored", "right"), [(1.0, 128, 188), (1.8, 128, 147), (2.2, 128, 128)])
def test_a_profile_is_taken_for_what_it_does(
    tmp_path: Path, one: One, gamma: float, stored: int, right: int
) -> None:
    made = profile(
        {**primaries(), **{sign: curve_of(gamma) for sign in (b"rTRC", b"gTRC", b"bTRC")}}, b"RGB "
    )
    for name in ("a.png", "a.jpg", "a.tif", "a.webp"):
        Image.new("RGB", (16, 16), (stored,) * 3).save(tmp_path / name, icc_profile=made)
        pixels, note = one(tmp_path / name)
        assert abs(int(pixels[8, 8, 1]) - right) <= 3 and "profile" in note


@pytest.mark.parametrize(("gamma", "right"), [(1.0, 188), (2.2, 128), (1.8, 147)])
def test_grey_profiles(tmp_path: Path, one: One, gamma: float, right: int) -> None:
    Image.new("L", (16, 16), 128).save(
        tmp_path / "a.png", icc_profile=profile({b"kTRC": curve_of(gamma)}, b"GRAY")
    )
    assert abs(int(one(tmp_path / "a.png")[0][8, 8, 0]) - right) <= 3


def test_the_profile_of_srgb_changes_nothing(tmp_path: Path, one: One) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8))
    noise.save(tmp_path / "a.png", icc_profile=SRGB)
    pixels, note = one(tmp_path / "a.png")
    assert np.array_equal(pixels, np.asarray(noise)) and note == ""


def with_chunk(path: Path, colour: tuple[int, int, int], *more: bytes) -> Path:
    """A flat PNG with chunks before its pixels."""
    Image.new("RGB", (8, 8), colour).save(path)
    data = path.read_bytes()
    path.write_bytes(data[:33] + b"".join(more) + data[33:])
    return path


@pytest.mark.parametrize(("gamma", "right"), [(100_000, 188), (55_556, 147), (45_455, 128), (0, 128)])
def test_the_gamma_of_a_png(tmp_path: Path, one: One, gamma: int, right: int) -> None:
    pixels, _ = one(with_chunk(tmp_path / "a.png", (128,) * 3, chunk(b"gAMA", struct.pack(">I", gamma))))
    assert abs(int(pixels[0, 0, 0]) - right) <= 2


def test_primaries_of_a_png(tmp_path: Path, one: One) -> None:
    adobe = struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
    pixels, note = one(with_chunk(tmp_path / "a.png", (60, 200, 60), chunk(b"cHRM", adobe)))
    assert pixels[0, 0, 0] < 30 and pixels[0, 0, 1] >= 199 and "primaries" in note
    srgb = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
    assert one(with_chunk(tmp_path / "b.png", (60, 200, 60), chunk(b"cHRM", srgb)))[0][0, 0].tolist() == [
        60,
        200,
        60,
    ]


@pytest.mark.parametrize(("codes", "stored", "right", "flag"), [
    ((1, 8, 0, 1), (128, 128, 128), (188, 188, 188), "ok"),  # linear light
    ((12, 13, 0, 1), (60, 200, 60), (0, 203, 11), "ok"),  # Display P3
    ((9, 16, 0, 1), (148, 148, 148), (250, 250, 250), "tone_mapped"),  # PQ: 203 nits
])  # fmt: skip
def test_coded_colours_of_a_png(
    tmp_path: Path,
    read: Read,
    codes: tuple[int, ...],
    stored: tuple[int, int, int],
    right: tuple[int, ...],
    flag: str,
) -> None:
    (row,) = read(with_chunk(tmp_path / "a.png", stored, chunk(b"cICP", bytes(codes))))
    assert np.abs(row["frames"][0][0, 0].astype(int) - right).max() <= (15 if flag == "tone_mapped" else 4)
    assert words_of(row, "flags") == flag


def test_adobe_rgb_by_exif_alone(tmp_path: Path, one: One) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    Image.new("RGB", (16, 16), (60, 200, 60)).save(tmp_path / "a.jpg", exif=exif, quality=100, subsampling=0)
    pixels, note = one(tmp_path / "a.jpg")
    assert pixels[8, 8, 0] < 30 and "Adobe RGB" in note


def floats(path: Path, name: str, planes: str, light: tuple[float, ...]) -> Path:
    """A picture of floats by FFmpeg's encoders: `light` of red, green, blue and alpha."""
    codec = av.CodecContext.create(name, "w")
    codec.width, codec.height, codec.pix_fmt, codec.time_base = 16, 16, planes, Fraction(1, 24)
    codec.framerate = Fraction(24)
    frame = av.VideoFrame(16, 16, planes)
    for plane, place in zip(frame.planes, (1, 2, 0, 3), strict=False):
        plane.update(np.full(plane.buffer_size // 4, light[place], np.float32).tobytes())
    frame.pts = 0
    path.write_bytes(b"".join(bytes(packet) for packet in [*codec.encode(frame), *codec.encode(None)]))
    return path


@pytest.mark.parametrize(
    ("name", "planes"), [("exr", "gbrpf32le"), ("hdr", "gbrpf32le"), ("exr", "gbrapf32le")]
)
def test_linear_floats_have_a_stated_view(tmp_path: Path, one: One, name: str, planes: str) -> None:
    path = floats(tmp_path / f"a.{name}", name, planes, (0.2140, 4.0, 0.0, 1.0))
    pixels, note = one(path)
    assert (
        np.abs(pixels[8, 8].astype(int) - [127, 255, 0]).max() <= (8 if name == "hdr" else 3)
        and "linear light" in note
        and "brighter than 1" in note
    )


def test_alpha_of_an_exr_is_associated(tmp_path: Path, one: One) -> None:
    pixels, _ = one(floats(tmp_path / "a.exr", "exr", "gbrapf32le", (0.107, 0.107, 0.107, 0.5)))
    # grey of half cover over white, not the black rim of a colour divided twice
    assert abs(int(pixels[8, 8, 0]) - (127 + 255) / 2) <= 2


def test_many_bits(tmp_path: Path, read: Read) -> None:
    import cv2

    ramp = np.linspace(0, 1, 256, dtype=np.float32)[None, :, None].repeat(8, 0).repeat(3, 2)
    cv2.imwrite(str(tmp_path / "a.tif"), ramp)
    cv2.imwrite(str(tmp_path / "b.png"), (ramp * 65535).astype(np.uint16))
    cv2.imwrite(str(tmp_path / "c.tif"), (ramp * 65535).astype(np.uint16))
    for row in read(tmp_path):
        assert (
            row["error"] == "" and np.abs(row["frames"][0][0, :, 1].astype(int) - np.arange(256)).max() <= 1
        ), row["source"]


def test_unequal_densities_are_a_doubt(tmp_path: Path, read: Read) -> None:
    Image.new("RGB", (16, 16)).save(tmp_path / "a.jpg", dpi=(72, 144))
    Image.new("RGB", (16, 16)).save(tmp_path / "b.jpg", dpi=(72, 72))
    Image.new("RGB", (16, 16)).save(tmp_path / "c.tif", dpi=(204, 98))
    assert [words_of(row, "flags") for row in read(tmp_path)] == ["guessed_aspect", "ok", "guessed_aspect"]


def test_a_colour_space_that_is_none_is_ignored() -> None:
    flat = np.full((2, 2, 3), 90, np.uint8)
    pixels, notes = profiles.calibrated(flat, None, (0.3127, 0.329, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3))
    assert np.array_equal(pixels, flat) and "ignored" in notes[0]
    assert zlib.crc32(flat.tobytes()) == zlib.crc32(np.full((2, 2, 3), 90, np.uint8).tobytes())
