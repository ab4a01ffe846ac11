"""Outputs against a truth: one row per shot and system, and a picture of each shot where it is farthest off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import groupby
from multiprocessing import get_context
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from animelayers.dataset.output import Output
from animelayers.imaging.evenly import evenly
from animelayers.imaging.sheet import contact_sheet, fit
from animelayers.quality import yardstick
from animelayers.quality.candidate import Candidate
from animelayers.quality.shot import ShotScore, Worst, cuts, transitions
from animelayers.quality.truths import TrueLayers, TrueShot, Truth, frames

_PANEL = 240  # pixels wide
_ROOM = 6000  # pixels of the longest side of a plane on which it is counted what the frames of a shot show

Row = dict[str, Any]
Opened = Callable[[], Truth]
"""Opens a truth where it is scored; has to be sent to other processes."""


def score(
    opened: Opened, outputs: Mapping[str, str], workers: int = 1
) -> tuple[list[Row], dict[tuple[str, str, int], bytes]]:
    """Score outputs (system -> path) on all shots of a truth.

    Gives a row per system and shot (system, film, shot, frames, missing, traits, sources, error,
    `figures.FIGURES`), in the order of the systems, and of each (system, film, shot) a JPEG of the frame that
    is farthest off: above the truth, below the output. `workers`: processes.
    """
    films = list(dict.fromkeys(shot.film for shot in opened().shots))
    parts = (
        [films[k :: 4 * workers] for k in range(4 * workers) if films[k :: 4 * workers]]
        if workers > 1
        else [[film] for film in films]
    )
    rows: list[Row] = []
    pictures: dict[tuple[str, str, int], bytes] = {}
    work = partial(_scored, opened, dict(outputs))
    with tqdm(total=len(films), unit="film", dynamic_ncols=True, desc="scoring") as bar:
        if workers > 1:
            with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
                for part, made in zip(parts, pool.map(work, parts), strict=True):
                    rows += made[0]
                    pictures |= made[1]
                    bar.update(len(part))
        else:
            for part in parts:
                made = work(part)
                rows += made[0]
                pictures |= made[1]
                bar.update(len(part))
    order = {name: place for place, name in enumerate(outputs)}
    return sorted(rows, key=lambda row: (order[row["system"]], row["film"], row["shot"])), pictures


def _scored(
    opened: Opened, outputs: Mapping[str, str], films: Sequence[str]
) -> tuple[list[Row], dict[tuple[str, str, int], bytes]]:
    cv2.setNumThreads(1)
    truth, found = opened(), {name: Candidate(Output(path)) for name, path in outputs.items()}
    rows: list[Row] = []
    pictures: dict[tuple[str, str, int], bytes] = {}
    for film, shots in groupby(truth.shots, lambda shot: shot.film):
        if film not in films:
            continue
        own = list(shots)
        scored = {
            name: zip(cuts(own, each.film(film)), transitions(own, each.film(film)), strict=True)
            for name, each in found.items()
        }
        pixels = frames(truth.films / film)
        for shot in own:
            scores, known = _shot(truth, shot, list(found.values()), pixels)
            for name, made in zip(found, scores, strict=True):
                (told, wrong), (precision, recall) = next(scored[name])
                between = {
                    "cut_found": told,
                    "false_cuts": wrong,
                    "transition_precision": precision,
                    "transition_recall": recall,
                }
                figures = made.figures() | between
                figures["over_mask_db"] = _over(figures["hole_db"], known)
                rows.append({"system": name, **_facts(shot, made, found[name]), **figures})
                if made.worst is not None:
                    pictures[name, film, shot.number] = sheet(made.worst)
    return rows, pictures


def _over(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other


def _facts(shot: TrueShot, made: ShotScore, found: Candidate) -> Row:
    return {
        "film": shot.film,
        "shot": shot.number,
        "frames": len(shot),
        "missing": sum(row is None for row in made.rows),
        "worst_frame": shot.first if made.worst is None else made.worst[0],
        "traits": list(shot.traits),
        "sources": list(shot.sources),
        "error": found.error(shot.film) if None in made.rows else "",
    }


def _shot(
    truth: Truth, shot: TrueShot, found: Sequence[Candidate], pixels: Iterator[np.ndarray]
) -> tuple[list[ShotScore], float | None]:
    """A shot scored for all outputs, its true layers read once; and the yardstick of a standing camera."""
    scores = [ShotScore(shot, each) for each in found]
    layers: dict[Any, TrueLayers] = {}
    keys = {t: truth.key(shot, t) for t, counts in enumerate(shot.scored, shot.first) if counts}
    for t, key in keys.items():
        if key not in layers:
            layers[key] = truth.layers(shot, t)
    shown = _shown(shot, [(t, layers[key]) for t, key in keys.items()])
    first = {key: t for t, key in reversed(keys.items())}
    drawings = sorted(first.values()) if yardstick.stands(shot) else []
    asked = {drawings[k] for k in evenly(len(drawings), yardstick.MOST)}
    kept: list[tuple[np.ndarray, TrueLayers]] = []
    for t in range(shot.first, shot.last + 1):
        picture = next(pixels, None)
        if picture is None:
            raise ValueError(
                f"{truth.films / shot.film} ends before frame {t}, of which the truth knows the layers: it is another film"
            )
        if t in asked:
            kept.append((picture, layers[keys[t]]))
        for each in scores:
            if t in keys:
                each.take(t, keys[t], layers[keys[t]], picture, shown(t))
            else:
                each.skip()
    return scores, yardstick.hole_db([p for p, _ in kept], [known for _, known in kept])


def _shown(shot: TrueShot, layers: Sequence[tuple[int, TrueLayers]]) -> Callable[[int], np.ndarray | None]:
    """Of each frame, bool (H, W), what some frame of the shot shows of the background, as far as its cameras
    are known.
    """
    if shot.cameras is None or len(layers) < 2:
        return lambda t: None
    height, width = layers[0][1].character.shape
    corners = np.array([[0, width - 1, 0, width - 1], [0, 0, height - 1, height - 1], [1, 1, 1, 1]], float)
    lying = shot.cameras @ corners
    reached = lying[:, :2] / lying[:, 2:]
    low, high = np.floor(reached.min((0, 2))), np.ceil(reached.max((0, 2)))
    move, size = np.eye(3), tuple(int(n) for n in high - low + 1)
    if max(size) > _ROOM:
        return lambda t: None
    move[:2, 2] = -low
    plane = np.zeros(size[::-1], np.uint8)
    for key, group in groupby(layers, lambda each: id(each[1])):  # noqa: B007
        t, known = next(group)
        free = ((known.character == 0) & (known.effect[..., 3] == 0) & ~known.overlay).view(np.uint8)
        plane |= cv2.warpPerspective(free, move @ shot.cameras[t - shot.first], size, flags=cv2.INTER_NEAREST)

    def seen(t: int) -> np.ndarray:
        assert shot.cameras is not None
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        return np.asarray(
            cv2.warpPerspective(plane, move @ shot.cameras[t - shot.first], (width, height), flags=flags) > 0
        )

    return seen


def sheet(worst: Worst) -> bytes:
    """A JPEG: the frame, its figures, effects and background as they are; below as they were found, the frame
    put together from them.
    """
    _, picture, truth, found = worst
    whole = found.background
    with suppress(ValueError):
        whole = found.picture
    effect = truth.effect if truth.coloured else np.dstack([picture, truth.effect[..., 3]])
    panels = [picture, np.dstack([picture, truth.character]), effect, truth.background]
    panels += [whole, found.character, found.effect, found.background]
    made = contact_sheet([fit(panel, _PANEL) for panel in panels], columns=4)
    return cv2.imencode(".jpg", made[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
