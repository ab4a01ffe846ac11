"""What a shot tells its drawings, by the packaged net on drawn shots; nothing here depends on how well that
net does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest

from animelayers.imaging.evidence import MOST, PlateEvidence
from animelayers.models.layernet import LayerNet
from animelayers.models.portrait import shrink
from animelayers.record.schema import blank
from animelayers.samples import Scene, scene
from animelayers.shot.estimate import Given, Labelled, estimate
from animelayers.shot.params import Params

ONCE = replace(Params(), rounds=1)
"""The plate is made of all that the drawings show."""
EACH = slice(0, None, 2)
"""Each drawing of a shot on twos."""
REST = slice(2, None, 2)
"""All but the first."""
EMPTY = (blank("context"), blank("context_character"), np.zeros((0, 3, 3)))


@pytest.fixture(scope="module")
def net() -> LayerNet:
    return LayerNet(side=96, precision="fp32")


@cache
def shot(name: str = "walk") -> Scene:
    return scene(name, 24, (256, 128))


def cameras(pan: np.ndarray) -> np.ndarray:
    made = np.repeat(np.eye(3)[None], len(pan), 0)
    made[:, 0, 2] = pan
    return made


def given(made: Scene, clip: slice = EACH, **others: Any) -> Given:
    """Frames of a drawn shot, and no context."""
    return Given(made.frames[clip], cameras(made.pan[clip]), *EMPTY)._replace(**others)


def around(made: Scene, at: slice) -> dict[str, np.ndarray]:
    return {
        "context": made.frames[at],
        "context_alphas": made.character[at],
        "context_cameras": cameras(made.pan[at]),
    }


def keeps_its_promises(found: Labelled, count: int, size: tuple[int, int]) -> None:
    assert len(found.labels) == len(found.told) == count
    for label, told in zip(found.labels, found.told, strict=True):
        assert (
            label.shape == (3, *size[::-1])
            and label.dtype == np.float32
            and 0 <= label.min() <= label.max() <= 1
        )
        assert (
            told.plate.shape == (*size[::-1], 3)
            and told.known.shape == told.difference.shape == told.change.shape == size[::-1]
        )


def is_told_nothing(found: Labelled) -> bool:
    return not any(plane.any() for told in found.told for plane in told)


@pytest.mark.parametrize("name", ["walk", "pan"])
def test_the_plate_that_a_drawing_is_told_is_the_background_where_others_show_it(
    net: LayerNet, name: str
) -> None:
    made = shot(name)
    found = estimate(given(made), net, ONCE)
    size = net.size(made.frames.shape[1:])
    keeps_its_promises(found, 12, size)
    for k in (0, 6, 11):
        told, truth = found.told[k], shrink(made.background[2 * k], size)
        figure = cv2.resize(made.character[2 * k], size, interpolation=cv2.INTER_AREA)
        known = told.known == 255
        assert known.mean() > 0.6 and known[figure > 200].mean() > 0.3, "behind the figure, too"
        assert np.abs(told.plate.astype(int) - truth)[known].mean() < 4
        assert (
            told.difference[known & (figure > 200)].mean() > 4 * told.difference[known & (figure == 0)].mean()
        )
        assert told.change[figure > 200].mean() > 1.3 * np.median(told.change[figure == 0])


def test_first_all_is_shown_and_then_what_was_found_is_hidden(net: LayerNet) -> None:
    once, twice = (estimate(given(shot()), net, replace(Params(), rounds=n)) for n in (1, 2))
    assert all((told.known == 255).all() for told in once.told), "nobody is hidden from the first plate"
    hidden = np.all([label.max(0) > Params().kept for label in once.labels], 0)
    assert not any(told.known[hidden].any() for told in twice.told), (
        "what is no background in any drawing is told to none"
    )
    for one, two in zip(once.told, twice.told, strict=True):
        assert np.abs(one.change.astype(int) - two.change).mean() < 20, "what changes does so whoever it is"


class Watched(LayerNet):
    """The net, which notes the sizes of what it is shown and what it says of it."""

    seen: list[tuple[tuple[int, int], list[np.ndarray]]]

    def labels(self, pictures: Sequence[np.ndarray], told: Sequence[PlateEvidence]) -> list[np.ndarray]:
        found = super().labels(pictures, told)
        self.seen.append((pictures[0].shape[1::-1], [label.copy() for label in found]))
        return found


def test_figures_are_looked_for_in_two_sizes_and_the_rest_in_the_larger() -> None:
    net, made = Watched(side=192, precision="fp32"), shot()
    net.seen = []
    coarse, size = (net.size(made.frames.shape[1:], share) for share in (0.5, 1))
    assert coarse == (96, 48) and size == (192, 96)
    found = estimate(given(made), net, replace(Params(), coarse=0.5)).labels
    assert [each for each, _ in net.seen] == [coarse, coarse, size], (
        "what is only hidden is not looked at twice"
    )
    small, large = (labels for _, labels in net.seen[1:])
    for label, rough, fine in zip(found, small, large, strict=True):
        np.testing.assert_array_equal(label[1:], fine[1:])
        np.testing.assert_allclose(label[0], (fine[0] + cv2.resize(rough[0], size)) / 2, atol=1e-6)
    net.seen = []
    estimate(given(made), net, replace(Params(), coarse=1))
    assert [each for each, _ in net.seen] == [size, size]


def test_one_drawing_or_a_camera_that_nobody_knows_gets_no_evidence(net: LayerNet) -> None:
    made = shot()
    few = given(made, slice(0, 4, 2))
    for asked in (given(made, slice(0, 1)), few._replace(cameras=None), few):
        found = estimate(asked, net, Params())
        keeps_its_promises(found, len(asked.frames), net.size(made.frames.shape[1:]))
        assert is_told_nothing(found)
        for frame, label in zip(asked.frames, found.labels, strict=True):
            (alone,) = estimate(asked._replace(frames=frame[None], cameras=None), net, Params()).labels
            np.testing.assert_allclose(label, alone, atol=1e-5)
    assert not is_told_nothing(estimate(few, net, replace(Params(), fewest=2))), (
        "two are few unless they are enough"
    )


def test_the_context_of_a_shot_counts(net: LayerNet) -> None:
    made = shot()
    size = net.size(made.frames.shape[1:])
    alone = given(made, slice(0, 1))
    found = estimate(alone._replace(**around(made, REST)), net, ONCE)
    keeps_its_promises(found, 1, size)
    told, known = found.told[0], found.told[0].known == 255
    assert (
        known.mean() > 0.8
        and np.abs(told.plate.astype(int) - shrink(made.background[0], size))[known].mean() < 4
    )
    lost = around(made, REST) | {"context_cameras": np.zeros((11, 3, 3))}
    assert is_told_nothing(estimate(alone._replace(**lost), net, ONCE)), "what lies nowhere says nothing"
    assert is_told_nothing(estimate(alone._replace(cameras=None, **around(made, REST)), net, ONCE))


def test_of_a_pan_a_drawing_is_told_what_others_show_of_its_own_view(net: LayerNet) -> None:
    made = shot("pan")
    width, _ = net.size(made.frames.shape[1:])
    nobody = np.zeros_like(made.character[:1])
    asked = given(made, slice(0, 1))._replace(**around(made, slice(23, 24)) | {"context_alphas": nobody})
    known = estimate(asked, net, replace(ONCE, fewest=2)).told[0].known
    ahead = round(int(made.pan[23] - made.pan[0]) * width / 256)
    assert 4 < ahead < width - 4
    assert (known[:, : ahead - 1] == 85).all() and (known[:, ahead + 2 :] == 170).all(), (
        "where the camera came to later two have looked"
    )


@pytest.mark.parametrize("name", ["walk", "pan"])
def test_a_fade_is_the_same_shot_in_less_light(net: LayerNet, name: str) -> None:
    made = shot(name)
    light = np.array([*[1.0] * 9, 0.75, 0.5, 0.25])
    faded = (made.frames[EACH] * light[:, None, None, None]).round().astype(np.uint8)
    found, plain = (estimate(given(made, frames=f), net, ONCE) for f in (faded, made.frames[EACH]))
    keeps_its_promises(found, 12, net.size(made.frames.shape[1:]))
    for k in (9, 10, 11):
        assert np.abs(found.small[k].astype(int) - plain.small[k]).mean() < 4, "it is shown as if it were lit"
        told, lit = found.told[k], plain.told[k]
        known = told.known == 255
        assert known.mean() > 0.5
        assert np.abs(told.plate.astype(int) - lit.plate)[known].mean() < 3
        assert np.abs(told.difference.astype(int) - lit.difference)[known].mean() < 32, "two grey levels"
    assert np.abs(np.stack(found.labels) - np.stack(plain.labels)).mean() < 0.06


def test_what_is_too_dark_to_be_read_is_left_as_it_is(net: LayerNet) -> None:
    made = shot()
    light = np.array([*[1.0] * 11, 0.04])
    faded = (made.frames[EACH] * light[:, None, None, None]).round().astype(np.uint8)
    found = estimate(given(made, frames=faded), net, ONCE)
    np.testing.assert_array_equal(found.small[11], shrink(faded[11], net.size(made.frames.shape[1:])))
    assert np.abs(found.told[0].plate.astype(int) - estimate(given(made), net, ONCE).told[0].plate).mean() < 2


def test_of_more_drawings_than_a_plate_is_made_from_some_are_asked(net: LayerNet) -> None:
    frames = np.repeat(shot().frames[:1, ::4, ::4], MOST + 9, 0)
    found = estimate(
        Given(frames, cameras(np.zeros(len(frames))), *EMPTY),
        LayerNet(side=64, precision="fp32"),
        ONCE,
    )
    assert len(found.labels) == MOST + 9
    assert all((told.known == 255).all() and not told.difference.any() for told in found.told)


@pytest.mark.parametrize("size", [(1, 1), (3, 90), (90, 3), (40, 30)])
def test_pictures_of_any_size(size: tuple[int, int]) -> None:
    net = LayerNet(side=64, precision="fp32")
    frames = np.random.default_rng(0).integers(0, 255, (4, *size, 3), np.uint8)
    found = estimate(Given(frames, cameras(np.zeros(4)), *EMPTY), net, Params())
    keeps_its_promises(found, 4, net.size(size))


def test_what_is_given_is_not_changed(net: LayerNet) -> None:
    asked = given(shot(), slice(0, 6, 2))
    before = [np.array(each) for each in asked]
    first, second = (estimate(asked, net, Params()) for _ in range(2))
    for one, two in zip(first.labels, second.labels, strict=True):
        np.testing.assert_array_equal(one, two)
    assert all(
        each is not None and np.array_equal(each, kept) for each, kept in zip(asked, before, strict=True)
    )
