from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from animelayers.imaging.evenly import evenly


@given(st.integers(0, 500), st.integers(1, 60))
def test_they_are_spread_from_the_first_to_the_last(count: int, most: int) -> None:
    found = evenly(count, most)
    assert len(found) == min(count, most) == len(set(found)) and found == sorted(found)
    assert all(0 <= k < count for k in found)
    if count and most > 1:
        assert found[0] == 0 and found[-1] == count - 1
    gaps = [b - a for a, b in pairwise(found)]
    assert max(gaps, default=0) - min(gaps, default=0) <= 1
