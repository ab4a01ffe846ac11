"""How much each tunable of the analysis matters: the same films with one of them changed by a fifth, down and
up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from animelayers.quality import runs
from animelayers.quality.board import ALL, interval
from animelayers.quality.difference import differences
from animelayers.quality.figures import FIGURES, HEAD
from animelayers.quality.runs import RECALL, System
from animelayers.shot.params import Params

SHARE = 0.2
"""Of its value that a tunable is changed by; a whole number at least by 1."""
REFERENCE = "as set"
_PARAMS = {each.name: each for each in fields(Params)}


def chosen(names: Sequence[str] | str) -> list[str]:
    """The tunables of a list, or all for 'all'. Raises ValueError for an unknown one."""
    return runs.chosen("perturb", names, list(_PARAMS), "tunable")


def changed(name: str) -> dict[str, float]:
    """The values of a tunable a fifth below and above the one it has, as far as its range goes, by the names
    of their systems.
    """
    own, (low, high) = getattr(Params(), name), _PARAMS[name].metadata["range"]
    step = max(1, round(SHARE * own)) if isinstance(own, int) else SHARE * own
    values = {f"{name} less": max(low, own - step), f"{name} more": min(high, own + step)}
    return {system: round(value, 6) for system, value in values.items() if value != own}


def systems(names: Sequence[str]) -> list[System]:
    """The systems that tell: the tunables as they are, and one with each change. What the first look said is
    asked once for all.
    """
    found = [
        System(system, (f"stages.layers.step.params={{{name}:{value}}}",), RECALL)
        for name in names
        for system, value in changed(name).items()
    ]
    return [System(REFERENCE, (), RECALL), *found] if found else []


def changes(rows: Sequence[Mapping[str, Any]], names: Sequence[str], seed: int = 0) -> list[dict[str, Any]]:
    """Per change its `name` (system), `value`, and `figures`: figure -> its `mean`, its `change`, the half
    width of the interval of the mean as set (`room`), and whether it moved by more than that (`moved`)."""
    if not names:
        return []
    whole = [row for row in rows if row["system"] == REFERENCE]
    values = np.array(
        [[np.nan if row[figure] is None else row[figure] for figure in HEAD] for row in whole], float
    )
    low, high = interval(values, seed, REFERENCE)
    room = dict(zip(HEAD, ((high - low) / 2).tolist(), strict=True))
    found = []
    for system, value in (item for name in names for item in changed(name).items()):
        figures = {
            each.figure: {
                "mean": each.b,
                "change": each.change,
                "room": room[each.figure],
                "moved": abs(each.change) > room[each.figure],
            }
            for each in differences(whole, [row for row in rows if row["system"] == system], seed)
            if each.kind == ALL and each.figure in HEAD
        }
        found.append({"name": system, "value": value, "figures": figures})
    return found


def markdown(found: Sequence[Mapping[str, Any]]) -> str:
    """How far each change moves each figure, as a Markdown table; bold where by more than the interval of the
    mean as set.
    """
    shown = [figure for figure in HEAD if any(figure in line["figures"] for line in found)]
    lines = [
        "| changed | to | " + " | ".join(FIGURES[figure].title for figure in shown) + " |",
        "|" + " --- |" * (len(shown) + 2),
    ]
    for line in found:
        cells = [_cell(figure, line["figures"].get(figure)) for figure in shown]
        lines.append(f"| {line['name']} | {line['value']:g} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(figure: str, each: Mapping[str, Any] | None) -> str:
    if each is None:
        return "–"
    size = FIGURES[figure].formatted(abs(each["change"]))
    text = "0" if not each["change"] else f"{'+' if each['change'] > 0 else '−'}{size}"
    return f"**{text}**" if each["moved"] else text
