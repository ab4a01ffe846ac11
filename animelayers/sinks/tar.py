"""Tar archives whose bytes depend on their members alone, with every offset known before the first byte is
written.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple

BLOCK = tarfile.BLOCKSIZE


class Member(NamedTuple):
    """A file of an archive: its ASCII name and its bytes."""

    name: str
    data: bytes | memoryview


def offsets(members: Sequence[Member]) -> list[int]:
    """Where the bytes of each member begin in the archive that `chunks` makes of them."""
    found, position = [], 0
    for member in members:
        found.append(position + BLOCK)
        position += BLOCK + len(member.data) + _padding(member)
    return found


def length(members: Sequence[Member]) -> int:
    """Bytes of the archive that `chunks` makes."""
    return sum(BLOCK + len(member.data) + _padding(member) for member in members) + 2 * BLOCK


def header(name: str, size: int) -> bytes:
    """The block before a member's bytes. Raises ValueError for a name that is too long."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    return info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def chunks(members: Sequence[Member]) -> Iterator[bytes | memoryview]:
    """The archive, piece by piece: ustar, mode 0644, times and owners zero. Raises ValueError for a name that
    is too long.
    """
    for member in members:
        yield header(member.name, len(member.data))
        yield member.data
        yield bytes(_padding(member))
    yield bytes(2 * BLOCK)


def _padding(member: Member) -> int:
    return -len(member.data) % BLOCK
