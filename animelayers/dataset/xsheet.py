"""Exposure sheets: which drawing shows at each frame of a shot, as animators write it down, and how much work
the holds saved.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from animelayers.dataset.output import Output, Spread
from animelayers.sinks.store import Store

FOLDER = "exposure"
LAYERS = ("background", "character", "effect")
"""Layers that may have a column of their own, the lowest first."""
SIGNATURE = "exchangeDigitalTimeSheet Save Data"
HOLD = "-"
_EMPTY = {"character": ("matte_model", "none"), "effect": ("effect_mode", "none")}
# of the format: the field of the cels, and the version Clip Studio Paint and OpenToonz write
_CELLS, _VERSION = 0, 5
_WRITERS = 8


@dataclass(frozen=True)
class Sheet:
    """One shot. Arrays have one entry per frame of the frame table, in the order of time.

    ``place`` int64 [T]: frames from the start of the shot, 0-based; ``seconds`` float64 [T] in the source,
    NaN where nothing tells; ``drawing`` int64 [T]: its number, from 1 in order of appearance, the same
    wherever it comes again; ``layers``: per layer the number of the drawing whose layer it shows, 0 where it
    is empty; lowest layer first. Of a shot whose camera stands still the background is that of its first
    drawing, held throughout.
    """

    episode: str
    scene_id: str
    place: np.ndarray
    seconds: np.ndarray
    drawing: np.ndarray
    layers: Mapping[str, np.ndarray]

    @property
    def name(self) -> str:
        """EPISODE_sceneNNNN, whatever else stands in them made harmless."""
        return named(self.episode, self.scene_id)

    @property
    def exposures(self) -> np.ndarray:
        """Frames each drawing is held from here on, int64 [T]; 0 for a frame that holds the one before."""
        starts = _starts(self.drawing, self.place)
        held = np.zeros(len(self.drawing), np.int64)
        held[starts] = np.diff([*starts, len(self.drawing)])
        return held


class Saved(NamedTuple):
    """Work a shot, or the whole output, was spared: frames shown, drawings made, and the share of frames that
    cost nothing.
    """

    episode: str
    scene_id: str
    frames: int
    drawings: int
    share: float


def named(episode: str, scene_id: str) -> str:
    """The name of the sheet of a shot."""
    return "_".join(re.sub(r"[^A-Za-z0-9_-]", "_", part) for part in (episode, scene_id))


def sheets(table: pa.Table) -> Iterator[Sheet]:
    """The sheet of every shot of a frame table, by episode and shot. A folder of unnumbered pictures has no
    timing and no sheet.

    Drawings are told apart by the frame their layers are stored under (`drawing_of`): where a long shot was
    cut into clips, a drawing held over the cut counts twice.
    """
    needed = {
        "episode",
        "scene_id",
        "frame_index",
        "frame_id",
        "drawing_of",
        "timestamp_s",
        "camera_motion",
        "background_xxh3",
    }
    needed |= {name for layer in LAYERS for name in (f"{layer}_file", *_EMPTY.get(layer, ())[:1])}
    for rows in _shots(table.select([name for name in table.column_names if name in needed])):
        place = rows["frame_index"].to_numpy()
        if len(np.unique(place)) < len(place):
            continue
        order = np.argsort(place)
        rows, place = rows.take(order), place[order] - place.min()
        drawing = _numbers(rows)
        layers = {}
        for layer in LAYERS:
            if f"{layer}_file" in rows.column_names and rows[f"{layer}_file"].null_count < len(rows):
                column, empty = _EMPTY.get(layer, ("", ""))
                shown = (
                    np.array(rows[column].to_pylist()) != empty
                    if column in rows.column_names
                    else np.ones(len(rows), bool)
                )
                layers[layer] = (_ground(rows, drawing) if layer == "background" else drawing) * shown
        yield Sheet(
            rows["episode"][0].as_py(),
            rows["scene_id"][0].as_py(),
            place,
            rows["timestamp_s"].to_numpy(),
            drawing,
            layers,
        )


def saved(table: pa.Table) -> list[Saved]:
    """What the holds saved, per shot."""
    shots = []
    for rows in _shots(table):
        drawings = len(set(_carriers(rows)))
        shots.append(
            Saved(
                rows["episode"][0].as_py(),
                rows["scene_id"][0].as_py(),
                len(rows),
                drawings,
                1 - drawings / len(rows),
            )
        )
    return shots


def saved_in_all(table: pa.Table) -> Saved:
    """What the holds saved in the whole output; 0 of nothing."""
    frames, drawings = len(table), len(set(_carriers(table)))
    return Saved("", "", frames, drawings, 1 - drawings / frames if frames else 0.0)


def write(output: Output, spread: Spread = map, folder: str = FOLDER) -> int:
    """Write EPISODE_sceneNNNN.csv and .xdts of every shot into a folder of the output, local or remote; gives
    the number of shots.

    Old sheets are replaced. Raises `SinkError` where the folder cannot be written.
    """
    return sum(spread(partial(_of_episode, folder), output.episodes()))


def _of_episode(folder: str, part: Output) -> int:
    """Write the sheets of an episode; gives their number."""
    store, files = Store(part.path), dict[str, bytes]()
    for sheet in sheets(part.table):
        files[f"{folder}/{sheet.name}.csv"] = as_csv(sheet).encode()
        files[f"{folder}/{sheet.name}.xdts"] = as_xdts(sheet).encode()
    if files:
        store.folder(folder)
        with ThreadPoolExecutor(_WRITERS) as pool:
            list(pool.map(lambda item: store.put(item[0], "exposure", item[1]), files.items()))
    return len(files) // 2


def as_csv(sheet: Sheet) -> str:
    """A line per frame: `frame` from 1, `time` in seconds, `drawing`, `exposure` (frames it is held, '-' on
    the held ones), the layers.

    A layer's cell is the number of the drawing, empty where the layer is.
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["frame", "time", "drawing", "exposure", *sheet.layers])
    columns = [layer.tolist() for layer in sheet.layers.values()]
    rows = zip(
        sheet.place.tolist(),
        sheet.seconds.tolist(),
        sheet.drawing.tolist(),
        sheet.exposures.tolist(),
        *columns,
        strict=True,
    )
    for place, seconds, drawing, held, *layers in rows:
        time = "" if seconds != seconds else f"{seconds:.3f}"
        lines.writerow([place + 1, time, drawing, held or HOLD, *(number or "" for number in layers)])
    return text.getvalue()


def as_xdts(sheet: Sheet) -> str:
    """The sheet as XDTS, the exchange format of digital exposure sheets that Clip Studio Paint and OpenToonz
    read.

    A track per layer, track 0 the lowest; an entry wherever another drawing begins, held until the next one.
    Frames that the table lacks in the middle of a shot, because their clip failed, are empty. The format
    knows no frame rate. Cut and scene are numbers of at most four digits, as OpenToonz reads them: that of
    the shot, and the first in the episode's name, 1 without one.
    """
    names = list(sheet.layers) or ["drawing"]
    columns = [sheet.layers.get(name, sheet.drawing) for name in names]
    tracks = [
        {"trackNo": number, "frames": _entries(column, sheet.place)} for number, column in enumerate(columns)
    ]
    table = {
        "name": sheet.name,
        "duration": int(sheet.place[-1]) + 1,
        "fields": [{"fieldId": _CELLS, "tracks": tracks}],
        "timeTableHeaders": [{"fieldId": _CELLS, "names": names}],
    }
    header = {"cut": _digits(sheet.scene_id, "0"), "scene": _digits(sheet.episode, "1")}
    whole = {"version": _VERSION, "header": header, "timeTables": [table]}
    return f"{SIGNATURE}\n{json.dumps(whole, ensure_ascii=False)}\n"


def _digits(name: str, without: str) -> str:
    found = re.search(r"[0-9]{1,9}", name)
    return str(int(found[0]) % 10_000) if found else without


def _entries(numbers: np.ndarray, place: np.ndarray) -> list[dict[str, Any]]:
    entries = {int(place[at]): _cell(numbers[at]) for at in _starts(numbers, place)}
    for at in _gaps(place):
        entries[int(place[at - 1]) + 1] = _cell(0)
    return [
        {"frame": frame, "data": [{"id": 0, "values": [value]}]} for frame, value in sorted(entries.items())
    ]


def _cell(number: int) -> str:
    return str(number) if number else "SYMBOL_NULL_CELL"


def _starts(numbers: np.ndarray, place: np.ndarray) -> list[int]:
    """Positions where another number begins, or time goes on after a gap."""
    return sorted({0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), *_gaps(place)})


def _gaps(place: np.ndarray) -> list[int]:
    """Positions behind frames that are missing: more than twice the usual step, which sampling may have made
    longer than 1.
    """
    steps = np.diff(place)
    return (np.flatnonzero(steps > 2 * np.median(steps)) + 1).tolist() if len(steps) else []


def _shots(table: pa.Table) -> Iterator[pa.Table]:
    if not len(table):
        return
    order = np.lexsort([_codes(table, "scene_id"), _codes(table, "episode")])
    table = table.take(order)
    keys = np.stack([_codes(table, "episode"), _codes(table, "scene_id")])
    edges = [0, *(np.flatnonzero((np.diff(keys) != 0).any(axis=0)) + 1).tolist(), len(table)]
    for a, b in pairwise(edges):
        yield table.slice(a, b - a).combine_chunks()


def _codes(table: pa.Table, column: str) -> np.ndarray:
    """Ranks of a text column's values."""
    return np.unique(np.array(table[column].to_pylist(), object), return_inverse=True)[1]


def _ground(rows: pa.Table, drawing: np.ndarray) -> np.ndarray:
    """Which drawing's background shows at each frame: another one only where its file is another one, and the
    camera moves.
    """
    if "camera_motion" in rows.column_names and set(rows["camera_motion"].to_pylist()) == {"still"}:
        return np.full(len(rows), drawing[0])
    if "background_xxh3" not in rows.column_names:
        return drawing
    first: dict[Any, int] = {}
    files = zip(rows["background_xxh3"].to_pylist(), drawing.tolist(), strict=True)
    return np.array([first.setdefault(digest, number) for digest, number in files], np.int64)


def _carriers(table: pa.Table) -> Sequence[str]:
    """The frame each frame's layers are stored under."""
    held = zip(table["drawing_of"].to_pylist(), table["frame_id"].to_pylist(), strict=True)
    return [carrier or own for carrier, own in held]


def _numbers(rows: pa.Table) -> np.ndarray:
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(carrier, len(seen) + 1) for carrier in _carriers(rows)], np.int64)
