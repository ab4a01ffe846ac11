"""The page of a scored result: systems side by side, traits, sources, the worst shots as pictures, and what
each rule is worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from animelayers.quality.ablate import cell
from animelayers.quality.difference import differences
from animelayers.quality.figures import FIGURES, HEAD
from animelayers.quality.result import Result, picture
from animelayers.quality.who import Who
from animelayers.report.page import render

WORST = ("character_iou", "false_character", "effect_iou", "hole_db", "ids_kept", "camera_px")
"""Figures of which the page shows the worst shots."""
_SHOTS = 6


def write(
    result: Result,
    told: Mapping[str, Any],
    folder: Path,
    hidden: Sequence[str] = (),
    ablation: Sequence[Any] = (),
    people: Who | None = None,
) -> None:
    """Write index.html beside a result that `result.write` wrote and tells of; systems in `hidden` are left
    out of its tables; ``people``: who is who, where that was measured."""
    shown = [system for system in result.systems if system not in hidden]
    first = shown[0]
    against = {
        other: [each for each in differences(result.of(other), result.of(first)) if each.kind == "all"]
        for other in shown[1:]
    }
    html = render(
        files("animelayers").joinpath("quality", "board.html"),
        about=result.about,
        costs=result.costs,
        board={system: told["systems"][system] for system in shown},
        first=first,
        failed=told["failed"],
        figures=FIGURES,
        head=HEAD,
        worst={system: worst(result.of(system)) for system in shown},
        picture=picture,
        against=against,
        ablation=list(ablation),
        cell=cell,
        people=people,
    )
    (folder / "index.html").write_bytes(html)


def worst(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The worst shots of one system by each of `WORST`; a shot that is among the worst by one is not shown
    again.
    """
    seen: set[tuple[str, int]] = set()
    found: dict[str, list[Mapping[str, Any]]] = {}
    for figure in WORST:
        sign = 1 if FIGURES[figure].more else -1
        there = [row for row in rows if row[figure] is not None and (row["film"], row["shot"]) not in seen]
        there = [
            row for row in sorted(there, key=lambda row: sign * row[figure]) if sign > 0 or row[figure] > 0
        ]
        found[figure] = there[:_SHOTS]
        seen |= {(row["film"], row["shot"]) for row in found[figure]}
    return {figure: shots for figure, shots in found.items() if shots}
