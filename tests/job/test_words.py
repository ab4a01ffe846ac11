"""Words of the command line: names as they are on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from animelayers import job
from animelayers.job.renewed import renewed as renewed_config
from animelayers.job.words import RENAMED, WordsError, literal, renamed, taken
from animelayers.shot.params import tuned

NAMES = [
    "[SubGroup] My Show - 01 (1080p) [ABCD].mkv", "It's = {pilot}, part 2.mkv", "空の歌 第01話「始まり」 #1 50% ~v2~ \\$x.mkv",
    'a "quoted" name', "C:\\films\\",
    "plain.mkv", "a!b&c;d|e", "tab\tin it", "ends with a quote\\\"", "1", "true", "10_000",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_taken_as_it_is(name: str) -> None:
    cfg = job.compose("decompose", [literal(f"source.path={name}"), literal(f"output={name}")])
    assert cfg.source.path == name == cfg.output


@pytest.mark.parametrize(
    "word",
    [
        "source.path='x y'",
        'output="a"',
        "source.limit=10",
        "source.mattes=null",
        "preset=demo",
        "~stages.layers",
        "source.path=${output}",
    ],
)
def test_other_words_stay(word: str) -> None:
    assert literal(word) == word


FREE = ["{a}, {b}", "x=1", "[1, 2]", "it's # 5", "1girl, (smile:1.2), <lora:x:1>", "空, 海"]


@pytest.mark.parametrize("value", FREE)
def test_free_text_is_taken_as_it_is(value: str) -> None:
    words = taken(
        [f"caption.template={value}", f"caption.trigger={value}"], (), lambda: job.compose("export")
    )
    cfg = job.compose("export", words)
    assert cfg.caption.template == value == cfg.caption.trigger


@pytest.mark.parametrize("name", NAMES)
def test_words_without_a_key_are_places(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = [name, "preset=demo"] if "=" not in name else ["--", name]
    assert (
        job.compose("decompose", [*taken(given, ("source.path", "output"), defaults), "output=x"]).source.path
        == name
    )


def test_what_is_on_disk_is_a_place_though_it_looks_like_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("one=two.mkv").touch()
    Path("preset=demo").touch()
    assert taken(["one=two.mkv", "preset=demo"], ("source.path",), defaults, ["preset"]) == [
        'source.path="one=two.mkv"',
        "preset=demo",
    ]
    assert taken(["other=two.mkv"], ("source.path",), defaults) == ["other=two.mkv"], (
        "nothing of that name: a setting that Hydra shall refuse"
    )


def test_the_first_place_may_be_a_choice() -> None:
    words = taken(["kohya", "a b", "c"], ("export=", "source.path", "output"), lambda: job.compose("export"))
    assert words == ["export=kohya", 'source.path="a b"', 'output="c"']


def test_one_word_too_many_is_told() -> None:
    with pytest.raises(WordsError, match=r"'c' is one word too many.*source\.path and output"):
        taken(["a", "b", "c"], ("source.path", "output"), defaults)
    with pytest.raises(WordsError, match="key=value"):
        taken(["a"], (), defaults)


def test_options_of_hydra_keep_their_words() -> None:
    given = ["--config-dir", "mine", "-m", "output=a,b", "--dry-run", "~stages.layers"]
    assert taken(given, ("source.path",), defaults) == [
        "--config-dir",
        "mine",
        "-m",
        "output=a,b",
        "dry_run=true",
        "~stages.layers",
    ]


def test_words_of_the_version_before_are_taken_with_a_warning() -> None:
    words, told = renamed(
        [
            "stages.cels.cpus=2",
            "+stages.effect.step.params={trust:0.5}",
            "stages.encode.cpus=1",
            "output=stages.cels",
        ]
    )
    assert words == [
        "stages.layers.cpus=2",
        "+stages.layers.step.params={trust:0.5}",
        "stages.encode.cpus=1",
        "output=stages.cels",
    ]
    assert told[0].startswith("stages.cels is called stages.layers now") and len(told) == 2
    assert renamed(
        ["~stages.cels", "start_stage=effect", "placement.rows=2", "stages.own.rows=3", "floor=0.3"]
    )[0] == [
        "~stages.layers",
        "start_stage=layers",
        "placement.clips_per_batch=2",
        "stages.own.clips_per_batch=3",
        "min_fit=0.3",
    ]
    assert renamed(["floors=1", "stages.track.step.steadying=1", "source.floor=1"])[1] == []


EVERYTHING = [
    f"+stage@stages.{name}={name}" for name in ("subtitle", "questions", "action", "expression")
] + ["model/segment=matte", "model/faces=yolo", "model/inpaint=lama"]


def test_every_renamed_word_is_one_of_today(caplog: pytest.LogCaptureFixture) -> None:
    whole = [
        job.compose("decompose", EVERYTHING), job.compose("curate"), job.compose("cluster_characters"),
    ]  # fmt: skip
    for old, new in RENAMED.items():
        if "=" not in old:
            old, new = (
                each.replace("questions.*", "questions.place").replace("stages.*", "stages.encode")
                for each in (old, new)
            )
            found = [cfg for cfg in whole if OmegaConf.select(cfg, new, default=NOTHING) is not NOTHING]
            assert found and not any(OmegaConf.select(cfg, old, default=None) for cfg in found), new
    cfg = job.compose("decompose", ["stages.track.step.steady=0.25"])
    assert cfg.stages.track.step.smoothing == 0.25 and "steady is called" in caplog.text


def test_a_configuration_of_ones_own_may_have_the_old_names(caplog: pytest.LogCaptureFixture) -> None:
    cfg = OmegaConf.create(
        {
            "placement": {"clips_per_batch": None, "rows": 4},
            "stages": {
                "track": {
                    "clips_per_batch": "${placement.clips_per_batch}",
                    "rows": 2,
                    "step": {
                        "_target_": "animelayers.stages.track.Track",
                        "steady": 0.5,
                        "tracker": {"_target_": "animelayers.models.track.Linked", "least": 0.01},
                    },
                },
                "faces": {
                    "step": {"_target_": "animelayers.models.faces.YoloFaces", "least": 0.6, "weights": None}
                },
            },
        }
    )
    now: Any = OmegaConf.to_container(renewed_config(cfg))
    assert now["placement"] == {"clips_per_batch": 4} and now["stages"]["track"]["clips_per_batch"] == 2
    step = now["stages"]["track"]["step"]
    assert step["smoothing"] == 0.5 and step["tracker"]["min_area"] == 0.01 and len(step) == 3
    assert now["stages"]["faces"]["step"]["min_score"] == 0.6
    assert (
        "stages.track.step.tracker.least is called min_area now" in caplog.text and len(caplog.records) == 5
    )
    made = tuned({"floor": 0.1, "min_area": 0.01})
    assert (made.alpha_floor, made.min_area) == (
        0.1,
        0.01,
    ) and "params.floor is called alpha_floor" in caplog.text


@pytest.mark.parametrize("name", ["decompose", "train_layers", "compose"])
def test_no_word_of_a_configuration_of_now_is_an_old_one(name: str, caplog: pytest.LogCaptureFixture) -> None:
    cfg = job.compose(name)
    before = OmegaConf.to_container(cfg, resolve=False)
    assert OmegaConf.to_container(renewed_config(cfg), resolve=False) == before and not caplog.records


NOTHING = object()


def defaults() -> DictConfig:
    return job.compose("decompose")
