"""What got better and what got worse from one scored output to another, shot by shot, and whether that may be
chance.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from animelayers.quality.board import ALL, groups, interval
from animelayers.quality.figures import FIGURES

LEVEL = 0.05
"""How often what is called better or worse may be chance."""
_FLIPS = 20_000
_EXACT = 11  # shots up to which every way to flip signs is looked at
Row = Mapping[str, Any]


class Difference(NamedTuple):
    """How a figure changed over ``n`` shots that both have: the means ``a`` and ``b``, ``low`` to ``high`` as
    of `board.Estimate` around b - a, the probability ``p`` of a change as large by chance alone, and the
    ``verdict``: better, worse, noise or same."""

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

    A shot is compared with itself. Signs of its change are flipped at random to see what chance does (Fisher
    1935). Many figures are looked at: over all shots the probability that any of those called better or worse
    is chance is at most `LEVEL` (Holm 1979); of those over traits and sources at most that share is, on
    average (Benjamini and Hochberg 1995).
    """
    pairs = {(row["film"], row["shot"]): (row, other) for row, other in paired(a, b)}
    whole: list[Difference] = []
    parts: list[Difference] = []
    for kind, words in groups(row for row, _ in pairs.values()).items():
        for word, rows in words.items():
            if rows:
                (whole if kind == ALL else parts).extend(
                    _changes(kind, word, [pairs[row["film"], row["shot"]] for row in rows], seed)
                )
    return [*_judged(whole, holm), *_judged(parts, benjamini_hochberg)]


def _changes(kind: str, word: str, pairs: Sequence[tuple[Row, Row]], seed: int) -> list[Difference]:
    both = np.array(
        [[[np.nan if row[f] is None else row[f] for f in FIGURES] for row in pair] for pair in pairs], float
    )
    change = both[:, 1] - both[:, 0]
    low, high = interval(change, seed, f"{kind}:{word}")
    p = chance(np.nan_to_num(change), seed, f"{kind}:{word}")
    found = []
    for place, figure in enumerate(FIGURES):
        there = np.isfinite(change[:, place])
        if there.any():
            a, b = both[there][:, :, place].mean(axis=0).tolist()
            found.append(
                Difference(
                    kind,
                    word,
                    figure,
                    int(there.sum()),
                    a,
                    b,
                    float(low[place]),
                    float(high[place]),
                    float(p[place]),
                    "",
                )
            )
    return found


def chance(change: np.ndarray, seed: int, name: str) -> np.ndarray:
    """How probable it is that changes of random signs have a mean as far from zero: of float (N, F), 0 for
    none, float (F,).
    """
    count = len(change)
    if count <= _EXACT:
        signs = 1 - 2 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)
    else:
        signs = (
            2
            * np.random.default_rng([seed, zlib.crc32(name.encode())]).integers(
                0, 2, (_FLIPS, count), np.int8
            )
            - 1
        )
        signs[0] = 1
    as_far = np.abs(signs @ change) >= np.abs(change.sum(axis=0)) * (1 - 1e-9)
    return np.asarray(as_far.mean(axis=0))


def holm(p: Sequence[float]) -> float:
    """The largest of some probabilities that may be called no chance, so that any such call is wrong with
    `LEVEL` at most; -1 for none.
    """
    most = -1.0
    for rank, each in enumerate(sorted(p)):
        if each > LEVEL / (len(p) - rank):
            break
        most = each
    return most


def benjamini_hochberg(p: Sequence[float]) -> float:
    """The same, so that of all calls the share `LEVEL` is wrong on average."""
    return max(
        (each for rank, each in enumerate(sorted(p), 1) if each <= LEVEL * rank / len(p)), default=-1.0
    )


def _judged(found: Sequence[Difference], limit: Callable[[Sequence[float]], float]) -> list[Difference]:
    most = limit([each.p for each in found])
    return [each._replace(verdict=_verdict(each, most)) for each in found]


def _verdict(each: Difference, most: float) -> str:
    if each.low == each.high == 0 and each.change == 0:
        return "same"
    if each.p > most:
        return "noise"
    return "better" if (each.change > 0) == FIGURES[each.figure].more else "worse"


def farthest(a: Sequence[Row], b: Sequence[Row], count: int) -> list[tuple[str, int, str, float]]:
    """The shots that changed most, film, number, figure and change, each once: by ranks, since figures have
    no unit in common.

    What of a figure's changes is as large as its largest comes first, whatever the figure.
    """
    found: list[tuple[float, str, int, str, float]] = []
    for figure in FIGURES:
        pairs = paired(a, b)
        changes = [
            (row["film"], row["shot"], other[figure] - row[figure])
            for row, other in pairs
            if None not in (row[figure], other[figure])
        ]
        changes = sorted((each for each in changes if each[2]), key=lambda each: -abs(each[2]))
        found += [
            (rank / max(1, len(pairs)), film, shot, figure, change)
            for rank, (film, shot, change) in enumerate(changes)
        ]
    chosen: dict[tuple[str, int], tuple[str, int, str, float]] = {}
    for _, film, shot, figure, change in sorted(found):
        chosen.setdefault((film, shot), (film, shot, figure, change))
    return list(chosen.values())[:count]


def markdown(found: Sequence[Difference], most: int = 40) -> str:
    """A Markdown table of what is better or worse, over all shots first, at most `most` lines; and how much
    was looked at.
    """
    told = [each for each in found if each.verdict in ("better", "worse")]
    lines = ["| shots | figure | n | a | b | change | 95 % | |", "|" + " --- |" * 8]
    for each in told[:most]:
        figure = FIGURES[each.figure]
        numbers = [figure.formatted(value) for value in (each.a, each.b, each.change)]
        word = each.word if each.kind == ALL else f"{each.kind[:-1]} {each.word}"
        reach = f"{figure.formatted(each.low)} … {figure.formatted(each.high)}"
        lines.append(
            "| " + " | ".join([word, figure.title, str(each.n), *numbers, reach, each.verdict]) + " |"
        )
    if len(told) > most:
        lines.append(f"| … and {len(told) - most} more | | | | | | | |")
    noise = sum(each.verdict == "noise" for each in found)
    same = sum(each.verdict == "same" for each in found)
    return "\n".join(
        [
            *(lines if told else ["nothing is better or worse beyond chance"]),
            "",
            f"{noise} other differences are noise, {same} are none",
        ]
    )
