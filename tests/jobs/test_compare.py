from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from animelayers.quality import result
from animelayers.quality.figures import FIGURES
from tests.jobs.conftest import Main
from tests.quality import sets


def scored(folder: Path, seed: int, **by: float) -> Path:
    """A result of 30 shots with noise of its own."""
    rng, noise = np.random.default_rng(0), np.random.default_rng(seed)
    facts = {
        "system": "animelayers",
        "shot": 0,
        "frames": 8,
        "missing": 0,
        "worst_frame": 0,
        "traits": ["people"],
        "sources": ["figure:a"],
        "error": "",
    }
    rows = [
        {
            **facts,
            "film": f"{k}.mkv",
            **{name: float(rng.normal(0.5, 0.1) + noise.normal(by.get(name, 0), 0.02)) for name in FIGURES},
        }
        for k in range(30)
    ]
    result.write(result.Result(rows, {"seed": 0}, {}), folder, {("animelayers", "3.mkv", 0): b"jpeg"})
    return folder


def test_two_results_of_one_truth(main: Main, tmp_path: Path) -> None:
    a, b = scored(tmp_path / "a", 1), scored(tmp_path / "b", 2, character_iou=0.04, hole_db=-0.04)
    code, said = main("compare", f"a={a}", f"b={b}")
    assert code == 0 and f"{b}/compare/index.html" in said
    assert [line.split(" | ")[1] for line in said.splitlines() if line.startswith("| all")] == [
        "character IoU",
        "background in the hole, dB",
    ]
    assert "better |" in said and "worse |" in said and "other differences are noise" in said
    page = (b / "compare" / "index.html").read_text()
    assert page.count("<figure>") == 16 and "character IoU" in page
    code, said = main("compare", f"a={a}", f"b={a}", f"output={tmp_path / 'same'}")
    assert code == 0 and "nothing is better or worse beyond chance" in said


def test_two_outputs_with_a_truth_and_without_one(main: Main, tmp_path: Path) -> None:
    truth = sets.truth(tmp_path / "truth")

    def moved(shots: list[sets.Clip]) -> None:
        for shot in shots:
            shot["character"] = np.roll(shot["character"], 3, axis=2)

    other = sets.changed(tmp_path / "other", moved)
    code, said = main("compare", f"a={other}", f"b={truth}", f"truth={truth}", f"output={tmp_path / 'page'}")
    assert code == 0 and "nothing is better or worse beyond chance" in said, said
    page = (tmp_path / "page" / "index.html").read_text()
    assert "character IoU" in page and (tmp_path / "page" / "pictures" / "a-00.jpg").stat().st_size > 1000
    code, said = main("compare", f"a={other}", f"b={truth}", f"output={tmp_path / 'told'}")
    assert code == 0 and "32 frames in common" in said and "overlap of the effects: 1.000" in said
    overlap = float(said.split("overlap of the characters: ")[1].split()[0])
    assert 0.6 < overlap < 0.9 and "levels of alpha apart" in (tmp_path / "told" / "index.html").read_text()


@pytest.mark.parametrize(
    ("b", "told"),
    [
        ("a", "no system wide: there is animelayers"),
        ("elsewhere", "no metadata"),
        ("other", "no shot in common"),
    ],
)
def test_what_cannot_be_compared_is_told(main: Main, tmp_path: Path, b: str, told: str) -> None:
    a = scored(tmp_path / "a", 1)
    rows = [row | {"film": f"other{row['film']}"} for row in result.read(a).rows]
    result.write(result.Result(rows, {"seed": 0}, {}), tmp_path / "other")
    words = ["system_b=wide"] if b == "a" else []
    code, said = main("compare", f"a={a}", f"b={tmp_path / b}", *words)
    assert code in (1, 2) and told in said
