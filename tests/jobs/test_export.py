"""The export job, from its command line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from animelayers import job
from animelayers.dataset.output import Output
from animelayers.engine.pipeline import bind
from animelayers.exports import Exporter
from animelayers.sinks import Shards
from tests.jobs.conftest import Main, command
from tests.sinks.clips import pictures

FORMS = sorted(path.stem for path in (job.CONF / "export").glob("*.yaml"))
RUN = "0" * 32


@pytest.mark.parametrize("form", FORMS)
def test_every_form_composes_and_is_built(form: str) -> None:
    cfg = job.compose(
        "export",
        [
            f"export={form}",
            "source.path=x",
            "output=y",
            'caption.trigger="héros"',
            "+select.where.quality='>=0.5'",
        ],
    )
    exporter = job.build(cfg.export)
    assert isinstance(exporter, Exporter) and exporter.select.where == {"quality": ">=0.5"}
    bind(job.unbuilt(OmegaConf.to_container(cfg.export, resolve=True)), form)


def test_export_by_its_command_line_and_again(main: Main, tmp_path: Path) -> None:
    row, _ = pictures("film/scene0000/000000", [0, 0, 1])
    row["character_bbox"][:] = (0, 0, 4, 4)
    sink = Shards(str(tmp_path / "out"))
    with sink.open(RUN):
        sink.write([row], RUN)
    folder = tmp_path / "Datensatz 絵"
    words = [
        "export=kohya",
        f"source.path={tmp_path / 'out'}",
        f'output="{folder}"',
        'caption.trigger="Straße"',
    ]
    first = subprocess.run(command("export", *words), capture_output=True, text=True, timeout=120)
    assert first.returncode == 0 and "5 files of 2 frames; 0 files were there already" in first.stdout, (
        first.stderr
    )
    assert len(list(folder.rglob("*.png"))) == 2
    again = job.build(job.compose("export", [*words, "workers=1"]).export).write(
        Output(str(tmp_path / "out")), folder
    )
    assert again == (0, 2, 5), "how many threads is no other export"
    code, said = main("export", *words, "export.mask=none")
    assert code == 1 and "holds another export (with other mask)" in said


def test_a_bad_option_ends_in_a_sentence(main: Main, tmp_path: Path) -> None:
    code, said = main(
        "export", f"source.path={tmp_path}", f"output={tmp_path / 'x'}", "picture.background=sea"
    )
    assert code == 2 and "picture.background=sea: it is alpha, solid" in said and "Traceback" not in said
