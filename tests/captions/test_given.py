"""A user's own words and a model's in one caption."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.captions.given import WAYS, merged
from animelayers.captions.lint import tags

OWN, MADE = "a girl with a red scarf, in a kitchen", "a girl, Smile, standing"


def test_one_of_them_or_both() -> None:
    assert merged("frame", OWN, MADE) == OWN and merged("character", OWN, MADE) == MADE
    assert merged("frame", "", MADE) == MADE and merged("character", OWN, "") == OWN
    assert merged("frame", "a girl, smile", MADE, "first") == "a girl, smile, standing", "no tag twice"
    assert merged("frame", "a scarf.", MADE, "last") == "a girl, Smile, standing, a scarf"
    assert merged("frame", OWN, MADE, "none") == MADE and merged("frame", OWN, "", "none") == ""


def test_of_a_layer_the_user_is_not_made_to_say_what_it_does_not_hold() -> None:
    said = merged("character", OWN, MADE, "first")
    assert said.startswith("a girl with a red scarf") and "kitchen" not in said and said.endswith("standing")


def test_another_way_is_refused() -> None:
    with pytest.raises(ValueError, match="given=before: it is one of either, first, last, none"):
        merged("frame", OWN, MADE, "before")


WORDS = st.lists(st.sampled_from(["a girl", "Smile", "smile", "rain", "a hat", ""]), max_size=5).map(
    ", ".join
)


@given(WORDS, WORDS, st.sampled_from([way for way in WAYS if way in ("first", "last")]))
def test_both_have_every_tag_once(own: str, made: str, way: str) -> None:
    said = [tag.casefold() for tag in tags(merged("frame", own, made, way))]
    assert len(said) == len({*said}) and {*said} == {tag.casefold() for tag in [*tags(own), *tags(made)]}
