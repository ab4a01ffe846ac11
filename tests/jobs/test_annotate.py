from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest

from animelayers import Output, job, weights
from tests.jobs.conftest import ROOT, Decompose


@pytest.fixture(scope="module")
def annotated(film: Path, decompose: Decompose, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[Path, bytes]]:
    """An output and its files before the annotation."""
    output = tmp_path_factory.mktemp("annotated") / "out"
    assert decompose(film / "episode_002", output) == 0
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    assert annotate(output) == 0
    return output, before


def annotate(output: Path, *words: str) -> int:
    body = runpy.run_path(str(ROOT / "jobs" / "annotate.py"))["annotate"]
    return int(body(job.compose("annotate", [f"source.path={output}", "placement.cpus=0.5", *words])))


def test_columns_and_a_page_are_added_and_no_file_is_touched(annotated: tuple[Path, dict[Path, bytes]]) -> None:
    output, before = annotated
    assert {path: path.read_bytes() for path in before} == before
    table = Output(str(output)).table
    assert len(table) == 2 and table["sharpness"].null_count == 0 and all(table["caption_frame"].to_pylist())
    page = (output / "annotations" / "metrics-caption" / "report" / "index.html").read_text()
    assert page.count("<svg") >= 3


def test_nothing_is_done_twice_and_other_stages_are_another_set(
    annotated: tuple[Path, dict[Path, bytes]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    shutil.copytree(annotated[0], output)
    assert annotate(output) == 0
    assert "2 of 2 frames were there already" in capsys.readouterr().err
    assert annotate(output, "model/caption=none", "name=again") == 0
    first, again = (Output(str(output)).table for _ in range(2))
    assert first["sharpness"].to_pylist() == again["sharpness"].to_pylist()
    assert sorted(path.name for path in (output / "annotations").iterdir()) == ["again", "metrics-caption"]


def test_the_notebook_asks_and_plots(annotated: tuple[Path, dict[Path, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    try:
        weights.find("mobilenetv2")
        output = tmp_path / "out"
        shutil.copytree(annotated[0], output)
        assert annotate(output, "+stage@stages.embed_visual=embed_visual", "model/caption=none", "~stages.metrics", "name=likeness") == 0
    except weights.WeightsError:
        output = annotated[0]
    monkeypatch.setenv("ANIMELAYERS_OUTPUT", str(output))
    book = nbformat.read(ROOT / "notebooks" / "02_metadata.ipynb", 4)
    assert all(not cell.get("outputs") for cell in book.cells), "committed without outputs"
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(ROOT / "notebooks")}}).execute()
