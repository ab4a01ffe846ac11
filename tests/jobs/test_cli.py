"""The command, and its jobs by their names."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from animelayers import __version__, cli, job

ODD = '[Sub Group] 空の歌 – 01 (1080p) {x}=#1, "a" & b.mkv'


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["animelayers", *words])
        monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
        terminated = signal.getsignal(signal.SIGTERM)
        capsys.readouterr()
        try:
            with pytest.raises(SystemExit) as end:
                cli.run()
        finally:
            signal.signal(signal.SIGTERM, terminated)
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return call


def test_it_lists_every_job_with_what_it_does(called) -> None:
    code, out, _ = called("--help")
    assert code == 0 and "animelayers decompose FILM OUT" in out
    for path in job.JOBS.glob("*.py"):
        line = next(line for line in out.splitlines() if line.startswith(f"  {path.stem} "))
        assert len(line.split(None, 1)[1]) > 20
    assert called()[0] == 2 and called("--version")[1] == f"animelayers {__version__}\n"


def test_a_name_that_is_no_job_gets_the_nearest(called) -> None:
    assert called("decompos") == (2, "", "error: decompos is no job; did you mean decompose?\n")


@pytest.mark.parametrize("name", sorted(path.stem for path in job.CONF.glob("*.yaml")))
def test_every_job_helps_shortly_and_in_whole(name: str, called) -> None:
    code, short, _ = called(name, "--help")
    assert code == 0 and "--help-all" in short and "$" not in short
    code, whole, _ = called(name.replace("_", "-"), "--help-all")
    assert code == 0 and "== All settings ==" in whole and len(whole) > len(short)


@pytest.mark.parametrize("name", sorted(path.stem for path in job.CONF.glob("*.yaml")))
def test_short_help_names_five_options_at_most(name: str) -> None:
    needs = job.template(name).partition("What one needs\n")[2].partition("\n\n")[0]
    assert len(needs.splitlines()) <= 5, needs


def test_what_lacks_is_told_in_a_sentence(called) -> None:
    code, out, err = called("decompose")
    assert (
        (code, out) == (2, "")
        and err.startswith("error: source.path and output are missing: animelayers decompose")
        and "\n" not in err.strip()
    )
    assert "output is missing" in called("decompose", "film.mkv")[2]
    assert "one word too many" in called("decompose", "a", "b", "c")[2]


def test_a_film_of_any_name_becomes_an_output_of_any_name(
    called, tmp_path: Path, film: Path, net: str
) -> None:
    source = tmp_path / ODD
    source.write_bytes(next(film.glob("episode_001.*")).read_bytes())
    output = tmp_path / "空, {y}=#2 [z]"
    words = [
        "preset=demo",
        "cluster=inline",
        "cluster.processes=0",
        "stages.layers.step.net=null",
        "model/matte=u2netp",
        net,
        "source.limit=2",
    ]
    code, _, err = called("decompose", str(source), str(output), *words)
    assert code == 0, err
    assert (output / "report" / "index.html").is_file()
