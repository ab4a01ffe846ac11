"""Thresholds fitted to the decisions a person took: what would have decided the same, checked on decisions
held back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import yaml
from scipy.optimize import differential_evolution

from animelayers.curate.analyse import Analysis
from animelayers.curate.decide import KNOWN, limits, rules
from animelayers.curate.goals import THRESHOLDS, Goals

LEAST = 8
"""Decisions below which nothing is fitted."""
_STAY = 0.02  # share of agreement a threshold's whole way must bring: what nothing asks for stays where it is


class Tuned(NamedTuple):
    """``thresholds`` that were fitted, what ``changed`` (from, to), and the shares of decisions the rules
    agree with on those fitted to and those ``held`` back, before and after. ``taken``: whether they agree
    more with those held back."""

    thresholds: Mapping[str, float]
    changed: Mapping[str, tuple[float, float]]
    decisions: int
    held: int
    fitted: tuple[float, float]
    agreed: tuple[float, float]
    taken: bool

    def text(self) -> str:
        """A file that `curate thresholds=FILE` takes."""
        before, after = self.agreed
        told = f"# Fitted to {self.decisions} decisions; of {self.held} held back the rules agree with {after:.0%}, before with {before:.0%}.\n"
        return told + str(
            yaml.safe_dump(
                {"thresholds": {key: round(float(value), 4) for key, value in self.thresholds.items()}},
                sort_keys=False,
            )
        )


def tune(a: Analysis, goals: Goals, allowed: np.ndarray, said: Mapping[str, str], seed: int = 0) -> Tuned:
    """Thresholds under which the rules decide as a person did, as nearly as they can.

    ``said``: frames and the strategies they were given; those of none of `KNOWN` are not asked about. A
    quarter of them, by their ids, is held back. Raises ValueError for fewer than `LEAST`.
    """
    names = {frame: i for i, frame in enumerate(a.frame_id)}
    known = [
        (names[frame], KNOWN.index(strategy), frame)
        for frame, strategy in sorted(said.items())
        if frame in names and strategy in KNOWN
    ]
    if len(known) < LEAST:
        raise ValueError(f"{len(known)} decisions to fit to: accept or change at least {LEAST}")
    at, wanted = np.array([k[0] for k in known]), np.array([k[1] for k in known])
    back = np.array([int(hashlib.sha256(k[2].encode()).hexdigest(), 16) % 4 == 0 for k in known])
    if back.all() or not back.any():
        back = np.arange(len(known)) % 4 == 0
    keys = [key for key in THRESHOLDS if key != "multi_character"]
    start = np.array([goals.thresholds[key] for key in keys])

    def agree(values: np.ndarray, where: np.ndarray) -> float:
        made = replace(
            goals, thresholds={**goals.thresholds, **dict(zip(keys, values.tolist(), strict=True))}
        )
        chosen = rules(a, limits(a, made, {}), made.needs, allowed)
        return float((chosen[at][where] == wanted[where]).mean())

    def cost(values: np.ndarray) -> float:
        return 1 - agree(values, ~back) + _STAY * float(np.abs(values - start).sum())

    found = differential_evolution(
        cost, [(0.0, 1.0)] * len(keys), x0=start, seed=seed, maxiter=30, popsize=8, polish=False, tol=1e-6
    )
    best = np.round(found.x, 4)
    before, after = agree(start, back), agree(best, back)
    thresholds = {**goals.thresholds, **dict(zip(keys, best.tolist(), strict=True))}
    changed = {
        k: (float(b), float(n)) for k, b, n in zip(keys, start, best, strict=True) if abs(b - n) > 5e-3
    }
    return Tuned(
        thresholds,
        changed,
        len(known),
        int(back.sum()),
        (agree(start, ~back), agree(best, ~back)),
        (before, after),
        after > before,
    )
