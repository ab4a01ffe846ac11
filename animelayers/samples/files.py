"""Scenes as files: what a job may see on one side, the truth about it on the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import cv2
import numpy as np

from animelayers.samples.drawn import Scene

Form = Literal["lossless", "h264", "frames"]
"""An FFV1 film, an H.264 film as a viewer has it, or a folder of PNG named sceneNNNN_frameNNNNNN_tS.SSs."""

_SUFFIX: Mapping[Form, str] = {"lossless": ".mkv", "h264": ".mp4", "frames": ""}
_BT709 = 1


def write(shots: Iterable[Scene], name: str, folder: Path, truth: Path | None = None, form: Form = "lossless") -> Path:
    """Write `shots`, one after the other, as the film or the folder of frames `folder`/`name`, and return its path.

    The truth goes to the folder `truth`, never beside the input: `truth.json` (fps, frames, shots, cuts, and per frame the drawing,
    the camera's pan in pixels and the effect's blend mode), `alpha_character/NNNNN.png`, `alpha_effect/NNNNN.png` where there is
    an effect, `instances/NNNNN.png`, and `truth_background_shotN.webp` (lossless) or, where the background moves or changes,
    `background/NNNNN.webp`. Shots are taken one at a time, so that a generator keeps one in memory.
    """
    path = folder / f"{name}{_SUFFIX[form]}"
    folder.mkdir(parents=True, exist_ok=True)
    facts: dict[str, Any] = {"name": path.name, "shots": [], "cuts": [], "drawing": [], "pan": [], "effect_mode": []}
    with _frames(path) if form == "frames" else _film(path, form) as put:
        for shot in shots:
            put(shot, len(facts["drawing"]), len(facts["shots"]))
            _note(shot, facts, truth)
    facts["frames"] = len(facts["drawing"])
    if truth is not None:
        (truth / "truth.json").write_text(json.dumps(facts, indent=1))
    return path


def write_stills(shot: Scene, frames: Iterable[int], folder: Path) -> list[str]:
    """Write single `frames` of a shot with their layers beside them and return their names.

    Per frame NAME_NNNNN: `.composite.png`, `.truth_background.webp` (lossless), `.truth_character.png`, `.truth_effect.png` (RGBA).
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
def _frames(folder: Path) -> Iterator[Any]:
    folder.mkdir(exist_ok=True)

    def put(shot: Scene, first: int, number: int) -> None:
        for t, frame in enumerate(shot.frames, first):
            _save(str(folder / f"scene{number:04d}_frame{t:06d}_t{t / shot.fps:.2f}s.png"), frame)

    yield put


@contextmanager
def _film(path: Path, form: Form) -> Iterator[Any]:
    part = path.with_name(f".{path.name}.part")
    try:
        with av.open(str(part), "w", format="matroska" if form == "lossless" else "mp4") as film:
            stream: Any = None

            def put(shot: Scene, first: int, number: int) -> None:
                nonlocal stream
                stream = stream or _stream(film, form, shot)
                for t, picture in enumerate(shot.frames, first):
                    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                    frame = frame.reformat(format=stream.pix_fmt, dst_colorspace=None if form == "lossless" else "ITU709")
                    frame.pts, frame.time_base = t, Fraction(1, shot.fps)
                    film.mux(stream.encode(frame))

            yield put
            if stream is not None:
                film.mux(stream.encode(None))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _stream(film: Any, form: Form, shot: Scene) -> Any:
    stream = film.add_stream("ffv1" if form == "lossless" else "libx264", rate=shot.fps)
    stream.height, stream.width = shot.frames.shape[1:3]
    stream.codec_context.time_base = Fraction(1, shot.fps)
    stream.thread_count = 2
    if form == "lossless":
        stream.pix_fmt, stream.options = "bgr0", {"level": "3", "slices": "4", "g": "1"}
        return stream
    stream.pix_fmt, stream.options = "yuv420p", {"crf": "14", "preset": "fast", "tune": "animation"}
    context = stream.codec_context
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = 1
    return stream


def _note(shot: Scene, facts: dict[str, Any], truth: Path | None) -> None:
    first, before = len(facts["drawing"]), max(facts["drawing"], default=-1) + 1
    starts = [0, *shot.cuts]
    ends = [*shot.cuts, len(shot)]
    facts["fps"] = shot.fps
    numbers = range(len(facts["shots"]), len(facts["shots"]) + len(starts))
    facts["cuts"] += [first + a for a in starts if first + a]
    facts["shots"] += [{"shot": n, "first": first + a, "last": first + b - 1} for n, a, b in zip(numbers, starts, ends, strict=True)]
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
    order = {2: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}[picture.ndim if picture.ndim == 2 else picture.shape[2]]
    options = [cv2.IMWRITE_WEBP_QUALITY, 101] if path.endswith("webp") else [cv2.IMWRITE_PNG_COMPRESSION, 2]
    if not cv2.imwrite(path, picture if order is None else cv2.cvtColor(picture, order), options):
        raise OSError(f"{path} could not be written")
