"""Telecine undone: of every five frames that a film of 24 was stretched to, the one that only repeats is left
out.
"""

from __future__ import annotations

import numpy as np

CYCLE = 5
_GRID = 8  # pieces of a side of which the most different one counts: a mouth moves and the rest does not
_STILL = 1.0  # levels below which a change is coding alone
_CLEAR = 0.35  # of the second smallest change of a cycle the smallest may have, to be a copy
_MOST = 0.6  # share of the moving cycles that must have one


def change(one: np.ndarray | None, other: np.ndarray) -> float:
    """How much two small pictures (uint8, one size) differ where they differ most: mean levels of that piece;
    255 for the first of all.
    """
    if one is None or one.shape != other.shape:
        return 255.0
    rows, columns = (max(1, side // _GRID) for side in one.shape[:2])
    apart = np.abs(one.astype(np.int16) - other).mean(-1)
    apart = apart[: len(apart) // rows * rows, : apart.shape[1] // columns * columns]
    return float(apart.reshape(len(apart) // rows, rows, -1, columns).mean((1, 3)).max())


def undone(changes: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which frames are kept, bool [T], and their times, float64 [T], spread evenly over each cycle that lost
    one.

    ``changes``: float64 [T], how much each frame differs from the one before. All are kept where the film
    repeats in no cycle of five, as one whose fields only lie one apart (2:2). Between cycles that are equally
    still the place of the nearest moving one holds.
    """
    kept, spread = np.ones(len(changes), bool), times.copy()
    whole = len(changes) // CYCLE
    cycles = changes[: whole * CYCLE].reshape(whole, CYCLE)
    order = np.sort(cycles, axis=1)
    moving = order[:, 1] > _STILL
    clear = moving & (order[:, 0] < _CLEAR * order[:, 1])
    if not whole or clear.sum() < max(1, _MOST * moving.sum()):
        return kept, spread
    places = np.where(clear, cycles.argmin(1), -1)
    known = np.flatnonzero(clear)
    for cycle in range(whole):
        place = places[known[np.argmin(np.abs(known - cycle))]] if places[cycle] < 0 else places[cycle]
        a = cycle * CYCLE
        kept[a + place] = False
        step = (times[a + CYCLE - 1] - times[a]) / (CYCLE - 1) * CYCLE / (CYCLE - 1)
        left = [n for n in range(a, a + CYCLE) if kept[n]]
        spread[left] = times[a] + step * np.arange(CYCLE - 1)
    return kept, spread
