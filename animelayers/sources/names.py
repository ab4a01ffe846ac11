"""Names made from paths alone: ASCII slugs, the seeds' numbered frames, natural order, and paths as text."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from typing import NamedTuple

LONGEST = 60
"""Characters of a slug: with shot, frame and layer behind it a tar member's name stays within one 512-byte
header.
"""

_PLAIN = re.compile(rb"[a-z0-9_]+(?:\.[a-z0-9_]+)*(?:/[a-z0-9_]+(?:\.[a-z0-9_]+)*)*")
_HASHED = re.compile(r"-[0-9a-f]{10}$")
_NUMBERED = re.compile(r"scene(\d{4,9})_frame(\d{6,12})(?:_t(\d{1,9}\.\d{2})s)?", re.ASCII)
_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")
_DIGITS = re.compile(rb"([0-9]+)")


class Numbered(NamedTuple):
    """What the name of an extracted frame tells: shot, frame, and seconds (NaN where the name has no time)."""

    scene: int
    frame: int
    seconds: float


def slug(path: bytes, root: bytes = b"") -> str:
    """The first part of the ids of what lies at a relative path: ASCII [a-z0-9_-], at most 60 characters, one
    per path.

    Lower-case plain paths are kept readable and can be read back ('/' is '-', '.' is '--'); any other path is
    transliterated and gets 10 hex digits of its sha256, so paths that differ only in case differ here in more
    than case. The empty path is the root itself and takes the slug of the root's own name; no path below it
    has the same slug.
    """
    own = _slug(root or b"root", root or b"root")
    if not path:
        return own
    name = _slug(path, path)
    return name if name != own else _hashed(path, path + b"/")


def _slug(path: bytes, digested: bytes) -> str:
    if _PLAIN.fullmatch(path):
        name = path.decode("ascii").replace(".", "--").replace("/", "-")
        if len(name) <= LONGEST and not _HASHED.search(name):
            return name
    return _hashed(path, digested)


def _hashed(path: bytes, digested: bytes) -> str:
    ascii_only = (
        unicodedata.normalize("NFKD", path.decode("utf-8", "ignore"))
        .encode("ascii", "ignore")
        .decode("ascii")
    )
    words = re.sub(r"[^a-z0-9_]+", "_", ascii_only.lower()).strip("_") or "x"
    return f"{words[: LONGEST - 11]}-{hashlib.sha256(digested).hexdigest()[:10]}"


def clip_id(episode: str, scene: int, frame: int) -> str:
    """EPISODE/scene0003/000120; wider numbers grow."""
    return f"{episode}/{scene_id(scene)}/{frame:06d}"


def scene_id(scene: int) -> str:
    """scene0003."""
    return f"scene{scene:04d}"


def numbered(name: bytes) -> Numbered | None:
    """The numbers in a frame's file name such as scene0042_frame002156_t847.25s.jpg, or None."""
    match = _NUMBERED.fullmatch(os.path.splitext(name)[0].decode("ascii", "replace"))
    if not match:
        return None
    scene, frame, seconds = match.groups()
    return Numbered(int(scene), int(frame), float(seconds) if seconds else float("nan"))


def natural(name: bytes) -> tuple[list[bytes | int], bytes]:
    """Sort key under which frame2 comes before frame10; case decides only between names that are otherwise
    equal.
    """
    parts: list[bytes | int] = list(_DIGITS.split(name.lower()))
    parts[1::2] = [int(digits) for digits in parts[1::2]]
    return parts, name


def as_text(path: bytes) -> str:
    r"""A path as valid text: bytes that are not UTF-8 become \xHH. `as_path` gives the same bytes back.

    A backslash is kept, except where the text would read as such an escape: there it becomes \x5c.
    """
    if path.isascii() and b"\\" not in path:
        return path.decode("ascii")
    text = os.fsdecode(path)
    text = _ESCAPE.sub(r"\\x5cx\1", text)
    return re.sub("[\udc80-\udcff]", lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", text)


def as_path(text: str) -> bytes:
    """The inverse of `as_text`."""
    return b"".join(
        bytes([int(part, 16)]) if place % 2 else part.encode("utf-8")
        for place, part in enumerate(_ESCAPE.split(text))
    )
