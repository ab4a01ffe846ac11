"""CastNet learns who is who from a few people; what it is shown of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch")

import torch

from animelayers.models.castnet import SIDE, CastNet
from animelayers.training import start
from animelayers.training.castnet import Album, Plan, contrast, judged, train
from animelayers.training.cels import Person, album, other
from animelayers.training.disguise import Scenery, disguised


def cel(seed: int) -> np.ndarray:
    """Somebody: a head, a body and legs in colours of her own."""
    rng = np.random.default_rng(seed)
    made = np.zeros((60, 24, 4), np.uint8)
    for rows, columns in (
        (slice(0, 16), slice(4, 20)),
        (slice(16, 40), slice(2, 22)),
        (slice(40, 60), slice(6, 18)),
    ):
        made[rows, columns] = (*rng.integers(0, 256, 3), 255)
    return made


SCENERY = Scenery(
    [np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)],
    [np.dstack([np.full((20, 20, 3), 240, np.uint8), np.tri(20, dtype=np.uint8) * 200])],
)


def shown(steps: Sequence[Any], what: str) -> Iterable[Any]:
    return steps


@pytest.fixture(scope="module")
def small() -> Album:
    cast = [
        Person(f"{hand}/{n}", hand, "MIT", "x", (cel(10 * k + n),))
        for k, hand in enumerate("abc")
        for n in range(6)
    ]
    return album(cast, SCENERY, 0, shown)


@given(st.integers(0, 2**31))
def test_any_view_shows_somebody_and_is_the_same_again(seed: int) -> None:
    one, other = (disguised(cel(seed % 7), SCENERY, np.random.default_rng(seed)) for _ in range(2))
    assert one.shape == (SIDE, SIDE, 4) and one.dtype == np.uint8 and np.array_equal(one, other)
    assert np.count_nonzero(one[..., 3] > 127) > 20


def test_another_person_has_her_shape_and_some_of_her_colours_in_every_drawing() -> None:
    for seed in range(8):
        drawings = (cel(seed), np.ascontiguousarray(cel(seed)[:, ::-1]))
        her = Person("a", "ink", "MIT", "x", drawings)
        made, again = other(her), other(her)
        assert made.name != her.name and made.source == her.source
        for before, after, same in zip(drawings, made.cels, again.cels, strict=True):
            assert np.array_equal(after[..., 3], before[..., 3]) and np.array_equal(after, same)
        parts = [(8, 12), (30, 12), (50, 12)]
        moved = [int(np.abs(made.cels[0][at][:3].astype(int) - drawings[0][at][:3]).max()) for at in parts]
        assert max(moved) > 12, "some of her colours are others"
        assert np.array_equal(made.cels[0][:, ::-1], made.cels[1]), "in all drawings alike"


def test_it_learns_to_tell_people_of_a_hand_it_never_saw_apart(small: Album, tmp_path: Path) -> None:
    told: list[str] = []
    plan = Plan(batches=100, people=8, views=4, hold=("c",))
    net, said = train(plan, small, told.append)
    torch.manual_seed(0)
    from animelayers.models.castnet_net import CastNet as Fresh

    held = small.of(lambda hand: hand == "c")
    assert len(held.hands) == 6 and set(held.person.tolist()) == set(range(6))
    assert judged(net, held).precision > judged(Fresh(), held).precision + 0.05
    assert (said["people"], said["hands"], said["held"]["people"]) == (12, 2, 6) and len(told) == 2
    start.stored(net, tmp_path / "castnet.safetensors", said, "castnet")
    again = CastNet(str(tmp_path / "castnet.safetensors"))([cel(20)])
    assert again.shape == (1, 96) and again.any()


def test_the_loss_is_least_where_people_are_apart() -> None:
    label = torch.tensor([0, 0, 1, 1])
    apart, mixed = torch.eye(4)[[0, 0, 1, 1]], torch.eye(4)[[0, 1, 0, 1]]
    assert contrast(apart, label, 0.1) < 0.01 < contrast(mixed, label, 0.1)


def test_numbers_that_make_no_sense(small: Album) -> None:
    for wrong in ({"people": 1}, {"rate": 0}, {"hand": 2}):
        with pytest.raises(ValueError, match=rf"plan.{next(iter(wrong))}="):
            Plan(**wrong)
    with pytest.raises(ValueError, match=r"18 people to train on, plan\.people=40"):
        train(Plan(batches=1), small)
