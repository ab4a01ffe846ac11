"""Two outputs of the same frames: what differs, most first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from animelayers.dataset.output import Output

_NAMES = ("character_coverage", "effect_coverage", "background_invented", "recompose_psnr")


def differing(one: Output, other: Output) -> list[dict[str, Any]]:
    """The drawings both have, those whose layers differ most first: id, whether the character's file is the
    same, and how far values are apart.

    How far: the change of the character's share of the frame, and of the effect's, and a hundredth of that of
    the decibels.
    """
    a, b = (output.table.filter(pc.is_null(output.table["drawing_of"])) for output in (one, other))
    place = pc.index_in(a["frame_id"], b["frame_id"])
    keep = pc.is_valid(place)
    a, place = a.filter(keep), place.filter(keep)
    b = b.take(place)
    apart = np.zeros(len(a))
    values: dict[str, np.ndarray] = {}
    for name in _NAMES:
        if name in a.column_names and name in b.column_names:
            found = np.abs(_numbers(a[name]) - _numbers(b[name]))
            values[name] = found
            apart += found / (100 if name == "recompose_psnr" else 1)
    same = np.ones(len(a), bool)
    for name in ("character_xxh3", "background_xxh3", "effect_xxh3"):
        if name in a.column_names and name in b.column_names:
            same &= np.asarray(pc.fill_null(pc.equal(a[name], b[name]), True))
    order = np.lexsort([-apart, same])
    ids = a["frame_id"].to_pylist()
    return [
        {
            "frame_id": ids[i],
            "same": bool(same[i]),
            "apart": float(apart[i]),
            **{k: float(v[i]) for k, v in values.items()},
        }
        for i in order.tolist()
    ]


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    values: np.ndarray = np.nan_to_num(pc.fill_null(column, 0).to_numpy().astype(np.float64))
    return values
