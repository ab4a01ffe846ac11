"""The card of a truth set: what it shows, from whose hands, on what terms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pyarrow.compute as pc

from animelayers.dataset.output import Output
from animelayers.sinks.store import Store
from animelayers.truth.recipe import Recipe

FILE = "README.md"


def write(output: Output, recipe: Recipe, left_out: Sequence[Sequence[str]]) -> None:
    """Write OUT/README.md. Raises `SinkError` where it cannot be written."""
    Store(output.path).put(FILE, "card", text(output, recipe, left_out).encode())


def text(output: Output, recipe: Recipe, left_out: Sequence[Sequence[str]]) -> str:
    """The card: counts, traits, a line for every hand whose parts are in the set, with licence and credit,
    and what was left out (name, reason).
    """
    shots = {row["clip_id"]: row for row in output.table.select(["clip_id", "traits", "sources"]).to_pylist()}
    traits = Counter(word for row in shots.values() for word in row["traits"])
    hands = Counter(hand for row in shots.values() for hand in row["sources"])
    terms, films = recipe.chosen.terms(), pc.count_distinct(output.table["source"]).as_py()
    lines = [
        "# Composed animation with known layers",
        "",
        f"{len(output):,} frames in {len(shots):,} shots of the split `{recipe.split}`, composed from parts; the films are in `films/`.",
        "",
        "| trait | shots |",
        "|---|---|",
        *(
            f"| {word} | {count} |"
            for word, count in sorted(traits.items(), key=lambda pair: (-pair[1], pair[0]))
        ),
        "",
        "## From whose hands",
        "",
        "| kind | source | licence | credit | shots |",
        "|---|---|---|---|---|",
        *(
            f"| {kind} | {source} | {_terms(terms, source)} | {count} |"
            for kind, source, count in _split(hands)
        ),
    ]
    missing = sorted({word for number in range(films) for word in recipe.in_focus(number)} - set(traits))
    if missing:
        lines += ["", f"The parts there are could not give: {', '.join(missing)}."]
    if left_out:
        reasons = Counter(reason for _, reason in left_out)
        lines += [
            "",
            "Left out: "
            + "; ".join(f"{count} for {reason}" for reason, count in sorted(reasons.items()))
            + ".",
        ]
    return "\n".join(lines) + "\n"


def _split(hands: Counter[str]) -> list[tuple[str, str, int]]:
    return sorted((*hand.split(":", 1), count) for hand, count in hands.items())  # type: ignore[misc]


def _terms(terms: dict[str, tuple[str, str]], source: str) -> str:
    licence, credit = terms.get(source, ("", ""))
    return f"{licence} | {credit}"
