"""Known colours in every mode, all orientations, and animations with their timing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from animelayers.record.schema import Row
from tests.sources import films
from tests.sources.hostile import picture

One = Callable[..., tuple[np.ndarray, str]]
Read = Callable[..., list[Row]]


def apart(a: np.ndarray, b: np.ndarray | Image.Image) -> int:
    return int(np.abs(a.astype(int) - np.asarray(b).astype(int)).max())


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.webp", "a.gif"])
def test_lossless_formats_give_the_pixels(tmp_path: Path, one: One, name: str) -> None:
    picture().save(tmp_path / name, **({"lossless": True} if name.endswith("webp") else {}))
    pixels, note = one(tmp_path / name)
    assert apart(pixels, picture()) == 0 and note == "" and pixels.dtype == np.uint8


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"quality": 30}])
def test_the_fast_jpeg_decoder_gives_pillows_pixels(
    tmp_path: Path, one: One, options: dict[str, int]
) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (67, 91, 3), np.uint8))
    noise.save(tmp_path / "a.jpg", **options)
    assert apart(one(tmp_path / "a.jpg")[0], Image.open(tmp_path / "a.jpg")) == 0


def test_avif(tmp_path: Path, one: One) -> None:
    picture().save(tmp_path / "a.avif", quality=100, subsampling="4:4:4")
    assert apart(one(tmp_path / "a.avif")[0], picture()) <= 6


@pytest.mark.parametrize("mode", ["L", "1", "P", "YCbCr"])
def test_modes_without_alpha(tmp_path: Path, one: One, mode: str) -> None:
    name = "a.tif" if mode == "YCbCr" else "a.png"
    picture().convert(mode).save(tmp_path / name)
    assert apart(one(tmp_path / name)[0], picture().convert(mode).convert("RGB")) <= 1


@pytest.mark.parametrize("bits", [np.uint16, np.int32, np.float32])
def test_more_than_eight_bits(tmp_path: Path, one: One, bits: type[np.generic]) -> None:
    ramp = np.linspace(0, 1, 256)[None].repeat(4, axis=0)
    values = (ramp * (1 if bits is np.float32 else 65535)).astype(bits)
    Image.fromarray(values).save(tmp_path / "a.tif")
    pixels, note = one(tmp_path / "a.tif")
    assert apart(pixels, (ramp * 255)[..., None].repeat(3, axis=2)) <= 1
    assert "bits reduced to 8" in note


def test_sixteen_bit_png(tmp_path: Path, one: One) -> None:
    Image.fromarray(np.full((4, 4), 40000, np.uint16)).save(tmp_path / "a.png")
    assert apart(one(tmp_path / "a.png")[0], np.full((4, 4, 3), round(40000 / 257))) <= 1


def test_cmyk(tmp_path: Path, one: One) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 128, 51)).save(tmp_path / "a.tif")
    pixels, note = one(tmp_path / "a.tif")
    assert apart(pixels[0, 0], np.array([204, 0, 102])) <= 2
    assert note == "CMYK converted"


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_alpha_is_composed_on_a_stated_colour(tmp_path: Path, one: One, mode: str) -> None:
    clear = Image.new("RGBA", (8, 8), (200, 200, 200, 0))
    clear.paste((200, 200, 200, 255), (0, 0, 4, 8))
    if mode == "RGBA":
        clear.putpixel((7, 7), (200, 100, 0, 128))
    clear.convert(mode).save(tmp_path / "a.png")
    white, note = one(tmp_path / "a.png")
    assert note == "alpha composed on #ffffff"
    assert apart(white[0, 0], np.array([200] * 3)) <= 1 and apart(white[0, 7], np.array([255] * 3)) == 0
    black, note = one(tmp_path / "a.png", alpha_on="#102030")
    assert note == "alpha composed on #102030" and apart(black[0, 7], np.array([16, 32, 48])) == 0
    if mode == "RGBA":
        assert apart(white[7, 7], np.array([227, 177, 127])) <= 1


def test_palette_transparency_given_as_an_index(tmp_path: Path, one: One) -> None:
    flat = Image.new("P", (4, 4), 0)
    flat.putpalette([10, 20, 30, 40, 50, 60])
    flat.putpixel((1, 1), 1)
    flat.save(tmp_path / "a.png", transparency=0)
    pixels, _ = one(tmp_path / "a.png")
    assert pixels[0, 0].tolist() == [255, 255, 255] and pixels[1, 1].tolist() == [40, 50, 60]


def test_a_profile_is_converted_and_srgb_is_left_alone(tmp_path: Path, one: One) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture().save(tmp_path / "same.png", icc_profile=srgb)
    assert apart(one(tmp_path / "same.png")[0], picture()) == 0
    # A colour space whose red primary is sRGB's blue and the other way round: right conversion swaps the
    # channels.
    swapped = srgb.replace(b"rXYZ", b"swap").replace(b"bXYZ", b"rXYZ").replace(b"swap", b"bXYZ")
    swapped = swapped.replace("sRGB".encode("utf-16-be"), "odd ".encode("utf-16-be"))
    picture().save(tmp_path / "other.png", icc_profile=swapped)
    pixels, note = one(tmp_path / "other.png")
    assert apart(pixels, np.asarray(picture())[..., ::-1]) <= 1 and note.startswith("profile 'odd ")
    picture().save(tmp_path / "bad.png", icc_profile=b"rubbish" * 40)
    pixels, note = one(tmp_path / "bad.png")
    assert apart(pixels, picture()) == 0 and "ignored" in note


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(tmp_path: Path, one: One, orientation: int, suffix: str) -> None:
    inverse = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    stored = picture() if inverse is None else picture().transpose(Image.Transpose(inverse))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / f"a.{suffix}", exif=exif, **({"lossless": True} if suffix == "webp" else {}))
    pixels, note = one(tmp_path / f"a.{suffix}")
    assert pixels.shape == (32, 48, 3)
    assert apart(pixels[4:-4:8, 4:-4:8], np.asarray(picture())[4:-4:8, 4:-4:8]) <= 40
    assert note == ("" if orientation == 1 else f"orientation {orientation} applied")


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "apng"])
def test_animations_keep_their_timing(tmp_path: Path, read: Read, suffix: str) -> None:
    frames = [Image.fromarray(films.pattern(place)) for place in (1, 2, 3)]
    form = {"apng": "PNG"}.get(suffix, suffix.upper())
    more = {"lossless": True} if suffix == "webp" else {}
    frames[0].save(
        tmp_path / f"a.{suffix}",
        format=form,
        save_all=True,
        append_images=frames[1:],
        duration=[100, 250, 300],
        **more,
    )
    (row,) = read(tmp_path / f"a.{suffix}")
    assert row["clip_id"] == f"a--{suffix}/scene0000/000000" and row["episode"] == f"a--{suffix}"
    assert row["frame_index"].tolist() == [0, 1, 2] and row["drawing"].tolist() == [0, 1, 2]
    assert row["timestamp_s"] == pytest.approx([0.0, 0.1, 0.35])
    assert [films.number(frame) for frame in row["frames"]] == [1, 2, 3]


def test_the_windows_of_an_animation_are_exact(tmp_path: Path, read: Read) -> None:
    frames = [Image.fromarray(films.pattern(place)) for place in range(40)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:], duration=40)
    rows = read(tmp_path, row_bytes=64 * 48 * 3 * 7, every=3)
    assert len(rows) > 1 and [len(row["frames"]) <= 7 for row in rows]
    seen = [films.number(frame) for row in rows for frame in row["frames"]]
    assert seen == list(range(0, 40, 3)) == [int(index) for row in rows for index in row["frame_index"]]


def test_pages_of_a_tiff(tmp_path: Path, read: Read) -> None:
    frames = [Image.fromarray(films.pattern(place)) for place in range(3)]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=[frames[1], frames[2].resize((32, 32))])
    rows = read(tmp_path)
    assert [row["frames"].shape for row in rows] == [(2, 48, 64, 3), (1, 32, 32, 3)]
    assert np.isnan(rows[0]["timestamp_s"]).all()


def test_the_still_for_old_viewers_is_no_frame(tmp_path: Path, read: Read) -> None:
    frames = [Image.fromarray(films.pattern(place)) for place in range(3)]
    frames[0].save(
        tmp_path / "a.png", save_all=True, default_image=True, append_images=frames[1:], duration=40
    )
    (row,) = read(tmp_path)
    assert [films.number(frame) for frame in row["frames"]] == [1, 2]


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
@pytest.mark.parametrize(("delay", "shown"), [(0, 0.1), (10, 0.1), (20, 0.02), (50, 0.05), (1000, 1.0)])
def test_delays_are_those_of_browsers(
    tmp_path: Path, read: Read, suffix: str, delay: int, shown: float
) -> None:
    frames = [Image.fromarray(films.pattern(place)) for place in (1, 2, 3)]
    more = {"lossless": True} if suffix == "webp" else {}
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], duration=delay, **more)
    (row,) = read(tmp_path)
    assert row["timestamp_s"] == pytest.approx([0, shown, 2 * shown])
