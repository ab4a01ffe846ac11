"""The shots of an output: what each is made of, and which drawing shows when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from animelayers.dataset import xsheet
from animelayers.dataset.output import Output
from animelayers.exports.select import Select
from animelayers.exports.shots import Shot, rate, running, shots
from animelayers.record.schema import Row
from animelayers.sinks import dataset
from animelayers.sinks.store import Store


def listed(output: Output) -> list[Shot]:
    """Every shot of an output that has a timing, by episode and shot."""
    return list(shots(output, Select(held=True)))


def places(output: Output) -> dict[str, tuple[str, str]]:
    """Episode and shot of each name that a shot of an output may have."""
    pairs = output.table.select(["episode", "scene_id"]).group_by(["episode", "scene_id"]).aggregate([])
    found: dict[str, tuple[str, str]] = {}
    for episode, scene in sorted(zip(*(column.to_pylist() for column in pairs.columns), strict=True)):
        found.setdefault(xsheet.named(episode, scene), (episode, scene))
    return found


def one(output: Output, name: str, known: Mapping[str, tuple[str, str]] | None = None) -> Shot:
    """A shot by its name, without looking at others; ``known``: their `places`, where these are known. Raises
    KeyError for a name that none has.
    """
    place = (places(output) if known is None else known).get(name)
    where = dict(zip(("episode", "scene_id"), ([each] for each in place), strict=True)) if place else {}
    found = next(shots(output, Select(where, held=True)), None) if place else None
    if found is None:
        raise KeyError(f"no shot {name!r} in {output.path}")
    return found


def named(output: Output, row: Row) -> str | None:
    """The name of the shot of a frame, from its row of the frame table; None where it has no timing. No other
    shot is looked at.
    """
    table = output.table
    mine = table.filter(
        pc.and_(pc.equal(table["scene_id"], row["scene_id"]), pc.equal(table["episode"], row["episode"]))
    )
    return next((sheet.name for sheet in xsheet.sheets(mine)), None)


def described(output: Output) -> list[dict[str, Any]]:
    """What the page lists of the shots that have a timing: frames, drawings, rate, how many drawings are
    flagged and how many corrected.
    """
    table = output.table
    names = ["episode", "scene_id", "frame_index", "frame_id", "drawing_of", "timestamp_s"]
    marks: dict[str, Callable[[Any], bool]] = {
        "flags": bool,
        "corrected": lambda by: (by or "none") != "none",
    }
    drawn = table.filter(pc.is_null(table["drawing_of"]))
    keys = list(zip(drawn["episode"].to_pylist(), drawn["scene_id"].to_pylist(), strict=True))
    counts = {name: Counter[tuple[str, str]]() for name in marks}
    for name, marked in marks.items():
        if name in table.column_names:
            values = drawn[name].to_pylist()
            counts[name].update(key for key, value in zip(keys, values, strict=True) if marked(value))
    first: dict[tuple[str, str], str] = {}
    for key, frame in zip(keys, drawn["frame_id"].to_pylist(), strict=True):
        first.setdefault(key, frame)
    made = []
    for sheet in xsheet.sheets(table.select(names)):
        key = (sheet.episode, sheet.scene_id)
        made.append(
            {
                "name": sheet.name,
                "episode": sheet.episode,
                "scene": sheet.scene_id,
                "frames": len(running(sheet)),
                "drawings": int(sheet.drawing.max()),
                "rate": float(rate(sheet)),
                "first": first.get(key, ""),
                "flagged": counts["flags"][key],
                "corrected": counts["corrected"][key],
            }
        )
    return made


def trial(path: str, output: Output, shot: Shot) -> dict[str, str]:
    """The options of a run over one shot alone, without Ray, into a folder beside the output; the film is ''
    where the output does not tell it.
    """
    first, last = output.row(shot.carriers[0]), output.row(shot.carriers[-1])
    told = dataset.description(Store(path)).get("config", {}).get("source", {}).get("path", "")
    film = next(
        (str(p) for p in (Path(str(told)), Path(str(told)) / str(first["source"])) if p.is_file()), ""
    )
    values = {
        "source.path": film,
        "output": f"{path.rstrip('/')}-try",
        "cluster": "inline",
        "redo_changed": "true",
    }
    start, end = first["timestamp_s"], last["timestamp_s"]
    if start is not None and end is not None:
        frames = (len(shot.shown) + 0.5) / float(shot.rate)
        values |= {"source.start": f"{max(0.0, start):.3f}", "source.end": f"{start + frames:.3f}"}
    return values


def applied(path: str, values: Mapping[str, str]) -> dict[str, str]:
    """The options of a trial as those of the run over all films, into its output, in which what they change
    is made again.
    """
    told = dataset.description(Store(path)).get("config", {}).get("source", {}).get("path", "")
    own = {
        key: value for key, value in values.items() if key not in ("source.start", "source.end", "cluster")
    }
    return own | {
        "source.path": str(told) or own.get("source.path", ""),
        "output": path,
        "redo_changed": "true",
    }


def pairs(output: Output, shot: Shot, other: Output, most: int = 6) -> list[tuple[str, str]]:
    """Drawings of a shot, spread over it, and the frames of another output that show the same moment of the
    same film.
    """
    table = other.table.select(["frame_id", "timestamp_s"])
    times, ids = pc.fill_null(table["timestamp_s"], float("nan")).to_numpy(), table["frame_id"].to_pylist()
    found = []
    for carrier in shot.carriers[:: max(1, -(-len(shot.carriers) // most))]:
        at = output.row(carrier)["timestamp_s"]
        near = np.abs(times - at) if at is not None else np.full(len(times), np.nan)
        if np.isfinite(near).any() and np.nanmin(near) < 0.5 / float(shot.rate):
            found.append((carrier, ids[int(np.nanargmin(near))]))
    return found


def sheet(shot: Shot) -> dict[str, Any]:
    """A shot as it is played: the frame each position shows ('' where the output lacks it), its drawings, its
    rate and size.
    """
    return {
        "name": shot.name,
        "episode": shot.sheet.episode,
        "scene": shot.sheet.scene_id,
        "shown": list(shot.shown),
        "drawings": list(shot.carriers),
        "rate": float(shot.rate),
        "width": shot.size[1],
        "height": shot.size[0],
    }
