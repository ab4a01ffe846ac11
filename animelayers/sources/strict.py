"""What a strict decoder would refuse in a picture that a lenient one reads, and how much of it is sound."""

from __future__ import annotations

from typing import IO

_EOI, _SOS = 0xD9, 0xDA
_ALONE = frozenset((0x01, *range(0xD0, 0xD8)))


def jpeg(data: bytes) -> str:
    """What is wrong with the marks of a JPEG (ITU-T T.81), '' for nothing."""
    return _walked(data)[0]


def share(data: bytes) -> str:
    """Of a JPEG the share of its compressed pixels before the first wrong mark or the end of the file, in
    words; '' where all marks are right.
    """
    wrong, begun, at = _walked(data)
    if not wrong:
        return ""
    end = data.rfind(b"\xff\xd9")
    whole = max(at, len(data) if end < at else end)
    return f"{100 * (at - begun) / max(1, whole - begun):.0f} % of its data come before that"


def riff(file: IO[bytes]) -> str:
    """Where a file is shorter than its RIFF header promises, in words; '' where it is not. The file is left
    where it was.
    """
    place = file.tell()
    file.seek(0)
    head = file.read(12)
    size = file.seek(0, 2)
    file.seek(place)
    promised = 8 + int.from_bytes(head[4:8], "little")
    return (
        f"its end is missing: {size} of {promised} bytes are there"
        if head[:4] == b"RIFF" and size < promised
        else ""
    )


def _walked(data: bytes) -> tuple[str, int, int]:
    """What is wrong, where the compressed pixels begin, and where the first wrong mark is."""
    at, begun, restart = 2, 0, 0
    while at < len(data) - 1:
        if data[at] != 0xFF:
            return "a segment does not end where it says", begun, at
        mark = data[at + 1]
        if mark == 0xFF:
            at += 1
            continue
        if mark == _EOI:
            return "", begun, at
        if mark in _ALONE:
            at += 2
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if mark != _SOS:
            continue
        begun = begun or at
        while True:
            at = data.find(b"\xff", at)
            if at < 0 or at >= len(data) - 1:
                return "its end is missing", begun, len(data)
            mark = data[at + 1]
            if 0xD0 <= mark <= 0xD7:
                if mark - 0xD0 != restart % 8:
                    return "a piece between two restarts is missing", begun, at
                restart += 1
            elif mark not in (0x00, 0xFF):
                break
            at += 1 if mark == 0xFF else 2
        restart = 0
        if mark not in (_EOI, _SOS, 0xC4, 0xDB, 0xDC, 0xDD, 0xFE) and not 0xE0 <= mark <= 0xEF:
            return "a mark amid its pixels that has no meaning", begun, at
    return "its end is missing", begun, len(data)
