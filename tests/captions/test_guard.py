from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.captions import LAYERS, cleaned, fits, line
from animelayers.captions.words import BEINGS, JOINTS, PLACES

PARTS = st.sampled_from(
    sorted(
        {
            *BEINGS,
            *PLACES,
            *JOINTS.split("|"),
            "schoolgirls",
            "Swordsman's",
            "red",
            "sword",
            "lit",
            "é",
            "ß",
            "少女",
            "a",
            "the",
        }
    )
)
CAPTIONS = st.lists(
    st.tuples(PARTS, st.sampled_from([" ", ", ", ". ", "; ", "-", "_", "\n", "…", "。"]))
).map(lambda parts: "".join(w + s for w, s in parts))


@given(st.sampled_from(LAYERS), CAPTIONS | st.text(st.characters(exclude_categories=())))
def test_what_is_left_fits_in_one_line_and_cleaning_again_changes_nothing(layer: str, text: str) -> None:
    left = cleaned(layer, text)
    assert fits(layer, left)
    assert cleaned(layer, left) == left == line(left)
    if fits(layer, text):
        assert left == line(text)
    assert {*re.findall(r"[^\W_]+", left.casefold())} <= {*re.findall(r"[^\W_]+", line(text).casefold())}


@given(CAPTIONS)
def test_the_frame_holds_everything(text: str) -> None:
    assert fits("frame", text) and cleaned("frame", text) == line(text)


@pytest.mark.parametrize(
    "word",
    [
        "girl",
        "Boys",
        "PERSON",
        "character",
        "schoolgirl's",
        "swordsmen",
        "she",
        "a_boy",
        "dresses",
        "people,",
        "heroes",
    ],
)
def test_beings_are_no_part_of_a_background(word: str) -> None:
    assert not fits("background", f"a forest with {word} in it") and fits("character", f"tall {word}")


@pytest.mark.parametrize(
    "word", ["forest", "Streets", "background", "SKY", "cities", "trees.", "indoors", "beaches"]
)
def test_places_are_no_part_of_a_character(word: str) -> None:
    assert not fits("character", f"a girl and {word}") and fits("background", f"wide {word}")


@pytest.mark.parametrize(
    "text",
    ["There is a tall tree", "This is as it was", "a glass lake", "a course of stones", "Zürich bei Nacht"],
)
def test_words_that_only_look_alike_fit(text: str) -> None:
    assert cleaned("background", text) == text


@pytest.mark.parametrize(
    ("text", "character", "background"),
    [
        ("a girl with red hair standing in front of a grey background", "a girl with red hair standing", "a grey background"),
        ("a girl standing in a forest with tall trees", "a girl standing", "a forest with tall trees"),
        ("The scene shows a boy in a park.", "A boy.", "A park."),
        ("A wide street at night, lit by lanterns. Two schoolgirls walk along it.", "Two schoolgirls walk along it.",
         "A wide street at night, lit by lanterns."),
        ("This is an illustration of a young woman with blue hair, wearing a white dress and a red ribbon, standing on a rooftop at sunset.",
         "A young woman with blue hair, wearing a white dress and a red ribbon, standing.", "A rooftop at sunset."),
        ("A knight holding a sword, surrounded by rocks and flowers.", "A knight holding a sword, surrounded by rocks and flowers.",
         "Rocks and flowers."),
        ("There are no people in the picture.", "There are no people in the picture.", ""),
    ],
)  # fmt: skip
def test_clauses_that_do_not_fit_are_dropped_with_what_hangs_on_them(
    text: str, character: str, background: str
) -> None:
    assert cleaned("character", text) == character
    assert cleaned("background", text) == background


def test_an_unknown_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="frame, character, background"):
        fits("foreground", "a tree")
