"""Plans: the splits they keep, the words they promise, the options they refuse."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import astuple

import numpy as np
import pytest

from animelayers.truth import Recipe
from animelayers.truth.paint import painted
from animelayers.truth.plan import FilmPlan, Paint
from animelayers.truth.traits import DEMANDS

PARTS = ("place", "props", "actors", "fronts", "lights")


def hands(plan: FilmPlan) -> set[str]:
    """The sources of all parts of a film."""
    found = set()
    for shot in plan.shots:
        found.add(shot.place.source)
        for each in (*shot.props, *shot.actors, *shot.fronts, *shot.lights):
            found.add(each.part.source)
    return found


def test_train_and_val_share_no_hand(small: Callable[..., Recipe]) -> None:
    train, val = small(split="train"), small(split="val")
    sets = [set().union(*(hands(recipe.film(seed, 0)) for seed in range(300))) for recipe in (train, val)]
    assert sets[0] and sets[1] and not sets[0] & sets[1]


def test_a_film_depends_on_its_seed_alone(small: Callable[..., Recipe]) -> None:
    one, other = small(), small()
    for number in range(6):
        other.film(9, number)
    assert str(one.film(4, 2)) == str(other.film(4, 2)) != str(one.film(5, 2))


def test_a_cast_comes_again_and_nobody_twice_in_a_shot(small: Callable[..., Recipe]) -> None:
    recipe = small(cast=3, figures={0: 0.1, 1: 0.3, 2: 0.3, 4: 0.3})
    shots = [
        [actor.part.name for actor in shot.actors]
        for number in range(12)
        for shot in recipe.film(4, number).shots
    ]
    assert len({name for shot in shots for name in shot}) == 3 and max(map(len, shots)) == 3
    assert all(len({*shot}) == len(shot) for shot in shots)
    assert str(small(cast=3).film(4, 2)) == str(small(cast=3).film(4, 2))
    others = {
        actor.part.name
        for number in range(4)
        for shot in recipe.film(5, number).shots
        for actor in shot.actors
    }
    assert others != {name for shot in shots for name in shot}, "another seed, another cast"


def test_a_film_is_the_same_in_another_process(small: Callable[..., Recipe]) -> None:
    script = (
        "from omegaconf import OmegaConf; from animelayers import job\n"
        "cfg = OmegaConf.merge(job.compose('compose', ['output=unused']).truth, {'size': [160, 96], 'frames': [3, 5]})\n"
        "from animelayers.truth.film import frames; import zlib\n"
        "plan = job.build(cfg).film(4, 1)\n"
        "print(zlib.crc32(b''.join(c.frame.picture.tobytes() for _, made in frames(plan) for c in made)))\n"
    )
    from zlib import crc32

    from animelayers.truth.film import frames

    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    mine = crc32(b"".join(c.frame.picture.tobytes() for _, made in frames(small().film(4, 1)) for c in made))
    assert int(told) == mine


def test_every_distribution_of_the_words_is_one_of_the_recipe(small: Callable[..., Recipe]) -> None:
    known = small().odds.keys()
    for word, demand in DEMANDS.items():
        assert demand.keys() <= known, word


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"focus": ["juggling"]}, "truth.focus=.*juggling"),
        ({"figures": {"one": -1}}, "truth.figures"),
        ({"tint": [0.5, 0.1]}, "truth.tint"),
        ({"size": [33, 20]}, "truth.size"),
        ({"frames": [9, 3]}, "truth.frames"),
        ({"split": "test"}, "truth.split=test"),
        ({"moods": "gay"}, "unknown moods"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    small: Callable[..., Recipe], change: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        small(**change).film(0, 0)


def test_plans_are_values(small: Callable[..., Recipe]) -> None:
    plan = small().film(0, 0)
    assert astuple(plan.look) == astuple(small().film(0, 0).look)


def test_statues_are_figures_of_one_material_among_the_things_that_stay(small: Callable[..., Recipe]) -> None:
    asked = {"props": {2: 1}, "figures": {0: 1}, "effects": {0: 1}, "fronts": {0: 1}}
    film = small(statues=1, **asked).film(3, 0)
    props = [prop for shot in film.shots for prop in shot.props]
    assert props and all(prop.paint.carved and prop.move == "still" for prop in props)
    assert not any(shot.actors for shot in film.shots)
    plain = [prop for shot in small(**asked).film(3, 0).shots for prop in shot.props]
    assert plain and not any(prop.paint.carved for prop in plain)


def test_what_is_carved_is_one_material_lit_from_a_side() -> None:
    rng = np.random.default_rng(0)
    rgba = rng.integers(0, 255, (40, 30, 4), np.uint8, endpoint=True)
    made = painted(rgba, Paint(carved=(200.0, 100.0, 50.0)))
    assert np.array_equal(made[..., 3], rgba[..., 3]) and made.dtype == np.uint8
    assert np.abs(made[..., 0] / 2.0 - made[..., 1]).max() <= 1 and np.ptp(made[..., 0]) > 20
