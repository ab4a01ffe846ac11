"""The two folders of a background reprocessing: cut-outs and masks of what was segmented, and the pictures
with it filled in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import pyarrow as pa

from animelayers.private import published
from animelayers.record.schema import Row
from animelayers.sinks import dataset, metadata
from animelayers.sinks.figures import backgrounds, instances
from animelayers.sinks.frames import carriers, files, frame_table
from animelayers.sinks.sink import Files
from animelayers.sinks.store import SinkError
from animelayers.sinks.tree import Tree

_LISTS = ("cutouts", "masks")


class _Folders(Tree):
    """Plain folders with one JSON file each that tells what is in them and how good it is.

    ``settings`` are repeated there. `timed` adds a run's pictures and seconds to those the file knows of.
    """

    results: ClassVar[str]

    def __init__(self, path: str, input_dir: str = "", settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(path, input_dir)
        self.settings = dict(settings or {})

    def timed(self, pictures: int, seconds: float) -> None:
        """Add what a run made, and how long it took without its start, to the totals."""
        before = self._speed()
        self._tell({"images": before["images"] + pictures, "seconds": round(before["seconds"] + seconds, 2)})

    def finish(self) -> None:
        """Write the JSON file of each episode's folder from what is committed."""
        self._tell(self._speed())

    def figures(self) -> dict[str, Any]:
        """The quality figures of the whole output."""
        good, failed, _ = metadata.load(self.store)
        return self._figures(good.to_pylist(), failed.to_pylist(), self._speed())

    def _tell(self, speed: Mapping[str, float]) -> None:
        good, failed, _ = metadata.load(self.store)
        folders: dict[str, tuple[list[Row], list[Row]]] = {
            home.folder: ([], []) for home in self._homes.values()
        }
        for chosen, rows in ((0, good.to_pylist()), (1, failed.to_pylist())):
            for row in rows:
                folders.setdefault(self._home(row["source"]).folder, ([], []))[chosen].append(row)
        for folder, (rows, bad) in folders.items():
            said = {
                "timestamp": datetime.now().isoformat(timespec="seconds"),
                "input_dir": dataset.public_path(self.store, self.input_dir),
                "output_dir": dataset.public_path(self.store, self.store.path(folder).rstrip("/")),
                "config": published(self.settings),
                "statistics": self._figures(rows, bad, speed),
                **self._entries(rows),
                "failures": [{"input": row["source"], "error": row["error"]} for row in bad],
                "speed": dict(speed),
            }
            self.store.folder(folder)
            self.store.put(
                folder + self.results,
                "finish",
                json.dumps(said, indent=2, ensure_ascii=False).encode() + b"\n",
            )

    def _speed(self) -> dict[str, float]:
        for folder in {home.folder for home in self._homes.values()}:
            data = self.store.read(folder + self.results)
            try:
                if data is not None:
                    found = json.loads(data)["speed"]
                    return {"images": int(found["images"]), "seconds": float(found["seconds"])}
            except (ValueError, TypeError, KeyError) as damaged:
                raise SinkError(
                    self.store.path(folder + self.results),
                    f"unreadable, {damaged}",
                    "remove it: it is written again",
                ) from None
        return {"images": 0, "seconds": 0.0}

    def _figures(self, rows: list[Row], failed: list[Row], speed: Mapping[str, float]) -> dict[str, Any]:
        raise NotImplementedError

    def _entries(self, rows: list[Row]) -> dict[str, Any]:
        raise NotImplementedError


class Instances(_Folders):
    """instances/NAME_instK.png (RGBA cut-outs), masks/NAME_instK.png and instances_metadata.json, from the
    files of `stages.cutouts`.

    NAME is as in `Tree`, K counts from 0, best score first. The frame table lists a drawing's files in the
    columns cutouts and masks.
    """

    results = "instances_metadata.json"

    def lay_out(
        self, name: str, clips: Sequence[Row], layers: Sequence[str], footer: Mapping[str, str]
    ) -> tuple[Files, pa.Table]:
        """The pictures of some clips and their rows of the frame table."""
        written: dict[str, list[memoryview]] = {}
        lists: dict[str, dict[str, list[str]]] = {column: {} for column in _LISTS}
        bare = [
            {
                column: value
                for column, value in clip.items()
                if column not in ("layers", "layer_names", "layer_sizes")
            }
            for clip in clips
        ]
        table = frame_table(bare, [[{} for _ in carriers(clip)] for clip in bare], None, (), footer)
        for clip in clips:
            for position, drawing in zip(carriers(clip), files(clip), strict=True):
                paths = {layer: self._file(clip, position, layer) for layer in drawing}
                written |= {paths[layer]: [data] for layer, data in drawing.items()}
                key = f"{clip['clip_id']} {int(clip['frame_index'][position])}"
                lists["cutouts"][key] = [
                    path for layer, path in paths.items() if layer.startswith("instance")
                ]
                lists["masks"][key] = [path for layer, path in paths.items() if layer.startswith("mask")]
        for folder in {file.rpartition("/")[0] for file in written}:
            self.store.folder(folder)
        shown = {
            row["frame_id"]: f"{row['clip_id']} {row['frame_index']}"
            for row in table.to_pylist()
            if row["frame_id"]
        }
        keys = [
            shown.get(row["drawing_of"] or row["frame_id"])
            for row in table.select(["frame_id", "drawing_of"]).to_pylist()
        ]
        for column, found in lists.items():
            table = table.append_column(
                column, pa.array([None if key is None else found[key] for key in keys], pa.list_(pa.string()))
            )
        return written, table

    def files_of(self, table: pa.Table) -> set[str]:
        """The pictures that rows of the frame table point at."""
        return {file for column in _LISTS for files in table[column].to_pylist() for file in files or ()}

    def _file(self, clip: Row, position: int, layer: str) -> str:
        home = self._home(str(clip["source"]))
        name = home.name(
            str(clip["clip_id"]), int(clip["frame_index"][position]), float(clip["timestamp_s"][position])
        )
        kind, number = ("instances", layer[8:11]) if layer.startswith("instance") else ("masks", layer[4:7])
        return f"{home.folder}{kind}/{name}_inst{int(number) - 1}.png"

    def _figures(self, rows: list[Row], failed: list[Row], speed: Mapping[str, float]) -> dict[str, Any]:
        return instances(rows, failed, speed)

    def _entries(self, rows: list[Row]) -> dict[str, Any]:
        frames = []
        for row in rows:
            if row["drawing_of"]:
                continue
            each = zip(row["cutouts"], row["masks"], row["segment_scores"], row["segment_boxes"], strict=True)
            found = [
                {"instance": cutout, "mask": mask, **scored, "bbox": [*box.values()]}
                for cutout, mask, scored, box in each
            ]
            frames.append(
                {
                    "input": row["source"],
                    "frame": row["frame_id"],
                    "mask_coverage": round(row["character_coverage"], 4),
                    "instances": found,
                }
            )
        return {"frames": frames}


class Backgrounds(_Folders):
    """NAME.jpg, nothing but pictures of backgrounds in one folder, and inpainting_metadata.json. NAME is as
    in `Tree`.
    """

    results = "inpainting_metadata.json"

    def _file(self, clip: Row, position: int, layer: str) -> str:
        home = self._home(str(clip["source"]))
        name = home.name(
            str(clip["clip_id"]), int(clip["frame_index"][position]), float(clip["timestamp_s"][position])
        )
        return f"{home.folder}{name}.{layer.rpartition('.')[2]}"

    def _figures(self, rows: list[Row], failed: list[Row], speed: Mapping[str, float]) -> dict[str, Any]:
        return backgrounds(rows, failed, speed)

    def _entries(self, rows: list[Row]) -> dict[str, Any]:
        drawn = [row for row in rows if not row["drawing_of"]]
        return {
            "images": [
                {
                    "input": row["source"],
                    "background": row["background_file"].rpartition("/")[2],
                    "mask_coverage": round(row["background_invented"], 4),
                }
                for row in drawn
            ]
        }
