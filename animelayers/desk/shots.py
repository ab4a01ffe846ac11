"""The shots of an output: what each is made of, and which drawing shows when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from animelayers import xsheet
from animelayers.exports.select import Select
from animelayers.exports.shots import Shot, shots
from animelayers.output import Output
from animelayers.schema import Row
from animelayers.sinks import dataset
from animelayers.sinks.store import Store


def listed(output: Output) -> list[Shot]:
    """Every shot of an output that has a timing, by episode and shot."""
    return list(shots(output, replace(Select(), held=True)))


def named(output: Output, row: Row) -> str | None:
    """The name of the shot of a frame, from its row of the frame table; None where it has no timing. No other
    shot is looked at.
    """
    table = output.table
    mine = table.filter(
        pc.and_(pc.equal(table["scene_id"], row["scene_id"]), pc.equal(table["episode"], row["episode"]))
    )
    return next((sheet.name for sheet in xsheet.sheets(mine)), None)


def told(output: Output, found: list[Shot]) -> list[dict[str, Any]]:
    """What the page lists of the shots: frames, drawings, rate, how many drawings are flagged and how many
    corrected.
    """
    table = output.table
    names = [name for name in ("flags", "corrected") if name in table.column_names]
    rows = {
        row["frame_id"]: row
        for row in table.filter(pc.is_null(table["drawing_of"])).select(["frame_id", *names]).to_pylist()
    }
    made = []
    for shot in found:
        own = [rows[carrier] for carrier in shot.carriers if carrier in rows]
        made.append(
            {
                "name": shot.name,
                "episode": shot.sheet.episode,
                "scene": shot.sheet.scene_id,
                "frames": len(shot.shown),
                "drawings": len(shot.carriers),
                "rate": float(shot.rate),
                "first": shot.carriers[0] if shot.carriers else "",
                "flagged": sum(bool(row.get("flags")) for row in own),
                "corrected": sum((row.get("corrected") or "none") != "none" for row in own),
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
