"""Plain folders of pictures with a segmentation_results.json: for small jobs and for the scripts people already have."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from animelayers.schema import Row
from animelayers.sinks import metadata
from animelayers.sinks.frames import Place, carriers, files, frame_table
from animelayers.sinks.names import Home, homes
from animelayers.sinks.sink import Files, Sink
from animelayers.sinks.store import SinkError

RESULTS = "segmentation_results.json"
_FOLDERS = {"mask": "masks"}


class Tree(Sink):
    """An output of folders: character/NAME_character.png, background/NAME_background.jpg, masks/NAME_mask.png.

    NAME is the input's own for pictures and `scene0042_frame002156_t847.25s` for the frames of a film. Several episodes get a
    folder EPISODE_layers each. The commits lie in metadata/ as with `Shards`, so a run that was killed goes on in the same way.
    `input_dir` and `config` (seg_model, inpaint_method, device) are repeated in segmentation_results.json. The plan must have
    been saved before the first `write`: names are made from it.
    """

    def __init__(self, path: str, input_dir: str = "", config: Mapping[str, Any] | None = None) -> None:
        super().__init__(path)
        self.input_dir, self.config = input_dir, dict(config or {})

    def lay_out(self, name: str, clips: Sequence[Row], layers: Sequence[str], footer: Mapping[str, str]) -> tuple[Files, pa.Table]:
        """The pictures of some clips and their rows of the frame table."""
        written: dict[str, list[memoryview]] = {}
        places = []
        for clip in clips:
            drawings = zip([] if clip["error"] else carriers(clip), files(clip), strict=True)
            paths = [{layer: self._path(clip, position, layer) for layer in drawing} for position, drawing in drawings]
            places.append([])
            for drawing, where in zip(files(clip), paths, strict=True):
                written |= {where[layer]: [data] for layer, data in drawing.items()}
                places[-1].append({layer: Place(where[layer], 0, len(data)) for layer, data in drawing.items()})
        for folder in {file.rpartition("/")[0] for file in written}:
            self.store.folder(folder)
        return written, frame_table(clips, places, None, layers, footer)

    def files_of(self, table: pa.Table) -> set[str]:
        """The pictures that rows of the frame table point at."""
        columns = [name for name in table.column_names if name.endswith("_file")]
        return {file for name in columns for file in table[name].to_pylist() if file}

    def sweep(self) -> int:
        """Delete temporaries. Pictures without a commit stay until their clip is done again: a folder may hold other people's."""
        folders = {home.folder for home in self._homes.values()} if self.load_plan() is not None else {""}
        ...
