"""How fast truth is composed: frames of films with their layers, drawn and put together, not encoded."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from time import perf_counter
from typing import Any

import cv2

from animelayers.benchmark.figures import Figure, interleave, middle
from animelayers.truth import Recipe
from animelayers.truth.film import frames


def measure(recipe: Recipe, films: int, rounds: int, cores: int) -> tuple[list[Figure], dict[str, Any]]:
    """Frames a second of `cores` processes that compose `films` films each with all their layers, and the
    rounds.
    """
    with ProcessPoolExecutor(cores, get_context("spawn")) as pool:
        list(pool.map(_composed, [recipe] * cores, [0] * cores, [1] * cores))

        def run() -> dict[str, float]:
            start = perf_counter()
            made = sum(
                pool.map(_composed, [recipe] * cores, range(1, 1 + cores * films, films), [films] * cores)
            )
            return {"rate": made / (perf_counter() - start)}

        results = interleave({"ours": run}, rounds)
    rate = middle(results["ours"])["rate"]
    size = "×".join(map(str, recipe.size))
    return [
        Figure(
            "compose",
            f"frames of {size} with their layers, {cores} processes",
            rate,
            "frames/s",
            rate,
            None,
            25,
        )
    ], {"rounds": results}


def _composed(recipe: Recipe, first: int, films: int) -> int:
    cv2.setNumThreads(1)
    count = 0
    for number in range(first, first + films):
        for _, composed in frames(recipe.film(0, number)):
            for made in composed:
                frame = made.frame
                layers = (frame.picture, frame.background, frame.seen("figure"), frame.seen("effect"))
                count += len(layers) > 0
    return count
