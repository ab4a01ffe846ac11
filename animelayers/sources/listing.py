"""Listing inputs: a walk over a folder or object store that reads names, sizes and times, never contents."""

from __future__ import annotations

import logging
import os
import stat
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from pyarrow import fs

from animelayers.sources.names import as_text, natural, numbered, slug
from animelayers.sources.opening import LeavesRootError, inside
from animelayers.sources.plan import Input, kind_of, message

log = logging.getLogger(__name__)

PICTURES = frozenset(b".png .jpg .jpeg .webp .bmp .tif .tiff .avif .gif .apng".split())
VIDEOS = frozenset(b".mp4 .mkv .mov .webm .avi .m4v .mpg .mpeg".split())


class _Found(NamedTuple):
    path: bytes  # relative to the root
    size: int = 0
    mtime_ns: int = -1
    error: Exception | None = None


def list_inputs(filesystem: fs.FileSystem, root: str, follow_links: bool) -> list[Input]:
    """Every picture and film under `root`, or the one file `root` is, in natural order.

    Hidden files, files with other suffixes and finished outputs of this package are left out and counted in one log line.
    Links to folders are not entered unless `follow_links`; a link that leaves the root, an unreadable folder and anything with
    a picture's or film's name that is not a regular file is an Input of kind 'problem'. Raises FileNotFoundError for no root.
    """
    skipped: Counter[str] = Counter()
    listed = _local if isinstance(filesystem, fs.LocalFileSystem) else _remote
    found = list(listed(filesystem, root, follow_links, skipped))
    inputs = list(_inputs(found, root_of(filesystem, root)[1]))
    if skipped:
        log.info("%d inputs under %r; left out: %s", len(inputs), root, ", ".join(f"{n} {what}" for what, n in skipped.items()))
    return inputs


def root_of(filesystem: fs.FileSystem, path: str) -> tuple[str, bytes]:
    """The folder that sources are relative to, and its name: `path`, or where the single file `path` lies."""
    info = None if isinstance(filesystem, fs.LocalFileSystem) else filesystem.get_file_info(path)
    single = info.is_file if info else not os.path.isdir(path)
    folder = os.path.dirname(path) if single else path
    return folder, os.path.basename(os.path.realpath(os.fsencode(folder)) if info is None else folder.encode())


def _inputs(found: list[_Found], root_name: bytes) -> Iterator[Input]:
    """Name each file. Two files of one folder that claim the same scene and frame both lose the claim."""
    claims: Counter[tuple[bytes, int, int]] = Counter()
    numbers = []
    for file in found:
        folder, _, name = file.path.rpartition(b"/")
        number = numbered(name) if _suffix(name) in PICTURES else None
        numbers.append(number)
        if number:
            claims[folder, number.scene, number.frame] += 1
    slugs: dict[bytes, str] = {}
    for file, number in zip(found, numbers, strict=True):
        folder, _, name = file.path.rpartition(b"/")
        if folder not in slugs:
            slugs[folder] = slug(folder, root_name)
        own = number is not None and claims[folder, number.scene, number.frame] == 1
        kind = "problem" if file.error else "video" if _suffix(name) in VIDEOS else "image"
        first = slugs[folder] if own else slug(file.path, root_name)
        yield Input(
            source=as_text(file.path),
            kind=kind,
            size=file.size,
            mtime_ns=file.mtime_ns,
            name=first,
            episode=first if kind == "video" else slugs[folder],
            numbered=own,
            error=message(file.error) if file.error else "",
            error_type=kind_of(file.error) if file.error else "",
        )


def _suffix(name: bytes) -> bytes:
    return os.path.splitext(name)[1].lower()


def _wanted(name: bytes, skipped: Counter[str]) -> bool:
    if name.startswith(b"."):
        skipped["hidden"] += 1
    elif _suffix(name) in PICTURES or _suffix(name) in VIDEOS:
        return True
    else:
        skipped["with other suffixes"] += 1
    return False


def _local(filesystem: fs.FileSystem, root: str, follow_links: bool, skipped: Counter[str]) -> Iterator[_Found]:
    path = os.fsencode(root)
    status = os.stat(path)
    if stat.S_ISDIR(status.st_mode):
        yield from _walk(path, follow_links, skipped)
    else:
        problem = None if stat.S_ISREG(status.st_mode) else OSError(0, "is not a regular file")
        yield _Found(os.path.basename(path), status.st_size, status.st_mtime_ns, problem)


def _walk(root: bytes, follow_links: bool, skipped: Counter[str]) -> Iterator[_Found]:
    # A stack, not recursion: a hostile tree may be deeper than Python's own.
    pending: list[tuple[os.DirEntry[bytes] | None, bytes, frozenset[tuple[int, int]]]] = [(None, b"", frozenset())]
    while pending:
        entry, path, above = pending.pop()
        try:
            if entry is None or _enters(entry, root, follow_links, above, skipped):
                entries = _entries(os.path.join(root, path), skipped, nested=entry is not None)
                if follow_links:
                    above |= {_identity(os.stat(os.path.join(root, path)))}
                pending += [(inner, os.path.join(path, inner.name), above) for inner in reversed(entries)]
            elif not entry.is_dir() and _wanted(entry.name, skipped):
                if entry.is_symlink() and not follow_links and not inside(root, entry.path):
                    raise LeavesRootError()
                status = entry.stat()
                if not stat.S_ISREG(status.st_mode):
                    raise OSError(0, "is not a regular file")
                yield _Found(path, status.st_size, status.st_mtime_ns)
        except OSError as error:
            if not path:
                raise
            yield _Found(path, error=error)


def _entries(folder: bytes, skipped: Counter[str], nested: bool) -> list[os.DirEntry[bytes]]:
    with os.scandir(folder) as listed:
        entries = sorted(listed, key=lambda entry: natural(entry.name))
    if nested and {b"dataset.json", b"metadata"} <= {entry.name for entry in entries}:
        skipped["finished outputs"] += 1
        return []
    return entries


def _enters(entry: os.DirEntry[bytes], root: bytes, follow_links: bool, above: frozenset[tuple[int, int]], skipped: Counter[str]) -> bool:
    """Whether to look into a folder; False for files."""
    if not entry.is_dir():
        return False
    if entry.name.startswith(b"."):
        skipped["hidden"] += 1
    elif not entry.is_symlink():
        return True
    elif follow_links:
        if _identity(entry.stat()) not in above:
            return True
        skipped["links in a loop"] += 1
    elif inside(root, entry.path) or os.path.realpath(entry.path) == os.path.realpath(root):
        skipped["links to folders"] += 1
    else:
        raise LeavesRootError()
    return False


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _remote(filesystem: fs.FileSystem, root: str, follow_links: bool, skipped: Counter[str]) -> Iterator[_Found]:
    info = filesystem.get_file_info(root)
    if info.type == fs.FileType.NotFound:
        raise FileNotFoundError(f"there is nothing at {root!r}")
    if info.is_file:
        yield _Found(info.base_name.encode(), info.size, info.mtime_ns or -1)
        return
    found = []
    for file in filesystem.get_file_info(fs.FileSelector(root, recursive=True)):
        if file.is_file and _wanted(file.base_name.encode(), skipped):
            found.append(_Found(file.path[len(root) :].lstrip("/").encode(), file.size, file.mtime_ns or -1))
    yield from sorted(found, key=lambda file: [natural(part) for part in file.path.split(b"/")])
