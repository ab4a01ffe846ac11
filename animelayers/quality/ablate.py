"""What each stage and each rule of the analysis is worth: the same films without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from animelayers.quality import runs
from animelayers.quality.board import ALL
from animelayers.quality.difference import Difference, differences
from animelayers.quality.figures import FIGURES, HEAD
from animelayers.quality.runs import ANEW, ASK, RECALL, System

REFERENCE = "all rules"
"""The system that nothing is left out of; its mattes are remembered, as those of most that are compared with
it.
"""


def _without(stage: str, *names: str, prefix: str = "") -> dict[str, tuple[str, ...]]:
    return {f"{prefix}{name}".replace("_", " "): (f"+stages.{stage}.without=[{name}]",) for name in names}


RULES: Mapping[str, tuple[str, ...]] = {
    "camera": ("~stages.camera",),
    "layers": ("~stages.layers",),
    **_without("layers.step", "evidence", "paint", "agreement", "doubt", "snapping", "effects", "shadows"),
    "track": ("~stages.track",),
    "steadying": ("stages.track.step.smoothing=0",),
    **_without("track.step", "resting", "traced"),
    **_without("background.step", "plate", prefix="background "),
    **_without("background.step", "light", "given_back"),
    "seam": ("stages.background.step.seam_width=0",),
    "dilate": ("stages.background.step.dilate=0",),
    "held drawings": ("source.held=false",),
    "anime cuts": ("source.detector=content",),
    "first look": ("model/matte=modnet",),
}
"""What is left out, by a name, and the main job's overrides that do it."""

_NETS = ("first look",)
_PICTURES = ("held drawings", "anime cuts")


def chosen(names: Sequence[str] | str) -> list[str]:
    """The rules of a list, or all for 'all'. Raises ValueError for an unknown one."""
    return runs.chosen("ablate", names, list(RULES), "rule")


def systems(names: Iterable[str]) -> list[System]:
    """The systems that tell what rules are worth: the reference, and one without each."""
    found = [
        System(
            f"without {name}", RULES[name], ANEW if name in _NETS else ASK if name in _PICTURES else RECALL
        )
        for name in names
    ]
    return [System(REFERENCE, (), RECALL), *found] if found else []


def worth(
    rows: Sequence[Mapping[str, Any]],
    costs: Mapping[str, Mapping[str, Any]],
    names: Iterable[str],
    default: str,
    seed: int = 0,
) -> list[Any]:
    """Per rule: its `name`, `figures` (figure -> {worth, verdict}; worth above 0: the rule helps), `seconds`
    of CPU time it takes, and the `traits` with the clearest changes, at most four."""
    found = []
    for name in names:
        system, reference = f"without {name}", default if name in _NETS else REFERENCE
        less, whole = ([row for row in rows if row["system"] == each] for each in (system, reference))
        told = differences(less, whole, seed)
        figures = {
            each.figure: {"worth": _worth(each), "verdict": each.verdict} for each in told if each.kind == ALL
        }
        clear = sorted(
            (each for each in told if each.kind == "traits" and each.verdict in ("better", "worse")),
            key=lambda each: (each.p, -each.n),
        )
        seconds = None
        if costs.get(system, {}).get("cpu") is not None and costs.get(reference, {}).get("cpu") is not None:
            seconds = costs[reference]["cpu"] - costs[system]["cpu"]
        traits = [
            f"{each.word}: {FIGURES[each.figure].title} {_signed(each.figure, _worth(each))}"
            for each in clear[:4]
        ]
        found.append({"name": name, "figures": figures, "seconds": seconds, "traits": traits})
    return found


def markdown(found: Sequence[Mapping[str, Any]]) -> str:
    """What each rule is worth, as a Markdown table; what may not be chance is bold."""
    shown = [figure for figure in HEAD if any(figure in line["figures"] for line in found)]
    lines = [
        "| without | " + " | ".join(FIGURES[figure].title for figure in shown) + " | CPU s |",
        "|" + " --- |" * (len(shown) + 2),
    ]
    for line in found:
        cells = [cell(figure, line["figures"].get(figure)) for figure in shown]
        seconds = "–" if line["seconds"] is None else f"{line['seconds']:.0f}"
        lines.append("| " + " | ".join([line["name"], *cells, seconds]) + " |")
    return "\n".join(lines)


def cell(figure: str, told: Mapping[str, Any] | None) -> str:
    """What a rule is worth in a figure, as a table shows it."""
    if told is None:
        return "–"
    if told["verdict"] == "same":
        return "0"
    text = _signed(figure, told["worth"])
    return f"**{text}**" if told["verdict"] in ("better", "worse") else text


def _worth(each: Difference) -> float:
    return each.change if FIGURES[each.figure].more else -each.change


def _signed(figure: str, value: float) -> str:
    text = FIGURES[figure].formatted(abs(value))
    return f"{'+' if value > 0 else '−'}{text}"
