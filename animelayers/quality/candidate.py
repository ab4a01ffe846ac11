"""What an output says of the frames of a film: the layers that are scored, blank where it says nothing."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import cv2
import numpy as np

from animelayers.dataset.output import Output
from animelayers.dataset.tracks import tracks
from animelayers.imaging.recompose import together

Row = dict[str, Any]
_TOLD = {"clip_id", "instance_ids", "instance_boxes", "episode", "scene_id", "source", "frame_index"}


class FoundLayers(NamedTuple):
    """``character``, ``effect``, ``shadow`` (None for none): straight RGBA uint8 (H, W, 4); ``mode`` of the
    effect; ``background`` uint8 (H, W, 3); ``labels``: who is where in the shot, int32 (H, W), 0 nobody."""

    character: np.ndarray
    effect: np.ndarray
    mode: str
    background: np.ndarray
    labels: np.ndarray
    shadow: np.ndarray | None = None

    @property
    def picture(self) -> np.ndarray:
        """All layers put together, uint8 (H, W, 3). Raises ValueError for an unknown mode."""
        return together(self.background, self.character, self.shadow, self.effect, self.mode)


class Candidate:
    """An output to be scored. Films are known by their paths below the input, or where only one has it by
    their names.
    """

    def __init__(self, output: Output) -> None:
        self.output = output
        self._films: dict[str, dict[int, Row]] = defaultdict(dict)
        for row in output.table.to_pylist():
            self._films[row["source"]][row["frame_index"]] = row
        self._names: dict[str, list[str]] = defaultdict(list)
        for film in self._films:
            self._names[PurePosixPath(film).name].append(film)
        told = tracks(output.table).to_pylist() if set(output.table.column_names) >= _TOLD else []
        self._tracks: dict[str, dict[int, int]] = defaultdict(dict)
        for row in told:
            self._tracks[row["clip_id"]][row["instance_id"]] = row["track_id"]

    def film(self, name: str) -> dict[int, Row]:
        """The rows of a film by their frames; none where it was not read."""
        if name in self._films:
            return self._films[name]
        alike = self._names.get(PurePosixPath(name).name, [])
        return self._films[alike[0]] if len(alike) == 1 else {}

    def error(self, name: str) -> str:
        """What went wrong with a film, '' for nothing."""
        failed = self.output.errors.to_pylist()
        return next(
            (
                str(row["error"])
                for row in failed
                if PurePosixPath(row["source"]).name == PurePosixPath(name).name
            ),
            "",
        )

    def layers(self, row: Row | None, shape: tuple[int, int]) -> FoundLayers:
        """The layers of a row of the table, of `shape` (H, W)."""
        blank = np.zeros((*shape, 4), np.uint8)
        if row is None:
            return FoundLayers(blank, blank, "none", blank[..., :3], np.zeros(shape, np.int32))

        def layer(name: str, default: Any) -> Any:
            if not row.get(f"{name}_file"):
                return default
            return _sized(self.output.picture(row, name), shape)

        character, mode = layer("character", blank), row.get("effect_mode") or "none"
        effect = layer("effect", blank) if mode != "none" else blank
        return FoundLayers(
            character,
            effect,
            mode,
            layer("background", blank[..., :3]),
            self._labels(row, character[..., 3]),
            layer("shadow", None),
        )

    def _labels(self, row: Row, alpha: np.ndarray) -> np.ndarray:
        """Ids of the shot; a clip whose labels are not stored has one figure at most."""
        names = self._tracks.get(row.get("clip_id", ""), {})
        table = np.zeros(256, np.int32)
        table[list(names)] = list(names.values())
        if row.get("instances_file"):
            return np.asarray(table[_sized(self.output.picture(row, "instances"), alpha.shape, smooth=False)])
        own = names.get(next(iter(row.get("instance_ids") or ()), 0), 1)
        return np.where(alpha > 127, np.int32(own), np.int32(0))


def _sized(picture: np.ndarray, shape: tuple[int, ...], smooth: bool = True) -> np.ndarray:
    if picture.shape[:2] == shape[:2]:
        return picture
    return np.asarray(
        cv2.resize(picture, shape[1::-1], interpolation=cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST)
    )
