"""The scoreboard: the figures of shots by what they show and by whose hands they are from, and how far the
means can be trusted.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from animelayers.quality.figures import FIGURES

DRAWS = 2000
"""Bootstrap samples."""
ALL = "all"
Row = Mapping[str, Any]


class Estimate(NamedTuple):
    """A figure over some shots: the ``mean``, the mean of the ``worst`` tenth of them, how many there are
    (``n``), and the interval ``low`` to ``high`` in which 95 of 100 means lie of as many shots drawn from
    these with replacement (Efron 1979)."""

    mean: float
    worst: float
    n: int
    low: float
    high: float


def groups(rows: Iterable[Row]) -> dict[str, dict[str, list[Row]]]:
    """The rows of one system: {"all": {"all": …}, "traits": {word: …}, "sources": {word: …}}, words sorted."""
    made: dict[str, dict[str, list[Row]]] = {ALL: {ALL: list(rows)}, "traits": {}, "sources": {}}
    for row in made[ALL][ALL]:
        for kind in ("traits", "sources"):
            for word in row[kind]:
                made[kind].setdefault(word, []).append(row)
    return {kind: dict(sorted(found.items())) for kind, found in made.items()}


def board(rows: Sequence[Row], seed: int = 0) -> dict[str, dict[str, dict[str, dict[str, Estimate]]]]:
    """system -> all, traits, sources -> word -> figure -> `Estimate`, for every figure that some shot of the
    group has.
    """
    systems = dict.fromkeys(row["system"] for row in rows)
    return {
        system: {
            kind: {word: estimates(found, seed, f"{kind}:{word}") for word, found in words.items()}
            for kind, words in groups(row for row in rows if row["system"] == system).items()
        }
        for system in systems
    }


def estimates(rows: Sequence[Row], seed: int = 0, name: str = ALL) -> dict[str, Estimate]:
    """The figures over some shots of one system; `seed` and `name` seed the bootstrap."""
    values = np.array(
        [[np.nan if row[figure] is None else row[figure] for figure in FIGURES] for row in rows], float
    ).reshape(-1, len(FIGURES))
    low, high = interval(values, seed, name)
    made = {}
    for place, (figure, facts) in enumerate(FIGURES.items()):
        there = np.sort(values[:, place][np.isfinite(values[:, place])])
        if there.size:
            tenth = max(1, round(there.size / 10))
            worst = there[:tenth] if facts.more else there[-tenth:]
            made[figure] = Estimate(
                float(there.mean()),
                float(worst.mean()),
                int(there.size),
                float(low[place]),
                float(high[place]),
            )
    return made


def interval(values: np.ndarray, seed: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The 2.5th and 97.5th percentile of the means of the columns of `values` (N, F), NaN for nothing, over
    resampled rows; (F,) each.

    A column with one value has an interval of that value alone; NaN where it has none.
    """
    count = len(values)
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    drawn = rng.multinomial(count, np.full(count, 1 / count), DRAWS).astype(float)
    there = np.isfinite(values)
    weight = drawn @ there
    means = np.where(weight > 0, drawn @ np.where(there, values, 0) / np.maximum(weight, 1), np.nan)
    low, high = np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    some = np.isfinite(means).any(axis=0)
    if some.any():
        low[some], high[some] = np.nanpercentile(means[:, some], [2.5, 97.5], axis=0)
    return low, high


def facts(found: Mapping[str, Any]) -> Any:
    """A board as plain dictionaries, for JSON."""
    return {
        key: value._asdict() if isinstance(value, Estimate) else facts(value) for key, value in found.items()
    }


def markdown(found: Mapping[str, Mapping[str, Estimate]], figures: Iterable[str], first: str = "") -> str:
    """A Markdown table: a line per entry of `found`, a column per figure that some entry has."""
    shown = [figure for figure in figures if any(figure in line for line in found.values())]
    lines = [
        "| " + " | ".join([first, "n", *(FIGURES[figure].title for figure in shown)]) + " |",
        "|" + " --- |" * (len(shown) + 2),
    ]
    for name, line in found.items():
        cells = [FIGURES[figure].formatted(line[figure].mean if figure in line else None) for figure in shown]
        most = max((each.n for each in line.values()), default=0)
        lines.append("| " + " | ".join([name, str(most), *cells]) + " |")
    return "\n".join(lines)
