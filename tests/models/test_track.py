"""The tracker without weights, on drawn scenes whose instances are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from animelayers.imaging.masks import overlap
from animelayers.models.track import Linked, best, ordered
from animelayers.samples import scene
from tests.conftest import DATA

SIZE = (480, 270)


def drawn(name: str, frames: int = 24) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray]:
    shot = scene(name, frames, SIZE)
    which = sorted({int(np.flatnonzero(shot.drawing == k)[0]) for k in shot.drawing})
    return list(shot.frames[which]), [a > 127 for a in shot.character[which]], shot.instances[which]


def test_ids_are_kept_through_a_crossing() -> None:
    pictures, figures, truth = drawn("crossing")
    labels = Linked()(pictures, figures)
    assert set(np.unique(labels)) == {0, 1, 2} and labels.dtype == np.uint8
    for plane, mask in zip(labels, figures, strict=True):
        assert not (plane[~mask] > 0).any()
    ids = {k: int(np.bincount(labels[0][truth[0] == k]).argmax()) for k in (1, 2)}
    assert sorted(ids.values()) == [1, 2]
    for k, given in ids.items():
        right = [overlap(plane == given, known == k) for plane, known in zip(labels, truth, strict=True)]
        assert np.mean(right) > 0.93 and all(r > 0.95 for r in (*right[:4], *right[-3:]))


def test_one_walker_keeps_one_id() -> None:
    pictures, figures, _ = drawn("walk")
    labels = Linked()(pictures, figures)
    assert set(np.unique(labels)) == {0, 1}
    assert all(np.array_equal(plane > 0, mask) for plane, mask in zip(labels, figures, strict=True))


def test_who_enters_later_gets_the_next_id_and_a_speck_none() -> None:
    pictures, figures, truth = drawn("crossing", 12)
    for t in range(3):
        figures[t] = truth[t] == 1
    figures[1][2:40, 2:40] = True  # seen by the net in one drawing only
    labels = Linked()(pictures, figures)
    assert set(np.unique(labels[:3])) == {0, 1} and set(np.unique(labels[3])) == {0, 1, 2}
    assert not labels[1][2:30, 2:30].any()


def test_a_single_mask_is_followed_both_ways() -> None:
    pictures, figures, _ = drawn("standing")
    labels = Linked()(pictures, [mask if t == 3 else None for t, mask in enumerate(figures)])
    assert min(overlap(plane == 1, mask) for plane, mask in zip(labels, figures, strict=True)) > 0.8


def test_live_action_from_one_mask() -> None:
    folder = DATA / "masks_over_time/tennis"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    pictures = [
        cv2.cvtColor(cv2.imread(str(p)), cv2.COLOR_BGR2RGB) for p in sorted((folder / "frames").iterdir())
    ]
    truth = [cv2.imread(str(p), cv2.IMREAD_GRAYSCALE) > 127 for p in sorted((folder / "masks").iterdir())]
    labels = Linked()(pictures, [truth[0], *[None] * (len(pictures) - 1)])
    assert (
        np.mean([overlap(plane > 0, mask) for plane, mask in zip(labels[1:], truth[1:], strict=True)]) >= 0.6
    )


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 30, 40), (3, 5, 300)])
def test_clips_of_all_kinds(shape: tuple[int, int, int]) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    for fill in (False, True):
        labels = Linked()(pictures, list(np.full(shape, fill)))
        assert labels.shape == shape and labels.dtype == np.uint8 and (labels == int(fill)).all()
    assert not Linked()(pictures, [None] * len(pictures)).any()


def test_no_drawings() -> None:
    assert Linked()([], []).shape == (0, 0, 0)


def test_where_to_begin_and_how_ids_are_counted() -> None:
    mask = np.zeros((20, 20), bool)
    one, two = mask.copy(), mask.copy()
    one[2:8, 2:8] = two[2:8, 2:8] = two[12:18, 2:8] = True
    assert best([None, one, two, mask], 0.01) == 2
    labels = np.zeros((4, 2, 2), np.uint8)
    labels[:, 0, 0], labels[2:, 0, 1], labels[1, 1, 1] = 7, 4, 9
    assert (
        ordered(labels)[:, 0].tolist() == [[1, 0], [1, 0], [1, 2], [1, 2]] and not ordered(labels)[:, 1].any()
    )


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="min_area"):
        Linked(min_area=0)
