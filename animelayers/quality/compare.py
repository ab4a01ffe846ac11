"""Two sides of a comparison: their rows and pictures, and the page that shows what changed most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2

from animelayers.dataset.output import Output
from animelayers.imaging.sheet import contact_sheet, fit
from animelayers.quality import result
from animelayers.quality.agreement import SELF
from animelayers.quality.difference import Difference, farthest
from animelayers.quality.figures import FIGURES
from animelayers.report.page import render

Sides = dict[str, list[result.Row]]
"""The rows of "a" and of "b"."""
Pictures = Mapping[tuple[str, str, int], bytes]
"""Of side, film and shot."""
_MOST = 16
_PANEL = 240  # pixels wide
_LABELS = {
    "character": "overlap of the characters",
    "effect": "overlap of the effects",
    "background": "PSNR between the backgrounds, dB",
}


def sides(folders: Mapping[str, Path], systems: Mapping[str, str | None]) -> tuple[Sides, Pictures]:
    """The rows of one system (None: the first) of each of two results, and their pictures.

    Raises FileNotFoundError for a folder that is no result, KeyError for a system that it has not.
    """
    rows = {name: result.only(result.read(folder).rows, systems[name]) for name, folder in folders.items()}
    pictures: dict[tuple[str, str, int], bytes] = {}
    for name, folder in folders.items():
        for row in rows[name]:
            path = folder / result.picture(row["system"], row["film"], row["shot"])
            if path.is_file():
                pictures[name, row["film"], row["shot"]] = path.read_bytes()
    return rows, pictures


def write(
    found: Sequence[Difference], rows: Sides, pictures: Pictures, folders: Mapping[str, Path], folder: Path
) -> None:
    """Write `folder`/index.html: every difference, and the shots that changed most as both sides show them."""
    shots: list[dict[str, Any]] = []
    for film, shot, figure, change in farthest(rows["a"], rows["b"], _MOST):
        facts = next(row for row in rows["b"] if (row["film"], row["shot"]) == (film, shot))
        shown = {
            name: _put(pictures.get((name, film, shot)), folder, f"{name}-{len(shots):02d}.jpg")
            for name in ("a", "b")
        }
        better = (change > 0) == FIGURES[figure].more
        shots.append(
            {
                "film": film,
                "shot": shot,
                "figure": figure,
                "change": change,
                "better": better,
                "traits": facts["traits"],
                "shown": shown,
            }
        )
    _page(
        folder,
        sides=folders,
        differences=found,
        figures=FIGURES,
        shots=shots,
        told=None,
        labels=_LABELS,
        self_told=SELF,
    )


def write_outputs(told: Mapping[str, Any], folders: Mapping[str, Path], folder: Path) -> None:
    """Write `folder`/index.html of what `agreement.agreement` found of two outputs, and of the frames that differ
    most.
    """
    outputs = [Output(str(path)) for path in folders.values()]
    shots: list[dict[str, Any]] = []
    for apart, *frames in told["far"][:_MOST]:
        panels = []
        for output, frame in zip(outputs, frames, strict=True):
            layers = output.frame(frame)
            panels += [
                fit(layers[name], _PANEL) for name in ("character", "background", "effect") if name in layers
            ]
        data = cv2.imencode(".jpg", contact_sheet(panels, columns=len(panels) // 2 or 1)[..., ::-1])[
            1
        ].tobytes()
        shots.append(
            {
                "frame": frames[0],
                "apart": apart,
                "shown": {"b": _put(data, folder, f"far-{len(shots):02d}.jpg")},
            }
        )
    _page(
        folder,
        sides=folders,
        differences=[],
        figures=FIGURES,
        shots=shots,
        told=told,
        labels=_LABELS,
        self_told=SELF,
    )


def agreed(told: Mapping[str, Any]) -> str:
    """What `agreement.agreement` found, as lines."""
    lines = [
        f"{told['frames']} frames in common, {told['looked_at']} looked at; without a truth nobody knows which is better"
    ]
    lines += [
        f"{_LABELS.get(name, 'same kind of camera')}: {value:.3f}" for name, value in told["agree"].items()
    ]
    lines += [f"{name}, as they say themselves: {a:.3f} and {b:.3f}" for name, (a, b) in told["say"].items()]
    return "\n".join(lines)


def _put(data: bytes | None, folder: Path, name: str) -> str:
    if data is None:
        return ""
    path = folder / "pictures" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return f"pictures/{name}"


def _page(folder: Path, **values: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_bytes(
        render(files("animelayers").joinpath("quality", "compare.html"), **values)
    )
