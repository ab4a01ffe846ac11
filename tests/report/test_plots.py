from __future__ import annotations

import warnings
import xml.etree.ElementTree as ET

import numpy as np
import pyarrow as pa
import pytest

from animelayers.report import plots


@pytest.fixture
def table() -> pa.Table:
    rng = np.random.default_rng(0)
    rows = 24
    return pa.table(
        {
            "frame_id": [f"e/scene0000_frame{i:06d}" for i in range(rows)],
            "source": ["film.mp4"] * 20 + ["a.png", "b.png", "c.png", "Straße <1>.png"],
            "scene_id": ["scene0000"] * 12 + ["scene0001"] * 12,
            "frame_index": list(range(rows)),
            "motion_magnitude": rng.uniform(0, 9, rows),
            "palette": rng.integers(0, 256, (rows, 15)).tolist(),
            "shot_size": ["medium", "long", "none"] * 8,
            "mood": ["", "glad"] * 12,
            "sharpness": [None, *rng.uniform(0, 1, rows - 1)],
            "visual_frame": rng.normal(size=(rows, 8)).tolist(),
        }
    )


def test_every_plot_is_one_svg_and_the_same_twice(table: pa.Table) -> None:
    for plot in (plots.words, plots.numbers, plots.motion, plots.palettes, plots.embedded):
        text = plots.svg(plot(table))
        assert ET.fromstring(text).tag.endswith("svg") and text == plots.svg(plot(table))


def test_what_says_nothing_is_not_counted(table: pa.Table) -> None:
    text = plots.svg(plots.words(table))
    assert "glad" in text and "medium" in text and ">none<" not in text


def test_an_empty_or_bare_table_gives_empty_plots(table: pa.Table) -> None:
    for plot in (plots.words, plots.numbers, plots.motion, plots.palettes, plots.embedded):
        assert plots.svg(plot(table.slice(0, 0))).startswith("<svg")
    assert plots.svg(plots.words(table.select(["frame_id"]))).startswith("<svg")


def test_words_of_any_script_stay_text_without_a_warning(table: pa.Table) -> None:
    told = table.set_column(table.column_names.index("mood"), "mood", [["楽しい", "悲しい"] * 12])
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        text = plots.svg(plots.words(told))
    assert "楽しい" in text and "悲しい" in text
