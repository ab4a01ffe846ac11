"""Words of the command line: names as they are on disk."""

from __future__ import annotations

import pytest

from animelayers import job

NAMES = [
    "[SubGroup] My Show - 01 (1080p) [ABCD].mkv", "It's = {pilot}, part 2.mkv", "空の歌 第01話「始まり」 #1 50% ~v2~ \\$x.mkv",
    'a "quoted" name', "C:\\films\\",
    "plain.mkv", "a!b&c;d|e", "tab\tin it", "ends with a quote\\\"", "1", "true", "10_000",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_taken_as_it_is(name: str) -> None:
    cfg = job.compose("decompose", [job.quoted(f"source.path={name}"), job.quoted(f"output={name}")])
    assert cfg.source.path == name == cfg.output


@pytest.mark.parametrize(
    "word", ["source.path='x y'", 'output="a"', "source.limit=10", "source.mattes=null", "preset=demo", "~stages.layers", "source.path=${output}"]
)
def test_other_words_stay(word: str) -> None:
    assert job.quoted(word) == word
