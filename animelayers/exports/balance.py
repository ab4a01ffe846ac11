"""How often a trainer is shown the pictures of each concept."""

from __future__ import annotations

from collections.abc import Mapping


def repeats(counts: Mapping[str, int], most: int | None = None) -> dict[str, int]:
    """Repeats by which all concepts are seen about as often as the largest, at most `most` times; `counts`
    are their pictures.

    Concepts without pictures are left out. Raises ValueError for `most` below 1.
    """
    if most is not None and most < 1:
        raise ValueError(f"max_repeats is 1 or more, not {most}")
    largest = max(counts.values(), default=0)
    wanted = {concept: max(1, round(largest / count)) for concept, count in counts.items() if count}
    return {concept: number if most is None else min(most, number) for concept, number in wanted.items()}
