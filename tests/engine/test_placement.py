"""Stages on pretended hardware: whatever is chosen finds room, and no net runs on a GPU that it was not
given.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from animelayers import job
from animelayers.engine import cluster
from animelayers.engine.pipeline import Pipeline
from animelayers.engine.placement import GB, Group, Resources, Stage, holds_net, needs, spread
from animelayers.job import launching
from animelayers.models.device import Device
from animelayers.options import hints
from animelayers.stages.cutouts import CutOuts

GROUPS = {
    "decompose": ["source.path=.", "output=x"],
    "annotate": ["source.path=."],
    "reprocess_backgrounds": ["source.path=.", "output=x"],
}
PRESETS = sorted(path.stem for path in (job.CONF / "preset").glob("*.yaml"))
MODELS = sorted(path.relative_to(job.CONF).with_suffix("") for path in (job.CONF / "model").glob("*/*.yaml"))
STAGES = sorted(
    path.stem for path in (job.CONF / "stage").glob("*.yaml") if path.stem not in ("placement", "questions")
)


def devices(made: Any) -> list[str]:
    """The device of everything a step is made of that has one."""
    if isinstance(made, list | dict):
        return [
            each for value in (made.values() if isinstance(made, dict) else made) for each in devices(value)
        ]
    if not isinstance(made, partial):
        return []
    own = [str(made.keywords.get(name, "auto")) for name, hint in hints(made.func).items() if hint == Device]  # type: ignore[arg-type]
    return own + devices(made.keywords)


def fits(name: str, words: list[str], gpus: int) -> dict[str, Stage]:
    cfg = job.compose(name, [*GROUPS[name], *words])
    job.check(cfg, name)
    stages = job.stages(cfg)
    pipeline = Pipeline(stages, cfg.placement.task_cpus, cfg.placement.readers)
    groups = pipeline.fit(
        Resources(cpus=16 * gpus, gpus=gpus, memory=128 * gpus * GB), row_bytes=cfg.source.row_bytes
    )
    assert sum(group.workers * group.gpus for group in groups) <= gpus + 1e-6
    for group in groups:
        if group.gpus:
            assert any(holds_net(stage.step) for stage in group.stages.values()), (
                f"{group.name} holds a GPU and no net"
            )
        for stage in group.stages.values():
            assert group.gpus or not {"auto", "cuda"} & {*devices(stage.step)}, (
                f"{group.name} may take a GPU it was not given"
            )
    return stages


@pytest.mark.parametrize("gpus", [1, 2, 8])
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", GROUPS)
def test_every_preset_fits(name: str, preset: str, gpus: int) -> None:
    stages = fits(name, [f"preset={preset}"], gpus)
    if preset in ("one_gpu", "cluster"):
        assert any(stage.gpus for stage in stages.values())
    else:
        assert not any(stage.gpus for stage in stages.values())


@pytest.mark.parametrize("gpus", [1, 2, 8])
def test_the_heaviest_of_every_choice_together_fits(gpus: int) -> None:
    words = [
        "model/segment=sam2",
        "model/refine=vitmatte",
        "model/flow=raft_large",
        "model/track=sam2_hf",
        "model/effect=grounded_sam",
    ]
    words += [
        "model/inpaint=diffusion",
        "model/video=propainter",
        "model/pose=vitpose",
        "model/faces=yolo",
        "model/expression=ferplus",
    ]
    words += [
        "model/action=videomae",
        "model/caption=qwen3_vl",
        "+stage@stages.embed_clip=embed_clip",
        "+stage@stages.embed_dino=embed_dino",
    ]
    for preset in ("one_gpu", "cluster"):
        stages = fits("decompose", [f"preset={preset}", *words], gpus)
        assert all(stage.gpus for stage in stages.values() if holds_net(stage.step))


@pytest.mark.parametrize("path", MODELS, ids=str)
def test_every_model_says_of_itself_whether_it_runs_on_a_device(path: Path) -> None:
    """Without composing: each file of a choice, put into a stage beside one that holds none, on one GPU."""
    raw: Any = OmegaConf.to_container(OmegaConf.load(job.CONF / f"{path}.yaml"), resolve=False) or {}
    for node in nodes(raw):
        made = job.unbuilt(
            {
                key: value
                for key, value in node.items()
                if not (isinstance(value, str) and value.startswith("${"))
            }
        )
        stages = {"it": Stage(made, gpus=1, fuse="a"), "other": Stage(partial(CutOuts), gpus=1, fuse="a")}
        placed = spread(stages, ["it", "other"], share=10)
        together = placed["other"].fuse == placed["it"].fuse
        assert placed["other"].gpus == 0 and (together or holds_net(made))
        assert placed["it"].gpus == ((0.1 if together else 1) if holds_net(made) else 0)
        assert placed["it"].gpus or not {"auto", "cuda"} & {*devices(placed["it"].step)}
        assert needs(made) >= GB


def fitted(words: list[str], cpus: int, gpus: int) -> tuple[Pipeline, list[Group]]:
    cfg = job.compose("decompose", ["source.path=.", "output=x", *words])
    pipeline = Pipeline(job.stages(cfg), cfg.placement.task_cpus, cfg.placement.readers)
    return pipeline, pipeline.fit(Resources(cpus, gpus, 512 * GB), row_bytes=cfg.source.row_bytes)


@pytest.mark.parametrize(("preset", "gpus"), [("one_gpu", 1), ("cluster", 8)])
def test_with_small_nets_every_core_has_a_worker_that_does_all(preset: str, gpus: int) -> None:
    pipeline, (group,) = fitted([f"preset={preset}"], 16 * gpus, gpus)
    assert group.workers == 16 * gpus and group.gpus == 1 / 16
    assert pipeline.reading == 0


def test_a_large_net_has_a_worker_of_its_own_on_the_card_and_the_others_share_the_rest() -> None:
    pipeline, groups = fitted(["preset=one_gpu", "model/refine=vitmatte"], 16, 1)
    large = next(group for group in groups if "refine" in group.stages)
    assert list(large.stages) == ["refine"] and large.workers == 1 and large.gpus == 0.5
    assert sum(group.workers for group in groups if 0 < group.gpus < 0.5) >= 8
    assert pipeline.reading == 0


def test_a_large_net_at_the_start_is_read_for() -> None:
    large = Stage(
        job.unbuilt({"_target_": "animelayers.models.saliency.Saliency", "weights": "u2net"}), gpus=1
    )
    assert Pipeline({"it": large}, readers=0).reading > 0
    assert Pipeline({"it": replace(large, gpus=0)}, readers=0).reading == 0
    small = job.unbuilt({"_target_": "animelayers.models.layernet.LayerNet", "weights": "layernet"})
    for gpus in (0.1, 0.5, 1):  # on few cores or a small card as well
        assert Pipeline({"it": replace(large, step=small, gpus=gpus)}, readers=0).reading == 0


def nodes(raw: Any) -> list[dict[str, Any]]:
    """The outermost nodes that name a class."""
    if not isinstance(raw, dict):
        return []
    return [raw] if "_target_" in raw else [each for value in raw.values() for each in nodes(value)]


def test_gpus_that_are_set_by_hand_stay() -> None:
    stages = fits("decompose", ["preset=one_gpu", "stages.character.gpus=0.25", "stages.encode.gpus=0"], 2)
    assert stages["character"].gpus == 0.25 and stages["layers"].gpus == 1 / 16


def test_a_device_that_no_stage_is_given_is_refused() -> None:
    with pytest.raises(job.ConfigError, match="device=cuda, and stage character is given no GPU"):
        job.stages(job.compose("decompose", ["source.path=.", "output=x", "device=cuda"]))
    job.stages(job.compose("decompose", ["source.path=.", "output=x", "device=cuda", "cluster=inline"]))


@pytest.mark.parametrize(
    ("count", "words", "name"),
    [(0, [], "laptop"), (1, [], "one_gpu"), (8, ["preset=auto"], "cluster"), (0, ["cluster=ray"], "cluster")],
)
def test_auto_looks_and_says_what_it_chose(
    count: int, words: list[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "cards", lambda: [24 << 30] * count)
    chosen, said = launching.looked(words, "decompose")
    assert f"preset={name}" in chosen and said.startswith(f"preset={name}: ")
    assert launching.looked(["preset=laptop"], "decompose") == (["preset=laptop"], "")


@pytest.mark.parametrize(
    ("bytes_", "cpus", "share"), [(8 << 30, 64, 8), (141 << 30, 128, 32), (24 << 30, 16, 8), (0, 64, 1)]
)
def test_auto_lets_as_many_share_a_card_as_it_has_memory_for_and_there_are_cores(
    bytes_: int, cpus: int, share: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "cards", lambda: [bytes_, 141 << 30])
    monkeypatch.setattr(launching, "machine", lambda: Resources(cpus, 2, 64 * GB))
    chosen, said = launching.looked([], "decompose")
    assert f"placement.share={share}" in chosen and f"{share} worker" in said
    own, _ = launching.looked(["placement.share=3"], "decompose")
    assert f"placement.share={share}" not in own


def test_cards_are_those_that_the_driver_tells_and_this_process_may_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\nprintf '81559\\n[N/A]\\n'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert cluster.cards() == [81559 << 20, 0]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert cluster.cards() == [81559 << 20]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert cluster.cards() == []
    tool.write_text("#!/bin/sh\nexit 9\n")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert cluster.cards() == []
