"""Distributions as YAML states them, and drawing from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

SHARES = ("crossing", "parallax", "statues")
"""Distributions that are the share 0..1 of a yes."""
RANGES = ("tint", "travel", "blend", "quality")
"""Distributions that are even between the least and the most."""


def draw(rng: np.random.Generator, odds: Mapping[str, float]) -> str:
    """One of the words, as likely as its weight."""
    words, weights = list(odds), np.array(list(odds.values()), float)
    return words[
        int(
            np.searchsorted(np.cumsum(weights / weights.sum()), rng.random(), "right").clip(0, len(words) - 1)
        )
    ]


def checked(name: str, value: Any) -> Any:
    """A distribution as it is drawn from: weights by word, (least, most), or a share.

    For weights a word alone, or a list of words that are equally likely, does as well. Raises ValueError for
    what is none, naming the option.
    """
    wanted = "weights of words ({a: 0.7, b: 0.3}), a word, or a list of words"
    if name in SHARES:
        wanted = "a share 0..1"
        if isinstance(value, int | float) and 0 <= value <= 1:
            return float(value)
    elif name in RANGES:
        wanted = "[least, most]"
        if (
            isinstance(value, Sequence)
            and len(value) == 2
            and all(isinstance(end, int | float) for end in value)
            and value[0] <= value[1]
        ):
            return float(value[0]), float(value[1])
    else:
        words = [value] if isinstance(value, str | int | float) else value
        given = words if isinstance(words, Mapping) else dict.fromkeys(words or (), 1)
        if (
            given
            and all(isinstance(weight, int | float) and weight >= 0 for weight in given.values())
            and sum(given.values()) > 0
        ):
            return {str(word): float(weight) for word, weight in given.items()}
    raise ValueError(f"truth.{name}={value}: {wanted}")
