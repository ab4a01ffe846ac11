"""What the estimator can be told."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from animelayers.shot.params import Params
from animelayers.stages.layers import Layers

FIELDS = {each.name: each for each in fields(Params)}


@pytest.mark.parametrize("name", FIELDS)
def test_each_has_a_unit_a_source_and_a_range_that_holds_its_default(name: str) -> None:
    told = FIELDS[name].metadata
    assert told["unit"].strip() and told["source"].strip()
    low, high = told["range"]
    assert low < high and low <= FIELDS[name].default <= high


@pytest.mark.parametrize("name", FIELDS)
def test_the_ends_of_a_range_are_taken_and_what_is_beyond_is_refused_by_name(name: str) -> None:
    for end, beyond in zip(FIELDS[name].metadata["range"], (-1, 1), strict=True):
        assert getattr(Params(**{name: end}), name) == end
        with pytest.raises(ValueError, match=f"^{name}="):
            Params(**{name: end + beyond})
    with pytest.raises(ValueError, match=f"^{name}=nan"):
        Params(**{name: float("nan")})  # type: ignore[arg-type]


def other(each: Any) -> Any:
    """A value that is no default."""
    return next(end for end in each.metadata["range"] if end != each.default)


@pytest.mark.parametrize("name", FIELDS)
def test_the_stage_takes_each(name: str) -> None:
    value = other(FIELDS[name])
    assert Layers(params={name: value}).params == replace(Params(), **{name: value}) != Params()
    with pytest.raises(ValueError, match=f"^{name}="):
        Layers(params={name: FIELDS[name].metadata["range"][1] + 1})


def test_one_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="roundz") as refusal:
        Layers(params={"roundz": 2})
    assert all(name in str(refusal.value) for name in FIELDS)


def test_they_are_not_changed_by_anybody() -> None:
    with pytest.raises(AttributeError):
        Params().rounds = 3  # type: ignore[misc]
