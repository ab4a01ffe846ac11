"""Pixels followed behind what hides them, on motions that are known."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from animelayers.imaging.borrow import enlarged, fetched, merged
from animelayers.imaging.completion import completed
from animelayers.imaging.links import haunted, linked
from animelayers.imaging.photometric import EQUAL, Light
from animelayers.imaging.propagate import Sources, lent, traced

SHAPE = (90, 160)


def textured(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    rough = np.random.default_rng(seed).uniform(0, 255, (*(n // 4 for n in shape), 3)).astype(np.float32)
    return cv2.resize(rough, shape[::-1], interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)


def box(left: int) -> np.ndarray:
    hole = np.zeros(SHAPE, bool)
    hole[20:70, left : left + 30] = True
    return hole


def flow(x: float, y: float = 0) -> np.ndarray:
    return np.broadcast_to(np.array([x, y], np.float32), (*SHAPE, 2)).copy()


@pytest.mark.parametrize("kind", ["still", "shift", "zoom", "depth"])
def test_the_motion_of_the_background_is_completed_behind_a_figure_that_goes_elsewhere(kind: str) -> None:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    true = {
        "still": flow(0),
        "shift": flow(3, -1),
        "zoom": np.dstack([(x - 80) / 20, (y - 45) / 20]),
        "depth": np.dstack([1 + y / 15, 0 * y]),
    }[kind]
    hole = box(60)
    given = np.where(hole[..., None], np.float32(-6), true)
    found = completed(given, (~hole).astype(np.float32), hole)
    assert np.array_equal(found[~hole], given[~hole])
    assert np.abs(found - true).max() < 0.3
    if kind == "still":
        assert not found.any(), "what stands stands exactly"


def test_a_hole_that_no_flow_surrounds_stands_still() -> None:
    assert not completed(flow(4), np.zeros(SHAPE, np.float32), np.ones(SHAPE, bool)).any()


def chain(step: float, lefts: list[int]) -> tuple[list[np.ndarray], list[np.ndarray], tuple[list, list]]:
    """Drawings of a painting that goes by `step`, with a box at each of `lefts`, and their links into the
    ones before and after.
    """
    painting = textured((SHAPE[0], 400))
    pictures, holes = [], [box(left) for left in lefts]
    for k, hole in enumerate(holes):
        at = round(100 - k * step)
        pictures.append(np.where(hole[..., None], np.uint8(7), painting[:, at : at + SHAPE[1]]))
    before, after = [None] * len(lefts), [None] * len(lefts)
    for k in range(len(lefts) - 1):
        ways = linked((pictures[k], pictures[k + 1]), (holes[k], holes[k + 1]), (flow(step), flow(-step)))
        after[k], before[k + 1] = ways
    before[0], after[-1] = after[0], before[-1]
    return pictures, holes, (before, after)


@pytest.mark.parametrize("step", [0, 2, -3])
def test_what_another_drawing_shows_is_found_in_the_nearest_that_does(step: int) -> None:
    pictures, holes, (before, after) = chain(step, [10, 30, 50, 70, 90])
    ways = traced(before, holes, range(5)), traced(after, holes, range(4, -1, -1))
    true = textured((SHAPE[0], 400))
    for number in range(5):
        found = [fetched(pictures, way[number], [EQUAL] * 5, number) for way in ways]
        filled = merged((found[0], ways[0][number]), (found[1], ways[1][number]))
        at = round(100 - number * step)
        wanted = true[:, at : at + SHAPE[1]].reshape(-1, 3)[filled.at]
        known = filled.sure > 0
        assert known.mean() > 0.6 and np.abs(filled.colours - wanted)[known].max() < 1
    first = ways[1][0]
    assert (
        set(np.unique(first.drawing)) <= {-1, 1, 2, 3, 4}
        and (first.steps[first.drawing >= 0] == first.drawing[first.drawing >= 0]).all()
    )


def test_what_no_drawing_shows_has_no_source_and_follows_from_where_it_is_made_up() -> None:
    _, holes, links = chain(2, [60, 62, 64, 66])
    ways = traced(links[0], holes, range(4)), traced(links[1], holes, range(3, -1, -1))
    missing = [np.zeros(SHAPE, bool) for _ in holes]
    for number, plane in enumerate(missing):
        both = (ways[0][number].drawing < 0) & (ways[1][number].drawing < 0)
        plane.ravel()[ways[0][number].at[both]] = True
        assert plane.sum() > 0.9 * holes[number].sum()
    found = lent(links, missing, 1)
    assert sorted(found) == [0, 2, 3]
    for number, sources in found.items():
        x = sources.at % SHAPE[1]
        assert np.allclose(sources.place[:, 0], x - 2 * (number - 1)) and (sources.drawing == 1).all()


def test_flow_that_does_not_come_back_leads_nowhere() -> None:
    picture, hole = textured(SHAPE), box(60)
    first, _ = linked((picture, picture), (hole, hole), (flow(5), flow(3)))
    assert np.isinf(first.off).all()
    out, _ = linked((picture, picture), (box(125), box(125)), (flow(30), flow(-30)))
    assert np.array_equal(np.isinf(out.off), out.at % SHAPE[1] >= 130), "it leads out of the picture"


def test_sources_are_enlarged_to_the_pixel_and_never_mixed_between_drawings() -> None:
    at = np.flatnonzero(np.ones((6, 8), bool))
    drawing = np.where(at % 8 < 4, 0, 1).astype(np.int32)
    shift = np.where(drawing == 0, -2, 2)
    place = np.stack([at % 8 + shift, at // 8], 1).astype(np.float32)
    whole = enlarged(
        Sources(at, drawing, place, np.ones(48, np.float32), np.ones(48, np.int32)),
        (6, 8),
        np.ones((18, 24), bool),
    )
    moved = whole.place[:, 0] - whole.at % 24
    assert np.allclose(moved, np.where(whole.drawing == 0, -6, 6)) and (whole.off == 3).all()
    assert ((whole.at % 24 < 12) == (whole.drawing == 0)).all()


def test_colours_are_cast_in_the_light_of_the_drawing_they_go_to() -> None:
    at = np.arange(4)
    sources = Sources(
        at,
        np.array([0, 0, 1, -1], np.int32),
        np.zeros((4, 2), np.float32),
        np.zeros(4, np.float32),
        np.ones(4, np.int32),
    )
    pictures = [
        np.full((5, 5, 3), 100, np.uint8),
        np.full((5, 5, 3), 50, np.uint8),
        np.zeros((5, 5, 3), np.uint8),
    ]
    dim = Light(np.full(3, 0.5), np.zeros(3))
    assert fetched(pictures, sources, [EQUAL, dim, dim], 2)[:, 0].tolist() == [50, 50, 50, 0]


def test_where_both_directions_differ_the_nearer_one_is_right() -> None:
    at, place = np.arange(2), np.zeros((2, 2), np.float32)
    near = Sources(at, np.zeros(2, np.int32), place, np.full(2, 0.5, np.float32), np.ones(2, np.int32))
    far = near._replace(steps=np.full(2, 3, np.int32))
    one, other = (
        np.array([[200.0] * 3, [100.0] * 3], np.float32),
        np.array([[0.0] * 3, [104.0] * 3], np.float32),
    )
    filled = merged((one, near), (other, far))
    assert filled.colours[0, 0] > 199 and 100 < filled.colours[1, 0] < 102
    nowhere = near._replace(drawing=np.full(2, -1, np.int32))
    assert (merged((one, nowhere), (other, nowhere)).sure == 0).all()
    assert merged((one, nowhere), (other, far)).colours[:, 0].tolist() == [0, 104]


def test_a_figure_whose_matte_is_missing_in_some_drawings_is_followed_there_and_lends_nothing() -> None:
    lefts = [20, 26, 32, 38, 44]
    holes = [box(left) if k in (0, 2) else np.zeros(SHAPE, bool) for k, left in enumerate(lefts)]
    pictures = [np.where(box(left)[..., None], np.uint8(220), np.uint8(40)) for left in lefts]
    pictures = [np.broadcast_to(p, (*SHAPE, 3)).copy() for p in pictures]
    flows = []
    for one, other in pairwise(lefts):
        there, back = flow(0), flow(0)
        there[box(one)], back[box(other)] = (6, 0), (-6, 0)
        flows.append((there, back))
    found = haunted(pictures, holes, flows)
    for k, left in enumerate(lefts):
        assert found[k][box(left)].mean() > 0.85
        assert (found[k] & ~box(left)).sum() < 0.35 * box(left).sum()


def test_a_whole_matte_stays_as_it_is() -> None:
    pictures, holes, _ = chain(2, [10, 30, 50, 70])
    for by in (20, 2):
        assert all(
            np.array_equal(a, b)
            for a, b in zip(haunted(pictures, holes, [(flow(by), flow(-by))] * 3), holes, strict=True)
        )
