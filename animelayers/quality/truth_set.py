"""A truth set that was composed: an output of the package whose layers are the true ones, its films beside
them.
"""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np

from animelayers.dataset.output import Output
from animelayers.quality.truths import TrueLayers, TrueShot, opened, scored

FILMS = "films"
_THERE = 25  # alpha of an overlay from which a pixel is its


class TruthSet:
    """A composed set read back, see `truths.Truth`. Raises `SinkError` for a folder that holds none."""

    def __init__(self, folder: Path) -> None:
        self.films = folder / FILMS
        self.output = Output(str(folder))
        self._rows: dict[tuple[str, int], dict[str, Any]] = {}
        shots: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in self.output.table.to_pylist():
            self._rows[row["source"], row["frame_index"]] = row
            shots.setdefault((row["source"], row["scene_id"]), []).append(row)
        self.shots = [
            shot
            for film in sorted({source for source, _ in shots})
            for shot in self._film([s for k, s in shots.items() if k[0] == film])
        ]

    def _film(self, shots: list[list[dict[str, Any]]]) -> list[TrueShot]:
        shots = sorted(
            (sorted(rows, key=lambda row: int(row["frame_index"])) for rows in shots),
            key=lambda rows: int(rows[0]["frame_index"]),
        )
        start = int(shots[0][0]["frame_index"])
        transitions = [row["transition"] for rows in shots for row in rows]
        made = []
        for number, rows in enumerate(shots):
            first, numbers = int(rows[0]["frame_index"]), dict[str, int]()
            opens = tuple(start + edge for edge in opened(transitions, first - start)) if number else None
            made.append(
                TrueShot(
                    film=rows[0]["source"],
                    number=number,
                    first=first,
                    last=int(rows[-1]["frame_index"]),
                    traits=tuple(rows[0]["traits"]),
                    sources=tuple(rows[0]["sources"]),
                    scored=tuple(scored(row) for row in rows),
                    drawings=tuple(numbers.setdefault(_drawing(row), len(numbers)) for row in rows),
                    cameras=np.array([row["homography"] for row in rows], np.float64).reshape(-1, 3, 3),
                    opens=opens,  # type: ignore[arg-type]
                )
            )
        return made

    def key(self, shot: TrueShot, t: int) -> Hashable:
        """As `truths.Truth`."""
        return _drawing(self._rows[shot.film, t])

    def row(self, film: str, t: int) -> dict[str, Any] | None:
        """The row of a frame of a film; None where there is none, or its layers are not to be scored."""
        row = self._rows.get((film, t))
        return row if row is not None and scored(row) else None

    def layers(self, shot: TrueShot, t: int) -> TrueLayers:
        """As `truths.Truth`."""
        row = self._rows[shot.film, t]
        shape = (int(row["height"]), int(row["width"]))

        def layer(name: str) -> np.ndarray:
            if not row.get(f"{name}_file"):
                return np.zeros((*shape, 4), np.uint8)
            return self.output.picture(row, name)

        instances = self.output.picture(row, "instances") if row.get("instances_file") else None
        overlay = layer("overlay")[..., 3] > _THERE
        return TrueLayers(
            layer("character")[..., 3],
            instances,
            layer("effect"),
            True,
            overlay,
            self.output.picture(row, "background"),
        )


def _drawing(row: dict[str, Any]) -> str:
    return str(row["drawing_of"] or row["frame_id"])
