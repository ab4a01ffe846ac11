"""What a frame table tells, in pictures: matplotlib figures for notebooks and for the page an annotation
leaves.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from animelayers.dataset.output import Output

WORDS = (
    "shot_size",
    "camera_motion",
    "scene_type",
    "place",
    "mood",
    "visual_style",
    "action",
    "expression",
    "effect_kind",
)
"""Columns whose values are counted, where the table has them."""
NUMBERS = ("sharpness", "noise", "quality", "complexity", "lighting", "occlusion", "mask_quality")
"""Columns whose values are spread out, where the table has them."""
_MOST = 12


def words(table: pa.Table) -> Any:
    """How often each shot size, camera, scene, mood … is: a bar chart per column of `WORDS` that says
    anything.
    """
    counted = {name: _counts(table[name].to_pylist()) for name in WORDS if name in table.column_names}
    counted = {name: counts for name, counts in counted.items() if counts}
    figure, axes = _grid(len(counted), 3)
    for axis, (name, counts) in zip(axes, counted.items(), strict=False):
        axis.barh([str(value) for value in counts][::-1], list(counts.values())[::-1], color="#4878a8")
        axis.set_title(name.replace("_", " "))
    return figure


def numbers(table: pa.Table) -> Any:
    """The distribution of each of `NUMBERS` the table has."""
    there = [name for name in NUMBERS if name in table.column_names and table[name].null_count < len(table)]
    figure, axes = _grid(len(there), 4)
    for axis, name in zip(axes, there, strict=False):
        values = np.array([value for value in table[name].to_pylist() if value is not None])
        axis.hist(values, bins=24, range=(0, max(1.0, float(values.max()))), color="#4878a8")
        axis.set_title(name.replace("_", " "))
    return figure


def motion(table: pa.Table) -> Any:
    """How far things move from drawing to drawing, over the frames of each film, shots in turn light and
    dark.
    """
    moving = [row for row in _by_source(table) if len(row[1]) > 1]
    figure, axes = _grid(len(moving), 1, (9, 1.6))
    for axis, (source, rows) in zip(axes, moving, strict=False):
        scenes = np.array([row["scene_id"] for row in rows])
        values = np.array([row["motion_magnitude"] or 0.0 for row in rows])
        for i, scene in enumerate(dict.fromkeys(scenes.tolist())):
            at = np.flatnonzero(scenes == scene)
            axis.fill_between(at, values[at], color="#4878a8" if i % 2 else "#98b8d8", step="mid")
        axis.set_title(source, fontsize=8)
        axis.set_ylabel("pixels")
    return figure


def palettes(table: pa.Table) -> Any:
    """The five colours that cover most of each frame, as a stripe per frame, film under film."""
    films = [
        (source, [row["palette"] for row in rows if row["palette"]]) for source, rows in _by_source(table)
    ]
    films = [(source, rows) for source, rows in films if rows]
    figure, axes = _grid(len(films), 1, (9, 0.9))
    for axis, (source, rows) in zip(axes, films, strict=False):
        axis.imshow(
            np.array(rows, np.uint8).reshape(len(rows), 5, 3).transpose(1, 0, 2),
            aspect="auto",
            interpolation="nearest",
        )
        axis.set_title(source, fontsize=8)
        axis.set_axis_off()
    return figure


def embedded(table: pa.Table, column: str = "visual_frame") -> Any:
    """A map of the frames by likeness: the first two principal components of an embedding, a colour per shot."""
    from sklearn.decomposition import PCA

    rows = [
        row
        for row in table.select([column, "scene_id", "source"]).to_pylist()
        if row[column] and any(row[column])
    ]
    figure, (axis,) = _grid(1, 1, (5, 4))
    if len(rows) < 3:
        return figure
    places = PCA(2, svd_solver="full").fit_transform(np.array([row[column] for row in rows]))
    shots = [f"{row['source']} {row['scene_id']}" for row in rows]
    for shot in dict.fromkeys(shots):
        at = [i for i, other in enumerate(shots) if other == shot]
        axis.scatter(places[at, 0], places[at, 1], s=12, label=shot)
    if len(set(shots)) <= _MOST:
        axis.legend(fontsize=6)
    axis.set_title(f"{column}: what lies close looks alike")
    return figure


def svg(figure: Any) -> str:
    """A figure as an <svg> element, the same bytes for the same figure."""
    import matplotlib

    file = io.StringIO()
    with (
        matplotlib.rc_context({"svg.hashsalt": "animelayers", "svg.fonttype": "none"}),
        warnings.catch_warnings(),
    ):
        # the text stays text: whoever shows the picture has the font
        warnings.filterwarnings("ignore", "Glyph .* missing")
        figure.savefig(file, format="svg", metadata={"Date": None}, bbox_inches="tight")
    text = file.getvalue()
    return text[text.index("<svg") :]


def page(output: Output) -> str:
    """A page with all plots that the table of an output can fill."""
    table = output.table
    drawn: Mapping[str, tuple[str, Callable[[], Any]]] = {
        "What is how often": ("shot_size", lambda: words(table)),
        "How the frames are": ("sharpness", lambda: numbers(table)),
        "Motion": ("motion_magnitude", lambda: motion(table)),
        "Colours": ("palette", lambda: palettes(table)),
        "Likeness": ("visual_frame", lambda: embedded(table)),
    }
    parts = [
        f"<h2>{title}</h2>{svg(plot())}"
        for title, (column, plot) in drawn.items()
        if column in table.column_names and len(table)
    ]
    style = "body{font-family:system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}svg{max-width:100%;height:auto}"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>What the frames show</title><style>{style}</style>'
    return f"{head}<h1>What the frames show</h1><p>{len(table)} frames.</p>{''.join(parts)}</html>\n"


def _counts(values: list[Any]) -> dict[str, int]:
    said = [value for value in values if value not in (None, "", "none", "unknown")]
    counts = {value: said.count(value) for value in dict.fromkeys(said)}
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST])


def _by_source(table: pa.Table) -> list[tuple[str, list[dict[str, Any]]]]:
    wanted = [
        name
        for name in ("source", "scene_id", "frame_index", "motion_magnitude", "palette")
        if name in table.column_names
    ]
    films: dict[str, list[dict[str, Any]]] = {}
    for row in table.select(wanted).to_pylist():
        films.setdefault(row["source"], []).append({"motion_magnitude": None, "palette": None, **row})
    return list(films.items())[:_MOST]


def _grid(count: int, columns: int, size: tuple[float, float] = (3.0, 2.2)) -> tuple[Any, list[Any]]:
    """A figure with room for `count` plots, `columns` side by side; those that are not filled are not shown."""
    from matplotlib.figure import Figure

    rows = max(1, -(-count // columns))
    figure = Figure(figsize=(size[0] * min(columns, max(count, 1)), size[1] * rows), layout="constrained")
    axes = list(np.ravel(figure.subplots(rows, min(columns, max(count, 1)), squeeze=False)))
    for axis in axes[count:]:
        axis.set_axis_off()
    return figure, axes
