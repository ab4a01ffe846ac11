"""Figures: interleaved rounds, their medians, ratios held against goals, and the Markdown table."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Figure:
    """One figure. ``theirs`` is the peer's where there is one, in the ``unit`` of ``ours``; ``value`` is what
    the goal speaks of.

    ``goal``: what ``value`` must reach, or with ``at_most`` must not pass; None for a figure that is only
    reported.
    """

    part: str
    what: str
    ours: float | None
    unit: str
    value: float
    theirs: float | None = None
    goal: float | None = None
    at_most: bool = False

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.at_most else self.value >= self.goal

    def facts(self) -> dict[str, Any]:
        """For the JSON report."""
        return {**asdict(self), "reached": self.reached}


def interleave(sides: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """What each side gave in each round: A B A B …, so that a load that comes and goes hits all of them."""
    made: dict[str, list[T]] = {name: [] for name in sides}
    for number in range(rounds):
        for name, side in sides.items():
            start = time.perf_counter()
            made[name].append(side())
            log.info("round %d of %d: %s, %.1f s", number + 1, rounds, name, time.perf_counter() - start)
    return made


def middle(rounds: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The median over rounds of every number that all of them hold."""
    rounds = list(rounds)
    return {
        name: float(median(one[name] for one in rounds))
        for name in rounds[0]
        if all(name in one for one in rounds)
    }


def markdown(figures: Iterable[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = [
        "| part | what | peer | ours | value | goal | |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for f in figures:
        theirs, ours = (
            f"{_number(x)} {f.unit}".rstrip() if x is not None else "–" for x in (f.theirs, f.ours)
        )
        goal = "" if f.goal is None else f"{'≤' if f.at_most else '≥'} {_number(f.goal)}"
        said = {None: "", True: "reached", False: "**missed**"}[f.reached]
        lines.append(f"| {f.part} | {f.what} | {theirs} | {ours} | {_number(f.value)} | {goal} | {said} |")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
