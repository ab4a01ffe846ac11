from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from animelayers import job
from animelayers.engine.pipeline import Pipeline, bind
from animelayers.engine.placement import GB, PipelineError, Resources
from tests.steps import DECODED

GROUPED = [
    str(path.relative_to(job.CONF).with_suffix(""))
    for path in sorted(job.CONF.rglob("*.yaml"))
    if path.parent != job.CONF
]
OTHERS = ("export", "strategy", "decision", "quality", "recipe")  # composed by the tests of their jobs
GROUPED = [name for name in GROUPED if name.split("/")[0] not in OTHERS]
JOBS = [path.stem for path in sorted(job.CONF.glob("*.yaml"))]


@cache
def default_stages() -> frozenset[str]:
    return frozenset(map(str, job.compose("decompose").stages))


@pytest.mark.parametrize("name", JOBS)
def test_every_job_composes_with_a_help_that_names_its_command(name: str) -> None:
    cfg = job.compose(name)
    assert (job.CONF.parent / "jobs" / f"{name}.py").is_file()
    text = (job.CONF / f"{name}.yaml").read_text()
    assert f"animelayers {name}" in text and cfg is not None


# a segmenter's stage is bound by every choice of model/segment, its files by the test of their job
@pytest.mark.parametrize(
    "name",
    [
        name
        for name in GROUPED
        if name
        not in (
            "stage/placement",
            "stage/segment",
            "stage/cutouts",
            "stage/pose",
            "stage/action",
            "stage/expression",
        )
    ],
)
def test_every_choice_composes_and_binds(name: str) -> None:
    group, _, option = name.rpartition("/")
    if group == "stage":
        group = f"{'' if option in default_stages() else '+'}stage@stages.{option}"
    cfg = job.compose("decompose", [f"{group}={option}", "source.path=.", "output=x"])
    stages = job.stages(cfg)
    Pipeline(stages).check(DECODED)
    for node in (cfg.source, cfg.sink):
        made = job.unbuilt(OmegaConf.to_container(node, resolve=True))
        bind(made, name)


@pytest.mark.parametrize(
    "path",
    [
        "os.system",
        "builtins.open",
        "pathlib.Path.unlink",
        "animelayers.job.building.os.open",
        "animelayers.job.building.os",
        "subprocess.Popen",
    ],
)
def test_only_classes_of_the_package_may_be_named(path: str) -> None:
    with pytest.raises(job.ConfigError, match=r"refused|no such class"):
        job.target(path)


def test_other_packages_are_allowed_by_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(job.ConfigError):
        job.target("tests.steps.Brightness")
    monkeypatch.setenv(job.ALLOW, "tests")
    assert job.target("tests.steps.Brightness").__name__ == "Brightness"


def test_stages_are_left_out_by_name() -> None:
    cfg = job.compose("decompose", ["~stages.background", "source.path=.", "output=x"])
    stages = job.stages(cfg)
    assert list(stages) == ["character", "camera", "layers", "track", "encode", "quality"]
    Pipeline(stages).check(DECODED)


def test_start_and_end_stage() -> None:
    cfg = job.compose("decompose", ["end_stage=character", "source.path=.", "output=x"])
    assert list(job.stages(cfg)) == ["character", "encode"]
    cfg = job.compose("decompose", ["start_stage=background", "source.path=.", "output=x"])
    with pytest.raises(PipelineError, match="stage background reads"):
        Pipeline(job.stages(cfg)).check(DECODED)
    with pytest.raises(job.ConfigError, match="did you mean background"):
        job.stages(job.compose("decompose", ["end_stage=backgruond", "source.path=.", "output=x"]))


@pytest.mark.parametrize("preset", ["one_gpu", "cluster"])
def test_the_stages_find_room_on_one_machine_with_a_gpu(preset: str) -> None:
    cfg = job.compose("decompose", [f"preset={preset}", "source.path=.", "output=x"])
    pipeline = Pipeline(job.stages(cfg), cfg.placement.task_cpus, cfg.placement.readers)
    groups = pipeline.fit(Resources(cpus=8, gpus=1, memory=64 * GB), row_bytes=cfg.source.row_bytes)
    assert 0 < sum(group.workers * group.gpus for group in groups) <= 1 and groups[0].gpus
    assert sum(group.workers for group in groups) == 8


def test_placement_never_changes_a_fingerprint_and_options_do() -> None:
    def prints(*words: str) -> dict[str, str]:
        cfg = job.compose("decompose", ["source.path=.", "output=x", *words])
        return {name: facts["fingerprint"] for name, facts in job.fingerprints(cfg, job.stages(cfg)).items()}

    first = prints()
    assert prints("stages.character.workers=1", "stages.encode.cpus=0.1", "preset=demo") == first
    changed = prints("stages.background.step.dilate=31")
    assert changed["character"] == first["character"]
    assert changed["background"] != first["background"] and changed["encode"] != first["encode"]


def test_no_path_of_a_machine_in_the_configuration() -> None:
    for path in Path(job.CONF).rglob("*.yaml"):
        assert "/home/" not in path.read_text() and "/root" not in path.read_text()
