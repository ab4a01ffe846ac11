"""Files of an output: written out of sight, then published whole under their name."""

from __future__ import annotations

import errno
import logging
import os
import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from pyarrow import ArrowInvalid, ArrowNotImplementedError, fs

from animelayers.sinks import bucket
from animelayers.storage import below, filesystem, is_local

log = logging.getLogger(__name__)
_FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "the file may not grow further",
}
TRIES, PAUSE_S = 4, 1.0
"""How often a remote store is asked that answers with a fault, and the first pause between; each is twice as
long as the one before.
"""
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
_FINAL = ("ACCESS_DENIED", "NO_SUCH_BUCKET", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH")
_BUCKETS = ("s3", "gcs")
T = TypeVar("T")
_CLOSED = {errno.EROFS, errno.EACCES, errno.EPERM}


class SinkError(RuntimeError):
    """An output that cannot be read or written: the path, what is wrong with it, and what to do."""

    def __init__(self, path: str, problem: str, remedy: str) -> None:
        super().__init__(path, problem, remedy)
        self.path, self.problem, self.remedy = path, problem, remedy

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}; {self.remedy}"


def make_folder(folder: Path, remedy: str = "give a folder that can be written") -> None:
    """Make a folder of this machine, and those above it. Raises SinkError with the `remedy`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise SinkError(str(folder), f"cannot be made ({problem.strerror})", remedy) from None


class Damaged(SinkError, ValueError):
    """Bytes that are not those that were written."""


class Store:
    """The files below one folder, local or remote. Names are relative to it, with '/'."""

    def __init__(self, path: str) -> None:
        self.fs, self.root = filesystem(path)
        self.local, self._address = is_local(self.fs), str(path)

    @property
    def _bucket(self) -> bucket.Bucket | None:
        """Where its objects are asked for one by one; None where pyarrow is."""
        if self.fs.type_name not in _BUCKETS:
            return None
        return bucket.of(self._address, getattr(self.fs, "region", None))

    @property
    def in_bucket(self) -> bool:
        """Whether its files are objects that are asked for one by one, each by one request."""
        return self._bucket is not None

    @property
    def has_folders(self) -> bool:
        """Not in a bucket: there a folder is there with its first file, and goes with its last."""
        return self.fs.type_name not in _BUCKETS

    def _key(self, name: str) -> str:
        """The path of a file inside its bucket."""
        return self.path(name).partition("/")[2]

    def path(self, name: str) -> str:
        """The path of a file inside the file system. Raises `SinkError` for a name that leaves the folder:
        tables may be a stranger's.
        """
        try:
            return f"{self.root}/{below(name)}"
        except ValueError as outside:
            raise SinkError(
                self.root,
                f"a table names a file that {str(outside).partition(' ')[2] or outside}: {name!r}",
                "do not trust this output",
            ) from None

    @contextmanager
    def guard(self, name: str) -> Iterator[None]:
        """Turn the operating system's refusals and damaged files into `SinkError`."""
        try:
            yield
        except (ArrowInvalid, ArrowNotImplementedError) as damaged:
            remedy = "it was not written by this package: move it away and run again"
            raise SinkError(self.path(name), f"unreadable, {damaged}", remedy) from damaged
        except OSError as refused:
            problem, remedy = (
                str(refused),
                "nothing of it is visible, running the same command again goes on from here",
            )
            if refused.errno in _FULL:
                problem, remedy = _FULL[refused.errno], f"free some space; {remedy}"
            elif refused.errno in _CLOSED:
                problem, remedy = (
                    f"not writable ({os.strerror(refused.errno)})",
                    "give another output or allow writing there",
                )
            raise SinkError(self.path(name), problem, remedy) from refused

    def folder(self, name: str) -> None:
        """Make a folder and those above it; in a bucket (see `has_folders`) only that is made, where its address
        allows it.
        """
        with self.guard(name):
            if self.has_folders:
                self.fs.create_dir(self.path(name), recursive=True)
            elif not name and "allow_bucket_creation=true" in self._address:
                self.fs.create_dir(self.root.partition("/")[0])

    def names(self, folder: str, suffix: str) -> list[str]:
        """Names of a folder's visible files that end in `suffix`, sorted; none if there is no such folder."""
        selector = fs.FileSelector(self.path(folder), allow_not_found=True)
        with self.guard(folder):
            found = [info.base_name for info in self.fs.get_file_info(selector) if info.is_file]
        return sorted(name for name in found if name.endswith(suffix) and not name.startswith("."))

    def folders(self, folder: str) -> list[str]:
        """Names of a folder's folders, sorted; none if there is no such folder."""
        if there := self._bucket:
            with self.guard(folder):
                return self.patiently(lambda: there.folders(self._key(folder)))
        # Google's tell of no folder that nobody made by itself: there it is those of all files
        flat, place = self.fs.type_name == "gcs", self.path(folder).rstrip("/")
        selector = fs.FileSelector(place, allow_not_found=True, recursive=flat)
        with self.guard(folder):
            found = self.fs.get_file_info(selector)
        if flat:
            inner = (info.path.removeprefix(f"{place}/").partition("/") for info in found)
            return sorted({name for name, below_it, _ in inner if below_it})
        return sorted(info.base_name for info in found if info.type == fs.FileType.Directory)

    def temporaries(self) -> list[str]:
        """Drafts that were never published, wherever below the root they lie; a store without rename has none."""
        if not self.local:
            return []
        with self.guard(""):
            found = self.fs.get_file_info(fs.FileSelector(self.root, recursive=True, allow_not_found=True))
        hidden = (
            info.path
            for info in found
            if info.is_file and info.base_name.startswith(".") and info.base_name.endswith(".tmp")
        )
        return sorted(path.removeprefix(f"{self.root}/") for path in hidden)

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        if there := self._bucket:
            with self.guard(name):
                return self.patiently(lambda: there.exists(self._key(name)))
        return bool(self.fs.get_file_info(self.path(name)).is_file)

    def sizes(self, names: Sequence[str]) -> list[int | None]:
        """The bytes of some files, None for one that is not there; nothing is read."""
        if not names:
            return []
        with self.guard(""):
            if there := self._bucket:
                found = self.patiently(lambda: there.sizes([self._key(name) for name in names]))
                return [found.get(self._key(name)) for name in names]
            infos = self.fs.get_file_info([self.path(name) for name in names])
        return [info.size if info.is_file else None for info in infos]

    def read(self, name: str) -> bytes | None:
        """The bytes of a small file, or None if there is none."""
        there = self._bucket

        def whole() -> bytes:
            if there:
                return there.get(self._key(name))[0]
            with self.fs.open_input_stream(self.path(name)) as stream:
                return bytes(stream.read())

        with self.guard(name), suppress(FileNotFoundError):
            return self.patiently(whole)
        return None

    def part(self, name: str, offset: int, size: int) -> bytes:
        """Some bytes of a file in a bucket (see `in_bucket`), by one request. Raises `SinkError`."""
        there = self._bucket
        assert there
        with self.guard(name):
            return self.patiently(lambda: there.part(self._key(name), offset, size))

    def end(self, name: str, size: int) -> bytes:
        """The last bytes of a file in a bucket, by one request. Raises `SinkError`."""
        there = self._bucket
        assert there
        with self.guard(name):
            return self.patiently(lambda: there.end(self._key(name), size))

    def patiently(self, ask: Callable[[], T]) -> T:
        """Ask a store, a remote one again after a moment where it cannot answer: one that is overloaded, or a
        line that broke.
        """
        for left in range(0 if self.local else TRIES - 1, -1, -1):
            try:
                return ask()
            except OSError as fault:
                if (
                    not left
                    or isinstance(fault, FileNotFoundError | PermissionError)
                    or any(word in str(fault) for word in _FINAL)
                ):
                    raise
                pause = PAUSE_S * 2 ** (TRIES - 1 - left) * random.uniform(0.5, 1)
                log.warning("asked again in %.1f s: %s", pause, fault)
                time.sleep(pause)
        raise AssertionError("unreachable")

    def draft(self, name: str, run: str, chunks: Iterable[Any]) -> Draft:
        """A file on its way: see `Draft`."""
        with self.guard(name):
            return Draft(self, name, run, chunks)

    def put(self, name: str, run: str, data: bytes) -> None:
        """Write or replace a small file; a reader sees the old bytes or the new ones."""
        draft = self.draft(name, run, [data])
        try:
            self.publish([draft])
        finally:
            draft.discard()

    def publish(self, drafts: Sequence[Draft]) -> None:
        """Make drafts visible, in order; when it returns, the names survive a power cut."""
        for draft in drafts:
            with self.guard(draft.name):
                draft.publish()
        if self.local:
            for folder in sorted({os.path.dirname(self.path(draft.name)) for draft in drafts}):
                _sync(folder)

    def create(self, name: str, data: bytes) -> bool:
        """Write a small file, whole, unless it exists; False if it does.

        Buckets and the stores of fsspec are asked for a conditional put. pyarrow itself knows none: there we
        look first, and say so.
        """
        with self.guard(name):
            if not self.local:
                return self._created(name, data)
            draft = self.draft(name, "create", [data])
            try:
                # A link appears whole or not at all, and never in the place of another: no reader sees a file
                # half written.
                os.link(self.path(draft.temporary), self.path(name))
            except FileExistsError:
                return False
            except OSError as cannot:
                if isinstance(cannot, FileNotFoundError) and self.exists(name):
                    return False  # whoever was quicker has swept what others had begun
                if cannot.errno not in _NO_LINKS:
                    raise
                return self._opened_first(name, data)
            finally:
                draft.discard()
            return True

    def exchange(self, name: str, run: str, data: bytes, allowed: Callable[[bytes], bool]) -> bool:
        """Write a small file in the place of one whose bytes are `allowed`; False where they are not.

        In a bucket that is one step: of two who do it at once one gets False. Elsewhere the last one stays.
        """
        with self.guard(name), suppress(bucket.Unconditional):
            if there := self._bucket:
                return self.patiently(lambda: _exchanged(there, self._key(name), data, allowed))
        found = self.read(name)
        if found is None or not allowed(found):
            return False
        self.put(name, run, data)
        return True

    def _created(self, name: str, data: bytes) -> bool:
        if there := self._bucket:
            with suppress(bucket.Unconditional):
                return self.patiently(lambda: there.create(self._key(name), data))
        handler = getattr(self.fs, "handler", None)
        if handler is not None:
            try:
                handler.fs.pipe_file(self.path(name), data, mode="create")
                return True
            except FileExistsError:
                return False
            except (NotImplementedError, TypeError, ValueError):
                log.debug("%s knows no conditional put", type(handler.fs).__name__)
        log.warning(
            "%s cannot be written on a condition%s: two runs that start there in the same moment are told apart only when they commit",
            self.path(name),
            " by pyarrow alone (pip install 'animelayers[buckets]' can)" if not self.has_folders else "",
        )
        if self.exists(name):
            return False
        with self.fs.open_output_stream(self.path(name)) as stream:
            stream.write(data)
        return True

    def _opened_first(self, name: str, data: bytes) -> bool:
        """Where the file system knows no links."""
        try:
            descriptor = os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            return False
        with open(descriptor, "wb") as file:
            file.write(data)
        return True

    def remove(self, name: str) -> None:
        """Delete a file if it is there. Raises `SinkError` where a link on the way to it leaves the folder."""
        if self.local and os.path.lexists(self.path(name)):
            folder, root = os.path.realpath(os.path.dirname(self.path(name))), os.path.realpath(self.root)
            if folder != root and not folder.startswith(f"{root.rstrip('/')}/"):
                raise SinkError(
                    self.path(name),
                    "a link on the way leaves the output",
                    "put the folder itself there, or mount it",
                )
        with self.guard(name), suppress(FileNotFoundError):
            if there := self._bucket:
                self.patiently(lambda: there.delete(self._key(name)))
            else:
                self.fs.delete_file(self.path(name))


class Draft:
    """A file that nobody sees under its name yet.

    Locally its chunks already lie in a temporary file, on the disk for good. A store without rename makes a
    file visible when its stream closes, so there nothing is written before `publish`.
    """

    def __init__(self, store: Store, name: str, run: str, chunks: Iterable[Any]) -> None:
        self.store, self.name = store, name
        self._chunks: Iterable[Any] = chunks
        # The random part keeps two attempts of one write apart: Ray repeats a write whose worker only seemed
        # lost.
        folder, token = os.path.dirname(name), uuid.uuid4().hex[:8]
        self.temporary = os.path.join(folder, f".{run}.{token}.tmp")
        if store.local:
            try:
                self._write(self.temporary)
                _sync(store.path(self.temporary))
            except BaseException:
                self.discard()
                raise

    def publish(self) -> None:
        """Give the file its name."""
        if self.store.local:
            os.replace(self.store.path(self.temporary), self.store.path(self.name))
        else:
            self.store.patiently(lambda: self._write(self.name))

    def discard(self) -> None:
        """Remove what was not published; harmless afterwards."""
        if self.store.local:
            with suppress(OSError):
                os.unlink(self.store.path(self.temporary))

    def _write(self, name: str) -> None:
        # a stream that is left by an error still closes, and what is closed is visible: nothing may go wrong
        # in between
        if not self.store.local:
            self._chunks = list(self._chunks)
        if there := self.store._bucket:
            there.put(self.store._key(name), list(self._chunks))
            return
        with self.store.fs.open_output_stream(self.store.path(name)) as stream:
            for chunk in self._chunks:
                stream.write(chunk)


def _exchanged(there: bucket.Bucket, key: str, data: bytes, allowed: Callable[[bytes], bool]) -> bool:
    try:
        found, version = there.get(key)
    except FileNotFoundError:
        return False
    # where an answer was lost it is asked again, and finds what it wrote itself
    return found == data or (allowed(found) and there.replace(key, data, version))


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
