from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers import weights
from animelayers.curate.evidence import colours, robust
from animelayers.curate.identity import METHODS, Evidence, alike, decide, sureness
from animelayers.imaging.vectors import unit
from tests.curate.figures import Figure, drawn, pairwise_f1, shrunk, sprites


def _people(
    rng: np.random.Generator, count: int, each: int, noise: float = 0.15
) -> tuple[np.ndarray, np.ndarray]:
    centres = unit(rng.normal(size=(count, 64)))
    who = np.repeat(np.arange(count), each)
    return unit(centres[who] + noise / 8 * rng.normal(size=(len(who), 64))), who


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**31),
    st.integers(2, 14),
    st.integers(0, 12),
    st.sampled_from(METHODS),
    st.floats(-0.5, 0.95),
    st.booleans(),
)
def test_two_of_one_frame_are_never_joined(
    seed: int, count: int, pairs: int, method: str, least: float, some_given: bool
) -> None:
    rng = np.random.default_rng(seed)
    vectors = unit(rng.normal(size=(count, 3)))
    apart = np.array([sorted(rng.choice(count, 2, replace=False)) for _ in range(pairs)], int).reshape(-1, 2)
    given_groups = np.full(count, -1)
    if some_given:
        given_groups[0] = 0
    decision = decide(alike([Evidence(vectors, 1.0)]), apart, given_groups, least, method, count=2)
    a, b = decision.group[apart[:, 0]], decision.group[apart[:, 1]]
    assert ((a != b) | (a < 0)).all()
    assert decision.group[0] == 0 or not some_given
    assert ((decision.confidence >= 0) & (decision.confidence <= 1)).all() and (
        decision.confidence[decision.group < 0] == 0
    ).all()


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**31), st.permutations(range(12)))
def test_groups_do_not_hang_on_the_order_of_tracks(seed: int, order: list[int]) -> None:
    vectors, who = _people(np.random.default_rng(seed), 3, 4)
    similar = alike([Evidence(vectors, 1.0)])
    apart = np.array([[0, 4]])
    straight = decide(similar, apart).group
    place = np.argsort(order)
    turned = decide(similar[np.ix_(order, order)], place[apart]).group
    assert ((straight[:, None] == straight)[np.ix_(order, order)] == (turned[:, None] == turned)).all()
    assert ((straight[:, None] == straight) == (who[:, None] == who)).all()


@pytest.mark.parametrize(("method", "count"), [("agglomerative", None), ("hdbscan", None), ("kmeans", 4)])
def test_each_method_tells_clear_people_apart(method: str, count: int | None) -> None:
    vectors, who = _people(np.random.default_rng(3), 4, 5)
    decision = decide(alike([Evidence(vectors, 1.0)]), np.zeros((0, 2), int), method=method, count=count)
    assert pairwise_f1(decision.group, [str(k) for k in who]) == 1 and decision.confidence.min() > 0.6
    again = decide(alike([Evidence(vectors, 1.0)]), np.zeros((0, 2), int), method=method, count=count)
    assert (again.group == decision.group).all()


def test_what_is_given_stands_and_draws_the_others_to_it() -> None:
    vectors, _ = _people(np.random.default_rng(5), 3, 4)
    given_groups = np.full(12, -1)
    given_groups[[0, 5]] = [1, 0]
    decision = decide(alike([Evidence(vectors, 1.0)]), np.zeros((0, 2), int), given_groups)
    assert decision.group.tolist() == [1] * 4 + [0] * 4 + [2] * 4


def test_between_two_people_nobody_is_sure() -> None:
    one, other = np.eye(2, 8, dtype=np.float32)
    vectors = unit(np.stack([one, one, other, other, one + other]))
    sure = sureness(alike([Evidence(vectors, 1.0)]), np.array([0, 0, 1, 1, 0]))
    assert sure[0] > 0.8 and sure[2] > 0.9 and sure[4] == pytest.approx(0.5, abs=0.01)


def test_evidence_that_is_missing_does_not_count() -> None:
    visual = np.array([[1, 0], [0, 1], [0, 0]], np.float32)
    painted = np.array([[1, 0], [1, 0], [1, 0]], np.float32)
    similar = alike([Evidence(visual, 0.4), Evidence(painted, 0.6)])
    assert similar[0, 1] == pytest.approx(0.6) and similar[0, 2] == pytest.approx(1.0)
    assert alike([Evidence(visual, 1.0)])[0, 2] == -1


def test_a_stray_drawing_does_not_move_the_mean() -> None:
    vectors = np.repeat(np.eye(1, 4, dtype=np.float32), 7, axis=0)
    stray = np.vstack([vectors, np.eye(4, dtype=np.float32)[2:3]])
    assert robust(stray, np.ones(8)) == pytest.approx(vectors[0])


@pytest.mark.parametrize("wrong", [{"method": "dbscan"}, {"min_similarity": 1.0}, {"method": "kmeans"}])
def test_options_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"method|min_similarity"):
        decide(np.eye(2, dtype=np.float32), np.zeros((0, 2), int), **wrong)  # type: ignore[arg-type]


def test_colours_of_nothing_are_zeros_and_of_a_figure_a_unit_vector() -> None:
    empty = np.zeros((8, 8, 4), np.uint8)
    assert not colours(empty).any()
    empty[..., 3] = 255
    assert np.linalg.norm(colours(empty), axis=1) == pytest.approx(1, abs=1e-5)


def test_the_light_of_a_shot_makes_nobody_another_one() -> None:
    wear = (
        [(60, 40, 50), (250, 220, 200), (40, 90, 200), (30, 30, 60)],
        [(230, 190, 60), (250, 220, 200), (180, 30, 40), (90, 60, 40)],
    )
    people = [np.repeat(np.array(each)[:, None], 24, axis=0).repeat(40, axis=1) for each in wear]
    for person in people:
        person[26:32, :] = 250  # a white collar
    dusk = np.array([0.72, 0.6, 0.95])
    seen = [*people, *(person * dusk for person in people)]
    vectors = np.stack(
        [
            colours(np.dstack([np.clip(each, 0, 255), np.full(each.shape[:2], 255)]).astype(np.uint8))
            for each in seen
        ]
    )
    plain, both = alike([Evidence(vectors[:, 0], 1.0)]), alike([Evidence(vectors, 1.0)])
    assert both[0, 2] > 0.9 > plain[0, 2] and both[1, 3] > 0.9 and both[0, 3] < 0.6


@pytest.fixture(scope="module")
def embed() -> object:
    """The shipped embedding: MobileNetV2 on each figure alone on grey."""
    module = pytest.importorskip("animelayers.models.embed")
    pytest.importorskip("torchvision")
    try:
        return module.Visual(weights=str(weights.find("mobilenetv2")), device="cpu")
    except weights.WeightsError as missing:
        pytest.skip(f"no weights: {missing}")


@pytest.fixture(scope="module")
def people() -> list[Figure]:
    return drawn((6, 13), (480, 270), seed=7)


def _similar(figures: list[Figure], embed: object) -> np.ndarray:
    from animelayers.imaging.square import alone

    pictures = [
        alone(np.ascontiguousarray(f.cutout[..., :3]), np.ascontiguousarray(f.cutout[..., 3]), 0.1)
        for f in figures
    ]
    painted = np.stack([colours(figure.cutout) for figure in figures])
    return alike([Evidence(embed(pictures), 0.5), Evidence(painted, 0.5)])  # type: ignore[operator]


def _score(figures: list[Figure], embed: object) -> float:
    group = decide(_similar(figures, embed), np.zeros((0, 2), int)).group
    score = pairwise_f1(group, [figure.who for figure in figures])
    print(
        f"{len(figures)} figures, {len({figure.who for figure in figures})} people, {group.max() + 1} groups: pairwise F1 {score:.3f}"
    )
    return score


def test_drawn_people_are_known_over_scenes_sizes_and_light(embed: object, people: list[Figure]) -> None:
    assert _score([*people, *(shrunk(figure, 0.6) for figure in people[::3])], embed) >= 0.9


def test_sprites_of_real_artists_are_known_in_other_poses_and_costumes(embed: object, data: Path) -> None:
    figures = sprites(data)
    figures += [shrunk(figure, 0.5) for figure in figures[::3]]
    assert len({figure.who for figure in figures}) == 4 and _score(figures, embed) >= 0.9


def test_all_of_them_together(embed: object, people: list[Figure], data: Path) -> None:
    assert _score([*people, *sprites(data)], embed) >= 0.9


def test_ways_are_compared_across_where_they_may_be() -> None:
    near, far = np.eye(4, dtype=np.float32)[:2], np.eye(4, dtype=np.float32)[2:]
    vectors = np.stack(
        [near, np.stack([near[1], far[0]])]
    )  # the close-up of one is the upper half of the other
    assert alike([Evidence(vectors, 1.0)])[0, 1] == 0
    assert alike([Evidence(vectors, 1.0, across=True)])[0, 1] == 1
