from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest

from animelayers import Output, job, weights
from tests.jobs.conftest import HERE, ROOT, Decompose

LIGHT = ("~stages.embed_visual", "model/pose=none", "model/faces=none")
"""Words that leave out what needs weights."""


def by_default() -> tuple[str, ...]:
    """No words where the weights of the default stages are here."""
    try:
        for name in job.named(job.stages(job.compose("annotate", ["source.path=."]))):
            weights.find(name)
    except weights.WeightsError:
        return LIGHT
    return ()


@pytest.fixture(scope="module")
def annotated(
    film: Path, decompose: Decompose, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[Path, bytes]]:
    """An output and its files before the annotation."""
    output = tmp_path_factory.mktemp("annotated") / "out"
    assert decompose(film / "episode_002", output) == 0
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    assert annotate(output, "name=default", *by_default()) == 0
    return output, before


def annotate(output: Path, *words: str) -> int:
    body = runpy.run_path(str(ROOT / "jobs" / "annotate.py"))["annotate"]
    return int(body(job.compose("annotate", [f"source.path={output}", *HERE, *words])))


def test_columns_and_a_page_are_added_and_no_file_is_touched(
    annotated: tuple[Path, dict[Path, bytes]],
) -> None:
    output, before = annotated
    assert {path: path.read_bytes() for path in before} == before
    table = Output(str(output)).table
    assert len(table) == 2 and table["sharpness"].null_count == 0 and all(table["caption_frame"].to_pylist())
    page = (output / "annotations" / "default" / "report" / "index.html").read_text()
    assert page.count("<svg") >= 3


def test_nothing_is_done_twice_and_other_stages_are_another_set(
    annotated: tuple[Path, dict[Path, bytes]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    shutil.copytree(annotated[0], output)
    assert annotate(output, "name=default", *by_default()) == 0
    assert "2 of 2 frames were there already" in capsys.readouterr().err
    assert annotate(output, *LIGHT, "model/caption=none") == 0
    first, again = (Output(str(output)).table for _ in range(2))
    assert first["sharpness"].to_pylist() == again["sharpness"].to_pylist()
    assert sorted(path.name for path in (output / "annotations").iterdir()) == ["default", "metrics"]


def test_the_default_tells_who_is_alike_with_weights_that_ship(
    annotated: tuple[Path, dict[Path, bytes]], tmp_path: Path
) -> None:
    if by_default():
        pytest.skip(
            "the weights of the default stages are not on this machine: python jobs/fetch_models.py annotate=[]"
        )
    output = tmp_path / "out"
    shutil.copytree(annotated[0], output)
    out = Output(str(output))
    assert {"visual_frame", "keypoints", "pose", "face_boxes"} <= set(out.table.column_names)
    (first, other) = out
    assert [found for found, _ in out.nearest(first)] == [other]
    body = runpy.run_path(str(ROOT / "jobs" / "cluster_characters.py"))["cluster_characters"]
    assert (
        body(
            job.compose(
                "cluster_characters",
                [f"source.path={output}", f"output={tmp_path / 'cast'}", "min_frames=1"],
            )
        )
        == 0
    )
    assert all(Output(str(output)).table["characters"].to_pylist())


def test_a_later_run_is_given_what_an_earlier_one_told(
    annotated: tuple[Path, dict[Path, bytes]], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    shutil.copytree(annotated[0], output)
    whole = Output(str(output)).table
    words = ("start_stage=caption", "end_stage=caption", 'stages.caption.step.suffix="ende gut ✿"')
    assert annotate(output, *words, "name=own_words") == 0
    again = Output(str(output)).table
    assert again["caption_frame"].to_pylist() == [
        f"{text}, ende gut ✿" for text in whole["caption_frame"].to_pylist()
    ]


def test_the_notebook_asks_and_plots(
    annotated: tuple[Path, dict[Path, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("ANIMELAYERS_OUTPUT", str(annotated[0]))
    book = nbformat.read(ROOT / "notebooks" / "02_metadata.ipynb", 4)
    assert any(cell.get("outputs") for cell in book.cells), "stored with its pictures"
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(ROOT / "notebooks")}}).execute()
