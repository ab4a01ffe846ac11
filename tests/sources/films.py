"""Small films written with PyAV for the tests: every frame carries its own number as a pattern that survives
any codec.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

BITS = 8


def pattern(
    number: int, width: int = 64, height: int = 48, base: tuple[int, int, int] = (40, 90, 160)
) -> np.ndarray:
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
    with av.open(
        str(path), "w", format=container, container_options={"movflags": "faststart"} if faststart else {}
    ) as film:
        stream = film.add_stream(
            codec, rate=rate, options={key.replace("_", "-"): text for key, text in options.items()}
        )
        height, width = pictures[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        if pts is not None:
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for place, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = (
                (place, Fraction(1, rate)) if pts is None else (pts[place], Fraction(1, 1000))
            )
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path


def audio(path: Path) -> Path:
    """A file with sound and no picture."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("aac" if path.suffix == ".mp4" else "pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 8000, 0
        resampled = av.AudioResampler(
            format=stream.codec_context.format, layout="mono", rate=8000, frame_size=1024
        )
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
            data[start : start + 4] = struct.pack(
                ">I", min(2**32 - 2, round(share * struct.unpack(">I", data[start : start + 4])[0]))
            )
    path.write_bytes(data)
    return path


def scene(count: int, width: int = 160, height: int = 96, step: float = 3.0) -> list[np.ndarray]:
    """A red box with a dark outline that walks over a painted room, `step` pixels a frame."""
    rng = np.random.default_rng(1)
    room = cv2.resize(
        rng.integers(60, 200, (6, 8, 3), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC
    )
    pictures = []
    for place in range(count):
        picture, x = room.copy(), 10 + round(step * place) % (width - 50)
        cv2.rectangle(picture, (x, 20), (x + 28, height - 12), (220, 30, 40), -1)
        cv2.rectangle(picture, (x, 20), (x + 28, height - 12), (10, 10, 10), 2)
        pictures.append(picture)
    return pictures


def woven(first: np.ndarray, then: np.ndarray, top_first: bool = True) -> np.ndarray:
    """Two moments in one picture, line by line."""
    picture = first.copy()
    picture[int(top_first) :: 2] = then[int(top_first) :: 2]
    return picture


def telecined(pictures: list[np.ndarray], top_first: bool = True) -> list[np.ndarray]:
    """24 pictures a second as 30 interlaced ones, two and three fields in turn."""
    fields = [picture for place, picture in enumerate(pictures) for _ in range(2 + place % 2)]
    return [woven(one, other, top_first) for one, other in zip(fields[::2], fields[1::2], strict=False)]


def matrix(path: Path, a: int, b: int, c: int, d: int) -> Path:
    """Write a display matrix of the signs a b c d into an mp4's track header."""
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 4 + 40
    numbers = [a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30]
    data[start : start + 36] = b"".join((number & 0xFFFFFFFF).to_bytes(4, "big") for number in numbers)
    path.write_bytes(data)
    return path


def shaped(path: Path, kind: bytes, payload: bytes) -> Path:
    """Put a box into an mp4's sample entry, at its end; the film must have its header at its end, so that no
    offset moves.
    """
    data = bytearray(path.read_bytes())
    assert data.index(b"mdat") < data.index(b"moov")
    entry = data.index(b"avc1", data.index(b"stsd")) - 4
    at = entry + int.from_bytes(data[entry : entry + 4], "big")
    box = struct.pack(">I", 8 + len(payload)) + kind + payload
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"):
        place = data.index(name, data.index(b"moov")) - 4 if name != b"avc1" else entry
        data[place : place + 4] = struct.pack(
            ">I", struct.unpack(">I", data[place : place + 4])[0] + len(box)
        )
    data[at:at] = box
    path.write_bytes(data)
    return path


def element(number: int, payload: bytes) -> bytes:
    """An element of Matroska with a size of four bytes."""
    return (
        number.to_bytes((number.bit_length() + 7) // 8, "big")
        + struct.pack(">I", 0x10000000 | len(payload))
        + payload
    )


def told(path: Path, **values: int) -> Path:
    """Put elements into the Video part of a Matroska film's first track, over the room its writer left after
    the header.
    """
    codes = {"top": 0x54BB, "bottom": 0x54AA, "left": 0x54CC, "right": 0x54DD, "stereo": 0x53B8}
    more = b"".join(element(codes[name], value.to_bytes(2, "big")) for name, value in values.items())
    data = bytearray(path.read_bytes())
    start, end = data.rindex(b"\x16\x54\xae\x6b"), len(data)  # the first one is in the list of places
    for kind in (b"\x16\x54\xae\x6b", b"\xae", b"\xe0"):
        start = _child(data, start, kind)
        place = start + len(kind)
        width = 9 - data[place].bit_length()
        size = _size(data, place) + len(more)
        data[place : place + width] = (size | 1 << 7 * width).to_bytes(width, "big")
        start, end = place + width, place + width + size - len(more)
    data[end:end] = more
    segment = data.index(b"\x18\x53\x80\x67") + 4
    data[segment : segment + 8] = b"\x01" + b"\xff" * 7  # of unknown size, so that nothing need be counted
    path.write_bytes(data)
    return path


def _size(data: bytes | bytearray, place: int) -> int:
    """The size that an element tells at a place."""
    width = 9 - data[place].bit_length()
    return int.from_bytes(data[place : place + width], "big") & ((1 << 7 * width) - 1)


def _child(data: bytes | bytearray, start: int, kind: bytes) -> int:
    """Where the element of a kind begins, going from sibling to sibling."""
    while not data.startswith(kind, start):
        place = start + 9 - data[start].bit_length()
        start = place + 9 - data[place].bit_length() + _size(data, place)
    return start
