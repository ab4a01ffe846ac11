"""An output of the main job against the truth of drawn scenes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from animelayers.imaging import measures
from animelayers.imaging.recompose import blend, recompose
from animelayers.output import Output

Layers = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Character RGBA uint8 (H, W, 4) with straight alpha, background uint8 (H, W, 3), and effect RGBA uint8 (H, W, 4)."""

COLUMNS = {
    "scene": "",
    "iou": "{:.3f}",
    "edge band ×1000": "{:.0f}",
    "static flicker ×1000": "{:.2f}",
    "background in the hole, dB": "{:.1f}",
    "recomposed, dB": "{:.1f}",
    "effect iou": "{:.3f}",
    "false effect ×1000": "{:.2f}",
}


def score(truth: Path, inputs: Path, output: str) -> list[dict[str, Any]]:
    """One row per film of the folder `truth` (as `samples.write` leaves it) whose frames lie in `inputs`: see `COLUMNS`.

    Means over frames, decibels of the pooled error. A frame that `output` lacks counts as blank: no character, black background.
    Where the truth has no character the edge and the hole are None, where it has no effect its iou.
    """
    out = Output(output)
    wanted = [name for name in ("source", "frame_index", "frame_id", "effect_mode") if name in out.table.column_names]
    table = out.table.select(wanted).to_pylist()
    ids = {(Path(row["source"]).name, row["frame_index"]): (row["frame_id"], row.get("effect_mode", "none")) for row in table}
    rows = []
    for facts in sorted(truth.glob("*/truth.json")):
        film = json.loads(facts.read_text())
        found = {t: ids.get((film["name"], t), (None, "none")) for t in range(film["frames"])}
        rows.append({"scene": facts.parent.name, **_score(facts.parent, film, inputs / film["name"], out, found)})
    return rows


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """The rows of `score` and their mean as a Markdown table."""
    mean: dict[str, Any] = {"scene": "mean"}
    for name in COLUMNS:
        values = [row[name] for row in rows if name != "scene" and row[name] is not None]
        if name != "scene":
            mean[name] = float(np.mean(values)) if values else None
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + " --- |" * len(COLUMNS)]
    for row in [*rows, mean]:
        cells = ("–" if row[name] is None else form.format(row[name]) if form else row[name] for name, form in COLUMNS.items())
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _score(truth: Path, film: dict[str, Any], path: Path, out: Output, ids: dict[int, tuple[str | None, str]]) -> dict[str, float | None]:
    values: dict[str, list[float]] = defaultdict(list)
    hole, whole, pixels, all_pixels = 0.0, 0.0, 0, 0
    before: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    for t, frame in enumerate(_decode(path)):
        (frame_id, mode) = ids[t]
        character, background, front = _layers(out, frame_id, frame.shape)
        known, effect = _read(truth / f"alpha_character/{t:05d}.png"), _read(truth / f"alpha_effect/{t:05d}.png", frame.shape[:2])
        error = measures.alpha_error(character[..., 3], known, effect)
        values["iou"].append(measures.iou(character[..., 3], known, effect))
        band = measures.band_error(error, known)
        values["band"] += [] if band is None else [1000 * band]
        if before is not None and t not in film["cuts"]:
            still = measures.static_flicker((before[0], error), (before[1], known), (before[2], effect))
            values["flicker"] += [] if still is None else [1000 * still]
        before = (error, known, effect)
        square, count = measures.squared_error(background, _background(truth, film, t), known > 127)
        hole, pixels = hole + square, pixels + count
        whole_frame = recompose(character, background)
        whole_frame = whole_frame if mode == "none" else blend(whole_frame, front, mode)
        values["effect"] += [measures.iou(front[..., 3], effect)] if effect.any() else []
        values["false"] += [] if effect.any() else [1000 * float(front[..., 3].mean()) / 255]
        square, count = measures.squared_error(whole_frame, frame, np.ones(known.shape, bool))
        whole, all_pixels = whole + square, all_pixels + count
    mean = {name: float(np.mean(found)) if found else None for name, found in ((n, values[n]) for n in ("iou", "band", "flicker", "effect", "false"))}
    decibels = (measures.decibel(hole / pixels) if pixels else None, measures.decibel(whole / all_pixels) if all_pixels else None)
    first, last = list(mean.values())[:3], list(mean.values())[3:]
    return dict(zip(list(COLUMNS)[1:], (*first, *decibels, *last), strict=True))


def _decode(path: Path) -> Iterator[np.ndarray]:
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def _layers(out: Output, frame_id: str | None, shape: tuple[int, ...]) -> Layers:
    blank = np.zeros((*shape[:2], 4), np.uint8)
    found = {} if frame_id is None else out.frame(frame_id)
    return found.get("character", blank), found.get("background", blank[..., :3]), found.get("effect", blank)


def _background(truth: Path, film: dict[str, Any], t: int) -> np.ndarray:
    number = next(shot["shot"] for shot in film["shots"] if shot["first"] <= t <= shot["last"])
    still = truth / f"truth_background_shot{number}.webp"
    return cv2.cvtColor(_read(still if still.exists() else truth / f"background/{t:05d}.webp"), cv2.COLOR_BGR2RGB)


def _read(path: Path, blank: tuple[int, ...] | None = None) -> np.ndarray:
    if blank is not None and not path.exists():
        return np.zeros(blank, np.uint8)
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise FileNotFoundError(f"the truth lacks {path}")
    return picture
