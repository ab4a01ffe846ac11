"""Where files lie: one call that turns a path or URI into a file system and a root, for sources and sinks
alike.
"""

from __future__ import annotations

import os
import re
from urllib.parse import unquote

from pyarrow import fs

_URI = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")


def filesystem(path: str | os.PathLike[str]) -> tuple[fs.FileSystem, str]:
    """The pyarrow file system of a path or URI, and the path inside it, without a trailing '/'.

    Plain paths and file:// are local and made absolute ('~' is the home folder); s3://, gs:// and hdfs:// are
    pyarrow's own, with its options in the query (s3://bucket/folder?region=…&endpoint_override=…); any other
    scheme is asked of fsspec. Nothing is created; an s3:// without a region asks the network for it. Raises
    ValueError for a scheme nobody knows, ImportError where fsspec misses the package for it, and OSError
    where the store cannot be reached.
    """
    text = os.fspath(path)
    if text.startswith("file://"):
        text = unquote(text.removeprefix("file://"))
    # a small file takes one request instead of four
    if text.startswith("s3://") and "allow_delayed_open" not in text:
        text += f"{'&' if '?' in text else '?'}allow_delayed_open=true"
    if not _URI.match(text):
        return fs.LocalFileSystem(), os.path.abspath(os.path.expanduser(text))
    try:
        filesystem, root = fs.FileSystem.from_uri(text)
    except ValueError as unknown:  # pyarrow.ArrowInvalid: not a scheme of its own
        import fsspec

        try:
            remote, root = fsspec.url_to_fs(text)
        except ValueError:
            raise ValueError(f"cannot open {text!r}: {unknown}") from None
        filesystem = fs.PyFileSystem(fs.FSSpecHandler(remote))
    return filesystem, root.rstrip("/") or root


def inside(path: str, name: str) -> str:
    """The path or URI of what lies below another: the options in an address's query stay behind it."""
    place, mark, options = path.partition("?") if _URI.match(path) else (path, "", "")
    return f"{place.rstrip('/')}/{name}{mark}{options}"


def below(name: str) -> str:
    """A file's name as it stands in a table, an archive or an edit, given back when it lies below whatever
    folder it is put in.

    The one check of all such names, whoever wrote them. Raises ValueError for one that is absolute, climbs
    ('..') or holds what another system takes for a separator.
    """
    if (
        name.startswith(("/", "~"))
        or "\\" in name
        or "\0" in name
        or ".." in name.split("/")
        or re.match(r"[A-Za-z]:", name)
    ):
        raise ValueError(f"{name!r} points outside")
    return name


def is_local(filesystem: fs.FileSystem) -> bool:
    """Whether paths of the file system can be given to the operating system."""
    return isinstance(filesystem, fs.LocalFileSystem)
