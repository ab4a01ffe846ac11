from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.curate.expand import expand, number_of


def name(scene: int, frame: int, tail: str = ".png") -> str:
    return f"scene{scene:04d}_frame{frame:06d}_t{frame / 24:.2f}s{tail}"


FRAMES = [
    name(scene, frame) for scene, frames in ((0, range(0, 10)), (1, range(10, 40, 3))) for frame in frames
]


def test_seven_of_one_and_never_across_a_scene() -> None:
    found = expand([name(0, 5), name(1, 10, "_character.png")], FRAMES, 3)
    assert [each.path for each in found.frames] == [name(0, n) for n in range(2, 9)] + [
        name(1, n) for n in (10, 13, 16, 19)
    ]
    assert [each.away for each in found.frames] == [-3, -2, -1, 0, 1, 2, 3, 0, 1, 2, 3] and not found.missing


def test_a_frame_between_two_goes_with_the_nearer_one() -> None:
    found = {each.path: each.of for each in expand([name(0, 2), name(0, 6)], FRAMES, 3).frames}
    assert (
        found[name(0, 3)] == name(0, 2)
        and found[name(0, 5)] == name(0, 6)
        and found[name(0, 4)] == name(0, 2)
    )


def test_what_cannot_be_found_is_told() -> None:
    two = [f"{film}/{frame}" for film in ("a", "b") for frame in FRAMES]
    found = expand([name(0, 3), f"b/{name(0, 4)}", name(7, 1), "portrait.png"], two, 1)
    assert {each.of for each in found.frames} == {f"b/{name(0, 4)}"}
    assert [*found.missing] == ["portrait.png", name(0, 3), name(7, 1)]
    assert "2 folders" in found.missing[name(0, 3)] and "no frame" in found.missing[name(7, 1)]
    with pytest.raises(ValueError, match="window_size"):
        expand([], [], -1)


@given(st.sets(st.integers(0, 200), max_size=60), st.data(), st.integers(0, 5))
def test_within_the_window_each_once(numbers: set[int], data: st.DataObject, window: int) -> None:
    order = sorted(numbers)
    frames = [name(n // 50, n) for n in order]
    curated = data.draw(st.sets(st.sampled_from(frames)) if frames else st.just(set()))
    found = expand(curated, frames, window)
    scenes = [[f for f in frames if number_of(f).scene == scene] for scene in range(5)]  # type: ignore[union-attr]
    expected = {
        f
        for s in scenes
        for c in curated
        if c in s
        for f in s[max(0, s.index(c) - window) : s.index(c) + window + 1]
    }
    assert [each.path for each in found.frames] == sorted(expected) and not found.missing
    assert all(
        number_of(each.path).scene == number_of(each.of).scene and abs(each.away) <= window
        for each in found.frames
    )  # type: ignore[union-attr]


def test_names() -> None:
    assert number_of("x/scene0001_frame000002.jpg")[:2] == (1, 2)  # type: ignore[index]
    assert number_of("film_scene0001_frame000002.jpg") is None and number_of("scene1_frame2.png") is None
