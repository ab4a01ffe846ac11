from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.captions import fits
from animelayers.curate.captions import base, caption, merged

ROW: dict[str, Any] = {
    "instance_count": 1, "shot_size": "medium", "character_coverage": 0.3, "palette": [200, 30, 30] * 5,
    "scene_type": "street", "camera_motion": "pan",
}  # fmt: skip
WORDS = st.lists(
    st.sampled_from(
        ["a girl", "stands", "in the", "street", "near her", "house,", "red sky.", "Nobody", "and trees"]
    ),
    max_size=9,
).map(" ".join)


def test_columns_first_then_what_was_measured() -> None:
    assert base({**ROW, "caption_frame": "a girl in the rain"}, "frame") == "a girl in the rain"
    assert (
        base({**ROW, "caption_frame": "a girl", "caption_given": "my own words"}, "frame") == "my own words"
    )
    assert "street" in base(ROW, "frame") and "red" in base(ROW, "frame")
    assert "street" in base(ROW, "background") and "red" not in base(ROW, "background"), (
        "the palette is that of the frame"
    )
    assert base({**ROW, "caption_background": None}, "character") == "a character, medium shot"


def test_what_lay_beside_the_users_picture() -> None:
    row = {
        **ROW,
        "caption_given": "luca runs, red scarf, a street at night",
        "caption_frame": "a net's words",
        "caption_background": "a street",
    }
    assert base(row, "frame") == "luca runs, red scarf, a street at night"
    assert base(row, "background") == "a street", "what a stage says of a layer tells that layer"
    assert "red scarf" in base(row, "character") and "street" not in base(row, "character"), (
        "and what is given only what the layer holds"
    )
    assert base({**row, "caption_given": ""}, "frame") == "a net's words"


def test_words_of_the_strategy_and_of_the_user() -> None:
    told = caption(
        ROW,
        "character",
        trigger="luca",
        prefix="pixar style",
        suffix=", isolated character, clean background",
    )
    assert told == "luca, pixar style, a character, medium shot, isolated character, clean background"
    empty = caption(
        ROW,
        "background",
        trigger="luca",
        prefix="a 3d animated character, pixar style",
        suffix=", environment only, no characters",
    )
    assert empty == "pixar style, street, environment only, no characters"
    assert "luca" not in caption({**ROW, "instance_count": 0}, "frame", trigger="luca")
    assert caption({**ROW, "instance_count": 0}, "character", trigger="luca") == ""


@given(st.sampled_from(["character", "background"]), WORDS, WORDS)
def test_a_caption_never_names_what_the_layer_lacks(layer: str, said: str, prefix: str) -> None:
    row = {**ROW, f"caption_{layer}": said}
    assert fits(layer, caption(row, layer, trigger="zzz", prefix=prefix))


def test_a_layer_without_captions() -> None:
    with pytest.raises(ValueError, match="no caption"):
        base(ROW, "mask")


def test_words_of_the_user_and_of_a_model_are_merged_before_anything_is_made() -> None:
    table = pa.table(
        {
            "frame_id": ["a", "b"],
            "caption_given": ["a girl in a kitchen, a red scarf", None],
            "caption_character": ["a girl, smiling", "a boy"],
        }
    )
    assert merged(table, "either") is table and merged(
        table.drop_columns("caption_given"), "first"
    ).column_names == ["frame_id", "caption_character"]
    both = merged(table, "first").to_pylist()
    assert (
        both[0]["caption_frame"] == "a girl in a kitchen, a red scarf"
        and "caption_given" not in both[0]
        and both[1]["caption_frame"] is None
    )
    assert (
        both[0]["caption_character"] == "a girl, a red scarf, smiling"
        and both[1]["caption_character"] == "a boy"
    )
    assert caption(both[0], "character", trigger="mia") == "mia, a girl, a red scarf, smiling"
    assert merged(table, "none").to_pylist()[0]["caption_character"] == "a girl, smiling"
