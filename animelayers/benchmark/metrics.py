"""How many frames a second one core measures without weights: `animelayers.stages.metrics` on drawn 1080p
frames with their characters.
"""

from __future__ import annotations

from time import process_time
from typing import Any

import cv2

from animelayers.benchmark.figures import Figure, interleave, middle
from animelayers.engine.worker import keep_memory
from animelayers.samples import scene
from animelayers.stages.metrics import Metrics


def measure(size: tuple[int, int], rounds: int) -> tuple[list[Figure], dict[str, Any]]:
    """Frames per second of CPU of all metrics of frames of `size` (width, height), and the rounds."""
    cv2.setNumThreads(1)
    keep_memory()
    shot = scene("walk", 4, size)
    step = Metrics()

    def run() -> dict[str, float]:
        start = process_time()
        step.frames(frames=list(shot.frames), character=list(shot.character))
        return {"rate": len(shot) / (process_time() - start)}

    run()
    made = interleave({"ours": run}, rounds)
    rate = middle(made["ours"])["rate"]
    return [Figure("metrics", "all metrics, one core", rate, "frames/s", rate, None, 60)], {
        "size": list(size),
        "rounds": made,
    }
