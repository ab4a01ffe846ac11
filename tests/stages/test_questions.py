"""Zero-shot questions over a tiny CLIP with random weights: what is asked of what, what stays blank, what is
refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from animelayers import job
from animelayers.models.openclip import OpenClip
from animelayers.record.schema import RECORD
from animelayers.samples import scene
from animelayers.stages.embed import EmbedClip
from animelayers.stages.questions import Questions, question, softmax
from tests.lists import listed
from tests.models import tiny_embed

pytest.importorskip("open_clip")
MOOD = {
    "layer": "frame",
    "labels": ["sad", "fröhlich und laut", "calm"],
    "templates": ["a {} scene", "an image, {}"],
    "min_confidence": 0.0,
}
IDENTITY = {
    "clip_id": "e/s/0",
    "source": "x",
    "episode": "e",
    "scene_id": "s",
    "error": "",
    "error_type": "",
    "attempt": 0,
}


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> OpenClip:
    path = tmp_path_factory.mktemp("openclip")
    tiny_embed.openclip(path)
    return OpenClip(str(path), device="cpu")


def row(**columns: Any) -> dict[str, Any]:
    frames = np.stack([scene(name, 3, (96, 64)).frames[2] for name in ("portrait", "walk", "fire")])
    character = np.zeros((3, 64, 96), np.uint8)
    character[:2, 20:50, 30:60] = 255
    return {
        **IDENTITY,
        "frames": frames,
        "character": character,
        "background": frames[::-1].copy(),
        **columns,
    }


def answers(step: Questions, given: Mapping[str, Any], column: str) -> list[str]:
    (made,) = step.run([dict(given)])
    assert not made["error"], made["error"]
    return list(RECORD[column].per_drawing(made[column]))


def test_the_answer_is_the_label_that_fits_best(embedder: OpenClip) -> None:
    found = answers(Questions(embedder, {"mood": MOOD}), row(), "mood")
    prompts = [
        np.mean(embedder.text([f"a {label} scene", f"an image, {label}"]), 0) for label in MOOD["labels"]
    ]  # type: ignore[attr-defined]
    labels = np.stack([vector / np.linalg.norm(vector) for vector in prompts])
    expected = (embedder(list(row()["frames"])) @ labels.T).argmax(1)
    assert found == [MOOD["labels"][k] for k in expected]  # type: ignore[index]


def test_confidence_is_the_softmax_at_the_models_scale(embedder: OpenClip) -> None:
    (made,) = Questions(embedder, {"scene_type": {**MOOD, "templates": ["{}"]}}).run([row()])
    logits = embedder.scale * embedder(list(row()["frames"])) @ embedder.text(MOOD["labels"]).T  # type: ignore[arg-type]
    np.testing.assert_allclose(made["scene_confidence"], [softmax(line).max() for line in logits], atol=1e-5)


def test_below_least_it_stays_blank(embedder: OpenClip) -> None:
    (made,) = Questions(embedder, {"scene_type": {**MOOD, "min_confidence": 1.0}}).run([row()])
    assert (
        RECORD["scene_type"].per_drawing(made["scene_type"]) == ["", "", ""]
        and not made["scene_confidence"].any()
    )


def test_an_empty_layer_is_not_asked(embedder: OpenClip) -> None:
    found = answers(Questions(embedder, {"action": {**MOOD, "layer": "character"}}), row(), "action")
    assert found[0] and found[1] and found[2] == ""
    assert (
        answers(Questions(embedder, {"effect_kind": {**MOOD, "layer": "effect"}}), row(), "effect_kind")
        == [""] * 3
    )


def test_a_face_is_the_largest_and_none_is_blank(embedder: OpenClip) -> None:
    step = Questions(embedder, {"expression": {**MOOD, "layer": "face"}})
    faces = row(face_boxes=listed("face_boxes", "1:1:4:4:0.9,30:10:20:20:0.5 none 30:10:20:20:0.9"))
    found = answers(step, faces, "expression")
    assert found[0] and found[1] == "" and found[2]
    assert (
        found[0]
        == answers(step, row(face_boxes=listed("face_boxes", "30:10:20:20:0.5 none none")), "expression")[0]
    )
    assert answers(step, row(), "expression") == [""] * 3


def test_embeddings_in_the_row_give_the_same_answers(embedder: OpenClip) -> None:
    step = Questions(embedder, {"mood": MOOD, "action": {**MOOD, "layer": "character"}})
    (embedded,) = EmbedClip(embedder).run([row()])
    for column in ("mood", "action"):
        assert answers(step, row(), column) == answers(step, embedded, column)
    swapped = {**embedded, "clip_frame": embedded["clip_frame"][[1, 0, 2]]}
    first = answers(step, swapped, "mood")
    assert first[:2] == answers(step, embedded, "mood")[1::-1], "they are what is asked, not the picture"


def test_what_a_stage_before_told_stays(embedder: OpenClip) -> None:
    before = row(
        action=RECORD["action"].gather(["running", "", ""]), action_confidence=np.float32([0.7, 0, 0])
    )
    (made,) = Questions(embedder, {"mood": MOOD, "action": {**MOOD, "layer": "character"}}).run([before])
    told = RECORD["action"].per_drawing(made["action"])
    assert (
        told[0] == "running"
        and made["action_confidence"][0] == np.float32(0.7)
        and told[1] in MOOD["labels"]
        and told[2] == ""
    )  # type: ignore[operator]
    (made,) = Questions(embedder, {"mood": MOOD}).run([before])
    assert RECORD["action"].per_drawing(made["action"]) == ["running", "", ""]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"labels": ["sad"]}, "mood has 1 label: an answer is chosen among at least two"),
        ({"labels": []}, "0 labels"),
        ({"labels": ["sad", "Sad ", "calm"]}, "labels twice: Sad, sad"),
        ({"labels": [{"sad": "a sad"}, "sad"]}, "labels twice: sad"),
        ({"labels": ["sad", " "]}, "without text"),
        ({"layer": "sky"}, "'sky', which is none of frame, character"),
        ({"templates": ["a scene"]}, "templates with {}"),
        ({"templates": []}, "templates with {}"),
        ({"template": ["{}"]}, "mood: got an unexpected keyword argument 'template'"),
        ({"min_confidence": 1.5}, "min_confidence=1.5"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_in_a_sentence(
    embedder: OpenClip, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said) as problem:
        Questions(embedder, {"mood": {**MOOD, **options}})
    assert "\n" not in str(problem.value)


def test_a_question_without_a_column_is_refused(embedder: OpenClip) -> None:
    with pytest.raises(ValueError, match="did you mean 'mood'"):
        Questions(embedder, {"moood": MOOD})


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=8),
        min_size=2,
        max_size=6,
        unique_by=str.casefold,
    )
)
def test_any_distinct_labels_are_asked_as_they_are(labels: list[str]) -> None:
    made = question("mood", "frame", labels, ["a {} scene", "{}"])
    assert made.labels == tuple(labels) and made.prompts == tuple(
        (f"a {label} scene", label) for label in labels
    )
    worded = question("mood", "frame", [{label: [f"{label} 1", f"{label} 2"]} for label in labels], ["so {}"])
    assert worded.prompts == tuple((f"so {label} 1", f"so {label} 2") for label in labels)


@given(st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=9))
def test_chances_add_up_and_keep_the_order(logits: list[float]) -> None:
    chances = softmax(np.array(logits))
    assert (
        chances.sum() == pytest.approx(1)
        and chances[int(np.argmax(logits))] == chances.max()
        and (chances >= 0).all()
    )


def test_the_label_sets_of_the_configuration_are_sound(embedder: OpenClip) -> None:
    cfg = job.compose("annotate", ["+stage@stages.questions=questions", "source.path=."])
    asked = OmegaConf.to_container(cfg.stages.questions.step.questions, resolve=True)
    assert isinstance(asked, dict)
    step = Questions(embedder, {str(name): options for name, options in asked.items()})
    assert set(step.questions) == {
        "scene_type",
        "place",
        "mood",
        "visual_style",
        "action",
        "expression",
        "effect_kind",
    }
    for wanted, column in (
        ("outdoor sports field", "scene_type"),
        ("energetic action", "mood"),
        ("bright colorful", "visual_style"),
    ):
        assert wanted in step.questions[column].labels
    one = job.compose(
        "annotate",
        [
            "+stage@stages.questions=questions",
            "source.path=.",
            "stages.questions.step.questions.mood.labels=[glad,sad]",
        ],
    )
    assert list(one.stages.questions.step.questions.mood.labels) == ["glad", "sad"]
