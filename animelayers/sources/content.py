"""What a file is by its first bytes, whatever its suffix says."""

from __future__ import annotations

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_FILMS = (b"\x1aE\xdf\xa3", b"\0\0\x01\xba", b"\0\0\x01\xb3")
_STILL_BRANDS = (b"avif", b"avis", b"mif1", b"msf1", b"miaf")


def family(head: bytes) -> str:
    """'image', 'video' or '' for unknown, from the first 16 bytes or more."""
    if head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return "image"
    if head[4:8] == b"ftyp":
        return "image" if head[8:12] in _STILL_BRANDS else "video"
    if head.startswith(_FILMS) or (head[:4] == b"RIFF" and head[8:12] == b"AVI "):
        return "video"
    return ""
