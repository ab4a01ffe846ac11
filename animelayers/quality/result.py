"""A scored result as a folder: board.json, shots.parquet, pictures and index.html."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from animelayers.quality.board import board, facts
from animelayers.quality.figures import FIGURES

BOARD, SHOTS, PICTURES = "board.json", "shots.parquet", "pictures"
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("system", "film")),
        *((name, pa.int64()) for name in ("shot", "frames", "missing", "worst_frame")),
        *((name, pa.list_(pa.string())) for name in ("traits", "sources")),
        ("error", pa.string()),
        *((name, pa.float64()) for name in FIGURES),
    ]
)
Row = dict[str, Any]
Pictures = Mapping[tuple[str, str, int], bytes]


@dataclass
class Result:
    """What was measured: ``rows`` as `score.score` gives them; ``about``: configuration, versions, seed;
    ``costs``: per system what it took.
    """

    rows: list[Row]
    about: dict[str, Any] = field(default_factory=dict)
    costs: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def systems(self) -> list[str]:
        """The systems, in order."""
        return list(dict.fromkeys(row["system"] for row in self.rows))

    def of(self, system: str) -> list[Row]:
        """The rows of a system."""
        return [row for row in self.rows if row["system"] == system]

    def failed(self) -> list[Row]:
        """Per system and film that an output lacks frames of: system, film, how many are missing and what
        went wrong.
        """
        found: dict[tuple[str, str], Row] = {}
        for row in self.rows:
            if row["missing"]:
                told = found.setdefault(
                    (row["system"], row["film"]),
                    {"system": row["system"], "film": row["film"], "missing": 0, "error": row["error"]},
                )
                told["missing"] += row["missing"]
        return list(found.values())


def write(result: Result, folder: Path, pictures: Pictures | None = None) -> dict[str, Any]:
    """Write a result, but for its page; gives what board.json says."""
    folder.mkdir(parents=True, exist_ok=True)
    found = board(result.rows, result.about.get("seed", 0))
    told = {**result.about, "systems": facts(found), "costs": result.costs, "failed": result.failed()}
    pq.write_table(pa.Table.from_pylist(result.rows, SCHEMA), folder / SHOTS)
    for (system, film, shot), data in (pictures or {}).items():
        path = folder / picture(system, film, shot)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / BOARD).write_text(json.dumps(told, indent=1))
    return {**result.about, "systems": found, "costs": result.costs, "failed": told["failed"]}


def picture(system: str, film: str, shot: int) -> str:
    """Where the picture of a shot lies in a result."""
    return f"{PICTURES}/{_plain(system)}/{_plain(film)}-{shot:04d}.jpg"


def read(folder: Path) -> Result:
    """A result read back. Raises FileNotFoundError for a folder that holds none."""
    if not (folder / BOARD).is_file() or not (folder / SHOTS).is_file():
        raise FileNotFoundError(f"{folder}: no {BOARD} and {SHOTS} there, as animelayers quality writes them")
    told = json.loads((folder / BOARD).read_text())
    rows = pq.read_table(folder / SHOTS).to_pylist()
    return Result(
        rows,
        {key: value for key, value in told.items() if key not in ("systems", "costs", "failed")},
        told["costs"],
    )


def is_result(folder: Path) -> bool:
    """Whether a folder holds a result."""
    return (folder / BOARD).is_file() and (folder / SHOTS).is_file()


def only(rows: Sequence[Row], system: str | None) -> list[Row]:
    """The rows of one system, the first where none is named. Raises KeyError for a system that there is not."""
    names = list(dict.fromkeys(row["system"] for row in rows))
    name = system or next(iter(names), "")
    if name not in names:
        raise KeyError(f"no system {name}: there is {', '.join(names) or 'none'}")
    return [row for row in rows if row["system"] == name]


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name)
