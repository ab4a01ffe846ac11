"""Codecs are lossless where they say so, whatever library was chosen."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from animelayers.imaging import codecs

SIZES = [(1, 1), (1, 3000), (3000, 1), (7, 5), (64, 33)]


def picture(size: tuple[int, int], channels: int) -> np.ndarray:
    made = np.random.default_rng(size[1]).integers(0, 256, (*size, channels), np.uint8)
    made[: size[0] // 2] = 0
    return made[..., 0] if channels == 1 else made


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("make", [codecs._isal, codecs._opencv_png, codecs._pillow_png, None])
def test_png_round_trip(size: tuple[int, int], channels: int, make: object) -> None:
    source = picture(size, channels)
    encode = make() if callable(make) and channels > 1 else codecs.encode_png
    data = encode(source)
    assert np.array_equal(codecs.decode(data), source)
    with Image.open(io.BytesIO(data)) as read:
        assert read.mode == {1: "L", 3: "RGB", 4: "RGBA"}[channels]
        assert np.array_equal(np.asarray(read), source)


@pytest.mark.parametrize("size", SIZES)
def test_webp_round_trip(size: tuple[int, int]) -> None:
    source = picture(size, 3)
    assert np.array_equal(codecs.decode(codecs.encode_webp(source)), source)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("subsampling", ["444", "420"])
def test_jpeg_has_the_size_quality_and_sampling_asked_for(size: tuple[int, int], subsampling: str) -> None:
    source = cv2.GaussianBlur(picture(size, 3), (15, 15), 4)
    data = codecs.encode_jpeg(source, 95, subsampling)
    assert codecs.decode(data).shape == source.shape
    assert np.abs(codecs.decode(data).astype(int) - source).mean() < 4
    with Image.open(io.BytesIO(data)) as read:
        assert read.mode == "RGB"
        assert read.layer[0][1:3] == ((1, 1) if subsampling == "444" else (2, 2))
    assert len(codecs.encode_jpeg(source, 40, subsampling)) <= len(data)


def test_jpeg_by_opencv_agrees() -> None:
    source = cv2.GaussianBlur(picture((64, 64), 3), (15, 15), 4)
    for subsampling in ("444", "422", "420"):
        theirs = codecs.decode(codecs._opencv_jpeg(source, 95, subsampling))
        ours = codecs.decode(codecs.encode_jpeg(source, 95, subsampling))
        assert np.abs(theirs.astype(int) - ours).max() <= 8


def test_no_more_bytes_than_allowed() -> None:
    y, x = np.mgrid[:360, :640]
    disk = np.hypot(x - 320, y - 200) < 130
    rng = np.random.default_rng(0)
    colours = cv2.resize(rng.normal(128, 25, (36, 64, 3)), (640, 360), interpolation=cv2.INTER_CUBIC)
    painted = (colours + rng.normal(0, 3, colours.shape)).clip(0, 255)
    layer = np.dstack([painted, 255 * disk]).astype(np.uint8) * disk[..., None]
    for source in (layer, np.ascontiguousarray(layer[..., 3])):
        reference = io.BytesIO()
        Image.fromarray(source).save(reference, "PNG")
        assert len(codecs.encode_png(source)) <= 1.25 * reference.tell()


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0junk"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        codecs.decode(data)


def test_an_encoder_that_loses_pixels_is_not_chosen(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        codecs, "_fpng", lambda: lambda source: codecs._pillow(source // 2, "PNG", compress_level=1)
    )
    codecs.png_encoder.cache_clear()
    try:
        with caplog.at_level("INFO"):
            assert np.array_equal(codecs.decode(codecs.encode_png(picture((9, 9), 4))), picture((9, 9), 4))
        assert "fpng is out: not lossless" in caplog.text
    finally:
        codecs.png_encoder.cache_clear()
