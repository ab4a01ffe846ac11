"""Opening one input: a regular file under the root, unchanged since it was listed, and nothing else."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from pyarrow import fs

from animelayers.sources.names import as_path


class ChangedError(OSError):
    """The file is not the one that was listed."""

    def __init__(self, now: int | None, then: int) -> None:
        super().__init__(0, f"changed since it was listed: {now} bytes now, {then} then")


class LeavesRootError(PermissionError):
    """The path is a link to somewhere outside the root."""

    def __init__(self) -> None:
        super().__init__(0, "is a link that leaves the input folder; source.follow_links=true allows it")


@contextmanager
def opened(
    filesystem: fs.FileSystem, root: str, source: str, size: int, mtime_ns: int, follow_links: bool = False
) -> Iterator[IO[bytes]]:
    """A seekable binary file of the input `source` under `root`; `size` and `mtime_ns` are those it was
    listed with.

    Local files are opened component by component without following any link, after a link's target was found
    to lie under the root (anywhere with `follow_links`). Raises LeavesRootError for a link that leaves the
    root, OSError for what is not a regular file, and ChangedError if size or time (only size for a remote
    file) differ from the listing.
    """
    if not isinstance(filesystem, fs.LocalFileSystem):
        with filesystem.open_input_file(f"{root}/{as_path(source).decode()}") as remote:
            if remote.size() != size:
                raise ChangedError(remote.size(), size)
            yield cast("IO[bytes]", remote)
        return
    with open(_descriptor(os.fsencode(root), as_path(source), follow_links), "rb", buffering=1 << 18) as file:
        unchanged(file, size, mtime_ns)
        yield file


@contextmanager
def sidecar(
    filesystem: fs.FileSystem, root: str, source: str, follow_links: bool = False
) -> Iterator[IO[bytes]]:
    """As `opened`, a file that was not listed: whatever it is now."""
    if not isinstance(filesystem, fs.LocalFileSystem):
        with filesystem.open_input_file(f"{root}/{as_path(source).decode()}") as remote:
            yield cast("IO[bytes]", remote)
        return
    with open(_descriptor(os.fsencode(root), as_path(source), follow_links), "rb") as file:
        yield file


def unchanged(file: IO[bytes], size: int, mtime_ns: int) -> None:
    """Raise ChangedError if an open local file is no longer the one that was listed; call it when its pixels
    have been read.
    """
    if isinstance(file, io.BufferedReader):
        now = os.fstat(file.fileno())
        if (now.st_size, now.st_mtime_ns) != (size, mtime_ns):
            raise ChangedError(now.st_size, size)


def inside(root: bytes, path: bytes) -> bool:
    """Whether a path, all its links resolved, lies under the resolved root."""
    root, target = os.path.realpath(root), os.path.realpath(path)
    return target.startswith(root.rstrip(b"/") + b"/")


def _descriptor(root: bytes, path: bytes, follow_links: bool) -> int:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a FIFO without a writer must not stop us
    if follow_links:
        descriptor = os.open(os.path.join(root, path), flags)
    else:
        real = os.path.realpath(root)
        if not inside(real, os.path.join(real, path)):
            raise LeavesRootError()
        *folders, name = os.path.relpath(os.path.realpath(os.path.join(real, path)), real).split(b"/")
        folder = os.open(real, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in folders:
                inner = os.open(
                    part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder
                )
                os.close(folder)
                folder = inner
            descriptor = os.open(name, flags | os.O_NOFOLLOW, dir_fd=folder)
        finally:
            os.close(folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "is not a regular file")
    return descriptor
