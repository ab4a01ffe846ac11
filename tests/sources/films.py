"""Small films written with PyAV for the tests: every frame carries its own number as a pattern that survives any codec."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

BITS = 8


def pattern(number: int, width: int = 64, height: int = 48, base: tuple[int, int, int] = (40, 90, 160)) -> np.ndarray:
    """A frame whose lower half spells `number` in 8 black or white bars; `base` colours the rest."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = base
    for bit in range(BITS):
        a, b = width * bit // BITS, width * (bit + 1) // BITS
        picture[height // 2 :, a:b] = 235 if number >> bit & 1 else 20
    return picture


def number(picture: np.ndarray) -> int:
    """What `pattern` spelt."""
    height, width = picture.shape[:2]
    row = picture[height * 3 // 4].mean(axis=-1)
    return sum(int(row[int(width * (bit + 0.5) / BITS)] > 128) << bit for bit in range(BITS))


def write(
    path: Path,
    pictures: list[np.ndarray],
    codec: str = "libx264",
    pixels: str = "yuv420p",
    rate: int = 24,
    pts: list[int] | None = None,
    container: str | None = None,
    faststart: bool = False,
    **options: str,
) -> Path:
    """Encode `pictures`; `pts` are presentation times in units of 1/1000 s, otherwise the rate is constant."""
    if codec == "libx264":
        options = {"preset": "ultrafast", **options}
    with av.open(str(path), "w", format=container, container_options={"movflags": "faststart"} if faststart else {}) as film:
        stream = film.add_stream(codec, rate=rate, options={key.replace("_", "-"): text for key, text in options.items()})
        height, width = pictures[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        if pts is not None:
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for place, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = (place, Fraction(1, rate)) if pts is None else (pts[place], Fraction(1, 1000))
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path


def audio(path: Path) -> Path:
    """A file with sound and no picture."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("aac" if path.suffix == ".mp4" else "pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 8000, 0
        resampled = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=8000, frame_size=1024)
        for piece in resampled.resample(frame) if path.suffix == ".mp4" else [frame]:
            film.mux(stream.encode(piece))
        film.mux(stream.encode(None))
    return path


def rotated(path: Path, turns: int) -> Path:
    """Write the display matrix of `turns` clockwise quarter turns into an mp4's track header."""
    data = bytearray(path.read_bytes())
    sine, cosine = {1: (1, 0), 2: (0, -1), 3: (-1, 0)}[turns]
    start = data.index(b"tkhd") + 4 + 40
    matrix = [cosine << 16, sine << 16, 0, -sine << 16, cosine << 16, 0, 0, 0, 1 << 30]
    data[start : start + 36] = b"".join((value & 0xFFFFFFFF).to_bytes(4, "big") for value in matrix)
    path.write_bytes(data)
    return path


def declared(path: Path, share: float) -> Path:
    """Make an mp4's or Matroska's header declare `share` of its true length; its frames stay as they are."""
    data = bytearray(path.read_bytes())
    if path.suffix == ".mkv":
        start = data.index(b"\x44\x89\x88") + 3
        data[start : start + 8] = struct.pack(">d", share * struct.unpack(">d", data[start : start + 8])[0])
    else:
        for box, at in ((b"mvhd", 16), (b"tkhd", 20), (b"mdhd", 16)):
            start = data.index(box) + 4 + at
            data[start : start + 4] = struct.pack(">I", min(2**32 - 2, round(share * struct.unpack(">I", data[start : start + 4])[0])))
    path.write_bytes(data)
    return path
