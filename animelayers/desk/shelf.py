"""The outputs a desk shows: opened as they are, again when a run has committed more, and told of in one line
where they cannot be.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from animelayers import owner
from animelayers.dataset.output import Output
from animelayers.sinks import corrections, dataset, lock, metadata
from animelayers.sinks.store import SinkError, Store

_DEEP = 3
"""Folders below a given one in which outputs are looked for."""
_AGAIN = 2.0
"""Seconds for which an output counts as looked at."""


class Condition(NamedTuple):
    """What is there of an output: ``state`` is 'whole', 'being written', 'empty' or 'damaged'; ``said`` a
    line for a person.
    """

    state: str
    said: str


class Book:
    """An output on the shelf, by a `name` that no other has.

    `output` is what is committed by now: it is read again when that changes. Raises `SinkError` where it
    cannot be.
    """

    def __init__(self, name: str, path: str) -> None:
        self.name, self.path = name, path
        self._lock, self._seen, self._looked = threading.RLock(), "", 0.0
        self._output: Output | None = None
        self._reading: threading.Thread | None = None

    @property
    def output(self) -> Output:
        """The output as it was a moment ago: what a run commits meanwhile is read beside those who look."""
        with self._lock:
            if self._output is None:
                self._output, self._seen = self._read()
                self._looked = time.monotonic()
            elif time.monotonic() - self._looked > _AGAIN and self._reading is None:
                self._looked = time.monotonic()
                if self._digest() != self._seen:
                    self._reading = threading.Thread(target=self._again, args=(self._output,), daemon=True)
                    self._reading.start()
            return self._output

    def renew(self) -> None:
        """Read it again before it is next looked at."""
        with self._lock:
            self._output = None

    def _read(self) -> tuple[Output, str]:
        seen, output = self._digest(), Output(self.path)
        output.table  # noqa: B018  (what cannot be read is told here)
        return output, seen

    def _again(self, before: Output) -> None:
        try:
            found = self._read()
        except (SinkError, OSError, ValueError, KeyError):
            found = None  # who looks next is told why
        with self._lock:
            self._reading = None
            if self._output is before:
                self._output, self._seen = found or (None, "")

    @property
    def version(self) -> str:
        """Another text whenever the output is another."""
        _ = self.output
        return self._seen

    def look(self) -> Condition:
        """How it stands with the output, without raising."""
        try:
            store = Store(self.path)
            held = lock.read(store)
            alive = held is not None and owner.dead(held) is not True
            if not metadata.names(store):
                return (
                    Condition("being written", "a run has started and committed nothing yet")
                    if alive
                    else Condition("empty", "nothing is committed there")
                )
            output = self.output
            dataset.description(store)
            failed = f", {output.errors.num_rows} clips failed" if output.errors.num_rows else ""
            twice = f", {len(output.twice)} clips are committed twice" if output.twice else ""
            said = f"{len(output)} frames{failed}{twice}"
            return (
                Condition("being written", f"{said}; a run is writing here")
                if alive
                else Condition("whole", said)
            )
        except (SinkError, OSError, ValueError, KeyError) as problem:
            return Condition("damaged", str(problem))

    def _digest(self) -> str:
        store = Store(self.path)
        found = [
            metadata.FOLDER,
            *(f"annotations/{name}/metadata" for name in store.folders("annotations")),
            f"{corrections.FOLDER}/metadata",
        ]
        if not store.local:
            return str(metadata.names(store))
        facts = []
        for folder in found:
            for name in store.names(folder, ".parquet"):
                stat = Path(store.path(f"{folder}/{name}")).stat()
                facts.append((folder, name, stat.st_size, stat.st_mtime_ns))
        return f"{hash(tuple(facts)) & (1 << 64) - 1:016x}"


class Shelf:
    """The outputs at some paths: each an output, or a folder in which they lie, or will. Raises `SinkError`
    for paths that are not there.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = [str(path) for path in paths]
        self._books: dict[str, Book] = {}
        self.renew()
        if self.paths and not self._books and not any(Path(path).is_dir() for path in self.paths):
            raise SinkError(
                ", ".join(self.paths),
                "no output there",
                "give what `animelayers decompose FILM OUT` wrote, or a folder of such outputs",
            )

    def renew(self) -> None:
        """Look again which outputs there are: a run may have made one."""
        there = [path for given in self.paths for path in _outputs(given)]
        known = {book.path for book in self._books.values()}
        for path in there:
            if path not in known:
                name = self._name(path)
                self._books[name] = Book(name, path)

    def add(self, path: str) -> Book:
        """The book of one more output, which a run may only be about to write."""
        found = next(
            (book for book in self._books.values() if Path(book.path).resolve() == Path(path).resolve()), None
        )
        if found is None:
            found = Book(self._name(path), path)
            self._books[found.name] = found
        return found

    def __iter__(self) -> Iterator[Book]:
        return iter(list(self._books.values()))

    def __getitem__(self, name: str) -> Book:
        """Raises KeyError for a name that none has."""
        if name not in self._books:
            raise KeyError(f"no output {name!r} on this desk")
        return self._books[name]

    def described(self) -> list[dict[str, Any]]:
        """What the page lists."""
        self.renew()
        return [
            {"name": book.name, "path": book.path, **book.look()._asdict(), "adapted": _adapted(book.path)}
            for book in self
        ]

    def _name(self, path: str) -> str:
        base = path.rstrip("/").rpartition("/")[2] or "output"
        names = (base if n == 1 else f"{base} {n}" for n in range(1, 10_000))
        return next(name for name in names if name not in self._books)


def _outputs(path: str, depth: int = 0) -> Iterator[str]:
    """The outputs at a path or below it."""
    store = Store(path)
    if _curated(store):
        return
    if metadata.names(store) or store.exists(lock.NAME) or store.exists(dataset.DATASET):
        yield path
    elif store.local and depth < _DEEP and Path(store.root).is_dir():
        for folder in sorted(Path(store.root).iterdir()):
            if folder.is_dir() and not folder.name.startswith(".") and not folder.is_symlink():
                yield from _outputs(str(folder), depth + 1)


def _adapted(path: str) -> str:
    """The weights that learned from an output, where `animelayers adapt` left some; '' where not."""
    found = Path(f"{path.rstrip('/')}-adapted", "layernet.safetensors")
    return str(found.absolute()) if found.is_file() else ""


def _curated(store: Store) -> bool:
    """Whether what lies there is a set, which has decisions and no frames of its own."""
    try:
        return dataset.description(store).get("kind") == "curated"
    except SinkError:
        return False
