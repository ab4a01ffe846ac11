"""What a net says of a drawing tells how far the thing reaches that was pointed at."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from animelayers.desk.clicks import dot, iou
from animelayers.imaging.evidence import nothing
from animelayers.models.layernet import LayerNet
from animelayers.models.portrait import shrink
from animelayers.samples import scene
from animelayers.shot.asked import Asked
from animelayers.shot.spread import BACKGROUND, Mark, Spreader


@pytest.fixture(scope="module")
def net() -> LayerNet:
    return LayerNet(side=192, precision="fp32")


def test_a_drawing_is_asked_about_as_a_still(net: LayerNet) -> None:
    picture = scene("portrait", 1, (192, 108)).frames[0]
    (plain,) = net.labels([shrink(picture, net.size(picture.shape))], [nothing((112, 192, 3))])
    answer = Asked(net, [picture])(0)
    assert answer.shape == (3, *picture.shape[:2]) and answer.dtype == np.float32
    np.testing.assert_allclose(answer[0], cv2.resize(plain[0], picture.shape[1::-1]), atol=1e-5)


def figure(shift: int) -> tuple[np.ndarray, np.ndarray]:
    """Somebody in a blue coat with a hat of a lighter blue, before a wall, and where."""
    picture = np.full((108, 192, 3), (200, 190, 170), np.uint8)
    true = np.zeros(picture.shape[:2], np.uint8)
    for colour, top, bottom, half in (((40, 60, 150), 50, 100, 22), ((55, 95, 170), 34, 50, 14)):
        at = (slice(top, bottom), slice(90 + shift - half, 90 + shift + half))
        picture[at], true[at] = colour, 1
    return picture, true


def test_a_click_takes_the_whole_thing_in_all_drawings_whatever_colours_it_has() -> None:
    pictures, true = zip(*(figure(shift) for shift in (0, 3, 6)), strict=True)
    none = [np.zeros_like(plane) for plane in true]
    heard = list[int]()

    def asked(number: int) -> np.ndarray:
        heard.append(number)
        return np.stack([true[number], *none[:2]]).astype(np.float32)

    mark = Mark(1, dot((90, 75), none[0].shape), 1)  # on the coat
    alone = Spreader(pictures, none)([mark]).labels
    spreader = Spreader(pictures, none, asked=asked)
    spreader([])
    assert not heard, "who says nothing waits for nothing"
    told = spreader([mark]).labels
    assert iou(alone, true, [1, 1, 1]) < 0.9 < iou(told, true, [1, 1, 1])
    assert heard == [0, 1, 2], "each is asked about once"


def test_what_was_said_otherwise_stays_so() -> None:
    picture, true = figure(0)
    none = np.zeros_like(true)
    marks = [Mark(0, dot((90, 42), none.shape), BACKGROUND), Mark(0, dot((90, 75), none.shape), 1)]
    (found,) = Spreader([picture], [none], asked=lambda _: np.stack([true, none, none]).astype(np.float32))(
        marks
    ).labels
    assert found[75, 90] == 1 and not found[marks[0].where].any()
