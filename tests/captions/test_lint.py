"""What is wrong with the captions of a set."""

from __future__ import annotations

from animelayers.captions.lint import core, counts, lint, pruned, tags

GOOD = {
    f"p{i}": f"luca, a boy, {what}"
    for i, what in enumerate(("running, smile", "sitting, calm mood", "close-up, angry", "walking, wet hat"))
}


def test_tags_are_what_stands_between_commas() -> None:
    assert tags("luca|||a boy , running,,a boy") == ["luca", "a boy", "running"]
    assert counts(["a, b", "b, b"]) == {"a": 1, "b": 2}
    assert pruned("luca, red cap, running", ["red cap"]) == "luca, running"


def test_what_is_always_there_belongs_to_the_trigger() -> None:
    assert core(GOOD.values(), "luca") == ["a boy"]
    assert core(["luca, a boy"], "luca") == [], "one caption tells nothing of what is always there"


def test_good_captions_are_left_alone_and_each_fault_is_named_with_its_captions() -> None:
    assert lint(GOOD, "luca") == []
    wrong = {
        **GOOD, "none": "", "bare": "a boy, running, smile", "leak": "luca, long blonde hair, running", "both": "luca, solo, two characters",
        "place": "luca, a boy in a kitchen", "few": "luca, running", "long": "luca, " + "very " * 80,
    }  # fmt: skip
    found = {remark.what.split(":")[0].split(" (")[0]: list(remark.names) for remark in lint(wrong, "luca")}
    assert found == {
        "no caption": ["none"], "the trigger is missing": ["bare"], "who she is named in words": ["leak"], "alone and several at once": ["both"],
        "a place is named though her mask alone trains": ["place"], "fewer than 3 words": ["few"], "more than 75 words": ["long"],
    }  # fmt: skip
    (same,) = lint(dict.fromkeys("abc", "luca, a boy, running"), "luca")
    assert same.what.startswith("every caption is the same") and list(same.names) == ["a", "b", "c"]


def test_one_caption_for_most_pictures_and_a_wrong_number_of_people_are_told() -> None:
    said = {**dict.fromkeys("abc", "luca, a boy, running"), "d": "luca, a boy, sitting"}
    (same,) = lint(said, "luca")
    assert same.what.startswith("3 of 4 captions are the same") and list(same.names) == ["a", "b", "c"]
    told = {
        "one": "luca, a boy, two characters",
        "two": "luca, solo, running fast",
        "right": "luca, a boy, running fast",
    }
    assert lint(told, "luca", {"one": 1, "two": 2}, one=False) == [], "a set of several may say so"
    (wrong,) = lint(told, "luca", {"one": 1, "two": 2, "right": 1})
    assert wrong.what.startswith("another number of people") and list(wrong.names) == ["one", "two"]
