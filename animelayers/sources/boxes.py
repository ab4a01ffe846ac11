"""What the headers of Matroska and MP4 say of a track and the decoders' interface does not pass on: cropping,
stereo, alpha.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, NamedTuple

_MOST = 4096  # elements looked at: headers have tens
_LARGEST = 1 << 22  # bytes of a header that are read: attachments and covers lie elsewhere

_SEGMENT, _TRACKS, _ENTRY, _VIDEO, _CLUSTER = 0x18538067, 0x1654AE6B, 0xAE, 0xE0, 0x1F43B675
_CROPS = {0x54BB: "top", 0x54AA: "bottom", 0x54CC: "left", 0x54DD: "right"}
_STEREO, _ALPHA = 0x53B8, 0x53C0
_FAMILIES = (b"trak", b"mdia", b"minf", b"stbl")
_SAMPLE_ENTRY = 78  # bytes of a VisualSampleEntry before its own boxes, ISO/IEC 14496-12


class Track(NamedTuple):
    """Pixels to be cut off at each side; Matroska's number of a stereo mode, 0 for none; whether alpha is
    stored beside the colours.
    """

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0
    stereo: int = 0
    alpha: bool = False


def matroska(file: IO[bytes]) -> list[Track]:
    """The tracks of a Matroska file in their order; none where the header is damaged. Matroska's
    specification, RFC 9559.
    """
    tracks = []
    for kind, start, size in _elements(file, 0, None):
        if kind != _SEGMENT:
            continue
        for inner, at, length in _elements(file, start, None if size is None else start + size):
            if inner == _CLUSTER or length is None:
                break
            if inner == _TRACKS and length <= _LARGEST:
                tracks = [
                    _entry(file, a, a + n)
                    for what, a, n in _elements(file, at, at + length)
                    if what == _ENTRY and n is not None
                ]
                break
        break
    return tracks


def mp4(file: IO[bytes]) -> dict[int, Track]:
    """The video tracks of an MP4 or QuickTime file by their number; a clean aperture (`clap`) is cropping."""
    tracks = {}
    for kind, start, size in _boxes(file, 0, None):
        if kind == b"moov" and size <= _LARGEST:
            file.seek(start)
            data = file.read(size)
            for what, a, b in _inside(data, 0, len(data)):
                if what == b"trak" and (found := _track(data, a, b)):
                    tracks[found[0]] = found[1]
            break
    return tracks


def _entry(file: IO[bytes], start: int, end: int) -> Track:
    for kind, at, size in _elements(file, start, end):
        if kind == _VIDEO and size is not None:
            told = {
                what: _number(file, a, n)
                for what, a, n in _elements(file, at, at + size)
                if n is not None and n <= 8
            }
            crops = {side: told.get(code, 0) for code, side in _CROPS.items()}
            return Track(**crops, stereo=told.get(_STEREO, 0), alpha=bool(told.get(_ALPHA, 0)))
    return Track()


def _number(file: IO[bytes], start: int, size: int) -> int:
    file.seek(start)
    return int.from_bytes(file.read(size), "big")


def _elements(file: IO[bytes], start: int, end: int | None) -> Iterator[tuple[int, int, int | None]]:
    """Kind, start and size of each EBML element from `start` to `end`; a size that is not known is None, and
    ends it.
    """
    for _ in range(_MOST):
        if end is not None and start >= end:
            return
        file.seek(start)
        head = file.read(12)
        if len(head) < 2 or not head[0]:
            return
        width = 9 - head[0].bit_length()
        if width > 4 or len(head) <= width or not head[width]:
            return
        kind, more = int.from_bytes(head[:width], "big"), 9 - head[width].bit_length()
        size = int.from_bytes(head[width : width + more], "big") & ((1 << 7 * more) - 1)
        unknown = size == (1 << 7 * more) - 1
        yield kind, start + width + more, None if unknown else size
        if unknown:
            return
        start += width + more + size


def _boxes(file: IO[bytes], start: int, end: int | None) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and size of the contents of each box of a file."""
    for _ in range(_MOST):
        file.seek(start)
        head = file.read(16)
        if len(head) < 8 or (end is not None and start >= end):
            return
        size, kind, skip = int.from_bytes(head[:4], "big"), head[4:8], 8
        if size == 1:
            size, skip = int.from_bytes(head[8:16], "big"), 16
        if size < skip:
            return
        yield kind, start + skip, size - skip
        start += size


def _inside(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the contents of each box of some bytes."""
    while start + 8 <= end:
        size = int.from_bytes(data[start : start + 4], "big")
        if size < 8 or start + size > end:
            return
        yield data[start + 4 : start + 8], start + 8, start + size
        start += size


def _track(data: bytes, start: int, end: int) -> tuple[int, Track] | None:
    number, track, pending = 0, Track(), [(start, end)]
    while pending:
        for kind, a, b in _inside(data, *pending.pop()):
            if kind in _FAMILIES:
                pending.append((a, b))
            elif kind == b"tkhd":
                at = a + (20 if data[a] == 1 else 12)
                number = int.from_bytes(data[at : at + 4], "big")
            elif kind == b"stsd" and (entry := next(_inside(data, a + 8, b), None)):
                size = [int.from_bytes(data[entry[1] + at : entry[1] + at + 2], "big") for at in (24, 26)]
                for what, c, d in _inside(data, entry[1] + _SAMPLE_ENTRY, entry[2]):
                    track = _aperture(data[c:d], *size) if what == b"clap" and d - c >= 32 else track
    return (number, track) if number else None


def _aperture(data: bytes, width: int, height: int) -> Track:
    """The cropping of a clean aperture: its size, and where its centre lies from the picture's, as fractions."""
    told = [int.from_bytes(data[at : at + 4], "big", signed=True) for at in range(0, 32, 4)]
    if min(told[1::2]) < 1:
        return Track()
    wide, high, right, down = (told[at] / told[at + 1] for at in range(0, 8, 2))
    left, top = round((width - wide) / 2 + right), round((height - high) / 2 + down)
    cut = (top, height - round(high) - top, left, width - round(wide) - left)
    return Track(*cut) if min(cut) >= 0 and wide >= 1 and high >= 1 else Track()
