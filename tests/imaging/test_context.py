"""Where the frames of a shot that are not in its clip lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.imaging.context import around


def pictures(count: int) -> list[np.ndarray]:
    """Small pictures that have little in common."""
    return list(np.random.default_rng(0).integers(0, 255, (count, 18, 32, 3), np.uint8))


@given(
    begin=st.integers(0, 5),
    length=st.integers(1, 6),
    before=st.integers(0, 4),
    after=st.integers(0, 4),
    step=st.integers(1, 3),
)
def test_the_context_lies_before_the_clip_in_it_and_after_it(
    begin: int, length: int, before: int, after: int, step: int
) -> None:
    shot = pictures(before + length + after)
    clip = list(range(before, before + length))
    context = [k for k in range(len(shot)) if k not in clip or (k - before) % step == 0]
    first, shown, last = around([shot[k] for k in clip], [shot[k] for k in context])
    assert [context[n] for n in first] == list(range(before))
    assert [clip[k] for k in shown] == [k for k in context if k in clip]
    assert [context[n] for n in last] == list(range(before + length, len(shot)))


def test_where_no_drawing_is_shown_none_comes_after() -> None:
    shot = pictures(6)
    assert around(shot[:2], shot[2:]) == ([0, 1, 2, 3], [], []), (
        "whoever asks sees by the empty middle that nobody knows"
    )
    assert around(shot, []) == ([], [], []) and around([], shot[:2]) == ([0, 1], [], [])


@pytest.mark.parametrize(("off", "same"), [(10, True), (11, False)])
def test_what_a_codec_leaves_makes_no_other_drawing(off: int, same: bool) -> None:
    drawing = np.full((18, 32, 3), 100, np.uint8)
    assert around([drawing], [drawing + np.uint8(off)])[1] == ([0] if same else [])


def test_a_small_thing_that_moves_makes_another_drawing() -> None:
    drawing = np.full((18, 32, 3), 100, np.uint8)
    speck, blot = drawing.copy(), drawing.copy()
    speck[4, 4], blot[4:6, 4:6] = 250, 250  # 1 and 4 of 576 pixels
    assert around([drawing], [speck])[1] == [0] and around([drawing], [blot])[1] == []


def test_of_drawings_that_are_alike_the_first_counts() -> None:
    one, two = pictures(2)
    assert around([one, one, two], [one, two, one]) == ([], [0, 2, 0], [])
