"""Words of the command line: names as they are on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from omegaconf import DictConfig, OmegaConf

from animelayers import job
from animelayers.words import RENAMED, WordsError, literal, renamed, taken

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
    cfg = defaults()
    assert all(
        OmegaConf.select(cfg, new) is not None and OmegaConf.select(cfg, old) is None
        for old, new in RENAMED.items()
    )


def defaults() -> DictConfig:
    return job.compose("decompose")
