"""Booru taggers, on a tiny graph of their interface."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from animelayers import job
from animelayers.models.booru import TABLE, WdTagger
from animelayers.stages.caption import Caption
from animelayers.weights import WeightsError
from tests.models import tiny_onnx

RED, BLUE = (np.full((20, 30, 3), colour, np.uint8) for colour in ((255, 0, 0), (0, 0, 255)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny_onnx.colours_as_tags(tmp_path / "model.onnx")
    (tmp_path / TABLE).write_text(
        "tag_id,name,category,count\n1,blue_sky,0,9\n2,^_^,0,8\n3,red_hair,0,7\n4,somebody_(film),4,6\n"
    )
    return tmp_path


def test_tags_are_those_of_the_colour_on_white(folder: Path) -> None:
    tagger = WdTagger(folder, {"general": 0.9}, side=32)
    # a third of the square is white above and below: both have some of all colours
    assert tagger([RED, BLUE]) == ["red hair", "blue sky"]
    assert WdTagger(folder, {"general": 0.3}, side=32)([RED]) == ["red hair, blue sky, ^_^"]
    assert WdTagger(folder, {"general": 0.3}, ["blue_sky"], most=1, side=32)([BLUE]) == ["^_^"]
    assert WdTagger(folder, {"general": 0.9, "character": 0.4}, side=32)([RED]) == [
        "red hair, somebody (film)"
    ]


def test_a_layers_tags_name_only_what_it_holds(folder: Path) -> None:
    alpha = np.full((20, 30), 255, np.uint8)
    step = Caption(WdTagger(folder, {"general": 0.05}, side=32))
    character = step._said("character", [(RED, alpha)])  # what the stage cleans
    assert "blue sky" in character[0]
    made = step.frames(frames=[RED], character=[alpha], background=[RED])
    assert "sky" not in made[1][0] and "red hair" in made[1][0] and "sky" in made[2][0]


def test_what_is_no_tagger_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="thresholds: colour is none of general"):
        WdTagger(folder, {"colour": 0.5})
    (folder / TABLE).write_text("tag_id,name,category,count\n1,blue_sky,0,9\n")
    with pytest.raises(WeightsError, match="has 1 tags"):
        WdTagger(folder, side=32)([RED])
    (folder / TABLE).write_text("nothing\n")
    with pytest.raises(WeightsError, match=r"no tags|no table"):
        WdTagger(folder, side=32)
    cfg = job.compose("annotate", ["source.path=x", "model/caption=wd"])
    assert cfg.stages.caption.step.captioner.thresholds == {"general": 0.35}
