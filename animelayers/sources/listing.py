"""Listing inputs: a walk over a folder or object store that reads names, sizes and times; of files with
unknown suffixes the first bytes.
"""

from __future__ import annotations

import logging
import os
import stat
from collections import Counter
from collections.abc import Iterator
from typing import IO, NamedTuple

from pyarrow import fs

from animelayers.sources.content import HEAD, family, unread
from animelayers.sources.names import as_text, natural, numbered, slug
from animelayers.sources.opening import LeavesRootError, inside
from animelayers.sources.plan import Input, kind_of, message

log = logging.getLogger(__name__)

PICTURES = frozenset(
    b".png .jpg .jpeg .jpe .jfif .webp .bmp .dib .tif .tiff .avif .gif .apng .jp2 .j2k .jpf .psd .tga .ppm .pgm .pbm .pnm .pfm .pcx .sgi "
    b".qoi .exr .dpx .hdr .heic .heif .ora .kra".split()
)
VIDEOS = frozenset(
    b".mp4 .mkv .mov .webm .avi .m4v .mpg .mpeg .m2v .m2ts .vob .flv .f4v .wmv .asf .ogv .ogm .3gp .3g2 .y4m .mxf .ivf .rmvb .divx .qt".split()
)
"""Suffixes of films. Others, such as .ts and .mts, which programs have too, are told by the first bytes."""

_TEXTS = frozenset(
    b".txt .caption .json .jsonl .csv .tsv .md .srt .ass .ssa .vtt .sub .idx .nfo .xml .html .htm .yaml .yml .toml .ini .log .py .js .css .url "
    b".parquet .npy .npz .pt .pth .safetensors .onnx .tar .gz .7z .rar .pkl .lnk .sfv .md5".split()
)
_SOUNDS = frozenset(
    b".mp3 .flac .wav .m4a .m4b .ogg .oga .opus .wma .aac .mka .ac3 .eac3 .dts .aif .aiff .mid .midi .ape .amr".split()
)
_UNREAD = {b".jxl": "JPEG XL", b".xcf": "GIMP's XCF", b".clip": "Clip Studio Paint", b".svg": "SVG", b".pdf": "PDF", b".ai": "Illustrator",
           b".sai": "PaintTool SAI", b".sai2": "PaintTool SAI", b".procreate": "Procreate", b".tlg": "TLG", b".ico": "an icon", b".fla": "Flash",
           b".swf": "Flash", b".blend": "Blender", b".cr2": "a camera's raw", b".nef": "a camera's raw", b".dng": "a camera's raw"}  # fmt: skip


class LeftOut(NamedTuple):
    """An entry that is no input: its path relative to the root (a folder's ends with '/'), and why, in words."""

    source: str
    why: str


OTHER, HIDDEN, OUTPUT = "neither a picture nor a film", "hidden", "a finished output of this package"
LINK, LOOP = "a link to a folder that is read where it lies", "a link in a loop"
_COUNTED = {
    OTHER: "with other suffixes",
    HIDDEN: "hidden",
    OUTPUT: "finished outputs",
    LINK: "links to folders",
    LOOP: "links in a loop",
}


class _Entry(NamedTuple):
    path: bytes  # relative to the root
    size: int = 0
    mtime_ns: int = -1
    error: Exception | None = None
    kind: str = "image"


def list_inputs(
    filesystem: fs.FileSystem, root: str, follow_links: bool
) -> tuple[list[Input], list[LeftOut]]:
    """Every picture and film under `root`, or the one file `root` is, in natural order; and everything else
    there, each with the reason.

    A suffix that is not known says nothing: the first bytes do. Hidden files and finished outputs of this
    package are left out. Links to folders are not entered unless `follow_links`; a link that leaves the root,
    an unreadable folder and anything with a picture's or film's name that is not a regular file is an Input
    of kind 'problem'. Raises FileNotFoundError for no root.
    """
    skipped: list[LeftOut] = []
    listed = _local if isinstance(filesystem, fs.LocalFileSystem) else _remote
    found = list(listed(filesystem, root, follow_links, skipped))
    inputs = list(_inputs(found, root_of(filesystem, root)[1]))
    if skipped:
        counts = Counter(
            next((words for why, words in _COUNTED.items() if left.why.startswith(why)), left.why)
            for left in skipped
        )
        log.info(
            "%d inputs under %r; left out: %s",
            len(inputs),
            root,
            ", ".join(f"{n} {what}" for what, n in counts.items()),
        )
    return inputs, skipped


def root_of(filesystem: fs.FileSystem, path: str) -> tuple[str, bytes]:
    """The folder that sources are relative to, and its name: `path`, or where the single file `path` lies."""
    info = None if isinstance(filesystem, fs.LocalFileSystem) else filesystem.get_file_info(path)
    single = info.is_file if info else not os.path.isdir(path)
    folder = os.path.dirname(path) if single else path
    return folder, os.path.basename(
        os.path.realpath(os.fsencode(folder)) if info is None else folder.encode()
    )


def _inputs(found: list[_Entry], root_name: bytes) -> Iterator[Input]:
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
        kind = "problem" if file.error else file.kind
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


def _kind(name: bytes) -> str:
    """What a name's suffix tells: image, video, '' for one that may be anything; or why it is no input, after
    a '-'.
    """
    suffix = _suffix(name)
    if name.startswith(b"."):
        return f"-{HIDDEN}"
    if suffix in PICTURES or suffix in VIDEOS:
        return "image" if suffix in PICTURES else "video"
    if suffix in _UNREAD:
        return f"-{_UNREAD[suffix]}: no decoder for it here"
    if suffix in _SOUNDS:
        return "-sound without pictures"
    return f"-{OTHER} ({as_text(suffix)})" if suffix in _TEXTS else ""


def _sniffed(file: IO[bytes], name: bytes) -> str:
    """As `_kind`, from the first bytes of a file whose suffix tells nothing."""
    head = file.read(HEAD)
    if found := family(head):
        return "video" if found == "video" else "image"
    if named := unread(head):
        return f"-{named}: no decoder for it here"
    return f"-{OTHER} ({as_text(_suffix(name)) or 'no suffix'})"


def _local(
    filesystem: fs.FileSystem, root: str, follow_links: bool, skipped: list[LeftOut]
) -> Iterator[_Entry]:
    path = os.fsencode(root)
    status = os.stat(path)
    if stat.S_ISDIR(status.st_mode):
        yield from _walk(path, follow_links, skipped)
    else:
        problem = None if stat.S_ISREG(status.st_mode) else OSError(0, "is not a regular file")
        kind = "video" if _suffix(path) in VIDEOS else "image"  # what a user names is read, whatever its name
        yield _Entry(os.path.basename(path), status.st_size, status.st_mtime_ns, problem, kind)


def _walk(root: bytes, follow_links: bool, skipped: list[LeftOut]) -> Iterator[_Entry]:
    # A stack, not recursion: a hostile tree may be deeper than Python's own.
    pending: list[tuple[os.DirEntry[bytes] | None, bytes, frozenset[tuple[int, int]]]] = [
        (None, b"", frozenset())
    ]
    while pending:
        entry, path, above = pending.pop()
        try:
            if entry is None or _enters(entry, root, follow_links, above, skipped):
                entries = _entries(root, path, skipped, nested=entry is not None)
                if follow_links:
                    above |= {_identity(os.stat(os.path.join(root, path)))}
                pending += [(inner, os.path.join(path, inner.name), above) for inner in reversed(entries)]
            elif not entry.is_dir() and (kind := _local_kind(entry, root, follow_links)):
                if kind.startswith("-"):
                    skipped.append(LeftOut(as_text(path), kind[1:]))
                    continue
                if entry.is_symlink() and not follow_links and not inside(root, entry.path):
                    raise LeavesRootError()
                status = entry.stat()
                if not stat.S_ISREG(status.st_mode):
                    raise OSError(0, "is not a regular file")
                yield _Entry(path, status.st_size, status.st_mtime_ns, kind=kind)
        except OSError as error:
            if not path:
                raise
            yield _Entry(path, error=error)


def _local_kind(entry: os.DirEntry[bytes], root: bytes, follow_links: bool) -> str:
    """As `_kind`; a file whose suffix tells nothing is looked into, unless it is a link that leaves the root
    or nothing that can be read.
    """
    kind = _kind(entry.name)
    if kind:
        return kind
    if entry.is_symlink() and not follow_links and not inside(root, entry.path):
        return "-a link that leaves the input folder"
    try:
        if not stat.S_ISREG(entry.stat().st_mode):
            return "-not a regular file"
        with open(entry.path, "rb") as file:
            return _sniffed(file, entry.name)
    except OSError as error:
        return f"-cannot be opened: {error.strerror}"


def _entries(root: bytes, path: bytes, skipped: list[LeftOut], nested: bool) -> list[os.DirEntry[bytes]]:
    with os.scandir(os.path.join(root, path)) as listed:
        entries = sorted(listed, key=lambda entry: natural(entry.name))
    if nested and {b"dataset.json", b"metadata"} <= {entry.name for entry in entries}:
        skipped.append(LeftOut(f"{as_text(path)}/", OUTPUT))
        return []
    return entries


def _enters(
    entry: os.DirEntry[bytes],
    root: bytes,
    follow_links: bool,
    above: frozenset[tuple[int, int]],
    skipped: list[LeftOut],
) -> bool:
    """Whether to look into a folder; False for files."""
    if not entry.is_dir():
        return False
    if entry.name.startswith(b"."):
        why = HIDDEN
    elif not entry.is_symlink():
        return True
    elif follow_links:
        if _identity(entry.stat()) not in above:
            return True
        why = LOOP
    elif inside(root, entry.path) or os.path.realpath(entry.path) == os.path.realpath(root):
        why = LINK
    else:
        raise LeavesRootError()
    skipped.append(LeftOut(f"{as_text(os.path.relpath(entry.path, root))}/", why))
    return False


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _remote(
    filesystem: fs.FileSystem, root: str, follow_links: bool, skipped: list[LeftOut]
) -> Iterator[_Entry]:
    info = filesystem.get_file_info(root)
    if info.type == fs.FileType.NotFound:
        raise FileNotFoundError(f"there is nothing at {root!r}")
    if info.is_file:
        name = info.base_name.encode()
        yield _Entry(
            name, info.size, info.mtime_ns or -1, kind="video" if _suffix(name) in VIDEOS else "image"
        )
        return
    found = []
    for file in filesystem.get_file_info(fs.FileSelector(root, recursive=True)):
        if not file.is_file:
            continue
        path, kind = file.path[len(root) :].lstrip("/"), _kind(file.base_name.encode())
        if not kind:
            with filesystem.open_input_file(file.path) as opened:
                kind = _sniffed(opened, file.base_name.encode())
        if kind.startswith("-"):
            skipped.append(LeftOut(as_text(path.encode()), kind[1:]))
        else:
            found.append(_Entry(path.encode(), file.size, file.mtime_ns or -1, kind=kind))
    yield from sorted(found, key=lambda file: [natural(part) for part in file.path.split(b"/")])
