"""What is said of one drawing reaches whatever shows the same in all drawings of the shot."""

from __future__ import annotations

import numpy as np
import pytest

from animelayers.desk.clicks import iou
from animelayers.models.clicknet import ClickNet
from animelayers.shot.spread import BACKGROUND, EFFECT, Mark, Spreader, dot

SHAPE = (108, 192)


@pytest.fixture(scope="module")
def net() -> ClickNet:
    return ClickNet()


def figure(shift: int) -> tuple[np.ndarray, np.ndarray]:
    """Somebody in a blue coat with a hat of a lighter blue, before a wall, and where."""
    picture = np.full((*SHAPE, 3), (200, 190, 170), np.uint8)
    true = np.zeros(SHAPE, np.uint8)
    for colour, top, bottom, half in (((40, 60, 150), 50, 100, 22), ((55, 95, 170), 34, 50, 14)):
        at = (slice(top, bottom), slice(90 + shift - half, 90 + shift + half))
        picture[at], true[at] = colour, 1
    return picture, true


@pytest.fixture(scope="module")
def shot() -> tuple[list[np.ndarray], list[np.ndarray]]:
    pictures, true = zip(*(figure(shift) for shift in (0, 3, 6, 9)), strict=True)
    return list(pictures), list(true)


def test_a_click_takes_the_whole_thing_in_all_drawings(
    net: ClickNet, shot: tuple[list[np.ndarray], list[np.ndarray]]
) -> None:
    pictures, true = shot
    none = [np.zeros(SHAPE, np.uint8)] * len(true)
    mark = Mark(1, dot((92, 75), SHAPE), 1)  # on the coat
    made = Spreader(pictures, none, net)([mark])
    assert iou(made.labels, true, [1] * 4) > 0.9
    assert made.strength.min() > 0.5
    alone = Spreader(pictures, none, net, linked=False)([mark])
    assert [plane.any() for plane in alone.labels] == [False, True, False, False]
    assert (alone.strength > 0).tolist() == [False, True, False, False]


def test_and_takes_it_away_or_makes_an_effect_of_it(
    net: ClickNet, shot: tuple[list[np.ndarray], list[np.ndarray]]
) -> None:
    pictures, true = shot
    for label in (BACKGROUND, EFFECT):
        found = Spreader(pictures, true, net)([Mark(1, dot((92, 75), SHAPE), label)]).labels
        for made, was in zip(found, true, strict=True):
            assert (made[was > 0] == label).mean() > 0.9


def test_a_stretch_keeps_the_other_drawings_as_they_are(
    net: ClickNet, shot: tuple[list[np.ndarray], list[np.ndarray]]
) -> None:
    pictures, true = shot
    made = Spreader(pictures, true, net)([Mark(1, dot((92, 75), SHAPE), BACKGROUND)], (1, 2))
    assert [np.array_equal(a, b) for a, b in zip(made.labels, true, strict=True)] == [
        True,
        False,
        False,
        True,
    ]
    assert made.strength[[0, 3]].tolist() == [0, 0]


def test_the_later_of_two_marks_counts_and_one_more_asks_for_itself_alone(
    net: ClickNet, shot: tuple[list[np.ndarray], list[np.ndarray]]
) -> None:
    pictures, true = shot
    none = [np.zeros(SHAPE, np.uint8)] * len(true)
    asked = list[int]()

    def heard(picture: np.ndarray, *said: object) -> np.ndarray:
        asked.append(next(k for k, own in enumerate(pictures) if own is picture))
        return net(picture, *said)  # type: ignore[arg-type]

    spreader = Spreader(pictures, none, heard)
    spreader([])
    assert not asked, "who says nothing waits for nothing"
    first, second = Mark(0, dot((90, 42), SHAPE), BACKGROUND), Mark(0, dot((90, 75), SHAPE), 1)
    spreader([first])
    assert not asked, "nothing of it is there"
    both = spreader([first, second]).labels
    times = len(asked)
    assert both[0][75, 90] == 1 and not both[0][first.where].any()
    assert np.array_equal(spreader([first, second]).labels, both) and len(asked) == times
    assert not any(plane.any() for plane in spreader([first]).labels) and len(asked) == times, "undone"


def test_what_is_painted_is_as_painted_there_and_goes_on(
    net: ClickNet, shot: tuple[list[np.ndarray], list[np.ndarray]]
) -> None:
    pictures, true = shot
    none = [np.zeros(SHAPE, np.uint8)] * len(true)
    made = Spreader(pictures, none, net)([Mark(0, true[0] > 0, 1, exact=True)]).labels
    assert np.array_equal(made[0], true[0])
    assert iou(made[1:], true[1:], [1] * 3) > 0.9


def test_a_click_beside_an_outline_means_what_lies_on_its_own_side(net: ClickNet) -> None:
    picture = np.full((90, 160, 3), (70, 110, 170), np.uint8)
    picture[:, :60] = (60, 40, 90)
    labels = np.zeros((90, 160), np.uint8)
    labels[:, :64] = 1  # four columns of the ground went with the figure
    true = np.zeros_like(labels)
    true[:, :60] = 1
    found = Spreader([picture] * 2, [labels] * 2, net)([Mark(0, dot((61, 45), labels.shape), 0)]).labels
    assert iou(found, [true] * 2, [1, 1]) > 0.98 > iou([labels] * 2, [true] * 2, [1, 1])
