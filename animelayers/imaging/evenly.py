"""Which of many are looked at, where all would be too many."""

from __future__ import annotations

import numpy as np


def evenly(count: int, most: int) -> list[int]:
    """At most `most` numbers below `count`, ascending, evenly spread, the first and the last among them."""
    return list(np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int)).tolist())
