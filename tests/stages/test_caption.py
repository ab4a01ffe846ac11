from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from animelayers import job
from animelayers.captions import LAYERS, TOLD, fits
from animelayers.engine.pipeline import bind
from animelayers.models.endpoint import Endpoint
from animelayers.models.qwen_vl import QwenVL
from animelayers.record.schema import IDENTITY, RECORD, Row, blank
from animelayers.samples import scene
from animelayers.stages.caption import Caption, Facts, at_most, on_grey
from animelayers.stages.metrics import Metrics
from tests.models import tiny_captions
from tests.models.chat_server import Answer, said, serving

CHOICES = sorted(path.stem for path in (job.CONF / "model" / "caption").glob("*.yaml"))


def clip(name: str = "walk", drawings: int = 2, size: tuple[int, int] = (320, 180), **columns: object) -> Row:
    shot = scene(name, drawings, size)
    made = {
        "frames": shot.frames,
        "character": shot.character,
        "background": shot.background,
        "camera_motion": "pan",
        **columns,
    }
    return {**{column: blank(column) for column in IDENTITY}, "clip_id": f"{name}/scene0000/000000", **made}


def captions(row: Row) -> dict[str, list[str]]:
    assert not row["error"], row["error"]
    return {layer: RECORD[f"caption_{layer}"].per_drawing(row[f"caption_{layer}"]) for layer in LAYERS}


def test_all_that_templates_speak_of_is_wanted() -> None:
    assert {*Facts.__annotations__} == {*TOLD} and {*TOLD} <= {*Caption.wants}


def test_templates_speak_of_what_was_measured_and_twice_the_same() -> None:
    rows = Metrics().run([clip(), clip("fire", 1, (200, 120), effect_mode="add")])
    made, again = Caption().run(rows), Caption().run(rows)
    for one, other in zip(made, again, strict=True):
        assert captions(one) == captions(other)
        assert all(len(texts) == len(one["frames"]) and all(texts) for texts in captions(one).values())
        assert all(fits(layer, text) for layer, texts in captions(one).items() for text in texts)
    first = captions(made[0])
    assert first["frame"][0].startswith("a character, full body") and "panning camera" in first["frame"][0]
    assert (
        first["character"][0].startswith("a character, full body, in ")
        and "character" not in first["background"][0]
    )
    assert "a glowing effect" in captions(made[1])["frame"][0]


def test_colours_and_light_are_the_layers_own() -> None:
    frame, alpha = np.full((1, 90, 160, 3), 250, np.uint8), np.zeros((1, 90, 160), np.uint8)
    frame[:, 20:80, 60:100], alpha[:, 20:80, 60:100] = (220, 20, 20), 255
    (row,) = Caption().run(
        [clip(frames=frame, character=alpha, background=np.full((1, 90, 160, 3), (10, 10, 40), np.uint8))]
    )
    made = captions(row)
    assert "red" in made["character"][0] and "white" not in made["character"][0]
    assert (
        "dark" in made["background"][0]
        and "white" not in made["background"][0]
        and "bright" in made["frame"][0]
    )


def test_an_empty_layer_and_a_missing_one_stay_blank() -> None:
    bare = clip()
    bare["character"] = np.zeros_like(bare["character"])
    without = {
        name: value
        for name, value in clip().items()
        if name not in ("character", "background", "camera_motion")
    }
    empty, missing, none = Caption(trigger="sks").run(
        [bare, without, clip(frames=np.zeros((0, 90, 160, 3), np.uint8), character=None, background=None)]
    )
    assert captions(empty)["character"] == ["", ""] and all(captions(empty)["background"])
    assert captions(missing)["character"] == captions(missing)["background"] == ["", ""] and all(
        captions(missing)["frame"]
    )
    assert captions(none) == {layer: [] for layer in LAYERS}


def test_trigger_prefix_and_suffix_per_layer_and_layers_left_out() -> None:
    step = Caption(
        layers=["frame", "character"],
        trigger={"character": "ŝks"},
        prefix="少女アニメ",
        suffix={"character": "isolated"},
    )
    made = captions(step.run([clip()])[0])
    assert made["character"][0].startswith("ŝks, 少女アニメ, ") and made["character"][0].endswith(
        ", isolated"
    )
    assert (
        made["frame"][0].startswith("少女アニメ, ")
        and "ŝks" not in made["frame"][0]
        and made["background"] == ["", ""]
    )


def test_a_model_sees_the_layer_and_its_answer_is_cleaned() -> None:
    seen: list[tuple[str, np.ndarray]] = []
    told = "A girl with a sword standing in a forest."

    def answer(number: int, picture: np.ndarray) -> Answer:
        seen.append((server.requests[number][2]["messages"][0]["content"][1]["text"], picture))
        return said(told)

    row = clip()
    row["character"][1] = 0
    with serving(answer) as server:
        step = Caption(
            Endpoint(server.url, "tiny", parallel=1),
            side=128,
            instructions={"background": "Where?"},
            suffix="x",
        )
        made = captions(step.run([row])[0])
    assert made["frame"] == [f"{told}, x"] * 2
    assert made["character"] == ["A girl with a sword standing., x", ""]
    assert made["background"] == ["A forest., x"] * 2
    assert [text for text, _ in seen].count("Where?") == 2 and len(seen) == 5
    character = next(picture for text, picture in seen if text.startswith("Describe the character"))
    assert character.shape == (128, 128, 3) and np.abs(character[:6].astype(int) - 128).max() < 12


def test_where_nothing_of_an_answer_is_left_the_template_speaks() -> None:
    with serving(lambda *_: said("A girl.")) as server:
        made = captions(Caption(Endpoint(server.url, "tiny")).run([clip()])[0])
    assert (
        made["background"] == captions(Caption().run([clip()])[0])["background"]
        and made["character"] == ["A girl."] * 2
    )


def test_an_endpoint_that_fails_for_one_clip_leaves_its_neighbours_alone() -> None:
    dark = clip(frames=np.zeros((1, 90, 160, 3), np.uint8), character=None, background=None)
    with serving(lambda _, picture: (200, b"<html>") if picture.mean() < 3 else said("something")) as server:
        step = Caption(Endpoint(server.url, "tiny", retries=1, backoff=0.0), layers=["frame"])
        one, failed, other = step.run([clip(), dark, clip("fire", 1)])
    assert captions(one)["frame"] == ["something"] * 2 and captions(other)["frame"] == ["something"]
    assert (
        failed["error"].startswith("caption: http")
        and "<html>" in failed["error"]
        and failed["error_type"] == "EndpointError"
    )
    assert failed["caption_frame"] == "" and failed["attempt"] == 1


def test_a_model_of_the_transformers_package(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    tiny_captions.qwen_vl(tmp_path)
    step = Caption(QwenVL(str(tmp_path), tokens=6, device="cpu"), side=64, trigger="sks")
    rows = [clip(), clip("portrait", 1, (90, 120))]
    together = [captions(row) for row in step.run(rows)]
    assert together == [captions(step.run([row])[0]) for row in rows]
    assert all(text.startswith("sks, ") for made in together for texts in made.values() for text in texts)


def test_what_is_shown() -> None:
    shot = scene("walk", 1, (320, 180))
    shown = on_grey(shot.frames[0], shot.character[0], 96)
    assert (
        shown.shape == (96, 96, 3)
        and shown.dtype == np.uint8
        and (shown[0] == 128).all()
        and np.ptp(shown) > 100
    )
    dot = np.zeros((180, 320), np.uint8)
    dot[0, 0] = 255
    assert on_grey(shot.frames[0], dot, 64).shape == (64, 64, 3)
    assert at_most(shot.frames[0], 64).shape == (36, 64, 3) and np.array_equal(
        at_most(shot.frames[0], 1000), shot.frames[0]
    )


@pytest.mark.parametrize(
    "bad",
    [{"layers": ["foreground"]}, {"trigger": {"effect": "x"}}, {"instructions": {"all": "x"}}, {"side": 8}],
)
def test_bad_options(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"foreground|effect|all|side"):
        Caption(**bad)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("name", ["annotate", "decompose"])
def test_one_override_chooses_a_model(name: str, choice: str) -> None:
    plus = "" if "model/caption" in (job.CONF / f"{name}.yaml").read_text() else "+"
    output = ["output=x"] if name == "decompose" else []
    cfg = job.compose(name, [f"{plus}model/caption={choice}", "source.path=.", *output])
    made = job.stages(cfg)
    assert ("caption" in made) == (choice != "none")
    if "caption" in made:
        captioner = made["caption"].step.keywords["captioner"]
        assert (captioner is None) == (choice == "template")
        bind(made["caption"].step, "caption")
    if choice == "endpoint":
        again = job.compose(
            name, ["+stage@stages.caption=caption", f"{plus}model/caption={choice}", "source.path=.", *output]
        )
        assert str(job.stages(again)["caption"]) == str(made["caption"])
