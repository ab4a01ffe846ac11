"""Tabs that are open on one output at once: how long the desk's answers take over a table of any size."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import uvicorn

from animelayers.benchmark.figures import Figure
from animelayers.desk.app import COOKIE, Desk, app
from animelayers.output import Output
from animelayers.sinks import metadata
from animelayers.sinks.store import Store

GOAL_S = 0.2
_PAUSE_S = 0.4  # between an answer and what a person asks next
_PAGE = 60


def multiplied(path: str, count: int) -> None:
    """Make an output's frame table one of `count` rows, its own over and over under other names; the pictures
    are those that there are.
    """
    store = Store(path)
    names = metadata.names(store)
    table = pa.concat_tables(
        [metadata.read(store, name) for name in names], promote_options="default"
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
    store.put(names[0], "load", metadata.to_bytes(made))
    for name in names[1:]:
        store.remove(name)


def measure(path: str, folder: Path, tabs: int, rounds: int) -> tuple[list[Figure], dict[str, Any]]:
    """How long answers take while `tabs` tabs filter, sort and scroll an output, each `rounds` times; wall
    clock.
    """
    taken: list[tuple[str, float]] = []
    with _desk(path, folder) as (desk, port):
        name = next(iter(desk.shelf)).name
        people = [
            threading.Thread(target=_browse, args=(port, desk.token, name, tab, rounds, taken))
            for tab in range(tabs)
        ]
        for each in people:
            each.start()
        for each in people:
            each.join()
    frames = len(Output(path))
    figures = []
    for what in dict.fromkeys(what for what, _ in taken):
        seconds = [spent for each, spent in taken if each == what]
        late = quantiles(seconds, n=20)[-1]
        told = f"{what}, {tabs} tabs on {frames} frames: the slowest of twenty"
        figures.append(Figure("desk", told, late, "s", late, goal=GOAL_S, at_most=True))
        figures.append(Figure("desk", f"{what}: median", median(seconds), "s", median(seconds)))
    return figures, {"tabs": tabs, "frames": frames, "answers": taken}


def _browse(port: int, token: str, name: str, tab: int, rounds: int, taken: list[tuple[str, float]]) -> None:
    """A person in a tab: another filter, another order, then pages of it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    rng = np.random.default_rng(tab)
    for n in range(rounds):
        low = float(rng.uniform(0, 0.8))
        asked = {
            "where": {"character_coverage": {"min": low}},
            "sort": ["frame_index", "character_coverage"][n % 2],
            "down": bool(rng.random() < 0.5),
        }
        for start in range(3):
            first = {"facets": ["flags", "character_coverage"]} if not start else {}
            body = json.dumps({**asked, **first, "start": start * _PAGE, "count": _PAGE})
            time.sleep(_PAUSE_S * float(rng.uniform(0.5, 1.5)))
            begun = time.perf_counter()
            connection.request(
                "POST",
                f"/api/out/{name}/rows",
                body,
                {"cookie": f"{COOKIE}={token}", "content-type": "application/json"},
            )
            answer = connection.getresponse()
            told = json.loads(answer.read())
            taken.append(("a filter" if not start else "a page", time.perf_counter() - begun))
            if answer.status != 200 or not told["rows"]:
                raise RuntimeError(f"the desk answered {answer.status}: {told}")
        begun = time.perf_counter()
        connection.request(
            "GET",
            f"/api/out/{name}/frame?id={quote(told['rows'][0]['frame_id'])}",
            headers={"cookie": f"{COOKIE}={token}"},
        )
        answer = connection.getresponse()
        answer.read()
        taken.append(("a frame", time.perf_counter() - begun))
    connection.close()


@contextmanager
def _desk(path: str, folder: Path) -> Iterator[tuple[Desk, int]]:
    made = Desk([path], cache=folder / "thumbs")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app(made), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield made, port
    finally:
        server.should_exit = True
        thread.join(10)
