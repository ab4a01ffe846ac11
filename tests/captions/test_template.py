from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.captions import LAYERS, TOLD, colour_words, decorated, fits, line, template
from animelayers.record.schema import RECORD

FULL: dict[str, Any] = {
    "instance_count": 2, "shot_size": "medium", "character_coverage": 0.5, "palette": [255, 224, 189, 200, 30, 40, 30, 30, 60], "brightness": 0.1,
    "lighting": 0.5, "complexity": 0.8, "camera_motion": "pan", "effect_mode": "add", "effect_types": ["glowing_aura", "fire_and_flames"],
    "scene_type": "city street", "place": "outdoor", "mood": "calm", "visual_style": "cel anime", "action": "walking down a street",
    "expression": "happy", "pose": "arms raised",
}  # fmt: skip
ANY = st.text(st.characters(exclude_categories=()))
FREE = [name for name in TOLD if RECORD[name].free]
FACTS = st.fixed_dictionaries(
    {},
    optional={
        **{
            name: st.none() | st.text() | st.sampled_from(["a girl in a park", "forest", "boy", ""])
            for name in FREE
        },
        "instance_count": st.none() | st.integers(0, 99),
        "shot_size": st.none() | st.sampled_from(["close_up", "medium", "full_body", "long", "none", ""]),
        **{
            name: st.none() | st.floats(0, 1)
            for name in ("character_coverage", "brightness", "lighting", "complexity")
        },
        "palette": st.none() | st.lists(st.integers(0, 255), min_size=15, max_size=15),
        "camera_motion": st.none()
        | st.sampled_from(["still", "pan", "tilt", "zoom", "rotate", "shake", "unknown", ""]),
        "effect_mode": st.none() | st.sampled_from(["over", "add", "screen", "none", ""]),
        "effect_types": st.none() | st.sampled_from([[], ["fire", "energy_aura_around_character"]]),
    },
)


def test_all_that_is_told_is_in_the_record() -> None:
    assert all(name in RECORD and RECORD[name].table for name in TOLD) and {*FULL} == {*TOLD}


def test_a_whole_set_of_facts_in_words() -> None:
    assert template("frame", FULL) == (
        "two characters, medium shot, walking down a street, happy expression, arms raised, filling the frame, city street, outdoor, glowing aura, "
        "fire and flames, dark, richly detailed, in beige, red and dark blue, panning camera, calm mood, cel anime style"
    )
    assert template("character", FULL) == (
        "two characters, medium shot, walking, happy expression, arms raised, in beige, red and dark blue, calm mood, cel anime style"
    )
    assert (
        template("background", FULL)
        == "city street, outdoor, dark, richly detailed, in beige, red and dark blue, calm mood, cel anime style"
    )


@given(st.sampled_from(LAYERS), FACTS)
def test_templates_never_name_what_the_layer_does_not_hold_and_are_one_line(
    layer: str, facts: dict[str, Any]
) -> None:
    text = template(layer, facts)
    nobody = (
        facts.get("instance_count") == 0
        or facts.get("shot_size") == "none"
        or facts.get("character_coverage") == 0
    )
    assert fits(layer, text) and text == line(text)
    assert bool(text) != (layer == "character" and nobody)
    if nobody and layer == "frame":
        assert "character" not in template(
            "frame", {name: value for name, value in facts.items() if name not in (*FREE, "effect_types")}
        )


@given(FACTS, st.sampled_from(TOLD))
def test_what_is_not_known_is_not_spoken_of(facts: dict[str, Any], name: str) -> None:
    for layer in LAYERS:
        assert template(layer, {**facts, name: None}) == template(
            layer, {key: value for key, value in facts.items() if key != name}
        )
    assert template("frame", {}) == "character" and template("background", {}) == "a painted backdrop"


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "a character"), (3, "three characters"), (10, "ten characters"), (37, "37 characters")],
)
def test_counts(count: int, said: str) -> None:
    assert template("character", {"instance_count": count}) == said


@pytest.mark.parametrize(
    ("rgb", "name"),
    [((0, 0, 0), "black"), ((255, 255, 255), "white"), ((255, 0, 0), "red"), ((30, 90, 220), "blue"), ((128, 128, 128), "grey"),
     ((20, 160, 50), "green"), ((250, 230, 40), "yellow"), ((245, 160, 190), "pink"), ((100, 60, 30), "brown"), ((110, 50, 150), "purple")],
)  # fmt: skip
def test_colours_have_their_names(rgb: tuple[int, ...], name: str) -> None:
    assert colour_words(rgb) == [name] == colour_words(np.array(rgb * 5, np.uint8))


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3)))
def test_colours_are_named_once_and_no_more_than_three(palette: list[tuple[int, int, int]]) -> None:
    words = colour_words([value for colour in palette for value in colour])
    assert len({*words}) == len(words) <= 3 and bool(words) == bool(palette)
    assert all(fits(layer, word) for layer in LAYERS for word in words)


@given(ANY, ANY, ANY, ANY)
def test_decorations_stand_in_their_order_on_one_line(
    text: str, trigger: str, prefix: str, suffix: str
) -> None:
    made = decorated(text, trigger, prefix, suffix)
    assert made == line(made) and made.isprintable()
    assert made.encode().decode() == made  # no lone surrogates, which no table holds
    if not line(text):
        assert made == ""


def test_trigger_prefix_suffix() -> None:
    assert decorated("a girl", "sks", "pixar style,", ", isolated") == "sks, pixar style, a girl, isolated"
    assert (
        decorated("少女\n", "ŝks") == "ŝks, 少女"
        and decorated("a girl") == "a girl"
        and decorated(" ", "sks", "x", "y") == ""
    )
