"""Plain folders of named frames, as the other jobs and people's own scripts read them."""

from __future__ import annotations

import json
from typing import Any

from animelayers.record.schema import Row
from animelayers.sinks import dataset, metadata
from animelayers.sinks.tree import Tree

RESULTS = "frames.json"


class Pictures(Tree):
    """scene0042_frame002156_t847.25s.png of each drawing, in a folder per film where there are several, and a
    frames.json beside them.

    The commits lie in metadata/ as with every sink. frames.json lists each film's frames: scene, number,
    second, and the file that shows it; frames that hold a drawing name the same file.
    """

    def finish(self) -> None:
        """Write frames.json into each folder, from what is committed."""
        good, failed, _ = metadata.load(self.store)
        files = {row["frame_id"]: row["frame_file"] for row in good.to_pylist() if row["frame_file"]}
        frames: dict[str, list[dict[str, Any]]] = {_folder(home.folder): [] for home in self._homes.values()}
        for row in sorted(good.to_pylist(), key=lambda row: (row["source"], row["frame_index"])):
            file = files[row["drawing_of"] or row["frame_id"]].rpartition("/")[2]
            told = {
                "scene": row["scene_id"],
                "frame": row["frame_index"],
                "seconds": row["timestamp_s"],
                "file": file,
            }
            frames[_folder(self._home(row["source"]).folder)].append({"source": row["source"], **told})
        failures = [{"source": row["source"], "error": row["error"]} for row in failed.to_pylist()]
        for folder, listed in frames.items():
            self.store.folder(folder)
            data = json.dumps(
                {
                    "input_dir": dataset.public_path(self.store, self.input_dir),
                    "frames": listed,
                    "failures": failures,
                },
                indent=2,
                ensure_ascii=False,
            )
            self.store.put(folder + RESULTS, "finish", data.encode() + b"\n")

    def _file(self, clip: Row, position: int, layer: str) -> str:
        home = self._home(str(clip["source"]))
        name = home.name(
            str(clip["clip_id"]), int(clip["frame_index"][position]), float(clip["timestamp_s"][position])
        )
        return f"{_folder(home.folder)}{name}.{layer.rpartition('.')[2]}"


def _folder(folder: str) -> str:
    """A film's folder without what says that layers are in it."""
    return f"{folder.removesuffix('_layers/')}/" if folder else ""
