from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers.curate import roster
from animelayers.curate.identity import UNKNOWN
from animelayers.curate.roster import EditError, Member

NAMES = st.text(
    st.characters(exclude_characters='/\\:*?"<>|,', exclude_categories=("Cc", "Cs", "Zl", "Zp")),
    min_size=1,
    max_size=20,
).filter(lambda name: name == name.strip() and not name.startswith(".") and name != "none")


def member(name: str, by_hand: bool = False, frames: int = 5) -> Member:
    return Member(name, 0.5, by_hand, frames, "x.jpg")


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(st.from_regex(r"[a-z0-9_-]{1,9}/scene\d{4}/\d", fullmatch=True), NAMES, max_size=8))
def test_what_is_written_is_read_back(names: dict[str, str]) -> None:
    spelt: dict[str, str] = {}
    names = {track: spelt.setdefault(name.casefold(), name) for track, name in names.items()}
    made = {track: member(name) for track, name in names.items()}
    assert roster.parse(roster.text(made), names) == names
    assert roster.recorded(roster.record(made)) == made


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "- name: a\n  tracks:\n  - e/scene0000/1\n- name: b\n  tracks: [e/scene0000/1]\n",
            "line 5: track 'e/scene0000/1' stands under 'a' as well",
        ),
        (
            "- name: a\n  tracks:\n  - e/scene0000/7\n",
            "line 3: there is no track 'e/scene0000/7'; did you mean",
        ),
        ("- name: a\n  trakcs: []\n", "line 2: 'trakcs' is no key"),
        ("- name: a\n- tracks: []\n", "line 2: the entry has no name"),
        ("- name: a/b\n", "line 1: 'a/b' cannot be a character's name"),
        ("- name: Akari\n- name: akari\n", "line 2: 'akari' and 'Akari' differ in case alone"),
        ("- name: a\n  tracks: {x: y}\n", "line 2: here has to be a list of tracks"),
        ("akari:\n- e/scene0000/1\n", "line 1: here has to be a list of entries"),
        ("- name: a\n  tracks:\n - b\n", "line 3"),
        ("- name: [", "line 1"),
    ],
)
def test_a_bad_edit_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(EditError) as found:
        roster.parse(text, ["e/scene0000/1", "e/scene0000/2"])
    assert told in str(found.value) and "\n" not in str(found.value)


def test_a_name_that_yaml_takes_for_something_else_stays_a_name() -> None:
    assert roster.parse("- name: no\n  tracks: [t]\n- name: 007\n  tracks:\n", ["t"]) == {"t": "no"}


def test_a_renamed_character_is_not_put_there_by_hand_and_a_moved_track_is() -> None:
    last = {
        "a": member("character_01"),
        "b": member("character_01"),
        "c": member("character_02"),
        "d": member(UNKNOWN),
    }
    renamed = {"a": "akari", "b": "akari", "c": "character_02", "d": UNKNOWN}
    assert roster.edited(renamed, {}, last) == ({"a": "akari", "b": "akari", "c": "character_02"}, set())
    moved = {"a": "character_01", "b": "character_02", "c": "character_02", "d": "ren"}
    assert roster.edited(moved, {}, last) == (moved, {"b", "d"})


def test_who_is_left_out_by_hand_stays_out() -> None:
    last = {"a": member("character_01"), "b": member("character_01")}
    names, by_hand = roster.edited({"a": UNKNOWN, "b": "character_01"}, {}, last)
    assert names["a"] == UNKNOWN and by_hand == {"a"}
    again = {"a": member(UNKNOWN, by_hand=True), "b": member("character_01")}
    assert roster.edited({"a": UNKNOWN, "b": "character_01"}, {}, again) == (names, by_hand)


def test_a_picture_moves_its_track_unless_the_file_does() -> None:
    last = {"a": member("x"), "b": member("x"), "c": member("x")}
    names, by_hand = roster.edited({"a": "x", "b": "z", "c": "x"}, {"a": "y", "b": "y"}, last)
    assert names == {"a": "y", "b": "z", "c": "x"} and by_hand == {"a", "b"}


def test_new_names_are_free_ones() -> None:
    assert roster.fresh(["Character_02", "akari"], 3) == ["character_01", "character_03", "character_04"]


def test_a_damaged_record_is_told() -> None:
    with pytest.raises(EditError, match=r"tracks\.json is damaged"):
        roster.recorded(b"[1]")
