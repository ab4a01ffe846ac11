"""One clip of an output: the columns of the record from its rows of the frame table and from its layer files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from animelayers.dataset.output import Output
from animelayers.imaging import codecs
from animelayers.imaging.recompose import together
from animelayers.record.layers import BY_NAME, names
from animelayers.record.schema import RECORD, Row
from animelayers.sinks.frames import OF_THE_CLIP

_ITSELF = tuple(name for name in names() if name not in ("character", "instances", "mask", "plate"))
"""Layers that are columns of the record just as they are stored."""

PIXELS: Mapping[str, frozenset[str]] = {
    "frames": frozenset({"character", "background"}),
    "character": frozenset({"character"}),
    "instances": frozenset({"character"}),
    **{name: frozenset({name}) for name in _ITSELF},
}
"""Columns that are decoded, and the layers an output must hold for them."""

BYTES = {"frames": 3, "character": 1, "instances": 1, **{name: BY_NAME[name].channels for name in _ITSELF}}
"""What a pixel of a drawing costs in each."""

FILES = ("layers", "layer_names", "layer_sizes")
"""Columns that hold the files as they are stored."""


class Clip:
    """The clip whose frames are `rows` of the frame table of an output, in order of time.

    Drawings are numbered in the order of their first frames. Raises ValueError where rows do not belong
    together or a layer has not the size the table says, and what reading the file raises.
    """

    def __init__(self, output: Output, rows: Sequence[Row]) -> None:
        self._output, self._rows = output, rows
        numbers: dict[str, int] = {}
        shown = [row["drawing_of"] or row["frame_id"] for row in rows]
        self.drawing = np.array([numbers.setdefault(name, len(numbers)) for name in shown], np.int32)
        self._first = [rows[shown.index(name)] for name in numbers]
        if missing := [row["drawing_of"] for row in self._first if row["drawing_of"]]:
            raise ValueError(f"frames point at drawings that are not there: {missing[:3]}")
        self._size = (int(rows[0]["height"]), int(rows[0]["width"]))
        self._picture = lru_cache(maxsize=None)(self._decoded)

    def columns(self, names: Iterable[str]) -> Row:
        """These columns of the record: pixels decoded, files as stored, values of the frame table. A layer is
        decoded once at most.
        """
        names = list(names)
        files = dict(zip(FILES, self._files(), strict=True)) if {*FILES} & {*names} else {}
        found = {**files, **self._pixels([name for name in names if name in PIXELS])}
        return {name: found[name] if name in found else self._value(name) for name in names}

    def _pixels(self, names: Sequence[str]) -> Row:
        planes: Row = {}
        for d in range(len(self._first)):
            for name in names:
                made = self._layer_of(d, name) if name in _ITSELF else getattr(self, f"_{name}")(d)
                planes.setdefault(name, np.empty((len(self._first), *made.shape), np.uint8))[d] = made
            self._picture.cache_clear()
        return planes

    def _frames(self, d: int) -> np.ndarray:
        mode = self._first[d].get("effect_mode") or "none"
        shadow = self._layer(d, "shadow", 4) if self._first[d].get("shadow_file") else None
        effect = None if mode == "none" else self._layer(d, "effect", 4)
        return together(self._layer(d, "background", 3), self._layer(d, "character", 4), shadow, effect, mode)

    def _character(self, d: int) -> np.ndarray:
        return np.ascontiguousarray(self._layer(d, "character", 4)[..., 3])

    def _instances(self, d: int) -> np.ndarray:
        if self._first[d].get("instances_file"):
            return self._layer(d, "instances", 1)
        return (self._character(d) > 127) * np.uint8(next(iter(self._first[d]["instance_ids"]), 0))

    def _layer_of(self, d: int, name: str) -> np.ndarray:
        layer = BY_NAME[name]
        if layer.mode and layer.optional and not self._first[d].get(f"{name}_file"):
            return np.zeros((*self._size, layer.channels), np.uint8)
        return self._layer(d, name, layer.channels)

    def _layer(self, d: int, name: str, channels: int) -> np.ndarray:
        picture = self._picture(d, name)
        shape = self._size if channels == 1 else (*self._size, channels)
        if picture.shape != shape:
            raise ValueError(
                f"{name} of {self._first[d]['frame_id']} is {picture.shape}, not {shape} as the frame table says"
            )
        return picture

    def _decoded(self, d: int, name: str) -> np.ndarray:
        try:
            return codecs.decode(self._output.stored(self._first[d], name))
        except ValueError as damaged:
            raise ValueError(f"{name} of {self._first[d]['frame_id']} is damaged: {damaged}") from damaged

    def _files(self) -> tuple[bytes, str, np.ndarray]:
        """The files of all drawings, the names of those of one drawing, their sizes int64 (D, L)."""
        stems = [name.removesuffix("_file") for name in self._rows[0] if name.endswith("_file")]
        stems = [stem for stem in stems if any(row[f"{stem}_file"] for row in self._first)]
        names = [
            f"{stem}{PurePosixPath(next(row[f'{stem}_file'] for row in self._first if row[f'{stem}_file'])).suffix}"
            for stem in stems
        ]

        def file(d: int, stem: str) -> bytes:
            here = self._first[d][f"{stem}_file"] and not (d and stem in OF_THE_CLIP)
            return self._output.stored(self._first[d], stem) if here else b""

        files = [[file(d, stem) for stem in stems] for d in range(len(self._first))]
        sizes = np.array([[len(data) for data in each] for each in files], np.int64).reshape(
            len(files), len(stems)
        )
        return b"".join(data for each in files for data in each), " ".join(names), sizes

    def _value(self, name: str) -> Any:
        held = RECORD[name]
        axes = held.axes.split()
        rows = self._rows if axes[:1] == ["T"] else self._first if axes else self._rows[:1]
        values = [row[name] for row in rows]
        if any(value is None for value in values):
            raise ValueError(f"the frame table has no {name} for {rows[values.index(None)]['frame_id']}")
        if not held.array:
            return held.gather(values) if axes else held.packed(values[0])
        made = np.array(values, held.dtype)
        return (
            made.reshape(len(values), *(int(side) if side.isdigit() else -1 for side in axes[1:]))
            if axes
            else made[0]
        )
