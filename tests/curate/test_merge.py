from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.curate.merge import duplicates, looks, named, parsed


def test_names_tell_frame_and_kind() -> None:
    told = {name: parsed(name, "segment")[2:] for name in ("f_0002", "f_0002_character", "f_0002_composite", "f_0003_occ1", "f_0003_occ1_mask")}
    assert list(told.values()) == [("f_0002", ""), ("f_0002", "character"), ("f_0002", "composite"), ("f_0003", "occ"), ("f_0003", "occ_mask")]
    assert [parsed(name, "segment").trains for name in told] == [True, True, False, True, False]
    assert parsed("f_enhanced_character", "enhance_segment").concept == parsed("f_character", "segment").concept == "character"
    assert parsed("f", "keep_full").concept == "keep_full"


@given(
    st.lists(st.integers(0, 2**64 - 1), max_size=12), st.lists(st.tuples(st.integers(0, 11), st.sets(st.integers(0, 63), max_size=6)), max_size=20)
)
def test_near_hashes_are_found_as_by_comparing_all(first: list[int], near: list[tuple[int, set[int]]]) -> None:
    hashes = first + [first[at] ^ sum(1 << bit for bit in bits) for at, bits in near if at < len(first)]
    pictures = [parsed(f"f{n}", "keep_full") for n in range(len(hashes))]
    kept: list[int] = []
    expected = {}
    for here, bits in enumerate(hashes):
        alike = [n for n in kept if (hashes[n] ^ bits).bit_count() <= 4]
        if alike:
            expected[here] = alike[0]
        else:
            kept.append(here)
    assert duplicates(pictures, hashes, 4) == expected


def test_variations_of_a_frame_and_other_kinds_are_no_duplicates() -> None:
    names = ["a_occ0", "a_occ1", "b_occ0", "a_character"]
    assert duplicates([parsed(name, "x") for name in names], [7, 7, 7, 7], 0) == {2: 0}
    with pytest.raises(ValueError, match="distance"):
        duplicates([], [], 64)


def test_a_copy_looks_the_same_and_what_is_under_alpha_0_does_not_count() -> None:
    picture = np.full((200, 300, 3), 220, np.uint8)
    cv2.ellipse(picture, (150, 100), (60, 80), 20, 0, 360, (40, 80, 160), -1)
    again = cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])[1], cv2.IMREAD_COLOR)
    assert (looks(picture) ^ looks(again)).bit_count() <= 3 < (looks(picture) ^ looks(np.ascontiguousarray(picture[:, ::-1]))).bit_count()
    alpha = np.zeros((200, 300, 1), np.uint8)
    alpha[40:160, 100:200] = 255
    hidden = np.where(alpha > 0, picture, 0).astype(np.uint8)
    assert looks(np.dstack([picture, alpha])) == looks(np.dstack([hidden, alpha]))


def test_no_two_pictures_share_a_name() -> None:
    pictures = [parsed("a", "keep_full"), parsed("A", "segment"), parsed("a", "segment"), parsed("b", "segment")]
    assert named(pictures) == ["a", "segment_A", "segment_a_2", "b"]
