from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animelayers.curate.duplicates import duplicates

BASE = 0x0123456789ABCDEF
HASHES = st.lists(
    st.sets(st.integers(0, 63), max_size=9).map(lambda bits: BASE ^ sum(1 << b for b in bits)), max_size=24
)


def table(hashes: list[int | None], quality: list[float | None] | None = None, **columns: object) -> pa.Table:
    ids = [f"e/scene0000_frame{i:06d}" for i in range(len(hashes))]
    words = pa.array([None if h is None else f"{h:016x}" for h in hashes], pa.string())
    return pa.table(
        {
            "frame_id": ids,
            "perceptual_hash": words,
            "quality": pa.array(quality or [0.0] * len(hashes), pa.float32()),
            **columns,
        }
    )


def chained(hashes: list[int], bits: int) -> list[int]:
    """The plain definition: groups by all pairs."""
    group = list(range(len(hashes)))
    for a, b in itertools.combinations(range(len(hashes)), 2):
        if (hashes[a] ^ hashes[b]).bit_count() <= bits and group[a] != group[b]:
            old, new = group[b], group[a]
            group = [new if k == old else k for k in group]
    return group


@settings(deadline=None, max_examples=80)
@given(HASHES, st.integers(0, 7))
def test_groups_are_those_of_all_pairs_and_one_of_each_is_kept(hashes: list[int], bits: int) -> None:
    found = duplicates(table(list(hashes)), bits)
    truth = np.array(chained(hashes, bits), int)
    assert ((found.group[:, None] == found.group) == (truth[:, None] == truth)).all()
    assert sorted(found.group[found.kept].tolist()) == sorted(set(found.group.tolist()))
    for a, b in itertools.combinations(np.flatnonzero(found.kept).tolist(), 2):
        assert (hashes[a] ^ hashes[b]).bit_count() > bits


@settings(deadline=None, max_examples=40)
@given(HASHES.filter(bool), st.data())
def test_order_does_not_matter_and_what_is_kept_stays_kept(hashes: list[int], data: st.DataObject) -> None:
    quality = data.draw(
        st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=len(hashes), max_size=len(hashes))
    )
    order = data.draw(st.permutations(range(len(hashes))))
    frames = table(list(hashes), list(quality))
    kept = frames.filter(pa.array(duplicates(frames).kept))
    turned = frames.take(pa.array(order))
    turned_kept = turned.filter(pa.array(duplicates(turned).kept))
    assert set(kept["frame_id"].to_pylist()) == set(turned_kept["frame_id"].to_pylist())
    assert duplicates(kept).kept.all(), "what was kept once has no duplicates left"


def test_the_best_is_kept_then_the_surest_then_the_first() -> None:
    same = [BASE] * 4
    assert duplicates(table(list(same), [0.2, None, 0.9, 0.5])).kept.tolist() == [False, False, True, False]
    sure = pa.array([0.1, 0.8, 0.8, None], pa.float32())
    assert duplicates(table(list(same), character_confidence=sure)).kept.tolist() == [
        False,
        True,
        False,
        False,
    ]
    assert duplicates(table(list(same))).kept.tolist() == [True, False, False, False]


def test_frames_without_a_hash_are_all_kept_and_an_empty_table_is_fine() -> None:
    assert duplicates(table([None, None, BASE, BASE])).kept.tolist() == [True, True, True, False]
    assert len(duplicates(table([])).group) == 0


def test_an_embedding_has_to_agree_as_well() -> None:
    vectors = pa.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], pa.list_(pa.float32(), 2))
    frames = table([BASE, BASE ^ 1, BASE], visual_frame=vectors)
    assert duplicates(frames, embedding="visual_frame").group.tolist() == [0, 0, 1]
    assert duplicates(frames).group.tolist() == [0, 0, 0]


def test_a_hundred_thousand_frames_of_which_many_look_alike() -> None:
    rng = np.random.default_rng(0)
    shots = rng.integers(0, 2**63, 20_000, dtype=np.uint64)
    hashes = np.repeat(shots, 5) ^ (np.uint64(1) << rng.integers(0, 64, 100_000, dtype=np.uint64))
    found = duplicates(table(hashes.tolist()))
    assert found.kept.sum() == 20_000


@pytest.mark.parametrize(
    "options", [{"bits": 8}, {"bits": -1}, {"min_similarity": 2.0}, {"embedding": "clip_frame"}]
)
def test_bad_options_are_told(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"bits|min_similarity|clip_frame"):
        duplicates(table([BASE]), **options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="perceptual_hash"):
        duplicates(pa.table({"frame_id": ["a"]}))
