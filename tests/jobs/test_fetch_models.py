from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from animelayers import job
from animelayers.weights import TABLE, find, locate

JOB = job.CONF.parent / "jobs" / "fetch_models.py"
PRESETS = sorted(path.stem for path in (job.CONF / "preset").glob("*.yaml"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "weights").mkdir()
    (tmp_path / "started_here").mkdir()
    return tmp_path


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The job, started in an empty folder, with an empty folder of weights and without any package index."""
    env = os.environ | {"ANIMELAYERS_WEIGHTS": str(home / "weights"), "U2NET_HOME": str(home / "rembg")}
    env |= {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    end = subprocess.run([sys.executable, str(JOB), *words], env=env, cwd=home / "started_here", capture_output=True, text=True, timeout=120)
    assert "Traceback" not in end.stderr
    assert not list((home / "started_here").iterdir()), "the job leaves nothing where it is started"
    return end


def test_the_list_tells_state_size_and_licence_of_all(home: Path) -> None:
    (home / "weights" / "u2netp.onnx").write_bytes(b"half a file")
    listed = run(home)
    assert listed.returncode == 0
    rows = {line.split()[0]: line.split() for line in listed.stdout.splitlines()[1:] if line}
    assert set(TABLE) <= set(rows)
    assert rows["modnet"][1:5] == ["missing", "25.9", "Apache-2.0", "yes"]
    assert rows["u2netp"][1] == "broken"
    assert rows["bria-rmbg"][-1] == "no"
    assert str(home / "weights") in listed.stdout


def test_a_wrong_name_is_a_bad_configuration_and_gets_the_nearest(home: Path) -> None:
    wrong = run(home, "names=[modent]")
    assert wrong.returncode == 2
    assert "did you mean 'modnet'" in wrong.stderr


def test_nothing_fetched_ends_with_1_and_tells_how_to_bring_the_file(home: Path) -> None:
    nothing = run(home, "names=[modnet]")
    assert nothing.returncode == 1
    assert str(home / "weights" / "modnet.onnx") in nothing.stderr
    assert TABLE["modnet"].digest.removeprefix("sha256:") in nothing.stderr
    assert len(nothing.stderr.splitlines()) <= 3


def test_some_fetched_ends_with_3_and_verify_names_the_broken(home: Path) -> None:
    if locate(TABLE["u2netp"]) is None:
        pytest.skip("u2netp is not here: python jobs/fetch_models.py names=u2netp")
    (home / "weights" / "u2netp.onnx").symlink_to(find("u2netp"))
    some = run(home, "names=[modnet,u2netp]")
    assert some.returncode == 3
    assert some.stdout.split() == ["u2netp", str(home / "weights" / "u2netp.onnx")]
    (home / "weights" / "modnet.onnx").write_bytes(b"not modnet")
    verified = run(home, "verify=true")
    assert verified.returncode == 3
    assert TABLE["u2netp"].digest in verified.stdout
    assert "modnet.onnx is refused" in verified.stderr


def test_help_shows_the_commands(home: Path) -> None:
    shown = run(home, "--help")
    assert shown.returncode == 0
    for words in ("preset=demo", "names=[modnet,u2netp]", "verify=true", "ANIMELAYERS_WEIGHTS", "Exit codes"):
        assert words in shown.stdout


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_of_the_main_job_can_be_fetched(preset: str) -> None:
    job.compose("fetch_models", [f"preset={preset}"])
    assert any(preset in w.presets for w in TABLE.values())


def test_the_table_names_no_preset_that_is_not_there() -> None:
    assert {preset for w in TABLE.values() for preset in w.presets} <= set(PRESETS)
