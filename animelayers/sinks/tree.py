"""Plain folders of pictures with a segmentation_results.json: for small jobs and for the scripts people
already have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from animelayers.record.schema import Row
from animelayers.sinks import dataset, metadata, parquet
from animelayers.sinks.frames import Place, carriers, files, frame_table
from animelayers.sinks.names import Home, homes
from animelayers.sinks.sink import Files, Sink, checksum
from animelayers.sinks.store import SinkError

RESULTS = "segmentation_results.json"
_FOLDERS = {"mask": "masks"}


class Tree(Sink):
    """An output of folders: character/NAME_character.png, background/NAME_background.jpg,
    masks/NAME_mask.png.

    NAME is the input's own for pictures and `scene0042_frame002156_t847.25s` for the frames of a film.
    Several episodes get a folder EPISODE_layers each. The commits lie in metadata/ as with `Shards`, so a run
    that was killed goes on in the same way; pictures without a commit stay until their clip is done again.
    `input_dir`, `inpaint_method` and `device` are repeated in segmentation_results.json. Names are made from
    the plan: it must be saved before the first `write`.
    """

    def __init__(self, path: str, input_dir: str = "", inpaint_method: str = "", device: str = "cpu") -> None:
        super().__init__(path)
        self.input_dir, self.inpaint_method, self.device = input_dir, inpaint_method, device

    def lay_out(
        self, name: str, clips: Sequence[Row], layers: Sequence[str], footer: Mapping[str, str]
    ) -> tuple[Files, pa.Table]:
        """The pictures of some clips and their rows of the frame table."""
        written: dict[str, list[memoryview]] = {}
        places: list[list[dict[str, Place]]] = []
        for clip in clips:
            places.append([])
            for position, drawing in zip(carriers(clip), files(clip), strict=True):
                paths = {layer: self._file(clip, position, layer) for layer in drawing}
                written |= {paths[layer]: [data] for layer, data in drawing.items()}
                places[-1].append(
                    {
                        layer: Place(paths[layer], 0, len(data), checksum(data))
                        for layer, data in drawing.items()
                    }
                )
        for folder in {str(PurePosixPath(file).parent) for file in written}:
            self.store.folder(folder)
        return written, frame_table(clips, places, None, layers, footer)

    def files_of(self, table: pa.Table) -> set[str]:
        """The pictures that rows of the frame table point at."""
        columns = [name for name in table.column_names if name.endswith("_file")]
        return {file for name in columns for file in table[name].to_pylist() if file}

    def sizes(
        self, sources: Sequence[str] | None = None, files: Sequence[str] | None = None
    ) -> Iterator[tuple[str, str, int | None]]:
        """Of each good clip its id, its pictures, and the bytes they should have."""
        for name in metadata.names(self.store) if files is None else files:
            table = parquet.read(self.store, name)
            table = (
                table
                if sources is None
                else table.filter(pc.is_in(table["source"], pa.array(list(sources), pa.string())))
            )
            layers = [
                column.removesuffix("_file") for column in table.column_names if column.endswith("_file")
            ]
            for row in table.to_pylist():
                for file in self.files_of(pa.Table.from_pylist([row], table.schema)):
                    size = next(
                        (row.get(f"{layer}_size") for layer in layers if row[f"{layer}_file"] == file), None
                    )
                    yield row["clip_id"], file, size

    def save_plan(self, plan: pa.Table) -> None:
        """Keep the table of planned clips, from which the names are made."""
        super().save_plan(plan)
        self.__dict__.pop("_homes", None)

    def expect(self, plan: pa.Table, inputs: Sequence[Any]) -> None:
        """Make the names from a plan that is not kept, and from the inputs beyond it."""
        known = {row["source"]: row for row in plan.select(["source", "episode", "kind"]).to_pylist()}
        beyond = [
            {"source": i.source, "episode": i.episode, "kind": i.kind}
            for i in inputs
            if i.source not in known
        ]
        self.__dict__["_homes"] = homes(pa.Table.from_pylist([*known.values(), *beyond]))

    def finish(self) -> None:
        """Write segmentation_results.json into each episode's folder, from what is committed.

        Its `total_frames` counts each failed clip once: frames that could not be read cannot be counted.
        """
        good, failed, _ = metadata.load(self.store)
        layers = [name.removesuffix("_file") for name in good.column_names if name.endswith("_file")]
        mattes = good["matte_model"].unique().to_pylist() if "matte_model" in good.column_names else []
        model = "+".join(
            sorted({word for matte in mattes for word in (matte or "").split("+")} - {"", "none"})
        )
        frames: dict[str, list[dict[str, Any]]] = {home.folder: [] for home in self._homes.values()}
        total = dict.fromkeys(frames, 0)
        for row in [*good.to_pylist(), *failed.to_pylist()]:
            folder = self._home(row["source"]).folder
            total[folder] += 1
            if not row["error"]:
                outputs = {
                    layer: PurePosixPath(row[f"{layer}_file"]).name
                    for layer in layers
                    if row[f"{layer}_file"]
                }
                frames[folder].append({"input": PurePosixPath(row["source"]).name, "outputs": outputs})
        for folder, processed in frames.items():
            results = {
                "timestamp": datetime.now().isoformat(timespec="seconds"),
                "input_dir": dataset.public_path(self.store, self.input_dir),
                "output_dir": dataset.public_path(self.store, self.store.path(folder).rstrip("/")),
                "total_frames": total[folder],
                "config": {"seg_model": model, "inpaint_method": self.inpaint_method, "device": self.device},
                "processed_frames": processed,
            }
            self.store.folder(folder)
            self.store.put(
                folder + RESULTS, "finish", json.dumps(results, indent=2, ensure_ascii=False).encode() + b"\n"
            )

    def _file(self, clip: Row, position: int, layer: str) -> str:
        home, kind = self._home(str(clip["source"])), layer.split(".")[0]
        name = home.name(
            str(clip["clip_id"]), int(clip["frame_index"][position]), float(clip["timestamp_s"][position])
        )
        return f"{home.folder}{_FOLDERS.get(kind, kind)}/{name}_{layer}"

    def _home(self, source: str) -> Home:
        if source not in self._homes:
            raise SinkError(
                self.path, f"no input {source!r} in the plan", "save the plan before writing clips"
            )
        return self._homes[source]

    @cached_property
    def _homes(self) -> dict[str, Home]:
        plan = self.load_plan()
        return {} if plan is None else homes(plan)
