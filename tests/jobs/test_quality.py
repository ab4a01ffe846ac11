from __future__ import annotations

import json
import runpy
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from animelayers import job
from animelayers.quality.figures import FIGURES
from animelayers.samples import scene, write
from tests.jobs.conftest import ROOT, SMALL, Main


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two drawn shots as a film, and their layers."""
    truth = tmp_path_factory.mktemp("films")
    write(
        [scene(name, frames=4, size=(192, 108), seed=1) for name in ("walk", "empty")],
        "film",
        truth,
        truth / "film",
    )
    return truth


def test_a_board_with_a_rule_left_out(
    net: str,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "jobs"))
    quality = runpy.run_path(str(ROOT / "jobs" / "quality.py"))["quality"]
    words = [f"output={tmp_path / 'out'}", f"truth={folder}", "ablate=[seam]", "workers=1"]
    decompose = [*SMALL, "placement.cpus=0.5", "placement.workers=1", net]
    cfg = job.compose("quality", [*words, f"decompose={json.dumps(decompose)}"])
    assert quality(cfg) == 0
    said, out = capsys.readouterr().out, tmp_path / "out"
    assert "| animelayers | 2 |" in said and "| seam | " in said and f"{out}/index.html" in said
    board = json.loads((out / "board.json").read_text())
    assert (
        list(board["systems"]) == ["animelayers", "all rules", "without seam"]
        and board["shots"] == 2
        and board["failed"] == []
    )
    assert board["systems"]["animelayers"]["all"]["all"]["character_iou"]["n"] == 1 and set(
        board["systems"]["all rules"]["traits"]
    ) == {"film"}
    for system, cost in board["costs"].items():
        assert cost["cpu"] > 0 and cost["wall"] > 0 and cost["frames"] == 8 >= cost["drawings"] > 0, system
    rows = pq.read_table(out / "shots.parquet").to_pylist()
    assert len(rows) == 6 and set(FIGURES) < set(rows[0])
    assert rows[0]["over_mask_db"] is not None and rows[1]["over_mask_db"] is None, "the second shot is empty"
    by = {(row["system"], row["shot"]): row for row in rows}
    same = [name for name in FIGURES if by["animelayers", 0][name] != by["all rules", 0][name]]
    assert same == [], "mattes that are remembered make the same layers"
    page = (out / "index.html").read_text()
    assert (
        "What each rule is worth" in page
        and "without seam" not in page.split("What each rule")[0]
        and len(list(out.glob("pictures/*/*.jpg"))) == 2
    )
    assert json.loads((out / "ablation.json").read_text())[0]["name"] == "seam"

    costs = {path: path.stat().st_mtime_ns for path in out.glob("systems/*/cost.json")}
    assert len(costs) == 3 and quality(cfg) == 0
    assert {path: path.stat().st_mtime_ns for path in out.glob("systems/*/cost.json")} == costs, (
        "nothing is run twice"
    )


def test_words_for_the_set_come_after_those_of_the_board(
    net: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "jobs"))
    quality = runpy.run_path(str(ROOT / "jobs" / "quality.py"))["quality"]
    given = ["truth.size=[96,64]", "truth.frames=[2,2]", "truth.focus=[]"]
    decompose = [*SMALL, "cluster=inline", "cluster.processes=0", net]
    words = [f"output={tmp_path}", "shots=1", "workers=1", f"compose={json.dumps(given)}"]
    assert quality(job.compose("quality", [*words, f"decompose={json.dumps(decompose)}"])) == 0
    films = sorted((tmp_path / "truth/films").iterdir())
    assert [film.name[:3] for film in films] == ["val"], "the board's own: nothing but val is judged by"
    rows = pq.read_table(tmp_path / "shots.parquet").to_pylist()
    assert len(rows) == 1 and rows[0]["frames"] == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ablate=[evidense]"], "did you mean evidence?"),
        (["truth=."], "no truth set, and"),
        (["truth=drawn", "drawn.scenes=[wlak]"], "there is portrait"),
        (["shots=0"], "shots=0: it is a whole number, 1 or more"),
    ],
)
def test_what_cannot_be_scored_is_told(main: Main, tmp_path: Path, words: list[str], told: str) -> None:
    words = [word.replace("truth=.", f"truth={tmp_path}") for word in words]
    code, said = main("quality", f"output={tmp_path / 'out'}", *words)
    assert code == 2 and told in said
