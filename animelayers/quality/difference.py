"""What got better and what got worse from one scored output to another, shot by shot, and whether that may be chance."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from animelayers.quality.board import ALL, groups, interval
from animelayers.quality.figures import FIGURES

LEVEL = 0.05
"""Share of the differences called better or worse that may be chance."""
_FLIPS = 4000
_EXACT = 11  # shots up to which every way to flip signs is looked at
Row = Mapping[str, Any]


class Difference(NamedTuple):
    """How a figure changed over ``n`` shots that both have: the means ``a`` and ``b``, ``low`` to ``high`` as of `board.Told` around b - a, the
    probability ``p`` of a change as large by chance alone, and the ``verdict``: better, worse, noise or same."""

    kind: str
    word: str
    figure: str
    n: int
    a: float
    b: float
    low: float
    high: float
    p: float
    verdict: str

    @property
    def change(self) -> float:
        """b - a."""
        return self.b - self.a


def paired(a: Sequence[Row], b: Sequence[Row]) -> list[tuple[Row, Row]]:
    """The rows of the shots that both have."""
    other = {(row["film"], row["shot"]): row for row in b}
    return [(row, other[row["film"], row["shot"]]) for row in a if (row["film"], row["shot"]) in other]


def differences(a: Sequence[Row], b: Sequence[Row], seed: int = 0) -> list[Difference]:
    """The differences of all figures over all shots, by trait and by source, of the rows of two systems.

    A shot is compared with itself. Signs of its change are flipped at random to see what chance does (Fisher 1935), and since many figures
    are looked at, of those called better or worse on average no more than `LEVEL` are chance (Benjamini and Hochberg 1995): over all shots
    and over their groups apart.
    """
    pairs = {(row["film"], row["shot"]): (row, other) for row, other in paired(a, b)}
    made: list[Difference] = []
    for part in ((ALL,), ("traits", "sources")):
        found = []
        for kind, words in groups(row for row, _ in pairs.values()).items():
            for word, rows in words.items() if kind in part else ():
                found += _changes(kind, word, [pairs[row["film"], row["shot"]] for row in rows], seed)
        made += _judged(found)
    return made


def _changes(kind: str, word: str, pairs: Sequence[tuple[Row, Row]], seed: int) -> list[Difference]:
    both = np.array([[[np.nan if row[f] is None else row[f] for f in FIGURES] for row in pair] for pair in pairs], float)
    change = both[:, 1] - both[:, 0]
    low, high = interval(change, seed, f"{kind}:{word}")
    found = []
    for place, figure in enumerate(FIGURES):
        there = np.isfinite(change[:, place])
        if there.any():
            a, b = both[there][:, :, place].mean(axis=0).tolist()
            p = chance(change[there, place], seed, f"{kind}:{word}:{figure}")
            found.append(Difference(kind, word, figure, int(there.sum()), a, b, float(low[place]), float(high[place]), p, ""))
    return found


def chance(change: np.ndarray, seed: int, name: str) -> float:
    """How probable it is that changes float (N,) of random signs have a mean as far from zero, 0..1."""
    change = change[change != 0]
    if not change.size:
        return 1.0
    if change.size <= _EXACT:
        signs = 1.0 - 2.0 * ((np.arange(2**change.size)[:, None] >> np.arange(change.size)) & 1)
        return float((np.abs(signs @ change) >= np.abs(change.sum()) * (1 - 1e-9)).mean())
    signs = np.random.default_rng([seed, zlib.crc32(name.encode())]).choice([-1.0, 1.0], (_FLIPS, change.size))
    return float((1 + (np.abs(signs @ change) >= np.abs(change.sum()) * (1 - 1e-9)).sum()) / (1 + _FLIPS))


def _judged(found: Sequence[Difference]) -> list[Difference]:
    ranked = sorted(each.p for each in found)
    passed = [p for rank, p in enumerate(ranked, 1) if p <= LEVEL * rank / len(ranked)]
    most = max(passed, default=-1.0)
    return [each._replace(verdict=_verdict(each, most)) for each in found]


def _verdict(each: Difference, most: float) -> str:
    if each.low == each.high == 0 and each.change == 0:
        return "same"
    if each.p > most:
        return "noise"
    return "better" if (each.change > 0) == FIGURES[each.figure].more else "worse"


def farthest(a: Sequence[Row], b: Sequence[Row], count: int) -> list[tuple[str, int, str, float]]:
    """The shots that changed most, film, number, figure and change, each once: by ranks, since figures have no unit in common.

    What of a figure's changes is as large as its largest comes first, whatever the figure.
    """
    found: list[tuple[float, str, int, str, float]] = []
    for figure in FIGURES:
        pairs = paired(a, b)
        changes = [(row["film"], row["shot"], other[figure] - row[figure]) for row, other in pairs if None not in (row[figure], other[figure])]
        changes = sorted((each for each in changes if each[2]), key=lambda each: -abs(each[2]))
        found += [(rank / max(1, len(pairs)), film, shot, figure, change) for rank, (film, shot, change) in enumerate(changes)]
    chosen: dict[tuple[str, int], tuple[str, int, str, float]] = {}
    for _, film, shot, figure, change in sorted(found):
        chosen.setdefault((film, shot), (film, shot, figure, change))
    return list(chosen.values())[:count]


def markdown(found: Sequence[Difference], most: int = 40) -> str:
    """A Markdown table of what is better or worse, over all shots first, at most `most` lines; and how much was looked at."""
    told = [each for each in found if each.verdict in ("better", "worse")]
    lines = ["| shots | figure | n | a | b | change | 95 % | |", "|" + " --- |" * 8]
    for each in told[:most]:
        figure = FIGURES[each.figure]
        numbers = [figure.told(value) for value in (each.a, each.b, each.change)]
        word = each.word if each.kind == ALL else f"{each.kind[:-1]} {each.word}"
        reach = f"{figure.told(each.low)} … {figure.told(each.high)}"
        lines.append("| " + " | ".join([word, figure.title, str(each.n), *numbers, reach, each.verdict]) + " |")
    if len(told) > most:
        lines.append(f"| … and {len(told) - most} more | | | | | | | |")
    noise = sum(each.verdict == "noise" for each in found)
    same = sum(each.verdict == "same" for each in found)
    return "\n".join(
        [*(lines if told else ["nothing is better or worse beyond chance"]), "", f"{noise} other differences are noise, {same} are none"]
    )
