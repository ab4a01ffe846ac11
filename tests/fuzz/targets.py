"""What is fuzzed: files of strangers, by kind. Whatever comes is read or refused in the way its reader
promises, and soon.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from omegaconf import OmegaConf
from PIL import Image

from animelayers import Output, job
from animelayers.exports.ora import read_ora, to_ora
from animelayers.exports.psd import read_psd, to_psd
from animelayers.exports.stack import Layer
from animelayers.sinks import SinkError
from animelayers.sources import Files
from tests.sinks.clips import pictures
from tests.sinks.test_commit import opened

CORPUS = Path(__file__).parent / "corpus"
"""KIND/NAME: what once was a finding, tried again every time."""
MOST = 100_000  # pixels of a picture that may be decoded
_WAYS_OUT = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "subprocess.Popen",
    "socket.connect",
    "pickle.find_class",
    "ctypes.dlopen",
)
_watching: list[list[str]] = []


class Target(NamedTuple):
    """Seeds that are changed, what reads the outcome, and the exceptions that may answer."""

    seeds: Callable[[], Sequence[bytes]]
    read: Callable[[bytes], object]
    refusals: tuple[type[BaseException], ...]


def tried(target: Target, data: bytes) -> None:
    """Read it; what is no refusal comes through, and so does an attempt to start, load or reach something."""
    with _watched() as seen, suppress(*target.refusals):
        target.read(data)
    assert not seen, seen


def corpus(kind: str) -> Iterator[bytes]:
    """The findings of a kind."""
    yield from (path.read_bytes() for path in sorted((CORPUS / kind).glob("*")))


@contextmanager
def _watched() -> Iterator[list[str]]:
    seen: list[str] = []
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.pop()


def _audited(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event in _WAYS_OUT:
        _watching[-1].append(f"{event} {arguments}")


sys.addaudithook(_audited)  # for ever, but it only looks while something is tried


def _layers() -> list[Layer]:
    half = np.zeros((8, 8, 4), np.uint8)
    half[:4] = (200, 90, 30, 255)
    return [
        Layer("background", np.full((8, 8, 4), 255, np.uint8)),
        Layer("character", half, "character"),
        Layer("effect", half, mode="screen"),
    ]


def _encoded(kind: str, **options: Any) -> bytes:
    data = io.BytesIO()
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 255, (24, 32, 3), np.uint8))
    more = [Image.fromarray(np.full((24, 32, 3), 99, np.uint8))] if options.pop("moves", False) else []
    picture.save(data, kind, **options, **({"save_all": True, "append_images": more} if more else {}))
    return data.getvalue()


def _pictures() -> list[bytes]:
    plain = [
        _encoded(kind)
        for kind in ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "TGA", "PPM", "JPEG2000", "AVIF", "DDS", "PCX")
    ]
    return [
        *plain,
        *(_encoded(kind, moves=True) for kind in ("GIF", "PNG", "WEBP", "TIFF")),
        to_ora(_layers()),
        to_psd(_layers()),
    ]


def _read_picture(data: bytes) -> None:
    """The source never raises: each input is frames, or rows that say what is wrong with it."""
    folder = _scratch()
    (folder / "a.png").write_bytes(data)
    source = Files(str(folder), max_pixels=MOST)
    planned = source.scan(source.inputs())
    assert len(planned), "an input is gone without a word"
    for row in source.read(planned):
        assert (
            bool(row["error"]) != bool(len(row["frames"])) and row["frames"][0].size <= 3 * MOST
            if len(row["frames"])
            else row["error"]
        )


def _read_stack(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(to_ora(_layers()))) as good:
        members = {info.filename: good.read(info) for info in good.infolist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in members.items():
            made.writestr(name, data if name == "stack.xml" else content)
    read_ora(out.getvalue())


@lru_cache(maxsize=1)
def _scratch() -> Path:
    return Path(tempfile.mkdtemp(prefix=f"fuzz-{os.getpid()}-"))


@lru_cache(maxsize=1)
def _table() -> Path:
    folder = _scratch() / "out"
    folder.mkdir()
    with opened("shards", folder, "run") as sink:
        sink.write([pictures("e/scene0000/000000", [0, 1])[0]], "run")
    return next((folder / "metadata").iterdir())


def _read_table(data: bytes) -> None:
    path = _table()
    whole = path.read_bytes()
    try:
        path.write_bytes(data)
        output = Output(str(path.parent.parent))
        for frame in output:
            output.frame(frame)
    finally:
        path.write_bytes(whole)


def _build(data: bytes) -> None:
    """Only classes of the package may come out, and nothing else may be called on the way."""
    made = job.build(OmegaConf.create(data.decode("utf-8", "replace")))
    assert type(made).__module__.split(".")[0] in ("animelayers", "builtins"), type(made)


TARGETS: Mapping[str, Target] = {
    "pictures": Target(_pictures, _read_picture, ()),
    "openraster": Target(lambda: [to_ora(_layers())], read_ora, (ValueError,)),
    "stack": Target(
        lambda: [zipfile.ZipFile(io.BytesIO(to_ora(_layers()))).read("stack.xml")], _read_stack, (ValueError,)
    ),
    "psd": Target(lambda: [to_psd(_layers())], read_psd, (ValueError,)),
    "tables": Target(
        lambda: [_table().read_bytes()], _read_table, (SinkError, ValueError, KeyError, OSError)
    ),
    "configurations": Target(
        lambda: [
            b"{_target_: animelayers.models.endpoint.Endpoint, url: 'http://x', model: y}",
            b"{_target_: animelayers.sources.Files, path: /nowhere, every: 2}",
            b"a: ${b}\nb: [1, &x {c: *x}]",
            b"{_target_: os.system, command: ls}",
        ],
        _build,
        (Exception,),  # the class that is named may refuse its options in any way
    ),
}
