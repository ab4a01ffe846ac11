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
    "where a frame shows it, dB": "{:.1f}",
    "ring, dB": "{:.1f}",
    "background flicker": "{:.2f}",
    "effect iou": "{:.3f}",
    "false effect ×1000": "{:.2f}",
    "recomposed, dB": "{:.1f}",
}
_RING = 15  # pixels around a character in which halos show


def score(truth: Path, inputs: Path, output: str) -> list[dict[str, Any]]:
    """One row per film of the folder `truth` (as `samples.write` leaves it) whose film lies in `inputs`: see `COLUMNS`.

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
        path = next(p for p in sorted(inputs.iterdir()) if p.name == film.get("name") or (p.is_file() and p.stem == facts.parent.name))
        found = {t: ids.get((path.name, t), (None, "none")) for t in range(film["frames"])}
        rows.append({"scene": facts.parent.name, **_score(facts.parent, film, path, out, found)})
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
    squares: dict[str, list[tuple[float, int]]] = defaultdict(list)
    shown, before = _shown(truth, film), None
    for t, frame in enumerate(_decode(path)):
        frame_id, mode = ids[t]
        character, background, front = _layers(out, frame_id, frame.shape)
        known, effect = _truth(truth, t, frame.shape[:2])
        hole, painted = known > 127, _background(truth, film, t)
        error = measures.alpha_error(character[..., 3], known, effect)
        values["iou"].append(measures.iou(character[..., 3], known, effect))
        band = measures.band_error(error, known)
        values["edge band ×1000"] += [] if band is None else [1000 * band]
        if before is not None and t not in film["cuts"]:
            still = measures.static_flicker((before[0], error), (before[1], known), (before[2], effect))
            values["static flicker ×1000"] += [] if still is None else [1000 * still]
            both = hole & (before[1] > 127)
            if both.any() and _shot(film, t) in shown:
                values["background flicker"].append(float(cv2.absdiff(background, before[3])[both].mean()))
        before = (error, known, effect, background)
        places = {
            "background in the hole, dB": hole,
            "ring, dB": _ring(known, effect),
            "where a frame shows it, dB": hole & shown.get(_shot(film, t), False),
        }
        for name, where in places.items():
            squares[name].append(measures.squared_error(background, painted, where))
        values["effect iou"] += [measures.iou(front[..., 3], effect)] if effect.any() else []
        values["false effect ×1000"] += [] if effect.any() else [1000 * float(front[..., 3].mean()) / 255]
        whole = recompose(character, background)
        whole = whole if mode == "none" else blend(whole, front, mode)
        squares["recomposed, dB"].append(measures.squared_error(whole, frame, np.ones(hole.shape, bool)))
    totals = {name: np.sum(found, axis=0) for name, found in squares.items()}
    decibels = {name: measures.decibel(square / count) for name, (square, count) in totals.items() if count}
    means = {name: float(np.mean(found)) for name, found in values.items() if found}
    return {name: (means | decibels).get(name) for name in list(COLUMNS)[1:]}


def _shown(truth: Path, film: dict[str, Any]) -> dict[int, np.ndarray]:
    """Of each shot whose camera stands still, bool (H, W): what some frame of it shows of the background."""
    found: dict[int, np.ndarray] = {}
    for t in range(film["frames"]):
        shot = _shot(film, t)
        if (truth / f"truth_background_shot{shot}.webp").exists():
            known, effect = _truth(truth, t)
            found[shot] = found.get(shot, False) | ((known == 0) & (effect == 0))
    return found


def _ring(known: np.ndarray, effect: np.ndarray) -> np.ndarray:
    """What lies closely around a character and shows the background."""
    around = cv2.dilate(known, np.ones((2 * _RING + 1,) * 2, np.uint8))
    ring: np.ndarray = (around > 127) & (known == 0) & (effect == 0)
    return ring


def _truth(truth: Path, t: int, shape: tuple[int, ...] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The known alphas of the character and of the effect."""
    known = _read(truth / f"alpha_character/{t:05d}.png")
    return known, _read(truth / f"alpha_effect/{t:05d}.png", shape or known.shape)


def _shot(film: dict[str, Any], t: int) -> int:
    return int(next(shot["shot"] for shot in film["shots"] if shot["first"] <= t <= shot["last"]))


def _decode(path: Path) -> Iterator[np.ndarray]:
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def _layers(out: Output, frame_id: str | None, shape: tuple[int, ...]) -> Layers:
    blank = np.zeros((*shape[:2], 4), np.uint8)
    found = {} if frame_id is None else out.frame(frame_id)
    return found.get("character", blank), found.get("background", blank[..., :3]), found.get("effect", blank)


def _background(truth: Path, film: dict[str, Any], t: int) -> np.ndarray:
    still = truth / f"truth_background_shot{_shot(film, t)}.webp"
    return cv2.cvtColor(_read(still if still.exists() else truth / f"background/{t:05d}.webp"), cv2.COLOR_BGR2RGB)


def _read(path: Path, blank: tuple[int, ...] | None = None) -> np.ndarray:
    if blank is not None and not path.exists():
        return np.zeros(blank, np.uint8)
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise FileNotFoundError(f"the truth lacks {path}")
    return picture
