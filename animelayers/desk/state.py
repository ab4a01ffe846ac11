"""What the pages of a desk share: outputs, sets, characters, runs, and what was read of them."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from animelayers.desk import decisions, people, rows
from animelayers.desk import shots as shot_list
from animelayers.desk.correct import Desks
from animelayers.desk.pictures import Thumbs
from animelayers.desk.runs import Runs, Stages
from animelayers.desk.shelf import Book, Shelf
from animelayers.exports.shots import Shot
from animelayers.sinks.store import SinkError
from animelayers.sources.listing import VIDEOS

_KEPT = 32  # answers that are kept for those who scroll


class Desk:
    """What the pages of a desk share. ``paths``: outputs, sets and folders of characters, or folders in which
    they lie.
    """

    def __init__(self, paths: Sequence[str], token: str = "", cache: Path | None = None) -> None:
        self.paths = [str(path) for path in paths]
        self.token = token or secrets.token_urlsafe(18)
        self.sets: dict[str, str] = {}
        self.casts: dict[str, str] = {}
        self.renew(self.paths)
        known = {*self.sets.values(), *self.casts.values()}
        self.shelf = Shelf([path for path in self.paths if str(Path(path)) not in known])
        self.thumbs = Thumbs(cache or user_cache_path("animelayers") / "desk")
        self.runs, self.corrections = Runs(), Desks()
        self.stages: dict[int, Stages] = {}
        self._chosen: dict[tuple[str, str, str], rows.Chosen] = {}
        self._shots: dict[str, tuple[str, list[dict[str, Any]]]] = {}
        self._places: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {}
        self._frames: dict[str, tuple[str, rows.Frames]] = {}
        self._listing = threading.Lock()

    @property
    def folder(self) -> Path:
        """Where what is made here goes, unless one says otherwise: the folder that was given, or that in which
        the output lies.
        """
        given = Path(self.paths[0]).absolute()
        return given.parent if any(Path(book.path).absolute() == given for book in self.shelf) else given

    def films(self, most: int = 200) -> list[str]:
        """The films that lie in that folder."""
        with suppress(OSError):
            there = sorted(path for path in self.folder.iterdir() if path.suffix.lower().encode() in VIDEOS)
            return [str(path) for path in there[:most]]
        return []

    def renew(self, paths: Sequence[str]) -> None:
        """Look which curated sets and characters lie at some paths: a run may have made some."""
        for path in _folders(paths):
            for found, kind in ((self.sets, decisions.is_set), (self.casts, people.is_cast)):
                if str(path) not in found.values() and kind(str(path)):
                    found[_free(path.name, found)] = str(path)

    def warm(self) -> None:
        """Read the outputs before somebody asks."""
        for book in self.shelf:
            with suppress(SinkError, OSError, ValueError, KeyError):  # who looks is told
                self.shots(book)

    def shots(self, book: Book) -> list[dict[str, Any]]:
        """What is told of the shots of an output, found once for each of its versions."""
        with self._listing:
            version, output = book.version, book.output
            if self._shots.get(book.name, ("", []))[0] != version:
                self._shots[book.name] = (version, shot_list.described(output))
            return self._shots[book.name][1]

    def frames(self, book: Book) -> rows.Frames:
        """The frame table of an output, made ready once for each of its versions."""
        version, output = book.version, book.output
        if self._frames.get(book.name, ("", None))[0] != version:
            self._frames[book.name] = (version, rows.Frames(output.table))
        return self._frames[book.name][1]

    def chosen(self, book: Book, body: dict[str, Any]) -> rows.Chosen:
        """The rows that a page asks for; scrolling on asks for the same ones again."""
        asked = {key: body.get(key) for key in ("where", "sort", "down", "held")}
        key = (book.name, book.version, json.dumps(asked, sort_keys=True))
        if (found := self._chosen.get(key)) is None:
            found = self.frames(book).choose(
                asked["where"] or {},
                str(asked["sort"] or ""),
                bool(asked["down"]),
                bool(asked["held"]),
            )
            self._chosen[key] = found
            while len(self._chosen) > _KEPT:
                self._chosen.pop(next(iter(self._chosen)), None)
        return found

    def shot(self, book: Book, name: str) -> Shot:
        """A shot by its name. Raises KeyError."""
        version, output = book.version, book.output
        if self._places.get(book.name, ("", {}))[0] != version:
            self._places[book.name] = (version, shot_list.places(output))
        return shot_list.one(output, name, self._places[book.name][1])


def _free(name: str, taken: Collection[str]) -> str:
    return next(each for each in (name, *(f"{name} {n}" for n in range(2, 10_000))) if each not in taken)


def _folders(paths: Sequence[str], depth: int = 3) -> list[Path]:
    found = []
    for path in map(Path, paths):
        if path.is_dir():
            found.append(path)
            if depth and not (path / "metadata").is_dir():
                inner = [
                    p
                    for p in sorted(path.iterdir())
                    if p.is_dir() and not p.is_symlink() and not p.name.startswith(".")
                ]
                found += _folders([str(p) for p in inner], depth - 1)
    return found
