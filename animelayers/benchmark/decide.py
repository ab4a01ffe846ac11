"""What deciding on a large set costs: strategies for drawn metrics of as many frames, for the whole set at
once.
"""

from __future__ import annotations

import resource
import time
from typing import Any

import numpy as np
import pyarrow as pa

from animelayers.benchmark.figures import Figure, interleave, middle
from animelayers.curate.analyse import analyse
from animelayers.curate.decide import KNOWN, decide, limits, what_if
from animelayers.curate.goals import Goals
from animelayers.curate.reason import reasons

GOAL_S = 60


def measure(frames: int, goals: Goals, rounds: int) -> tuple[list[Figure], dict[str, Any]]:
    """Seconds and MB of analysis, decision, reasoning and what-if for `frames` rows of a frame table, and by
    how much the mix misses its targets.
    """
    rng = np.random.default_rng(0)
    busy = rng.beta(4, 4, frames)  # as drawn films are: complex, well lit, sharp, a tenth without anybody
    table = pa.table(
        {
            "frame_id": [f"film/scene{i // 100:04d}_frame{i:06d}" for i in rng.permutation(frames)],
            "complexity": busy, "lighting": rng.beta(9, 2, frames), "occlusion": rng.beta(1, 6, frames), "quality": rng.beta(6, 3, frames),
            "sharpness": rng.beta(6, 3, frames), "instance_count": rng.choice([0, 1, 2, 3], frames, p=[0.1, 0.6, 0.2, 0.1]),
            "shot_size": rng.choice(["close_up", "medium", "full_body", "long"], frames),
        }
    )  # fmt: skip
    missed = []

    def run() -> dict[str, float]:
        start = time.perf_counter()
        analysis = analyse(table)
        allowed = np.stack([np.ones(frames, bool), *[analysis.instance_count > 0] * 3], 1)
        made = decide(analysis, goals, allowed)
        reasons(analysis, limits(analysis, goals, {}), goals.needs, made)
        what_if(analysis, goals, allowed)
        missed.append(max(abs(made.mix()[name] / frames - goals.targets[name]) for name in KNOWN))
        return {"seconds": time.perf_counter() - start}

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = interleave({"ours": run}, rounds)
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000
    seconds = middle(made["ours"])["seconds"]
    figures = [
        Figure(
            "decide",
            f"{frames:,} frames decided as a whole",
            seconds,
            "s",
            seconds,
            goal=GOAL_S,
            at_most=True,
        ),
        Figure("decide", "memory it adds", peak, "MB", peak),
        Figure(
            "decide",
            "points the mix misses its targets by",
            100 * max(missed),
            "",
            100 * max(missed),
            goal=3,
            at_most=True,
        ),
    ]
    return figures, {"frames": frames, "rounds": made}
