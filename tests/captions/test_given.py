"""A user's own words and a model's in one caption."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.captions.given import WAYS, joined
from animelayers.captions.lint import tags

OWN, MADE = "a girl with a red scarf, in a kitchen", "a girl, Smile, standing"


def test_one_of_them_or_both() -> None:
    assert joined("frame", OWN, MADE) == OWN and joined("character", OWN, MADE) == MADE
    assert joined("frame", "", MADE) == MADE and joined("character", OWN, "") == OWN
    assert joined("frame", "a girl, smile", MADE, "first") == "a girl, smile, standing", "no tag twice"
    assert joined("frame", "a scarf.", MADE, "last") == "a girl, Smile, standing, a scarf"
    assert joined("frame", OWN, MADE, "none") == MADE and joined("frame", OWN, "", "none") == ""


def test_of_a_layer_the_user_is_not_made_to_say_what_it_does_not_hold() -> None:
    said = joined("character", OWN, MADE, "first")
    assert said.startswith("a girl with a red scarf") and "kitchen" not in said and said.endswith("standing")


def test_another_way_is_refused() -> None:
    with pytest.raises(ValueError, match="given=before: it is one of either, first, last, none"):
        joined("frame", OWN, MADE, "before")


WORDS = st.lists(st.sampled_from(["a girl", "Smile", "smile", "rain", "a hat", ""]), max_size=5).map(
    ", ".join
)


@given(WORDS, WORDS, st.sampled_from([way for way in WAYS if way in ("first", "last")]))
def test_both_have_every_tag_once(own: str, made: str, way: str) -> None:
    said = [tag.casefold() for tag in tags(joined("frame", own, made, way))]
    assert len(said) == len({*said}) and {*said} == {tag.casefold() for tag in [*tags(own), *tags(made)]}
