"""The page of a training: how loss and judgements went, and the last judgement by the hands figures are from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from animelayers.report.page import render
from animelayers.report.plots import svg
from animelayers.training.history import noted

MEASURES = {
    "character": "figures, IoU",
    "character_still": "figures without evidence, IoU",
    "effect": "effects, IoU",
    "shadow": "shadows, IoU",
    "effect_still": "effects without evidence, IoU",
    "false_character": "figures where none are, share of the frame",
    "false_effect": "effects where none are, share of the frame",
    "flicker": "flicker of errors ×1000",
}
"""What a judgement measures, in words; see `judge.Judged`."""
_CURVES = (
    (
        "Overlap with the truth (IoU)",
        ("character", "character_still", "effect", "effect_still", "shadow"),
        1.0,
    ),
    ("Claimed where nothing is, of the frame ×1000", ("false_character", "false_effect"), 1000.0),
    ("Flicker of errors ×1000", ("flicker",), 1.0),
)
_COLOURS = ("#4c78a8", "#9ecae9", "#f58518", "#ffbf79")
_SMOOTH = 15  # points of the loss that are averaged


def write(folder: Path) -> Path:
    """Write index.html from the history in `folder`, and return its path."""
    lines = noted(folder)
    steps, judged = [line for line in lines if "loss" in line], [line for line in lines if "judged" in line]
    last: Mapping[str, Any] = judged[-1] if judged else {"samples": 0, "judged": {"sources": {}}}
    html = render(
        files("animelayers").joinpath("training", "page.html"),
        step=steps[-1] if steps else None,
        plots=[Markup(svg(figure)) for figure in (*_steps(steps), *_judgements(judged))],
        last=last["samples"],
        judgements=[
            (line["samples"], {name: said(line["judged"].get(name)) for name in MEASURES}) for line in judged
        ],
        measures=MEASURES,
        sources=sorted(last["judged"]["sources"].items(), key=lambda each: (-each[1], each[0])),
    )
    path = folder / "index.html"
    path.write_bytes(html)
    return path


def said(value: float | None) -> str:
    """A measure as it is told: a dash for what no shot showed."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:.1f}" if value >= 10 else f"{value:.4f}"


def _steps(lines: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The loss, each point and their running mean, and the learning rate."""
    if not lines:
        return []
    seen, loss = [line["samples"] for line in lines], np.array([line["loss"] for line in lines])
    width = min(_SMOOTH, len(loss))
    figure, axis = _plot("Loss")
    axis.plot(seen, loss, color=_COLOURS[1], linewidth=0.8)
    axis.plot(seen[width - 1 :], np.convolve(loss, np.ones(width) / width, "valid"), color=_COLOURS[0])
    other, rate = _plot("Learning rate")
    rate.plot(seen, [line["rate"] for line in lines], color=_COLOURS[0])
    return [figure, other]


def _judgements(lines: Sequence[Mapping[str, Any]]) -> list[Any]:
    figures = []
    for title, names, scale in _CURVES if lines else ():
        figure, axis = _plot(title)
        for name, colour in zip(names, _COLOURS if len(names) > 2 else _COLOURS[::2], strict=False):
            values = [line["judged"].get(name, math.nan) * scale for line in lines]
            axis.plot(
                [line["samples"] for line in lines],
                values,
                color=colour,
                marker=".",
                label=MEASURES[name].split(",")[0],
            )
        axis.legend(fontsize=7)
        figures.append(figure)
    return figures


def _plot(title: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 3.0), layout="constrained")
    axis = figure.subplots()
    axis.set_title(title, fontsize=10)
    axis.set_xlabel("drawings seen", fontsize=8)
    axis.tick_params(labelsize=8)
    axis.grid(alpha=0.25)
    return figure, axis
