"""What the decision looks at: the distinct drawings of an output and the metrics of each, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

METRICS = ("complexity", "lighting", "occlusion", "quality", "sharpness", "instance_count", "shot_size")
"""Columns of the frame table, of `animelayers.stages.metrics`."""
WHO = "characters"
"""Column that names who is in a frame, joined by commas; needed for thresholds per character only."""


@dataclass(frozen=True)
class Analysis:
    """The drawings of an output, in order of their ids: the columns of `METRICS` as float64 (N,),
    ``shot_size`` as text, ``who`` as sets.
    """

    frame_id: Sequence[str]
    complexity: np.ndarray
    lighting: np.ndarray
    occlusion: np.ndarray
    quality: np.ndarray
    sharpness: np.ndarray
    instance_count: np.ndarray
    shot_size: np.ndarray
    who: Sequence[frozenset[str]] | None = None

    def __len__(self) -> int:
        return len(self.frame_id)


def drawings(table: pa.Table) -> pa.Table:
    """The rows of a frame table that are no repetition of a held drawing, in order of their ids."""
    if "drawing_of" in table.column_names:
        table = table.filter(pc.is_null(table["drawing_of"]))
    return table.sort_by("frame_id")


def missing(table: pa.Table) -> list[str]:
    """Those of `METRICS` that some row lacks."""
    return [name for name in METRICS if name not in table.column_names or table[name].null_count]


def measured(table: pa.Table) -> tuple[pa.Table, int]:
    """The rows that have all of `METRICS`, and how many have not."""
    there = [
        pc.is_valid(table[name])
        if name in table.column_names
        else pa.chunked_array([np.zeros(len(table), bool)])
        for name in METRICS
    ]
    whole = table.filter(reduce(pc.and_, there))
    return whole, len(table) - len(whole)


def analyse(table: pa.Table) -> Analysis:
    """The analysis of a frame table that has all of `METRICS`. Raises ValueError for numbers that are none."""
    table = drawings(table)
    numbers = {name: table[name].to_numpy().astype(np.float64) for name in METRICS if name != "shot_size"}
    for name, values in numbers.items():
        if not np.isfinite(values).all():
            frame = table["frame_id"][int(np.flatnonzero(~np.isfinite(values))[0])]
            raise ValueError(f"{name} of {frame} is no number: annotate the output again")
    who = [frozenset(said or ()) for said in table[WHO].to_pylist()] if WHO in table.column_names else None
    return Analysis(
        table["frame_id"].to_pylist(),
        shot_size=np.array(table["shot_size"].to_pylist(), str),
        who=who,
        **numbers,
    )
