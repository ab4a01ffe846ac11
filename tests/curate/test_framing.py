"""Where one character is cropped, and why she cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from animelayers.curate.choose import choose
from animelayers.curate.framing import Framing, buckets, framing
from animelayers.curate.strategies import Person
from animelayers.record.values import Box


def boxes(*places: tuple[int, int, int, int]) -> list[dict[str, int]]:
    """As the frame table has them."""
    return [Box(*place)._asdict() for place in places]


ROW: dict[str, Any] = {
    "frame_id": "ep/scene0000_frame000001", "width": 1280, "height": 720, "instance_ids": [1, 2], "characters": ["akari (winter)", "ren"],
    "instance_boxes": boxes((100, 80, 200, 500), (700, 60, 220, 660)), "instances_file": "x", "characters_confidence": 0.9,
    "quality": 0.8, "mask_quality": 0.6,
}  # fmt: skip


def test_she_is_cropped_in_the_shape_of_a_bucket_with_some_margin() -> None:
    found = framing(ROW, "akari")
    assert (
        isinstance(found, Framing)
        and found.instances == (1,)
        and (found.shot, found.people, found.outfit) == ("full_body", 1, "winter")
    )
    x, y, w, h = found.crop
    assert x <= 100 and y <= 80 and x + w >= 300 and y + h >= 580
    assert found.size in buckets(512), "at 768 she would be enlarged by more than half"
    assert abs(w / h - found.size[0] / found.size[1]) < 0.01 and found.size[0] / w <= 1.5
    both = framing({**ROW, "instance_boxes": boxes((100, 80, 200, 500), (260, 60, 220, 660))}, "ren")
    assert isinstance(both, Framing) and both.people == 2 and both.shot == "medium"


def test_why_she_cannot_be() -> None:
    for change, why in (
        ({"characters": []}, "not in it"),
        ({"characters": ["somebody", "ren"]}, "not in it"),
        ({"instances_file": None}, "cannot be told apart: nobody was followed in it"),
        ({"characters_confidence": 0.1}, "cannot be told apart: who is who is not sure"),
        ({"flags": ["tone_mapped", "recompose_low"]}, "a doubtful outline"),
        (
            {"instance_boxes": boxes((100, 80, 40, 60), (700, 60, 220, 660))},
            "too small: less than 341 pixels",
        ),
        ({"instance_boxes": boxes((100, 80, 200, 500), (90, 60, 320, 660))}, "hidden behind somebody"),
    ):
        assert framing({**ROW, **change}, "akari") == why == Person.why(
            {**ROW, **change}, name="akari"
        ) and not Person.fits({**ROW, **change}, name="akari")
    assert (
        Person.why({**ROW, "flags": "flicker"}, name="akari", doubtful=[])
        == ""
        == Person.why({**ROW, "flags": "tone_mapped"}, name="akari")
    )
    assert Person.why(ROW, name="akari") == "" and 0 < Person.fits(ROW, name="akari") <= 1


@given(
    st.integers(0, 1200), st.integers(0, 700), st.integers(1, 1280), st.integers(1, 720), st.floats(0, 1),
    st.sampled_from([(1024, 768, 512), (256,)]), st.floats(0.5, 4),
)  # fmt: skip
def test_a_crop_lies_in_the_frame_and_is_never_enlarged_too_much(
    x: int, y: int, w: int, h: int, margin: float, resolutions: tuple[int, ...], enlarge: float
) -> None:
    w, h = min(w, 1280 - x), min(h, 720 - y)
    row = {**ROW, "instance_ids": [1], "characters": ["akari"], "instance_boxes": boxes((x, y, w, h))}
    found = framing(row, "akari", margin, resolutions, enlarge)
    if isinstance(found, str):
        assert found.startswith("too small")
        return
    a, b, wide, high = found.crop
    assert min(a, b) >= 0 and 0 < wide <= 1280 - a and 0 < high <= 720 - b
    assert found.size[0] <= enlarge * wide and found.size[0] % 64 == found.size[1] % 64 == 0
    assert abs(np.log(wide / high * found.size[1] / found.size[0])) < 2 / min(wide, high) + 0.02


def test_a_small_set_has_shots_and_sizes_in_balance() -> None:
    worth = np.r_[np.full(80, 0.9), np.full(10, 0.5), np.full(10, 0.45), 0.0]
    shot = ["a"] * 80 + ["b"] * 10 + ["c"] * 11
    size = ["medium"] * 80 + ["close_up"] * 10 + ["full_body"] * 11
    chosen = choose(worth, shot, np.arange(101), [size], 12)
    assert chosen.sum() == 12 and not chosen[-1]
    parts = [int(chosen[part].sum()) for part in (slice(0, 80), slice(80, 90), slice(90, 101))]
    assert parts[0] <= 7 and min(parts[1:]) >= 2, f"{parts}: by worth alone all were of the first shot"
    taken = np.flatnonzero(chosen[:80])
    assert np.diff(taken).min() > 5, "neighbours tell much the same"
    assert (
        choose(worth, shot, np.arange(101), [size]).sum()
        == choose(worth, shot, np.arange(101), [size], 500).sum()
        == 100
    )


def test_a_ragged_outline_is_left_out_and_that_of_somebody_else_is_not() -> None:
    ragged = {**ROW, "instance_unsure": [31, 4]}
    assert framing(ragged, "akari") == "a doubtful outline" == Person.why(ragged, name="akari")
    assert isinstance(framing(ragged, "ren"), Framing) and Person.why(ragged, name="akari", unsure=0.4) == ""
