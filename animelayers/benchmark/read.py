"""Reading alone: a 1080p film, a folder of 720p pictures and a GIF, from listing to the last frame, and what
its checks cost.

CPU seconds of this process, so that other load on the machine counts for nothing. The peers are what a user
would write: OpenCV's reader for the film, Pillow for pictures and GIF, every frame as an RGB array.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageSequence

from animelayers.benchmark.clocked import clocked
from animelayers.benchmark.figures import Figure, interleave, middle
from animelayers.benchmark.film import draw
from animelayers.samples import scene
from animelayers.sources import Files, damage, fields, sequences
from animelayers.sources.transitions import Blends

Round = dict[str, float]
CHECKS: dict[str, tuple[Any, str]] = {
    "combs": (fields, "combs"), "packets": (damage.Watch, "packet"), "frames": (damage.Watch, "frame"), "damaged": (damage.Watch, "damaged"),
    "transitions": (Blends, "add"), "sequences": (sequences, "shots"), "digests": (Files, "digest"),
}  # fmt: skip


def measure(folder: Path, frames: int, rounds: int) -> tuple[list[Figure], dict[str, Any]]:
    """Frames a second of each kind of input, and the share of the time that goes into combs, damage,
    transitions and sequences.
    """
    cv2.setNumThreads(1)
    film = draw(folder / "film", frames, (1920, 1080))
    stills, gif = _folder(folder / "folder", max(4, frames // 2)), _gif(folder / "gif", max(4, frames // 4))
    inputs: dict[str, tuple[Path, Callable[[Path], int]]] = {
        "1080p H.264": (film, _opencv), "720p folder": (stills, _pillow), "GIF": (gif, _animation),
    }  # fmt: skip
    figures: list[Figure] = []
    made: dict[str, Any] = {}
    for name, (path, peer) in inputs.items():
        sides = {"peer": partial(_timed, partial(peer, path)), "ours": partial(_ours, path)}
        interleave(sides, 1)
        made[name] = interleave(sides, rounds)
        ours, theirs = middle(made[name]["ours"]), middle(made[name]["peer"])
        figures.append(
            Figure(
                "read", f"{name}, CPU", ours["fps"], "frames/s", ours["fps"] / theirs["fps"], theirs["fps"]
            )
        )
        figures.append(
            Figure(
                "read", f"{name}: share spent on checks", None, "", ours["checks"], at_most=True, goal=0.35
            )
        )
    return figures, {"frames": frames, "rounds": made}


def _ours(path: Path) -> Round:
    """Listing, scan and reading."""
    files = Files(str(path))
    with clocked(CHECKS) as spent:
        made = _timed(lambda: sum(len(row["frame_index"]) for row in files.read(files.scan(files.inputs()))))
    checks = {name: each.cpu for name, each in spent.items()}
    return {**made, "checks": sum(checks.values()) / made["seconds"], **checks}


def _timed(work: Callable[[], int]) -> Round:
    start = process_time()
    count = work()
    seconds = max(process_time() - start, 1e-9)
    return {"fps": count / seconds, "seconds": seconds}


def _folder(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True)
    for place, frame in enumerate(scene("walk", count, (1280, 720)).frames):
        Image.fromarray(frame).save(folder / f"{place:05d}.png", compress_level=1)
    return folder


def _gif(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True)
    first, *rest = [Image.fromarray(frame) for frame in scene("walk", count, (640, 360)).frames]
    first.save(folder / "a.gif", save_all=True, append_images=rest, duration=40)
    return folder / "a.gif"


def _opencv(path: Path) -> int:
    film, count = cv2.VideoCapture(str(path)), 0
    while film.read()[0]:
        count += 1
    return count


def _pillow(path: Path) -> int:
    return len([np.asarray(Image.open(picture).convert("RGB")).shape for picture in sorted(path.iterdir())])


def _animation(path: Path) -> int:
    with Image.open(path) as picture:
        return len([np.asarray(frame.convert("RGB")).shape for frame in ImageSequence.Iterator(picture)])
