"""The end products of an output: one list for all jobs, each made anew where what is there does not fit the
frame table.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pyarrow import fs

from animelayers.dataset import card, plates, tracks, xsheet
from animelayers.dataset.output import PLATES, Output, Spread
from animelayers.sinks import metadata
from animelayers.sinks.sink import checksum
from animelayers.sinks.store import SinkError, Store

log = logging.getLogger(__name__)

FILE = "products.json"
"""What stands in the products' files and which commits they were made of."""

MAKERS: Mapping[str, Callable[[Output, Spread], Any]] = {
    "exposure": xsheet.write,
    "tracks": tracks.write,
    "plates": plates.write,
    "card": card.write,
}
REPORT = "report"
PLACES = {
    "exposure": (xsheet.FOLDER,),
    "tracks": (tracks.FILE,),
    "plates": (PLATES, plates.FOLDER),
    "card": (card.FILE,),
    REPORT: (REPORT,),
}
"""Files and folders of each product, below the output."""


def write(path: str, anew: bool = False, spread: Spread = map) -> list[str]:
    """Make those products that are not there or are of other commits, or all of them (`anew`); gives their
    names. `spread`: how the work of each episode is done.

    Each is written whole and then noted, so that a run that dies in between makes the rest. Raises
    `SinkError`.
    """
    store = Store(path)
    missing = [name for name in MAKERS if anew or not fits(store, name)]
    output = Output(path) if missing else None
    for name in missing:
        MAKERS[name](output, spread)  # type: ignore[arg-type]
        note(store, name)
    return missing


def fits(store: Store, name: str) -> bool:
    """Whether a product was made of the commits that are there now, and all its files are there and not
    empty: a person may have edited them.
    """
    told = noted(store).get(name, {})
    if told.get("made_from") != commits(store):
        return False
    files = list(told.get("files", {}))
    with store.guard(name):
        found = store.fs.get_file_info([store.path(file) for file in files]) if files else []
    return all(info.is_file and info.size for info in found)


def note(store: Store, name: str) -> None:
    """Write down what a product's files are and what it was made of."""
    files = {}
    for file in _files(store, PLACES[name]):
        data = store.read(file) or b""
        files[file] = [len(data), checksum(data)]
    _put(store, noted(store) | {name: {"made_from": commits(store), "files": files}})


def forget(store: Store, *names: str) -> None:
    """Have products made anew at the end of the next run: these, or all of them."""
    if not names:
        store.remove(FILE)
    elif there := noted(store):
        _put(store, {name: told for name, told in there.items() if name not in names})


def noted(store: Store) -> dict[str, Any]:
    """What is known of the products; nothing where the note is damaged, so that all are made anew."""
    try:
        found = json.loads(store.read(FILE) or b"{}")
        return {
            str(name): told
            for name, told in found.items()
            if isinstance(told, dict) and isinstance(told.get("files", {}), dict)
        }
    except (ValueError, AttributeError):
        log.warning("%s: damaged, all end products are made anew", store.path(FILE))
        return {}


def damaged(store: Store) -> Iterator[tuple[str, str, str]]:
    """Of each product's file that is not as it was written: the product, the file, and what is wrong.
    Everything is read.
    """
    for name, told in noted(store).items():
        for file, (size, known) in told.get("files", {}).items():
            try:
                data = store.read(file)
            except SinkError as problem:
                yield name, file, problem.problem
                continue
            if data is None or len(data) != size or checksum(data) != known:
                yield name, file, "is gone" if data is None else "is not what was written"


def commits(store: Store) -> str:
    """A digest of which commits there are."""
    with store.guard(metadata.FOLDER):
        found = store.fs.get_file_info(fs.FileSelector(store.path(metadata.FOLDER), allow_not_found=True))
    listed = sorted(
        [info.base_name, info.size]
        for info in found
        if info.base_name.endswith(".parquet") and not info.base_name.startswith(".")
    )
    return f"{checksum(json.dumps(listed).encode()) & (1 << 64) - 1:016x}"


def _files(store: Store, places: tuple[str, ...]) -> list[str]:
    names = []
    for place in places:
        with store.guard(place):
            info = store.fs.get_file_info(store.path(place))
            inner = (
                store.fs.get_file_info(fs.FileSelector(info.path, recursive=True))
                if info.type == fs.FileType.Directory
                else [info]
            )
        names += [info.path for info in inner if info.is_file and not info.base_name.startswith(".")]
    return sorted(name.removeprefix(f"{store.root}/") for name in names)


def _put(store: Store, told: Mapping[str, Any]) -> None:
    store.put(FILE, "products", json.dumps(told, indent=1, sort_keys=True).encode() + b"\n")
