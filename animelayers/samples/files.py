"""Scenes as files: what a job may see on one side, the truth about it on the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from animelayers.samples.drawn import FPS, Scene
from animelayers.samples.encoder import film

Form = Literal["lossless", "h264", "frames"]
"""An FFV1 film, an H.264 film as a viewer has it, or a folder of PNG named sceneNNNN_frameNNNNNN_tS.SSs."""

_SUFFIX: Mapping[Form, str] = {"lossless": ".mkv", "h264": ".mp4", "frames": ""}


def write(
    shots: Iterable[Scene], name: str, folder: Path, truth: Path | None = None, form: Form = "lossless"
) -> Path:
    """Write `shots`, one after the other, as the film or the folder of frames `folder`/`name`, and return its
    path.

    The truth goes to the folder `truth`, never beside the input: `truth.json` (fps, frames, shots, cuts, and
    per frame the drawing, the camera's pan in pixels and the effect's blend mode),
    `alpha_character/NNNNN.png`, `alpha_effect/NNNNN.png` where there is an effect, `instances/NNNNN.png`, and
    `truth_background_shotN.webp` (lossless) or, where the background moves or changes,
    `background/NNNNN.webp`. Shots are taken one at a time, so that a generator keeps one in memory.
    """
    path = folder / f"{name}{_SUFFIX[form]}"
    folder.mkdir(parents=True, exist_ok=True)
    facts: dict[str, Any] = {
        "name": path.name,
        "shots": [],
        "cuts": [],
        "drawing": [],
        "pan": [],
        "effect_mode": [],
    }
    shots = iter(shots)
    shot = next(shots, None)
    fps, codec = FPS if shot is None else shot.fps, "ffv1" if form == "lossless" else "h264"
    with _frames(path, fps, facts) if form == "frames" else film(path, fps, codec) as put:
        while shot is not None:
            for picture in shot.frames:
                put(picture)
            _note(shot, facts, truth)
            shot = next(shots, None)
    facts["frames"] = len(facts["drawing"])
    if truth is not None:
        (truth / "truth.json").write_text(json.dumps(facts, indent=1))
    return path


def write_stills(shot: Scene, frames: Iterable[int], folder: Path) -> list[str]:
    """Write single `frames` of a shot with their layers beside them and return their names.

    Per frame NAME_NNNNN: `.composite.png`, `.truth_background.webp` (lossless), `.truth_character.png`,
    `.truth_effect.png` (RGBA).
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for t in frames:
        names.append(f"{shot.name}_{t:05d}")
        base = folder / names[-1]
        _save(f"{base}.composite.png", shot.frames[t])
        _save(f"{base}.truth_background.webp", shot.background[t])
        _save(f"{base}.truth_character.png", np.dstack([shot.character_colour[t], shot.character[t]]))
        if shot.effect[t].any():
            _save(f"{base}.truth_effect.png", np.dstack([shot.effect_colour[t], shot.effect[t]]))
    return names


@contextmanager
def _frames(folder: Path, fps: int, facts: Mapping[str, Any]) -> Iterator[Any]:
    folder.mkdir(exist_ok=True)
    count = 0

    def put(picture: np.ndarray) -> None:
        nonlocal count
        _save(
            str(folder / f"scene{len(facts['shots']):04d}_frame{count:06d}_t{count / fps:.2f}s.png"), picture
        )
        count += 1

    yield put


def _note(shot: Scene, facts: dict[str, Any], truth: Path | None) -> None:
    first, before = len(facts["drawing"]), max(facts["drawing"], default=-1) + 1
    starts = [0, *shot.cuts]
    ends = [*shot.cuts, len(shot)]
    facts["fps"] = shot.fps
    numbers = range(len(facts["shots"]), len(facts["shots"]) + len(starts))
    facts["cuts"] += [first + a for a in starts if first + a]
    facts["shots"] += [
        {"shot": n, "first": first + a, "last": first + b - 1}
        for n, a, b in zip(numbers, starts, ends, strict=True)
    ]
    facts["drawing"] += (shot.drawing + before).tolist()
    facts["pan"] += shot.pan.tolist()
    facts["effect_mode"] += shot.effect_mode
    if truth is None:
        return
    for kind in ("alpha_character", "alpha_effect", "instances", "background"):
        (truth / kind).mkdir(parents=True, exist_ok=True)
    for number, a, b in zip(numbers, starts, ends, strict=True):
        still = (shot.background[a:b] == shot.background[a]).all()
        if still:
            _save(str(truth / f"truth_background_shot{number}.webp"), shot.background[a])
        for t in range(a, b):
            file = f"{first + t:05d}"
            _save(str(truth / "alpha_character" / f"{file}.png"), shot.character[t])
            _save(str(truth / "instances" / f"{file}.png"), shot.instances[t])
            if shot.effect[t].any():
                _save(str(truth / "alpha_effect" / f"{file}.png"), shot.effect[t])
            if not still:
                _save(str(truth / "background" / f"{file}.webp"), shot.background[t])


def _save(path: str, picture: np.ndarray) -> None:
    order = {2: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}[
        picture.ndim if picture.ndim == 2 else picture.shape[2]
    ]
    options = [cv2.IMWRITE_WEBP_QUALITY, 101] if path.endswith("webp") else [cv2.IMWRITE_PNG_COMPRESSION, 2]
    if not cv2.imwrite(path, picture if order is None else cv2.cvtColor(picture, order), options):
        raise OSError(f"{path} could not be written")
