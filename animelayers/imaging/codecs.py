"""Pictures to bytes and back: PNG, JPEG and WebP by the fastest library that is here and proves itself at
start-up.

Measured on 1080p layers, one thread: fpng writes an RGBA PNG in a seventh of the time of OpenCV and a
twentieth of Pillow's level 6, at 1.2 times its bytes. Rows less the row above through ISA-L's deflate need
1.0 times fpng's time for a cut-out, 1.6 for a painting and 1.9 for a photograph, at 0.97 to 1.03 times its
bytes, and come as a wheel for every machine. Masks by OpenCV with run-length matching are smaller than
Pillow's level 6 at a quarter of the time.
"""

from __future__ import annotations

import io
import logging
import struct
import zlib
from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from PIL import Image

from animelayers.imaging.constants import LEVELS

log = logging.getLogger(__name__)

Encoder = Callable[[np.ndarray], bytes]
SUFFIXES = {"png": "png", "jpeg": "jpg", "webp": "webp"}
"""File name extension of each format."""

_RUN_LENGTH = [
    cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE,
    cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE,
]  # fmt: skip


_SIGNATURE, _UP = b"\x89PNG\r\n\x1a\n", 2
"""How a PNG begins, and its filter that takes off the row above (PNG specification, 9.2)."""
_DEPTH, _KINDS = 8, {3: 2, 4: 6}
"""Bits of a channel, and the colour type of so many channels (the same, 11.2.2)."""
_TO_OPENCV = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
_QUALITY = 95
"""Of a JPEG, 1..100, where nobody asks for another: what it loses is not seen."""
_TRIAL = (180, 320)
"""Rows and columns of the picture that an encoder proves itself on."""
_NOISY = 40
"""Rows of it that are noise."""


def encode_png(picture: np.ndarray) -> bytes:
    """A lossless PNG of a uint8 (H, W), (H, W, 3) RGB or (H, W, 4) RGBA picture."""
    if picture.ndim == 2:
        return _opencv(".png", picture, _RUN_LENGTH)
    return png_encoder()(np.ascontiguousarray(picture))


def encode_jpeg(picture: np.ndarray, quality: int = _QUALITY, subsampling: str = "444") -> bytes:
    """A JPEG of a uint8 RGB (H, W, 3) picture; `quality` 1..100, `subsampling` of the colour: 444, 422 or
    420.
    """
    return jpeg_library()[0](np.ascontiguousarray(picture), quality, subsampling)


def encode_webp(picture: np.ndarray) -> bytes:
    """A lossless WebP of a uint8 RGB (H, W, 3) picture, by the encoder's fastest setting."""
    return _pillow(picture, "WEBP", lossless=True, quality=0, method=0)


def decode(data: bytes) -> np.ndarray:
    """The picture in a PNG, JPEG or WebP file: uint8 (H, W), (H, W, 3) RGB or (H, W, 4) RGBA; ValueError if
    it is none.
    """
    if data[:2] == b"\xff\xd8":
        return jpeg_library()[1](data)
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if picture is None:
        raise ValueError(
            f"{len(data)} bytes that start with {data[: len(_SIGNATURE)]!r} are no PNG, JPEG or WebP picture"
        )
    if picture.ndim == 2:
        return picture
    return cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA if picture.shape[2] == 4 else cv2.COLOR_BGR2RGB)


@cache
def png_encoder() -> Encoder:
    """The first of fpng, ISA-L, OpenCV and Pillow, from fast to slow, that is here and has been seen to be
    lossless; chosen once per process.
    """
    sample = _sample()
    for name, make in {"fpng": _fpng, "ISA-L": _isal, "OpenCV": _opencv_png, "Pillow": _pillow_png}.items():
        try:
            encoder = make()
            if not all(
                _lossless(encoder, trial)
                for trial in (sample, sample[..., :3], sample[:1, :1], sample[:, :1])
            ):
                raise ValueError("not lossless")
        except Exception as problem:
            log.info("PNG by %s is out: %s", name, problem)
            continue
        log.info("PNG by %s", name)
        return encoder
    raise RuntimeError("no library here writes PNG losslessly")


@cache
def jpeg_library() -> tuple[Callable[[np.ndarray, int, str], bytes], Callable[[bytes], np.ndarray]]:
    """Encoder and decoder of JPEGs: simplejpeg, OpenCV where it is missing."""
    try:
        import simplejpeg
    except ImportError:
        log.info("JPEG by OpenCV: simplejpeg is not here")
        return _opencv_jpeg, lambda data: cv2.cvtColor(_decoded(data), cv2.COLOR_BGR2RGB)
    return (
        lambda picture, quality, subsampling: simplejpeg.encode_jpeg(picture, quality, "RGB", subsampling),
        lambda data: simplejpeg.decode_jpeg(data, "RGB"),
    )


def _fpng() -> Encoder:
    import fpng_py

    def encode(picture: np.ndarray) -> bytes:
        h, w, channels = picture.shape
        data: bytes = fpng_py.fpng_encode_image_to_memory(
            picture, w, h, channels, fpng_py.CompressionFlags.FPNG_ENCODE_SLOWER
        )
        return data

    return encode


def _isal() -> Encoder:
    from isal import isal_zlib

    def encode(picture: np.ndarray) -> bytes:
        height, width, channels = picture.shape
        pixels = picture.reshape(height, width * channels)
        rows = np.empty((height, 1 + width * channels), np.uint8)
        rows[:, 0], rows[0, 1:] = _UP, pixels[0]
        np.subtract(pixels[1:], pixels[:-1], out=rows[1:, 1:])
        head = struct.pack(">IIBBBBB", width, height, _DEPTH, _KINDS[channels], 0, 0, 0)
        chunks = ((b"IHDR", head), (b"IDAT", isal_zlib.compress(rows, 1)), (b"IEND", b""))
        return _SIGNATURE + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )

    return encode


def _opencv_png() -> Encoder:
    return lambda picture: _opencv(".png", cv2.cvtColor(picture, _TO_OPENCV[picture.shape[2]]), [])


def _pillow_png() -> Encoder:
    return lambda picture: _pillow(picture, "PNG", compress_level=1)


def _opencv_jpeg(picture: np.ndarray, quality: int, subsampling: str) -> bytes:
    factor = getattr(cv2, f"IMWRITE_JPEG_SAMPLING_FACTOR_{subsampling}")
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor]
    return _opencv(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)


def _opencv(suffix: str, picture: np.ndarray, options: list[int]) -> bytes:
    done, data = cv2.imencode(suffix, picture, options)
    if not done:
        raise ValueError(f"OpenCV cannot write a {suffix} of shape {picture.shape}")
    return data.tobytes()


def _pillow(picture: np.ndarray, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind, **options)
    return buffer.getvalue()


def _decoded(data: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError("not a JPEG")
    return picture


def _lossless(encoder: Encoder, picture: np.ndarray) -> bool:
    picture = np.ascontiguousarray(picture)
    return np.array_equal(decode(encoder(picture)), picture)


def _sample() -> np.ndarray:
    """Something like a layer: flat, a ramp, noise, empty."""
    height, width = _TRIAL
    y, x = np.mgrid[:height, :width]
    noise = np.random.default_rng(0).integers(0, LEVELS, (height, width, 4))
    picture = np.stack([x, y, x + y, np.where(x < width // 2, 0, 255)], 2)
    return np.where((y < _NOISY)[..., None], noise, picture % LEVELS).astype(np.uint8)
