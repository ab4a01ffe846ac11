"""What a file is by its first bytes, whatever its suffix says."""

from __future__ import annotations

import re

HEAD = 400
"""Bytes of a file that tell what it is: two packets of a transport stream."""

_PILLOW = (
    b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"8BPS", b"\x01\xda", b"qoif",
    b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51", b"DDS ", b"\x59\xa6\x6a\x95",
)  # fmt: skip
_DEEP = {b"\x76\x2f\x31\x01": "exr", b"SDPX": "dpx", b"XPDS": "dpx", b"#?RADIANCE": "hdr", b"#?RGBE": "hdr"}
_FILMS = (
    b"\x1aE\xdf\xa3", b"\0\0\x01\xba", b"\0\0\x01\xb3", b"FLV\x01", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"OggS", b"YUV4MPEG2", b"DKIF",
    b".RMF", b"\x06\x0e\x2b\x34\x02\x05\x01\x01", b"\x1f\x07\0", b"\0\0\0\x01\x67", b"\0\0\0\x01\x40\x01",
    b"nut/multimedia container", b"SMK2", b"SMK4", b"\xb7\xd8\x00\x20\x37\x49\xda\x11",
)  # fmt: skip
_STILL_BRANDS = (b"avif", b"avis", b"mif1", b"msf1", b"miaf")
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip")  # QuickTime of old begins with any of them
_PACKET = 188

UNREAD = {
    b"\xff\x0a": "JPEG XL", b"\0\0\0\x0cJXL ": "JPEG XL", b"gimp xcf": "GIMP's XCF", b"CSFCHUNK": "Clip Studio Paint", b"%PDF": "PDF",
    b"%!PS": "PostScript", b"II\xbc": "JPEG XR",
}  # fmt: skip
"""First bytes of kinds of pictures that no decoder on board reads, and their names."""


def family(head: bytes) -> str:
    """'image' (Pillow reads it), 'deep' (a picture of more than 8 bits that FFmpeg reads), 'video' or '' for
    unknown, from the first `HEAD` bytes; a shorter beginning tells most kinds."""
    if head.startswith(_PILLOW) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP") or bool(drawing(head)):
        return "image"
    if head[4:8] == b"ftyp":
        return "image" if head[8:12] in _STILL_BRANDS else "deep" if head[8:12] in _HEIF_BRANDS else "video"
    if deep(head):
        return "deep"
    if re.match(rb"P[1-7][\s#]|P[Ff]\n|\n[\x00\x02-\x05]\x01[\x01\x02\x04\x08]", head) or targa(head):
        return "image"
    if head.startswith(_FILMS) or (head[:4] == b"RIFF" and head[8:12] == b"AVI ") or transport(head):
        return "video"
    return "video" if head[4:8] in _BOXES and int.from_bytes(head[:4], "big") > 7 else ""


def deep(head: bytes) -> str:
    """FFmpeg's demuxer of a picture of more than 8 bits, without '_pipe'; 'mov' for HEIF, '' for any other
    file.
    """
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return "mov"
    return next((form for start, form in _DEEP.items() if head.startswith(start)), "")


def drawing(head: bytes) -> str:
    """ORA or KRA for the layered picture of OpenRaster or Krita, a zip whose first entry tells so; '' for any
    other file.
    """
    if not head.startswith(b"PK\x03\x04"):
        return ""
    return (
        "ORA" if b"image/openraster" in head[:100] else "KRA" if b"application/x-krita" in head[:100] else ""
    )


def targa(head: bytes) -> bool:
    """Whether it may be a Targa, which has no mark at its start: all fields of the header make sense."""
    if len(head) < 18:
        return False
    mapped, kind, depth = head[1], head[2], head[16]
    sizes = int.from_bytes(head[12:14], "little") * int.from_bytes(head[14:16], "little")
    plain = mapped == 0 and not any(head[3:8]) and kind in (2, 3, 10, 11)
    return bool(
        (plain or (mapped == 1 and kind in (1, 9)))
        and depth in (8, 16, 24, 32)
        and sizes
        and not head[17] & 0xC0
    )


def unread(head: bytes) -> str:
    """The name of a kind of picture that no decoder here reads, '' for any other file."""
    return next((name for start, name in UNREAD.items() if head.startswith(start)), "")


def transport(head: bytes) -> bool:
    """Whether it begins with packets of 188 bytes, each with its mark; Blu-ray's have four bytes before it."""
    return any(
        len(head) > at + step and head[at] == head[at + step] == 0x47
        for at, step in ((0, _PACKET), (4, _PACKET + 4))
    )
