from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelayers.exports.balance import repeats


@given(st.dictionaries(st.text(min_size=1, max_size=4), st.integers(1, 5000), max_size=6), st.integers(1, 20))
def test_repeats_balance_as_far_as_they_may(counts: dict[str, int], most: int) -> None:
    made = repeats(counts, most)
    largest = max(counts.values(), default=0)
    for concept, count in counts.items():
        shown = made[concept] * count
        assert 1 <= made[concept] <= most and (
            made[concept] == most or 0.66 * largest <= shown <= 1.5 * largest
        )
    assert all(repeats(counts)[concept] >= number for concept, number in made.items())


def test_counts_that_make_no_sense() -> None:
    assert repeats({"a": 0, "b": 7}) == {"b": 1}
    with pytest.raises(ValueError, match="max_repeats"):
        repeats({"a": 1}, 0)
