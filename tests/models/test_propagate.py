"""Video inpainting along optical flow, on a painting that goes by behind a box."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from animelayers.imaging.recompose import psnr
from animelayers.models.flow import DIS
from animelayers.models.inpaint import OpenCV
from animelayers.models.propagate import Propagate

SIZE = (320, 180)


def painting() -> np.ndarray:
    rough = np.random.default_rng(2).uniform(0, 255, (40, 120, 3)).astype(np.float32)
    return cv2.resize(rough, (720, 240), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)


def shot(
    step: int, lefts: list[int], light: float = 1.0
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Drawings, their holes and what is behind them; each drawing is `light` times as bright as the one
    before.
    """
    pictures, holes, truth = [], [], []
    for k, left in enumerate(lefts):
        at = 200 - k * step
        under = painting()[20 : 20 + SIZE[1], at : at + SIZE[0]]
        true = np.rint(under * light**k).astype(np.uint8)
        hole = np.zeros(SIZE[::-1], bool)
        hole[40:150, left : left + 60] = True
        figure = np.random.default_rng(9).integers(0, 255, (110, 60, 3), dtype=np.uint8)
        picture = true.copy()
        picture[40:150, left : left + 60] = figure
        pictures, holes, truth = [*pictures, picture], [*holes, hole], [*truth, true]
    return pictures, holes, truth


@pytest.mark.parametrize(("step", "light", "least"), [(0, 1.0, 60), (4, 1.0, 36), (4, 0.93, 32)])
def test_behind_a_figure_is_what_other_drawings_show(step: int, light: float, least: float) -> None:
    pictures, holes, truth = shot(step, [20, 60, 100, 140, 180, 220], light)
    made = Propagate(DIS())(pictures, holes, OpenCV())
    for picture, hole, true, filled, borrowed in zip(pictures, holes, truth, *made, strict=True):
        assert np.array_equal(filled[~hole], picture[~hole])
        assert not borrowed[~hole].any() and (borrowed[hole] > 0).mean() > 0.8
        where = borrowed > 0
        assert psnr(filled[where], true[where]) > least
        assert psnr(filled[hole], true[hole]) > psnr(OpenCV()([picture], [hole])[0][hole], true[hole]) + 6


def test_what_no_drawing_shows_is_made_up_once_and_stands_still() -> None:
    pictures, holes, _ = shot(0, [100, 102, 101, 100, 102])
    asked = []

    def counted(pictures: Sequence[np.ndarray], holes: Sequence[np.ndarray]) -> list[np.ndarray]:
        asked.extend(hole.sum() for hole in holes)
        return OpenCV()(pictures, holes)

    made = Propagate(DIS())(pictures, holes, counted)
    core = np.logical_and.reduce(
        [hole & (borrowed == 0) for hole, borrowed in zip(holes, made.borrowed, strict=True)]
    )
    assert core.sum() > 4000
    assert len(asked) < len(pictures) or sum(sorted(asked)[:-1]) < 0.05 * max(asked)
    assert np.ptp([picture[core].astype(int) for picture in made.pictures], axis=0).max() <= 1


def test_after_a_cut_nothing_is_borrowed() -> None:
    pictures, holes, _ = shot(0, [40, 160])
    other = np.random.default_rng(4).integers(0, 255, (20, 36, 3), dtype=np.uint8)
    pictures[1] = cv2.resize(other, SIZE, interpolation=cv2.INTER_CUBIC)
    made = Propagate(DIS())(pictures, holes, OpenCV())
    assert not any(borrowed.any() for borrowed in made.borrowed)
    assert np.array_equal(made.pictures[0], OpenCV()([pictures[0]], [holes[0]])[0])


def test_drawings_that_only_lend_come_back_as_they_are() -> None:
    pictures, holes, truth = shot(0, [40, 160, 60])
    made = Propagate(DIS())(pictures, holes, OpenCV(), lend=[1])
    assert made.pictures[1] is pictures[1] and not made.borrowed[1].any()
    assert psnr(made.pictures[0][holes[0]], truth[0][holes[0]]) > 60


def test_flow_is_asked_for_in_parts_that_do_not_matter() -> None:
    pictures, holes, _ = shot(4, [20, 60, 100, 140])
    one, all_ = (Propagate(DIS(), pairs=pairs)(pictures, holes, OpenCV()) for pairs in (1, 8))
    for a, b in zip([*one.pictures, *one.borrowed], [*all_.pictures, *all_.borrowed], strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("size", [(1, 1), (40, 30), (701, 333)])
def test_any_size_no_hole_nothing_but_hole_and_one_drawing(size: tuple[int, int]) -> None:
    picture = cv2.resize(painting(), size)
    nothing, everything = np.zeros(size[::-1], bool), np.ones(size[::-1], bool)
    made = Propagate(DIS())([picture, picture, picture], [nothing, everything, nothing], OpenCV())
    assert made.pictures[0] is picture and made.pictures[1].shape == picture.shape
    assert Propagate(DIS())([picture], [everything], OpenCV()).borrowed[0].max() == 0
    assert Propagate(DIS())([], [], OpenCV()).pictures == []


def test_wrong_input_is_named() -> None:
    picture, hole = painting(), np.zeros((240, 720), bool)
    with pytest.raises(ValueError, match="2 pictures and 1 holes"):
        Propagate(DIS())([picture, picture], [hole], OpenCV())
    with pytest.raises(ValueError, match="all of one size"):
        Propagate(DIS())([picture, picture[:9]], [hole, hole[:9]], OpenCV())
    with pytest.raises(ValueError, match="side must be 64"):
        Propagate(DIS(), side=8)
