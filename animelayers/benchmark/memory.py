"""Memory against frames: the peak of the whole job, all its processes, over a film and over one four times as
long.

The matting net answers at once: frames flow as fast as they ever can, which is the hardest case for what
waits between the stages.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from animelayers.benchmark import net, process
from animelayers.benchmark.figures import Figure, interleave, middle
from animelayers.benchmark.film import LENGTH, draw

TIMES = 4
SLOPE = 100
"""kB per frame that count as noise: a decoded 720p frame has 2,765."""


def measure(
    folder: Path,
    frames: int,
    size: tuple[int, int],
    rounds: int,
    cores: int,
    shot: int = LENGTH,
    overrides: Sequence[str] = (),
) -> tuple[list[Figure], dict[str, Any]]:
    """The slope of the peak over `frames` and four times `frames` frames of `size` (width, height) in shots
    of `shot`, and what was spilled.
    """
    figure = cv2.ellipse(
        np.zeros((360, 640), np.uint8), (320, 200), (90, 150), 0, 0, 360, (255,), -1, cv2.LINE_AA
    )
    weights = net.write(figure, folder / "net.xml")
    nets = [
        "model/matte=u2netp",
        f"stages.character.step.matte.weights={weights}",
        "stages.layers.step.net=null",
    ]
    words = [*nets, f"cluster.cpus={cores}", *overrides]
    sides = {}
    for count in (frames, TIMES * frames):
        film = draw(folder, count, size, shot=shot)
        sides[str(count)] = partial(_run, film, folder / f"layers_{count}", words)
    made = interleave(sides, rounds)
    few, many = (middle(runs) for runs in made.values())
    slope = (many["peak"] - few["peak"]) / ((TIMES - 1) * frames) / 1000
    spilled = max(run["spilled"] for runs in made.values() for run in runs)
    figures = [
        Figure("memory", f"peak PSS at {frames} frames", few["peak"] / 1e6, "MB", few["peak"] / 1e6),
        Figure(
            "memory", f"peak PSS at {TIMES * frames} frames", many["peak"] / 1e6, "MB", many["peak"] / 1e6
        ),
        Figure("memory", "kB a frame more", slope, "kB", slope, goal=SLOPE, at_most=True),
        Figure("memory", "bytes spilled to disk", spilled, "", spilled, goal=0, at_most=True),
    ]
    return figures, {"rounds": made}


def _run(film: Path, out: Path, words: Sequence[str]) -> dict[str, float]:
    shutil.rmtree(out, ignore_errors=True)
    ended = process.run(process.decompose(f"source.path={film}", f"output={out}", *words), memory=True)
    facts = json.loads((out / "report" / "summary.json").read_text())
    return {
        "peak": ended.peak,
        "wall": ended.wall,
        "spilled": facts["spilled"],
        "frames": facts["frames_done"],
    }
