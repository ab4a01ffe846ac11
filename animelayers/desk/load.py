"""Tabs that are open on one output at once: how long the desk's answers take over a table of any size."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from animelayers.benchmark.figures import Figure
from animelayers.desk.guard import COOKIE
from animelayers.sinks import metadata, parquet
from animelayers.sinks.store import Store

GOAL_S = 0.2
_PAUSE_S = 0.4  # between an answer and what a person asks next
_PAGE, _SEEN = 120, 24  # rows the page asks for at once, pictures of them that a window shows
_FACETS = (
    "flags", "corrected", "characters", "shot_size", "camera_motion", "effect_mode", "episode", "recompose_psnr",
    "character_coverage", "character_confidence", "background_invented",
)  # fmt: skip
_STARTS_S = 120
_WINDOW = f"{_SEEN} small pictures, one after the other"


def multiplied(path: str, count: int) -> None:
    """Make an output's frame table one of `count` rows, its own over and over under other names; the pictures
    are those that there are.
    """
    store = Store(path)
    names = metadata.names(store)
    table = pa.concat_tables(
        [parquet.read(store, name) for name in names], promote_options="default"
    ).replace_schema_metadata(None)
    table = table.filter(pc.equal(table["error"], ""))
    rows = np.arange(count)
    made = table.take(pa.array(rows % len(table)))
    new = {
        "frame_id": [f"film/scene{n // 100:05d}_frame{n:07d}" for n in rows.tolist()],
        "clip_id": [f"film/scene{n // 100:05d}/{n // 100 * 100:06d}" for n in rows.tolist()],
        "scene_id": [f"scene{n // 100:05d}" for n in rows.tolist()],
        "frame_index": rows.tolist(),
        "drawing_of": [
            None if n % 2 == 0 else f"film/scene{n // 100:05d}_frame{n - 1:07d}" for n in rows.tolist()
        ],
        "character_coverage": np.random.default_rng(0).uniform(0, 1, count).tolist(),
    }
    for name, values in new.items():
        place = made.schema.get_field_index(name)
        made = made.set_column(place, name, pa.array(values, made.schema.field(place).type))
    store.put(names[0], "load", parquet.to_bytes(made))
    for name in names[1:]:
        store.remove(name)


def measure(path: str, folder: Path, tabs: int, rounds: int) -> tuple[list[Figure], dict[str, Any]]:
    """How long answers of a desk, a process of its own, take while `tabs` tabs filter, search, sort, scroll and
    open frames of an output, each `rounds` times; wall clock, to the last byte.

    Raises RuntimeError where the desk does not start, or answers with an error.
    """
    with _desk(path, folder) as place:
        frames = _Tab(place).json("columns", f"/api/out/{quote(Path(path).name)}/columns")["frames"]
        with ThreadPoolExecutor(tabs) as people:
            taken = [
                one for tab in people.map(lambda n: _browse(place, n, rounds), range(tabs)) for one in tab
            ]
    figures = []
    for what in dict.fromkeys(what for what, _ in taken):
        spent = [seconds for each, seconds in taken if each == what]
        late = quantiles(spent, n=20)[-1]
        told = f"{what}, {tabs} tabs on {frames} frames: 95 of 100 within, as a share of {GOAL_S:g} s"
        goal = None if what == _WINDOW else 1.0  # many answers, one after the other
        figures.append(Figure("desk", told, late, "s", late / GOAL_S, goal=goal, at_most=True))
        figures.append(Figure("desk", f"{what}: median", median(spent), "s", median(spent) / GOAL_S))
    return figures, {"tabs": tabs, "frames": frames, "answers": taken}


class _Place(NamedTuple):
    """Where a desk answers, to whom, and the name of its output."""

    port: int
    token: str
    name: str


class _Tab:
    """A tab: asks over one connection and writes down how long each kind of answer takes."""

    def __init__(self, place: _Place) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=60)
        self._cookie = {"cookie": f"{COOKIE}={place.token}", "content-type": "application/json"}
        self.out = f"/api/out/{quote(place.name)}"
        self.taken: list[tuple[str, float]] = []

    def __call__(self, what: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        """An answer. Raises RuntimeError for one that is an error."""
        text = None if body is None else json.dumps(body)
        begun = time.perf_counter()
        self._connection.request("GET" if text is None else "POST", path, text, self._cookie)
        answer = self._connection.getresponse()
        found = answer.read()
        self.taken.append((what, time.perf_counter() - begun))
        if answer.status != 200:
            raise RuntimeError(f"the desk answered {answer.status}: {found[:300]!r}")
        return found

    def json(self, what: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The same, as it is told."""
        told: dict[str, Any] = json.loads(self(what, path, body))
        return told


def _browse(place: _Place, number: int, rounds: int) -> list[tuple[str, float]]:
    """A person in a tab: another filter, another order, pages of it with their pictures, a frame, words to look
    for, the shots.
    """
    tab, rng = _Tab(place), np.random.default_rng(number)

    def pause() -> None:
        time.sleep(_PAUSE_S * float(rng.uniform(0.5, 1.5)))

    for n in range(rounds):
        pause()
        asked = {
            "where": {"character_coverage": {"min": float(rng.uniform(0, 0.8))}},
            "sort": ("frame_index", "character_coverage", "frame_id", "flags")[n % 4],
            "down": bool(rng.random() < 0.5),
            "count": _PAGE,
        }
        told = tab.json("a filter with its facets", f"{tab.out}/rows", {**asked, "facets": _FACETS})
        for page in range(2):
            begun = time.perf_counter()
            for row in told["rows"][:_SEEN]:
                tab("a small picture", f"{tab.out}/thumb?id={quote(row['frame_id'])}")
            tab.taken.append((_WINDOW, time.perf_counter() - begun))
            pause()
            start = (page + 1) * _PAGE % max(1, told["total"])
            told = tab.json("the next page", f"{tab.out}/rows", {**asked, "start": start})
        frame = told["rows"][0]["frame_id"]
        pause()
        shot = tab.json("what is told of a frame", f"{tab.out}/frame?id={quote(frame)}")["shot"]
        tab("a frame, large", f"{tab.out}/layer?layer=whole&id={quote(frame)}")
        pause()
        words = {"text": {"has": f"e{int(rng.integers(1000)):05d}_"}}
        tab(
            "words that are looked for",
            f"{tab.out}/rows",
            {"where": words, "count": _PAGE, "facets": _FACETS},
        )
        pause()
        tab("the list of shots", f"{tab.out}/shots")
        pause()
        tab("a shot", f"{tab.out}/shot?shot={quote(shot)}")
    return tab.taken


@contextmanager
def _desk(path: str, folder: Path) -> Iterator[_Place]:
    """The desk of an output, as its command starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token, log = secrets.token_urlsafe(8), folder / "desk.log"
    words = ["desk", path, f"port={port}", f"token={token}"]
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", "from animelayers.cli import run; run()", *words],
            stdout=said,
            stderr=said,
            env={
                **os.environ,
                "XDG_CACHE_HOME": str(folder / "cache"),
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            },
        )  # fmt: skip
    try:
        end = time.monotonic() + _STARTS_S
        while not _healthy(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the desk did not start: {log.read_text(errors='replace')[-500:]}")
            time.sleep(0.05)
        yield _Place(port, token, Path(path).name)
    finally:
        process.terminate()
        process.wait(30)


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
