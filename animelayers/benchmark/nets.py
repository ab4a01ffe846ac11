"""What a picture costs each heavy net, by batch size, against the library's own call of one picture, on the
device that is there.

The bound is a picture's floating point operations, counted by torch, over the rate of a large matrix product
measured beside it.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from animelayers.benchmark.figures import Figure, interleave, middle
from animelayers.benchmark.sides import NETS
from animelayers.samples import scene


def measure(
    names: Sequence[str], batches: Sequence[int], size: tuple[int, int], rounds: int, folder: Path
) -> tuple[list[Figure], dict[str, Any]]:
    """Figures of the nets `names` on pictures of `size` (width, height), and their rounds; `folder` is for
    scratch. ValueError for another name.
    """
    import torch

    figures: list[Figure] = []
    everything: dict[str, Any] = {
        "size": list(size),
        "rate": rate(),
        "device": "cuda" if torch.cuda.is_available() else "cpu",
    }
    pictures = list(scene("crossing", max(batches), size).frames)
    for name in names:
        if name not in NETS:
            raise ValueError(f"nets.names={name}: there is {', '.join(NETS)}")
        sides = NETS[name](folder / name)
        ways: dict[str, Callable[[], dict[str, float]]] = {
            "library": _timed(lambda s=sides: s.library(pictures[0]), 1)  # type: ignore[misc]
        }
        for batch in batches:
            run = sides.ours(batch)
            ways[f"batch {batch}"] = _timed(lambda run=run, n=batch: run(pictures[:n]), batch)  # type: ignore[misc]
        work = flops(lambda s=sides: s.ours(1)(pictures[:1]))  # type: ignore[misc]
        interleave(ways, 1)
        made = {way: middle(found) for way, found in interleave(ways, rounds).items()}
        theirs = made["library"]["ms"]
        for batch in batches:
            ours = made[f"batch {batch}"]["ms"]
            figures.append(
                Figure("nets", f"{name}, batch {batch}: a picture", ours, "ms", theirs / ours, theirs)
            )
        best = min(made[f"batch {batch}"]["ms"] for batch in batches)
        figures.append(
            Figure(
                "nets",
                f"{name}: share of the bound, {work / 1e9:.0f} GFLOP a picture",
                None,
                "",
                work / everything["rate"] * 1000 / best,
            )
        )
        figures.append(Figure("nets", f"{name}: peak memory of the process", memory(), "MB", memory()))
        everything[name] = {"rounds": made, "flops": work}
    return figures, everything


def rate() -> float:
    """Floating point operations a second of a large matrix product in fp32, on the device that is there."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    side = 8192 if device == "cuda" else 2048
    a = torch.rand(side, side, device=device)
    spent = []
    for _ in range(4):
        start = time.perf_counter()
        float((a @ a)[0, 0])
        spent.append(time.perf_counter() - start)
    return 2 * side**3 / min(spent)


def flops(run: Callable[[], Any]) -> float:
    """Floating point operations of a call, counted by torch; those of matrix products and convolutions."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        run()
    return float(counter.get_total_flops())


def memory() -> float:
    """Peak of the GPU's memory, or of this process without one, in MB."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _timed(run: Callable[[], Any], count: int) -> Callable[[], dict[str, float]]:
    def once() -> dict[str, float]:
        start = time.perf_counter()
        run()
        return {"ms": 1000 * (time.perf_counter() - start) / count}

    return once
